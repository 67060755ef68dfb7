"""Sentences about weights: whether they were trained alike, why figures of one name differ, and licences."""

import re

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.weight_tags import tag_accuracies
from bakeoff_core.reporting.text.catalogue import (
    PRETRAINING_EFFECT,
    explain_pretraining,
    explain_tag_accuracies,
    explain_weights,
)
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource

PARTS = AccuracySource("parts-1a2b3c4d", "our parts", "our parts, fine-tuned here", 100, content_key="1a2b3c4d")


def resnet50():
    return [figure for figure in tag_accuracies("resnet50.tv_in1k", read_catalogue()) if figure.img_size == 224]


def test_figures_that_show_a_recipes_effect_are_the_catalogues():
    table = read_catalogue().set_index(["model_name", "img_size"])["top1"]
    basic, modern = table["resnet50.tv_in1k", 224], table["resnet50.tv2_in1k", 224]
    assert re.findall(r"([\d.]+) %", PRETRAINING_EFFECT) == [f"{basic:.1f}", f"{modern:.1f}"]


def test_a_mixture_is_named_with_its_counts_and_with_what_a_recipe_does():
    told = explain_pretraining({"modern": 2, "basic": 1}, None, IMAGENET)
    assert told.startswith("These 3 models were not trained alike: 2 modern and 1 basic. Part of a difference")
    assert "76.2 %" in told


def test_models_that_were_fine_tuned_here_are_said_to_have_started_from_a_mixture():
    told = explain_pretraining({"modern": 1, "basic": 1}, None, PARTS)
    assert told.startswith("The weights that these 2 models started from were not trained alike:")


def test_models_of_unknown_recipe_are_part_of_a_mixture():
    counts = {"modern": 1, "unknown": 2}
    assert explain_pretraining(counts, None, IMAGENET).startswith(
        "These 3 models were not trained alike: 1 modern and 2 of unknown recipe."
    )
    assert explain_pretraining(counts, "modern", IMAGENET).endswith("2 of other classes are left out.")


def test_nothing_is_said_of_models_of_one_class():
    assert explain_pretraining({"modern": 4}, None, IMAGENET) is None
    assert explain_pretraining({}, None, IMAGENET) is None


def test_a_match_says_what_is_compared_and_how_many_were_left_out():
    told = explain_pretraining({"modern": 2, "basic": 1}, "modern", IMAGENET)
    assert told.startswith("Only the 2 models of one recipe class are compared, modern. ImageNet-1k alone, for 200")
    assert told.endswith("1 of another class is left out.")
    assert explain_pretraining({"modern": 2, "basic": 1, "tuned": 1}, "modern", IMAGENET).endswith(
        "2 of other classes are left out."
    )
    assert explain_pretraining({"basic": 1}, "basic", IMAGENET).startswith(
        "Only one model is of the recipe class basic."
    )


def test_the_words_say_that_the_training_differs_and_who_quotes_what():
    figures = resnet50()
    shown = next(figure for figure in figures if figure.model_name == "resnet50.tv_in1k")
    spread, own, quoted = explain_tag_accuracies(figures, shown)
    assert f"by which of {len(figures)} sets of weights" in spread and "its training is not" in spread
    assert own.startswith("The weights shown here, tv_in1k, are of the recipe class “basic”. ImageNet-1k alone;")
    assert quoted == (
        "torchvision itself quotes 76.13 % for them; timm, whose evaluation is used here, measured 76.156 %."
    )


def test_one_set_of_weights_has_no_spread_to_speak_of():
    (only,) = tag_accuracies("vgg19.tv_in1k", read_catalogue())
    sentences = explain_tag_accuracies([only], only)
    assert len(sentences) == 2 and "recipe class “basic”" in sentences[0]


def test_an_own_figure_is_said_to_be_from_its_own_source(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_text("model_name,img_size,top1\nresnet50.mine,224,12.5\n")
    lowest = tag_accuracies("resnet50", read_catalogue(path))[0]
    assert explain_tag_accuracies([lowest], lowest) == [
        "Their 12.5 % is not timm's figure; it is from: own evaluation."
    ]


def test_an_own_figure_of_known_weights_is_neither_timms_nor_part_of_the_spread(tmp_path):
    path = tmp_path / "accuracy.csv"
    path.write_text("model_name,img_size,top1,source\nresnet50.tv_in1k,224,91.2,our defects\n")
    figures = [figure for figure in tag_accuracies("resnet50", read_catalogue(path)) if figure.img_size == 224]
    own = next(figure for figure in figures if figure.model_name == "resnet50.tv_in1k")
    told = " ".join(explain_tag_accuracies(figures, own))
    assert own.quotes == () and "torchvision" not in told
    assert f"by which of {len(figures) - 1} sets of weights" in told and "to 91.2 %" not in told
    assert told.endswith("Their 91.2 % is not timm's figure; it is from: our defects.")


def test_weights_are_told_with_what_they_saw_and_whether_they_may_be_sold():
    table = read_catalogue()
    assert explain_weights("resnet50.tv2_in1k", table) == "Weights: supervised, on in1k; licence bsd-3-clause."
    assert explain_weights("convnextv2_tiny.fcmae_ft_in22k_in1k", table) == (
        "Weights: self-supervised, on in22k; licence cc-by-nc-4.0, which forbids commercial use."
    )
    assert explain_weights("my_net.v1", table) is None


def test_weights_that_timm_says_may_not_be_sold_beside_their_code_say_so():
    assert explain_weights("gcvit_tiny.in1k", read_catalogue()) == (
        "Weights: supervised, on in1k; licence cc-by-nc-sa-4.0, which forbids commercial use."
    )


def test_weights_whose_licence_nobody_states_say_so():
    table = read_catalogue()
    unknown = table.loc[table["licence"].isna(), "model_name"].iloc[0]
    assert explain_weights(unknown, table).endswith("; their licence is not known.")
