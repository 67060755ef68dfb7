"""`import-timm`: what it prints, what it keeps, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bakeoff_core.catalogue.published_store import read_published
from bakeoff_core.catalogue.timm_names import read_timm_models, write_timm_models
from bakeoff_core.cli.app import main
from bakeoff_core.profiling import request
from bakeoff_core.system.paths import home, published_path, timm_models_path
from tests.support.timm_results import ACCURACIES, NAMES, SPEEDS, TRAINING_SPEEDS, write


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, str]:
    """Two tables, and timm's names at hand."""
    home().mkdir(parents=True, exist_ok=True)
    write_timm_models(timm_models_path(), NAMES)
    return str(write(tmp_path, "results.csv", ACCURACIES)), str(write(tmp_path, "benchmark.csv", SPEEDS))


def test_an_import_says_what_joined_and_why_the_rest_did_not(tables, capsys):
    assert main(["import-timm", *tables, "--machine", "my box"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("my box, inference\n  3 of 6 pairs of architecture and image size")
    assert "timm publishes no weights for it: mixer_s32_224 @ 224." in out
    assert "Added. The Explore page shows it." in err
    assert {row.machine for row in read_published(published_path())} == {"my box"}


def test_json_holds_every_name_that_did_not_join(tables, capsys):
    assert main(["import-timm", *tables, "--machine", "box", "--json"]) == 0
    [count] = json.loads(capsys.readouterr().out)
    assert (count["machine"], count["part"], count["listed"], count["joined"], count["rows"]) == (
        *("box", "inference"),
        *(6, 3, 5),
    )
    assert count["alone"]["other_size"] == ["resnet50 @ 320"]


def test_a_training_table_joins_a_machine_that_has_inference(tables, tmp_path, capsys):
    assert main(["import-timm", *tables, "--machine", "box"]) == 0
    training = str(write(tmp_path, "training.csv", TRAINING_SPEEDS))
    assert main(["import-timm", tables[0], training, "--machine", "box"]) == 0
    assert {row.part for row in read_published(published_path())} == {"inference", "training"}


def test_a_name_that_is_taken_is_refused_and_replaced_when_asked_for(tables, tmp_path, capsys):
    assert main(["import-timm", *tables, "--machine", "box"]) == 0
    other = str(write(tmp_path, "other.csv", SPEEDS.replace("1000.0", "1234.0")))
    assert main(["import-timm", tables[0], other, "--machine", "box"]) == 1
    assert "another table of inference of a machine called 'box'" in capsys.readouterr().err
    assert main(["import-timm", tables[0], other, "--machine", "box", "--replace"]) == 0
    assert "Replaced the table that was here." in capsys.readouterr().err
    assert main(["import-timm", tables[0], other, "--machine", "box"]) == 0
    assert "It was here already, just so." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("results", "speeds", "machine", "words"),
    [
        ("absent.csv", SPEEDS, "box", "must be a file that can be read. It is not: No such file or directory."),
        (SPEEDS, ACCURACIES, "box", "a table of accuracies must have"),
        (ACCURACIES, "", "box", "Got an empty file"),
        (ACCURACIES, "a,b\n1,2\n", "box", "a table of speeds must have"),
        (ACCURACIES, SPEEDS.splitlines()[0], "box", "holds no speed"),
        (ACCURACIES, SPEEDS, "  ", "1 to 80 printable characters"),
    ],
)
def test_what_can_not_be_imported_is_refused_before_timm_is_asked(
    tmp_path, capsys, monkeypatch, results, speeds, machine, words
):
    monkeypatch.setattr(request, "start_listing", lambda: pytest.fail("timm was asked"))
    given = [
        text if text == "absent.csv" else str(write(tmp_path, f"{number}.csv", text))
        for number, text in enumerate((results, speeds))
    ]
    assert main(["import-timm", *given, "--machine", machine]) == 1
    out, err = capsys.readouterr()
    assert words in err and out == "" and not published_path().exists()


@pytest.mark.usefixtures("warm_workers")
def test_where_timms_names_were_never_listed_a_worker_lists_them_with_those_of_other_years(tmp_path):
    arguments = str(write(tmp_path, "r.csv", ACCURACIES)), str(write(tmp_path, "t.csv", TRAINING_SPEEDS))
    assert main(["import-timm", *arguments, "--machine", "box"]) == 0
    names = read_timm_models(timm_models_path())
    assert names.renamed["tv_resnet50"] == "resnet50.tv_in1k"
    rows = {row.listed_as: row for row in read_published(published_path()) if row.reason is None}
    assert rows["convnext_base_in22ft1k"].model_name == "convnext_base.fb_in22k_ft_in1k"


def test_a_table_of_which_nothing_joins_is_kept_and_told_by_the_exit_code(tables, tmp_path, capsys):
    lonely = str(write(tmp_path, "lonely.csv", "model,infer_img_size,infer_samples_per_sec\nnobody,224,10\n"))
    assert main(["import-timm", tables[0], lonely, "--machine", "box"]) == 1
    assert "0 of 1 pair of" in capsys.readouterr().out
