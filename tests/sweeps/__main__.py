"""`python -m tests.sweeps`."""

import sys

from tests.sweeps.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
