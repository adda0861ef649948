"""Every guard, in the order of one request's life."""

from tests.sweeps.guards_around import AROUND
from tests.sweeps.guards_code import CODE
from tests.sweeps.guards_deciding import DECIDING
from tests.sweeps.guards_fixed import FIXED
from tests.sweeps.guards_kinds import KINDS
from tests.sweeps.guards_manifests import MANIFESTS
from tests.sweeps.guards_notebooks import NOTEBOOKS
from tests.sweeps.guards_outside import OUTSIDE
from tests.sweeps.guards_people import PEOPLE
from tests.sweeps.guards_python import PYTHON
from tests.sweeps.guards_running import RUNNING
from tests.sweeps.guards_talking import TALKING
from tests.sweeps.guards_targets import TARGETED

GUARDS = (
    *TALKING,
    *DECIDING,
    *PEOPLE,
    *RUNNING,
    *TARGETED,
    *FIXED,
    *KINDS,
    *OUTSIDE,
    *MANIFESTS,
    *CODE,
    *PYTHON,
    *NOTEBOOKS,
    *AROUND,
)
