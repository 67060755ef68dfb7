"""The command `profile`: JSON alone on stdout, and an exit code that tells whether everything was measured."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.places import ROOT

TINY = ("test_vit.r160_in1k", "test_efficientnet.r160_in1k")


def test_profile_measures_and_prints_one_json_list_and_nothing_else_on_stdout():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bakeoff_core",
            "profile",
            *TINY,
            "no_such_net",
            "--passes",
            "8",
            "--exact-passes",
            "--json",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    rows = json.loads(done.stdout)
    assert [row["model_name"] for row in rows] == [*TINY, "no_such_net"]
    assert done.returncode == 1  # not everything asked for was done
    for row in rows[:2]:
        assert row["error"] is None
        assert row["latency_p50_s"] > 0
        assert row["latency_p50_low_s"] <= row["latency_p50_s"] <= row["latency_p50_high_s"]
        assert row["passes"] == 8
        assert isinstance(row["param_count"], int) and isinstance(row["macs"], int)
        assert any(line.startswith("few_passes:") for line in row["warnings"])
        assert "rounds" not in row
    assert "no model named 'no_such_net'" in rows[2]["error"]
    # A quick model can be done between two looks at the job, so its name need not be told; the last word always is.
    assert "2 measured, 1 failed." in done.stderr
