"""Text tables: columns stand one below the other, and every cell stays as it was given."""

from bakeoff_core.cli.output.tables import text_table


def test_numbers_stand_on_the_right_and_nothing_trails():
    rows = [("resnet18", "9", "a"), ("net", "1,000", "")]
    assert text_table(("model", "size", "note"), rows, numbers=("size",)).splitlines() == [
        "model      size  note",
        "resnet18      9  a",
        "net       1,000",
    ]


def test_text_that_looks_like_a_number_is_left_alone():
    assert text_table(("model", "top-1"), [("1e5", "080.0"), ("007", "–")]).splitlines() == [
        "model  top-1",
        "1e5    080.0",
        "007    –",
    ]


def test_a_row_may_end_early_and_an_empty_one_parts_two_blocks():
    rows = [("kinds", "1"), (), ("stages",)]
    assert text_table(("", "layers"), rows, numbers=("layers",)).splitlines() == [
        "        layers",
        "kinds        1",
        "",
        "stages",
    ]


def test_without_rows_the_titles_are_left():
    assert text_table(("model", "size"), []) == "model  size"
