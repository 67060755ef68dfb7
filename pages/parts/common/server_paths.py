"""Whether people may name paths on the server's own disk, and which.

Who reaches a server from another machine must not look through its disk: there, paths are offered only below the folder
that `BAKEOFF_IMAGE_ROOT` names. Where the server listens to this machine alone, its user may name any path.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import path_text

ROOT_SETTING = "BAKEOFF_IMAGE_ROOT"


def is_local() -> bool:
    """Tell whether the server listens to this machine alone."""
    address = st.get_option("server.address")
    if not address:
        return False  # Streamlit then listens at every address
    try:
        return address.lower() == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def root() -> Path | None:
    """Return the folder below which paths may be named; `None` where no folder is set."""
    named = os.environ.get(ROOT_SETTING)
    return Path(named).expanduser().resolve() if named else None


def are_offered() -> bool:
    """Tell whether any path may be named."""
    return is_local() or root() is not None


def require_allowed(path: Path) -> None:
    """Raise where a path may not be named.

    Raises:
        BakeoffError: It lies elsewhere than it may; says where it may lie.
    """
    allowed = root()
    if allowed is None and is_local():
        return
    if allowed is None:
        raise BakeoffError(
            f"This server listens beyond its own machine, so paths on its disk can't be named. Set {ROOT_SETTING} to a "
            "folder whose images may be used, or upload them."
        )
    if not path.resolve().is_relative_to(allowed):
        raise BakeoffError(f"{path_text(path)} must lie below {path_text(allowed)}, which {ROOT_SETTING} names.")
