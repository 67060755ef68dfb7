"""Where things are: the repository, and the real data that lies beside it on some machines."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""

DATA = Path(os.environ.get("BAKEOFF_TEST_DATA") or ROOT.parent / "shared" / "data")
"""Real images and tables that are not part of the repository; tests that need them are skipped without."""
