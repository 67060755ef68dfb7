"""Profiles and runs that the command line's tests share."""

from __future__ import annotations

import pytest

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system.paths import profiles_path
from tests.support.command_line import measured_here
from tests.support.run_folders import write_run


@pytest.fixture
def lab() -> None:
    """The lab's four models, measured here."""
    rows = [measured_here(name, 0.005 * 2**i) for i, name in enumerate(SHORTLISTS["lab"].models)]
    profiling_store.write_profiles(profiles_path(), rows)


@pytest.fixture
def cells(lab) -> list[str]:
    """Three runs on solar cells, two of them of one model; the lab's other models have none."""
    return [
        write_run(1, "mobilenetv3_small_100.lamb_in1k", accuracy=84.0, validated=84.0),
        write_run(2, "efficientnet_b0.ra_in1k", accuracy=90.0, validated=88.0),
        write_run(3, "efficientnet_b0.ra_in1k", recipe="linear-probe", accuracy=80.0, validated=79.0),
    ]
