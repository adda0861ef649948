"""Pure rules."""

from tests.support.properties import load_profile

load_profile()
