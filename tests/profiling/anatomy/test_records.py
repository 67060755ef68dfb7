"""The record of an anatomy: its totals, its file, and that every kind is documented."""

import json

import pytest

from bakeoff_core.profiling.anatomy.records import (
    FILE_VERSION,
    LAYER_KINDS,
    QUANTITIES,
    AnatomyPart,
    from_json,
    to_json,
)
from tests.support.anatomies import heavy_head, light_layers, make_anatomy
from tests.support.places import ROOT


def test_totals_are_those_of_the_parts_wherever_one_looks() -> None:
    found = heavy_head()
    assert (found.param_count, found.macs, found.activations, found.layers) == (100_000, 10_000_000, 100_000, 11)
    assert found.total("macs", kind="spatial") == 9_900_000
    assert found.total("param_count", stage=3) == 90_000
    assert found.total("param_count", kind="spatial", stage=3) == 0
    for quantity in QUANTITIES:
        assert sum(found.total(quantity, kind=kind) for kind in LAYER_KINDS) == found.total(quantity)
        assert sum(found.total(quantity, stage=at) for at in range(4)) == found.total(quantity)


def test_shares_add_up_kinds_and_are_zero_where_there_is_nothing() -> None:
    assert light_layers().share("macs", "depthwise", "pointwise") == pytest.approx(750_000 / 1_004_500)
    assert make_anatomy((0, "other", 1, 5, 0, 0)).share("macs", "other") == 0.0


def test_data_per_mac_is_what_is_read_and_written_and_unknown_without_macs() -> None:
    assert heavy_head().data_per_mac == pytest.approx(0.02)
    assert make_anatomy((0, "other", 1, 5, 0, 0)).data_per_mac is None


def test_kinds_come_in_the_order_in_which_they_are_drawn() -> None:
    assert light_layers().kinds == (
        "spatial",
        "depthwise",
        "pointwise",
        "fully_connected",
        "attention",
        "normalisation",
    )


def test_an_anatomy_survives_its_file() -> None:
    for found in (heavy_head(), light_layers()):
        assert from_json(json.loads(json.dumps(to_json(found)))) == found


def test_json_names_the_stage_of_each_part_and_the_totals() -> None:
    content = to_json(heavy_head())
    assert content["totals"] == {"param_count": 100_000, "macs": 10_000_000, "activations": 100_000, "layers": 11}
    assert content["parts"][-1]["stage_title"] == "Head"


@pytest.mark.parametrize(
    "damage",
    [
        {"version": FILE_VERSION + 1},
        {"img_size": 0},
        {"model_name": None},
        {"stages": []},
        {"stages": [{"title": "Stem", "modules": "", "reduction": -1}]},
        {"parts": [{"stage": 0, "kind": "magic", "layers": 1, "param_count": 1, "macs": 1, "activations": 1}]},
        {"parts": [{"stage": 9, "kind": "other", "layers": 1, "param_count": 1, "macs": 1, "activations": 1}]},
        {"parts": [{"stage": 0, "kind": "other", "layers": 1, "param_count": -1, "macs": 1, "activations": 1}]},
        {"parts": [{"stage": 0, "kind": "other", "layers": 1, "param_count": 1, "macs": "1", "activations": 1}]},
    ],
)
def test_a_damaged_file_is_refused(damage: dict) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        from_json({**to_json(heavy_head()), **damage})


def test_a_part_of_no_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="`kind` must be one of spatial, grouped"):
        AnatomyPart(0, "magic", 1, 1, 1, 1)


def test_every_kind_and_quantity_is_documented() -> None:
    text = (ROOT / "docs" / "anatomy.md").read_text()
    assert all(f"| {kind.title} |" in text for kind in LAYER_KINDS.values())
    assert all(f"**{heading}**" in text for heading in QUANTITIES.values())
