"""Shortlists against the catalogue."""

import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.shortlists import SHORTLISTS


def test_the_default_shortlist_has_twelve_models_with_the_lab_a_transformer_and_lite_0_to_2():
    default = SHORTLISTS["default"].models
    assert len(set(default)) == 12 and next(iter(SHORTLISTS)) == "default"
    assert set(SHORTLISTS["lab"].models) <= set(default) and len(SHORTLISTS["lab"].models) == 4
    assert any(name.startswith("vit_") for name in default)
    assert {f"tf_efficientnet_lite{n}.in1k" for n in range(3)} <= set(default)


@pytest.mark.parametrize("shortlist", SHORTLISTS.values(), ids=SHORTLISTS)
def test_every_model_of_a_shortlist_has_an_accuracy_at_its_default_size_and_is_its_default_tag(shortlist):
    table = read_catalogue().set_index("model_name")
    table = table[table["img_size"] == table["default_img_size"]]
    assert set(shortlist.models) <= set(table.index) and len(set(shortlist.models)) == len(shortlist.models)
    rows = table.loc[list(shortlist.models)]
    assert rows["is_default_tag"].all()
    assert rows["macs"].round(-7).is_monotonic_increasing  # to 0.01 G: near-equals may stand either way


@pytest.mark.parametrize("name", ["server", "edge", "mobile"])
def test_a_shortlist_by_purpose_has_six_to_ten_models(name):
    assert 6 <= len(SHORTLISTS[name].models) <= 10
    assert SHORTLISTS[name].name == name
