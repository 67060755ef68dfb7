"""What candidates and settings are called in a sentence."""

from __future__ import annotations

from bakeoff_core.reporting.text.names import CandidateNames, short_names
from bakeoff_core.schema.candidate import CandidateRef
from tests.support.candidate_tables import (
    B0,
    LARGE,
    LITE0,
    RESNET50,
    SMALL,
    candidate,
    deployed,
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
        deployed("resnet50.a1_in1k", 224): "resnet50.a1_in1k @ 224",
        deployed("resnet50.a1_in1k", 288): "resnet50.a1_in1k @ 288",
        deployed("resnet50.tv_in1k", 224): "resnet50.tv_in1k",
        deployed("efficientnet_b0.ra_in1k", 224): "efficientnet_b0",
        deployed("vgg16.tv_in1k", 224): "vgg16 @ 224",
        deployed("vgg16.tv_in1k", 256): "vgg16 @ 256",
        deployed(".odd", None): ".odd",
    }


def test_somebody_who_is_not_in_the_table_goes_by_the_full_label():
    assert CandidateNames(measured()).name(CandidateRef("gone.in1k", 224)) == "gone.in1k @ 224"


def test_long_lists_of_names_are_counted():
    refs = [B0, LARGE, SMALL, LITE0, RESNET50]
    names = "efficientnet_b0, mobilenetv3_large_100, mobilenetv3_small_100"
    assert CandidateNames(measured()).listed(refs) == f"{names} and 2 others"
    assert CandidateNames(measured()).listed(refs[:2]) == "efficientnet_b0 and mobilenetv3_large_100"
