"""What the tests of the commands need: profiles of this machine, and a command's JSON."""

from __future__ import annotations

import json

import pytest

from bakeoff_core.cli.app import main
from bakeoff_core.profiling.rows import fold
from bakeoff_core.schema.profile import Profile
from bakeoff_core.system.machine import this_machine
from tests.support.examples import make_profile, make_round


def measured_here(model_name: str, latency_s: float, **changes: object) -> Profile:
    """A profile of this machine, with versions as installed."""
    here = this_machine()
    where = {name: getattr(here, name) for name in ("machine_id", "machine_name", "timm_version")} | {
        "backend_version": here.torch_version
    }
    blank = make_profile(model_name, **{**where, "rounds": (), **changes})
    one = make_round((latency_s,) * 64)
    return fold(fold(blank, one, None), one, None)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, object]:
    """Run a command with `--json`; returns the exit code, and what was on stdout."""
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)
