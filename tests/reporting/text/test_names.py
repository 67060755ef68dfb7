"""What candidates and settings are called in a sentence."""

from __future__ import annotations

from bakeoff_core.reporting.text.names import CandidateNames, describe_setting, setting_differences, short_names
from bakeoff_core.schema.candidate import CandidateRef
from tests.support.candidate_tables import (
    B0,
    LARGE,
    LITE0,
    RESNET50,
    SMALL,
    candidate,
    measured,
    table,
)


def test_names_are_as_short_as_the_table_allows():
    frame = table(
        [
            candidate("resnet50.a1_in1k", 224),
            candidate("resnet50.a1_in1k", 288),
            candidate("resnet50.tv_in1k", 224),
            candidate("efficientnet_b0.ra_in1k", 224),
            candidate("vgg16.tv_in1k", 224),
            candidate("vgg16.tv_in1k", 256),
            candidate(".odd", None, error="unknown model"),
        ]
    )
    assert short_names(frame) == {
        CandidateRef("resnet50.a1_in1k", 224): "resnet50.a1_in1k @ 224",
        CandidateRef("resnet50.a1_in1k", 288): "resnet50.a1_in1k @ 288",
        CandidateRef("resnet50.tv_in1k", 224): "resnet50.tv_in1k",
        CandidateRef("efficientnet_b0.ra_in1k", 224): "efficientnet_b0",
        CandidateRef("vgg16.tv_in1k", 224): "vgg16 @ 224",
        CandidateRef("vgg16.tv_in1k", 256): "vgg16 @ 256",
        CandidateRef(".odd", None): ".odd",
    }


def test_somebody_who_is_not_in_the_table_goes_by_the_full_label():
    assert CandidateNames(measured()).name(CandidateRef("gone.in1k", 224)) == "gone.in1k @ 224"


def test_long_lists_of_names_are_counted():
    refs = [B0, LARGE, SMALL, LITE0, RESNET50]
    names = "efficientnet_b0, mobilenetv3_large_100, mobilenetv3_small_100"
    assert CandidateNames(measured()).listed(refs) == f"{names} and 2 others"
    assert CandidateNames(measured()).listed(refs[:2]) == "efficientnet_b0 and mobilenetv3_large_100"


def test_a_setting_is_described_by_all_that_affects_a_number():
    row = candidate("resnet50.a1_in1k")
    assert describe_setting(row) == (
        "AMD EPYC 7763, 2 cores, 24 GiB: cpu, 2 threads, batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31"
    )
    assert describe_setting({**row, "threads": None}) == "not measured"


def test_another_setting_is_named_by_what_differs():
    row = candidate("resnet50.a1_in1k")
    other = {**row, "machine_id": "m-9", "machine_name": "Raspberry Pi 5", "threads": 4, "dtype": "bfloat16"}
    assert setting_differences(other, row) == "Raspberry Pi 5, 4 threads, bfloat16"
    assert setting_differences(row, row) == "same setting"
