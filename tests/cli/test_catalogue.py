"""The command `catalogue`: fields that scripts go by, and a table for people."""

from __future__ import annotations

from bakeoff_core.cli.app import main
from bakeoff_core.system.paths import home, own_accuracy_path
from tests.support.command_line import run_json


def test_catalogue_prints_one_row_a_tag_and_size_with_the_fields_that_scripts_go_by(capsys):
    code, rows = run_json(capsys, "catalogue")
    assert code == 0 and len({row["model_name"] for row in rows}) >= 250
    assert {tuple(row) for row in rows} == {
        (
            *("model_name", "family", "year", "img_size", "top1", "top5", "param_count"),
            *("pretraining", "supervision", "recipe", "note", "source"),
        )
    }
    (row,) = [row for row in rows if (row["model_name"], row["img_size"]) == ("resnet50.tv2_in1k", 224)]
    assert (row["family"], row["year"], row["top1"], row["param_count"]) == ("ResNet", 2015, 80.846, 25_557_032)
    assert (row["pretraining"], row["supervision"], row["recipe"]) == ("in1k", "supervised", "modern")
    assert all(row["pretraining"] and row["recipe"] for row in rows)


def test_catalogue_of_a_family_is_named_in_any_case_and_an_unknown_one_is_answered_with_a_near_one(capsys):
    code, rows = run_json(capsys, "catalogue", "--family", "dinov2")
    assert code == 0 and len(rows) == 8 and {row["family"] for row in rows} == {"DINOv2"}
    assert {row["top5"] for row in rows} == {None}
    assert main(["catalogue", "--family", "Swim"]) == 1
    assert "There is no family 'Swim'. Did you mean Swin" in capsys.readouterr().err


def test_catalogue_as_text_is_a_table_and_holds_the_users_own_accuracies(capsys):
    home().mkdir(parents=True, exist_ok=True)
    own_accuracy_path().write_text("model_name,img_size,top1,family\nmine.v1,320,88.4,Ours\n")
    assert main(["catalogue", "--family", "ours"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["model", "family"]
    assert row.split() == ["mine.v1", "Ours", "–", "320", "88.4", "%", "–", "–", "–", "–"]
