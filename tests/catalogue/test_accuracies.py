"""The catalogue: its table against timm's own, what own accuracies change in it, the join, names and search."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import (
    attach_accuracy,
    full_name_of,
    misspelt_own_names,
    read_catalogue,
    resolve_model_name,
    search_models,
)
from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels, write_timm_models
from bakeoff_core.errors import BakeoffError, UnknownModelError
from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS
from bakeoff_core.system.paths import timm_models_path
from tests.support.places import ROOT
from tests.support.timm_results import TIMM, write

DATA = Path(os.environ.get("BAKEOFF_TEST_DATA") or ROOT.parent / "shared" / "data")


def published_by_timm() -> dict[tuple[str, int], dict[str, str]]:
    """timm's own table, cells as text, keyed by tag and size."""
    path = DATA / "timm-results" / "results-imagenet.csv"
    if not path.exists():
        pytest.skip(f"timm's table is not at {path}; set BAKEOFF_TEST_DATA to the folder that holds timm-results")
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["model"], int(row["img_size"])): row for row in csv.DictReader(file)}


def built_in_text() -> list[dict[str, str]]:
    with (ROOT / "bakeoff_core" / "catalogue" / "data" / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def accuracy_of(table: pd.DataFrame, model_name: str, img_size: int) -> pd.Series:
    rows = table[(table["model_name"] == model_name) & (table["img_size"] == img_size)]
    assert len(rows) == 1
    return rows.iloc[0]


# The table


def test_each_tag_and_size_stands_once_and_at_least_250_tags_are_known():
    table = read_catalogue()
    assert not table.duplicated(["model_name", "img_size"]).any()
    assert table["model_name"].nunique() >= 250


def test_every_figure_of_the_table_lies_in_a_sane_range():
    table = read_catalogue()
    assert table["top1"].between(40, 92).all()
    known = table.dropna(subset="top5")
    assert (known["top5"] > known["top1"]).all() and (known["top5"] < 100).all()
    assert table["param_count"].between(1_000_000, 2_000_000_000).all()
    assert table["macs"].between(20_000_000, 2_000_000_000_000).all()
    assert table["img_size"].between(96, 1024).all()
    assert table["year"].between(2014, 2026).all()


def test_columns_are_typed_and_only_notes_licences_and_the_top5_of_linear_probes_may_be_empty():
    table = read_catalogue()
    assert table["img_size"].dtype == "int64" and table["macs"].dtype == "Int64"
    assert table["is_default_tag"].dtype == "boolean"
    assert set(table.columns[table.isna().any()]) <= {"note", "licence", "top5"}
    assert set(table.loc[table["top5"].isna(), "recipe"]) == {"linear-probe"}


def test_every_name_is_a_full_tag_and_every_tag_has_its_default_size():
    table = read_catalogue()
    assert table["model_name"].str.fullmatch(r"\w+\.\w+").all()
    at_default = table[table["img_size"] == table["default_img_size"]]
    absent = set(table["model_name"]) - set(at_default["model_name"])
    assert {name.partition(".")[2] for name in absent} == {"lvd142m"}  # evaluated at 224 px, and used at 518


def test_facts_of_a_tag_agree_over_its_sizes_and_an_architecture_has_one_default_tag_at_most():
    table = read_catalogue()
    facts = ["family", "year", "pretraining", "supervision", "recipe", "default_img_size", "is_default_tag"]
    assert (table.groupby("model_name")[[*facts, "fixed_img_size"]].nunique() == 1).all(axis=None)
    defaults = table[table["is_default_tag"]].drop_duplicates("model_name")["model_name"]
    assert not defaults.str.split(".").str[0].duplicated().any()


def test_macs_grow_with_the_image_and_convolutional_parameters_do_not():
    table = read_catalogue()
    small, large = (accuracy_of(table, "resnet50.a1_in1k", size) for size in (224, 288))
    assert small["param_count"] == large["param_count"] == 25_557_032
    assert large["macs"] / small["macs"] == pytest.approx((288 / 224) ** 2, rel=0.01)


def test_macs_of_transformers_include_their_attention():
    # 1.08 G is what is counted where fused attention hides the products of queries, keys and values.
    vit = accuracy_of(read_catalogue(), "vit_tiny_patch16_224.augreg_in21k_ft_in1k", 224)
    assert vit["macs"] / 1e9 == pytest.approx(1.26, abs=0.005)


def test_the_table_agrees_with_timms_own_to_the_last_digit():
    published = published_by_timm()
    compared = 0
    for row in built_in_text():
        theirs = published.get((row["model_name"], int(row["img_size"])))
        if theirs is None:
            assert not row["source"].startswith("timm"), row["model_name"]
            continue
        compared += 1
        assert (row["top1"], row["top5"]) == (theirs["top1"], theirs["top5"]), row["model_name"]
    assert compared >= 351


def test_counted_parameters_round_to_timms_published_millions():
    published = published_by_timm()
    for row in built_in_text():
        theirs = published.get((row["model_name"], int(row["img_size"])))
        if theirs is not None:
            millions = float(theirs["param_count"].replace(",", ""))
            assert int(row["param_count"]) / 1e6 == pytest.approx(millions, abs=0.00501), row["model_name"]


@pytest.mark.parametrize(
    "family",
    [
        *("ResNet", "ResNet-D", "ResNeXt", "RegNetX", "RegNetY", "EfficientNet", "EfficientNet-Lite", "EfficientNetV2"),
        *("MobileNetV1", "MobileNetV2", "MobileNetV3", "MobileNetV4", "Inception v3", "Inception v4"),
        *("Inception-ResNet", "DenseNet", "VGG", "TinyNet", "LCNet", "MnasNet", "GhostNet", "ConvNeXt", "ConvNeXt V2"),
        *("ViT", "DeiT", "Swin", "LeViT", "EfficientViT (MIT)", "FastViT", "MaxViT", "CoAtNet", "BEiT", "BEiT v2"),
        *("EVA", "EVA-02", "CLIP ViT", "SigLIP", "DINOv2"),
    ],
)
def test_every_family_that_selection_guides_name_is_there(family):
    assert (read_catalogue()["family"] == family).any()


def test_efficientnet_goes_from_b0_to_b7_and_resnet50_has_a_dozen_recipes():
    names = read_catalogue()["model_name"]
    assert {f"tf_efficientnet_b{n}" for n in range(8)} <= set(names.str.partition(".")[0])
    assert names[names.str.startswith("resnet50.")].nunique() >= 12


def test_linear_probes_stand_at_the_size_they_were_evaluated_at_with_the_paper_named():
    probes = read_catalogue().query("family == 'DINOv2'").set_index("model_name")
    assert (probes["img_size"] == 224).all() and probes["note"].str.contains("linear classifier").all()
    assert probes["accuracy_source"].str.contains("facebookresearch/dinov2", regex=False).all()
    assert probes.loc["vit_base_patch14_dinov2.lvd142m", "top1"] == 84.5
    assert set(probes["supervision"]) == {"self-supervised"}


def test_weights_that_must_not_be_sold_say_so():
    table = read_catalogue().drop_duplicates("model_name").set_index("model_name")
    assert table.loc["convnextv2_tiny.fcmae_ft_in1k", "licence"] == "cc-by-nc-4.0"
    assert table.loc["resnet50.fb_swsl_ig1b_ft_in1k", "licence"] == "cc-by-nc-4.0"
    assert table.loc["resnet50.tv2_in1k", "licence"] == "bsd-3-clause"


def test_every_size_timm_publishes_for_a_tag_is_in_the_table():
    ours = {(row["model_name"], int(row["img_size"])) for row in built_in_text()}
    tags = {name for name, _ in ours}
    assert {key for key in published_by_timm() if key[0] in tags} == {key for key in ours if ".lvd142m" not in key[0]}


def test_every_tag_timm_publishes_is_in_the_table_its_tiny_test_models_aside():
    ours = {row["model_name"] for row in built_in_text()}
    assert {name for name, _ in published_by_timm() if not name.startswith("test_")} <= ours


@pytest.mark.parametrize(
    ("model_name", "img_size", "top1"),
    [
        ("resnet50.a1_in1k", 224, 80.382),
        ("resnet50.a1_in1k", 288, 81.24),
        ("resnet50.tv2_in1k", 224, 80.846),
        ("resnet50.tv_in1k", 224, 76.156),
        ("tf_efficientnet_lite0.in1k", 224, 74.846),
        ("tf_efficientnet_lite1.in1k", 240, 76.674),
        ("tf_efficientnet_lite2.in1k", 260, 77.47),
    ],
)
def test_one_architecture_has_the_accuracy_of_each_recipe_and_size(model_name, img_size, top1):
    assert accuracy_of(read_catalogue(), model_name, img_size)["top1"] == top1


# The interval


def test_imagenets_fifty_thousand_images_leave_about_seven_tenths_of_a_point():
    row = accuracy_of(read_catalogue(), "resnet50.a1_in1k", 224)
    assert row["top1_low"] < row["top1"] < row["top1_high"]
    assert row["top1_high"] - row["top1_low"] == pytest.approx(0.696, abs=0.005)


# The user's own accuracies


def test_no_own_file_changes_nothing(tmp_path):
    pd.testing.assert_frame_equal(read_catalogue(tmp_path / "absent.csv"), read_catalogue())


def test_an_own_row_overrides_the_whole_accuracy_of_its_tag_and_size_alone(tmp_path):
    path = write(
        tmp_path, "accuracy.csv", "model_name,img_size,top1,source,test_images\nresnet50.a1_in1k,224,61.5,our set,200\n"
    )
    table = read_catalogue(path)
    own, other = (accuracy_of(table, "resnet50.a1_in1k", size) for size in (224, 288))
    assert len(table) == len(read_catalogue())
    assert (own["top1"], own["accuracy_source"], own["test_images"]) == (61.5, "our set", 200)
    assert pd.isna(own["top5"])
    assert own["top1_high"] - own["top1_low"] > 10  # 200 images say little
    assert own["macs"] == accuracy_of(read_catalogue(), "resnet50.a1_in1k", 224)["macs"]
    assert other["top1"] == 81.24


def test_an_own_row_for_a_new_size_takes_over_what_belongs_to_the_tag_and_no_figure(tmp_path):
    row = accuracy_of(
        read_catalogue(write(tmp_path, "accuracy.csv", "model_name,img_size,top1\nresnet50.a1_in1k,160,74.1\n")),
        "resnet50.a1_in1k",
        160,
    )
    assert (row["family"], row["default_img_size"], row["accuracy_source"]) == (
        "ResNet",
        224,
        "own evaluation",
    )
    assert row[["top5", "macs", "param_count", "test_images", "top1_low", "top1_high"]].isna().all()


def test_an_own_row_may_name_a_model_the_table_does_not_know(tmp_path):
    text = "\ufeffmodel_name,img_size,top1,top5,family\n\nmine|<b>.v1, 320 ,88,97,Ours\n"
    row = accuracy_of(read_catalogue(write(tmp_path, "accuracy.csv", text)), "mine|<b>.v1", 320)
    assert (row["top1"], row["top5"], row["family"]) == (88, 97, "Ours")
    assert pd.isna(row["default_img_size"]) and pd.isna(row["is_default_tag"])


def test_a_plain_name_in_the_own_file_means_the_default_tag(tmp_path):
    table = read_catalogue(write(tmp_path, "accuracy.csv", "model_name,img_size,top1\nresnet50,224,79\n"))
    assert accuracy_of(table, "resnet50.a1_in1k", 224)["top1"] == 79


# The join


def test_accuracy_never_crosses_tags_or_sizes():
    asked = [
        ("resnet50.a1_in1k", 224),
        ("resnet50.a1_in1k", 160),  # published for a3, at 160, only
        ("resnet50.fb_unheard_of", 224),  # another tag of a known architecture
        ("resnet50.tv_in1k", 224),
        ("unheard_of.v1", 224),
        ("resnet50.a1_in1k", None),
    ]
    profiles = pd.DataFrame(asked, columns=["model_name", "img_size"])
    joined = attach_accuracy(profiles, read_catalogue())
    assert joined["top1"].fillna(0).tolist() == [80.382, 0, 0, 76.156, 0, 0]
    unpublished = joined["top1"].isna()
    assert joined.loc[unpublished, ["top1_low", "top1_high", "top5", "accuracy_source"]].isna().all(axis=None)
    assert joined["family"].fillna("").tolist() == ["ResNet", "ResNet", "ResNet", "ResNet", "", "ResNet"]


def test_the_join_keeps_rows_order_index_and_columns_and_adds_exactly_the_accuracy_columns():
    profiles = pd.DataFrame(
        {
            "model_name": ["vgg16.tv_in1k", "resnet18.a1_in1k", "vgg16.tv_in1k"],
            "img_size": pd.array([224, 288, 224], dtype="Int64"),
            "latency_p50_s": [0.29, 0.03, 0.28],
        },
        index=[7, 7, 3],
    )
    joined = attach_accuracy(profiles, read_catalogue())
    assert list(joined.columns) == [*profiles.columns, *ACCURACY_COLUMNS]
    pd.testing.assert_frame_equal(joined[profiles.columns], profiles)
    assert joined["top1"].tolist() == [71.594, 73.164, 71.594]


def test_the_join_of_no_profiles_and_of_odd_names_holds():
    empty = attach_accuracy(pd.DataFrame({"model_name": [], "img_size": []}), read_catalogue())
    assert empty.empty and set(ACCURACY_COLUMNS) <= set(empty.columns)
    odd = pd.DataFrame({"model_name": [None, "a|b<script>", ""], "img_size": [224, 224, 224]}, dtype=object)
    assert attach_accuracy(odd, read_catalogue())["top1"].isna().all()


def test_joining_twice_refreshes_the_accuracy(tmp_path):
    profiles = pd.DataFrame({"model_name": ["resnet50.a1_in1k"], "img_size": [224]})
    once = attach_accuracy(profiles, read_catalogue())
    own = read_catalogue(write(tmp_path, "accuracy.csv", "model_name,img_size,top1\nresnet50.a1_in1k,224,60\n"))
    assert attach_accuracy(once, own)["top1"].tolist() == [60]


# Names


def test_a_plain_name_means_the_default_tag_and_a_full_name_passes():
    assert resolve_model_name("resnet50", TIMM) == "resnet50.a1_in1k"
    assert resolve_model_name(" resnet50.tv_in1k ", TIMM) == "resnet50.tv_in1k"
    assert resolve_model_name("vit_nameless", TIMM) == "vit_nameless"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("resnet5", "resnet50.a1_in1k"),
        ("resnet50.tv3_in1k", "resnet50.tv_in1k"),
        ("resnet5O.tv2_in1k", "resnet50.tv2_in1k"),
        ("ResNet50", "resnet50.a1_in1k"),
        ("dinov2", "vit_small_patch14_dinov2.lvd142m"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_names(name, first):
    with pytest.raises(UnknownModelError) as caught:
        resolve_model_name(name, TIMM)
    suggestions = caught.value.suggestions
    assert first in suggestions[:2] and 1 <= len(suggestions) <= 3
    assert suggestions[0] in str(caught.value)


def test_the_nearest_architecture_is_named_before_a_nearer_tag():
    with pytest.raises(UnknownModelError) as caught:
        resolve_model_name("resnet50dd.a1_in1k", TIMM)
    assert caught.value.suggestions[0] == "resnet50d.ra2_in1k"


def test_a_name_like_no_other_gets_no_suggestion():
    with pytest.raises(UnknownModelError) as caught:
        resolve_model_name("zzzzzz", TIMM)
    assert caught.value.suggestions == ()


def test_without_timms_list_the_catalogues_names_resolve_and_others_are_left_to_the_worker():
    assert resolve_model_name("convnext_tiny", None) == "convnext_tiny.in12k_ft_in1k"
    assert resolve_model_name("resnet50.tv_in1k", None) == "resnet50.tv_in1k"
    assert resolve_model_name("vit_small_patch16_dinov3", None) == "vit_small_patch16_dinov3"


# Search


def test_search_puts_the_exact_name_first_then_its_tags_then_prefixes_then_the_rest():
    found = [model.model_name for model in search_models("resnet50", TIMM)]
    assert found == [
        "resnet50.a1_in1k",
        "resnet50.tv_in1k",
        "resnet50.tv2_in1k",
        "resnet50d.ra2_in1k",
        "wide_resnet50_2.racm_in1k",
    ]
    assert search_models("resnet50.tv_in1k", TIMM)[0].model_name == "resnet50.tv_in1k"


def test_every_word_of_a_search_must_occur_in_any_order_and_case():
    assert [m.model_name for m in search_models("TV2 ResNet", TIMM)] == ["resnet50.tv2_in1k"]
    assert search_models("resnet swin", TIMM) == ()


def test_an_empty_search_finds_nothing_and_the_limit_holds():
    assert search_models("  ", TIMM) == ()
    assert len(search_models("resnet", TIMM, limit=2)) == 2


def test_without_timms_list_the_search_goes_through_the_catalogue():
    found = search_models("efficientnet_lite0", None)
    assert found[0] == TimmModel("efficientnet_lite0.ra_in1k", 224, None, False, True)
    assert search_models("resnet50 a1_", None)[0].test_img_size == 288


# Names in the user's own file


@pytest.mark.parametrize("name", ["ResNet50.A1_in1k", "RESNET50.A1_IN1K", "resnet50.a1_in1K", "ResNet50"])
def test_a_name_in_another_case_means_the_model(tmp_path, name):
    own = write(tmp_path, "accuracy.csv", f"model_name,img_size,top1\n{name},224,91.25\n")
    table = read_catalogue(own)
    assert accuracy_of(table, "resnet50.a1_in1k", 224)["top1"] == 91.25
    assert len(table) == len(read_catalogue())


def test_a_model_that_the_catalogue_does_not_know_is_found_in_timms_list_in_any_case(home):
    assert full_name_of("Test_Net.In1k") == "Test_Net.In1k"
    home.mkdir()
    write_timm_models(timm_models_path(), TimmModels("1", (TimmModel("test_net.in1k", 160, None, False, True),)))
    assert full_name_of("Test_Net.In1k") == full_name_of("TEST_NET") == "test_net.in1k"


def test_two_cases_of_one_name_are_one_model_twice(tmp_path):
    text = "model_name,img_size,top1\nresnet50.a1_in1k,224,80\nResNet50.a1_in1k,224,81\n"
    with pytest.raises(BakeoffError, match="line 3: resnet50.a1_in1k at 224 px must stand only once"):
        read_catalogue(write(tmp_path, "accuracy.csv", text))


def test_a_slip_in_a_name_is_pointed_out_and_a_name_of_ones_own_is_not(tmp_path):
    names = ("resnet50.a1_in1", "my_net.v3", "resnet50.a1_in1k", "box_net.v1", "box_nett.v1")
    own = write(tmp_path, "accuracy.csv", "model_name,img_size,top1\n" + "".join(f"{n},224,80\n" for n in names))
    found = misspelt_own_names(own, {"box_net.v1"})
    assert {name: nearest[0] for name, nearest in found.items()} == {
        "resnet50.a1_in1": "resnet50.a1_in1k",
        "box_nett.v1": "box_net.v1",
    }
