"""`python -m bakeoff_core`; see `bakeoff_core.cli.app`."""

import sys

from bakeoff_core.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
