"""Recipe classes: the rules that put a tag into one, and the counts."""

import csv
from fnmatch import fnmatchcase

import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.pretraining import (
    PRETRAINING_CLASSES,
    SUPERVISIONS,
    PretrainingRule,
    pretraining_counts,
    pretraining_rules,
    rule_of,
    with_pretraining_class,
)
from tests.support.candidate_tables import candidate, table
from tests.support.places import ROOT


def tags() -> dict[str, dict[str, str]]:
    with (ROOT / "bakeoff_core" / "catalogue" / "data" / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return {row["model_name"]: row for row in csv.DictReader(file)}


def mixed(*recipes: str | None):
    rows = [candidate(f"net{at}.x", top1=70.0 + at, recipe=recipe) for at, recipe in enumerate(recipes)]
    return table(rows)


def test_every_tag_is_where_the_first_rule_that_fits_its_name_puts_it():
    for name, row in tags().items():
        rule = rule_of(name)
        assert rule is not None, name
        assert (row["recipe"], row["supervision"], row["pretraining"], row["note"]) == (
            rule.recipe,
            rule.supervision,
            rule.pretraining,
            rule.meaning,
        ), name


def test_every_rule_decides_about_a_tag_of_the_table():
    deciding = {rule_of(name) for name in tags()}
    assert [rule.pattern for rule in pretraining_rules() if rule not in deciding] == []


def test_no_tag_is_without_pretraining_supervision_and_recipe_class():
    named = read_catalogue()[["pretraining", "supervision", "recipe"]]
    assert named.notna().all(axis=None)
    assert set(named["recipe"]) == set(PRETRAINING_CLASSES) - {"unknown"}
    assert set(named["supervision"]) == set(SUPERVISIONS)


def test_classes_of_imagenet_alone_hold_nothing_that_saw_more():
    table = read_catalogue()
    alone = table[table["recipe"].isin(["basic", "tuned", "modern", "short", "long"])]
    assert set(alone["pretraining"]) == {"in1k"} and set(alone["supervision"]) == {"supervised"}
    more = table[table["recipe"].isin(["web-labels", "larger-labels", "image-text", "linear-probe"])]
    assert "in1k" not in set(more["pretraining"])


@pytest.mark.parametrize(
    ("model_name", "recipe"),
    [
        ("resnet50.tv_in1k", "basic"),
        ("resnet50.tv2_in1k", "modern"),
        ("resnet50.a1_in1k", "modern"),
        ("resnet50.a3_in1k", "short"),
        ("resnet50.ra_in1k", "tuned"),
        ("resnet50.fb_swsl_ig1b_ft_in1k", "web-labels"),
        ("resnext101_64x4d.tv_in1k", "modern"),  # torchvision's V1 of this one was trained by the V2 recipe
        ("tf_efficientnet_b0.ns_jft_in1k", "web-labels"),
        ("deit_tiny_distilled_patch16_224.fb_in1k", "distilled"),
        ("deit_tiny_patch16_224.fb_in1k", "modern"),
        ("vit_base_patch16_224.augreg_in21k_ft_in1k", "larger-labels"),
        ("convnextv2_tiny.fcmae_ft_in22k_in1k", "self-supervised"),
        ("vit_base_patch16_clip_224.openai_ft_in12k_in1k", "image-text"),
        ("vit_small_patch14_dinov2.lvd142m", "linear-probe"),
        ("efficientnet_b0.ra4_e3600_r224_in1k", "long"),
        ("dpn92.mx_in1k", "larger-labels"),
        ("dpn98.mx_in1k", "basic"),
    ],
)
def test_well_known_weights_are_in_the_class_that_their_training_says(model_name, recipe):
    assert rule_of(model_name).recipe == recipe == tags()[model_name]["recipe"]


def test_a_name_that_no_rule_knows_has_no_class():
    assert rule_of("my_net.v3") is None


def test_a_rule_with_an_unknown_class_is_refused():
    with pytest.raises(ValueError, match="`recipe` must be one of basic, tuned"):
        PretrainingRule("*", "magic", "supervised", "in1k", "")


def test_pattern_of_a_rule_is_matched_with_case_and_as_a_whole():
    assert fnmatchcase("resnet50.a1_in1k", "*.a1_in1k") and not fnmatchcase("resnet50.A1_in1k", "*.a1_in1k")
    assert rule_of("resnet50.xa1_in1k") is None


def test_counts_leave_out_who_cannot_be_compared_and_begin_with_the_most_frequent():
    rows = [
        candidate("a.x", recipe="modern"),
        candidate("b.x", top1=80.0, recipe="modern"),
        candidate("c.x", top1=81.0, recipe="basic"),
        candidate("d.x", top1=None, recipe="long"),
        candidate("e.x", latency_ms=None, error="failed", recipe="long"),
        candidate("f.x", recipe=None),
    ]
    assert list(pretraining_counts(table(rows)).items()) == [("modern", 2), ("basic", 1), ("unknown", 1)]


def test_of_equally_frequent_classes_the_one_that_saw_less_comes_first():
    assert list(pretraining_counts(mixed("image-text", "basic"))) == ["basic", "image-text"]


def test_matching_keeps_only_the_class_and_none_keeps_all():
    frame = mixed("modern", "basic", "modern", None)
    assert with_pretraining_class(frame, "modern")["model_name"].tolist() == ["net0.x", "net2.x"]
    assert with_pretraining_class(frame, None) is frame


def test_models_of_unknown_recipe_are_counted_last():
    counts = pretraining_counts(mixed(None, None, "modern"))
    assert list(counts.items()) == [("modern", 1), ("unknown", 2)]
    assert len(with_pretraining_class(mixed(None, None, "modern"), "unknown")) == 2
