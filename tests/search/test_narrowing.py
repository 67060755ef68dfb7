"""What a search chooses among: narrowed as asked, over published accuracies and over the user's own."""

from __future__ import annotations

import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.pretraining import MOST_FREQUENT
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.catalogue.weights import PACKAGED
from bakeoff_core.errors import BakeoffError
from bakeoff_core.search.narrowing import find_candidates, read_candidates, shortlisted
from bakeoff_core.search.space import search_space
from bakeoff_core.search.spec import SearchSpec
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row

PUBLISHED = read_catalogue()


def test_without_narrowing_every_tag_and_size_with_an_accuracy_is_there() -> None:
    found = find_candidates(SearchSpec(), (), PUBLISHED)
    assert len(found.table) == len(PUBLISHED) == search_space(found.table)["candidates"].sum()
    assert (found.source.key, found.recipe) == ("imagenet", None)


def test_families_and_licences_are_known_whatever_their_capital_letters() -> None:
    table = find_candidates(SearchSpec(families=("resnet", " DeiT "), licences=("APACHE-2.0",)), (), PUBLISHED).table
    assert set(table["family"]) == {"ResNet", "DeiT"} and set(table["licence"]) == {"apache-2.0"}


def test_sizes_recipe_class_and_weights_narrow_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    here = find_candidates(SearchSpec(weights_here=True), (), PUBLISHED).table
    assert set(PACKAGED) <= set(here["model_name"])
    small = find_candidates(SearchSpec(weights_here=True, img_sizes=(224,)), (), PUBLISHED).table
    assert "tf_efficientnet_lite0.in1k" in set(small["model_name"]) and set(small["img_size"]) == {224}


def test_the_most_frequent_class_is_that_of_most_candidates() -> None:
    found = find_candidates(SearchSpec(recipe=MOST_FREQUENT), (), PUBLISHED)
    assert found.recipe == PUBLISHED["recipe"].mode().iloc[0] and set(found.table["recipe"]) == {found.recipe}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"families": ("nosuch",)}, "No candidate is of the family 'nosuch'. There are BEiT, "),
        ({"families": ("resnt",)}, "ResNet"),
        ({"licences": ("gpl",)}, "No candidate is of the licence 'gpl'. There are apache-2.0, "),
        ({"img_sizes": (223,), "recipe": "basic"}, "(recipe class basic, 223 px). Ask for less of it."),
        ({"accuracy": "nosuch"}, "There is no accuracy 'nosuch' here."),
    ],
)
def test_where_nothing_is_left_the_words_say_what_there_is(options: dict, words: str) -> None:
    with pytest.raises(BakeoffError) as refused:
        find_candidates(SearchSpec(**options), (), PUBLISHED)
    assert words in str(refused.value)


def test_over_images_that_models_were_ranked_on_the_search_is_over_those_models() -> None:
    lite, net = "tf_efficientnet_lite1.in1k", "resnet50.a1_in1k"
    write_ranking(1, make_row(lite, 190), make_row(net, 170))
    found = read_candidates(SearchSpec(accuracy="elpv-1a2b3c4d-ranked"))
    assert found.table.set_index("model_name")["top1"].to_dict() == {lite: 95.0, net: 85.0}
    assert found.table["licence"].notna().all()
    space = search_space(found.table)
    assert space["model_name"].tolist() == [lite, net] and space["macs"].iloc[1] == 4_111_512_576


def test_the_shortlist_is_there_at_its_default_sizes() -> None:
    found = shortlisted(PUBLISHED)
    assert sorted(found["model_name"]) == sorted(SHORTLISTS["default"].models)
    assert found["img_size"].eq(found["default_img_size"]).all()
