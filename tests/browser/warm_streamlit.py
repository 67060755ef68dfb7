"""Streamlit with the warm launcher: `python -m tests.browser.warm_streamlit ADDRESS run app.py`."""

from __future__ import annotations

import sys

from streamlit.web import cli

from bakeoff_core.jobs import manager
from tests.support.warm_workers import WarmLauncher

if __name__ == "__main__":
    manager.LAUNCHER = WarmLauncher(sys.argv.pop(1))
    cli.main(prog_name="streamlit")
