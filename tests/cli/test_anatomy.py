"""The command `anatomy`: JSON alone on stdout, a table people can read, and failures in words."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels, write_timm_models
from bakeoff_core.cli.anatomy import anatomy_table
from bakeoff_core.cli.app import main
from bakeoff_core.profiling.anatomy.store import write_anatomy
from bakeoff_core.system.paths import timm_models_path
from tests.support.anatomies import heavy_head, light_layers
from tests.support.places import ROOT


@pytest.fixture
def kept() -> None:
    """timm's names as of a version with one model, whose anatomy is kept."""
    names = TimmModels("1.0.31", (TimmModel("heavy.tag", 224, None, False, True),))
    write_timm_models(timm_models_path(), names)
    write_anatomy(heavy_head())


def test_a_model_is_taken_apart_and_printed_as_one_json_document():
    command = [sys.executable, "-m", "bakeoff_core", "anatomy", "test_vit", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    content = json.loads(done.stdout)
    assert done.returncode == 0
    assert (content["model_name"], content["img_size"]) == ("test_vit.r160_in1k", 160)
    assert content["totals"]["param_count"] == sum(part["param_count"] for part in content["parts"]) == 371_240
    assert content["totals"]["macs"] == sum(part["macs"] for part in content["parts"]) == 38_055_488
    assert "[0/1] " in done.stderr  # loading the libraries takes longer than the pause between two looks


def test_what_is_kept_is_printed_at_once_as_table_and_sentences(kept, capsys):
    assert main(["anatomy", "heavy"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("heavy.tag @ 224: 11 layers\n")
    assert "Fully connected layers hold 90 % of its parameters" in told.out
    assert not told.err  # no job was needed


def test_the_table_holds_every_kind_and_stage_with_shares():
    lines = {
        line[:26].strip(): line[26:].split() for line in anatomy_table(light_layers()).splitlines() if line.strip()
    }
    assert lines["Attention products"][:3] == ["8", "0", "0"]
    assert " ".join(lines["all"]) == "71 10.0 k 100 % 1.00 M 100 % 100 k 100 %"
    assert lines["Stage 1"][0] == "61"


def test_an_unknown_model_is_answered_with_the_nearest_names(kept, capsys):
    assert main(["anatomy", "heavie.tag"]) == 1
    assert "timm has no model named 'heavie.tag'. Did you mean heavy.tag?" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["0", "-1", "99999", "nan"])
def test_an_absurd_size_is_wrong_usage(kept, size, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["anatomy", "heavy", "--img-size", size])
    assert refused.value.code == 2
    assert capsys.readouterr().err.strip()
