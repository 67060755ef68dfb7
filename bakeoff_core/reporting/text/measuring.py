"""A measuring job in words: what it waits for, and what slows the machine. Not covered: its warnings
(`reporting.text.warnings`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bakeoff_core.formatting import Escape, duration, listed, significant

ON_BATTERY = "This machine runs on battery, which slows many laptops down: plug it in for the speed it has in use."


def waiting_sentence(status: Mapping[str, Any], escape: Escape = str) -> str | None:
    """Say what a measuring job waits for, and how long at most; `None` while it does not wait.

    Args:
        status: The job's.
        escape: Makes the names of programs harmless in the caller's medium.
    """
    waiting = status.get("waiting")
    if not waiting:
        return None
    programs = [f"{escape(p['name'])} ({significant(p['cores'], 2)})" for p in waiting["programs"]]
    named = f": {listed(programs)}" if programs else ", which none of the programs seen here accounts for"
    return (
        f"Others keep {significant(waiting['outside_cores'], 2)} cores busy{named}. Waiting for them "
        f"{duration(waiting['left_s'])} at most."
    )
