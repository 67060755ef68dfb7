"""What is asked of a data set's images, and requests of before it could be asked."""

from dataclasses import asdict
from pathlib import Path

import pytest

from bakeoff_core.datasets.choices import parse_spec, read_images
from bakeoff_core.finetuning.comparison.request import ComparisonSpec
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.ranking.request import RankSpec
from tests.support.image_folders import counts, fill_classes

SPECS = (
    FinetuneSpec("net", "folder", "full", data_dir="/images"),
    ComparisonSpec("net", "folder", data_dir="/images"),
    RankSpec(("net",), "folder", data_dir="/images"),
)


def of_before(spec: object) -> dict:
    """A request as versions before these choices wrote it."""
    return {name: value for name, value in asdict(spec).items() if name not in {"test_from", "leave_out_copies"}}


@pytest.mark.parametrize("spec", SPECS)
def test_a_request_of_before_means_what_was_done_then(spec: object) -> None:
    before = parse_spec(type(spec), of_before(spec))
    assert (before.test_from, before.leave_out_copies) == ("train", False)
    assert parse_spec(type(spec), asdict(spec)) == spec
    assert (spec.test_from, spec.leave_out_copies) == ("val", False)


def test_a_request_of_before_for_other_images_is_the_same_as_today() -> None:
    spec = FinetuneSpec("net", "elpv", "full")
    assert parse_spec(FinetuneSpec, of_before(spec)) == spec


@pytest.mark.parametrize("spec", SPECS)
def test_an_unknown_choice_is_refused(spec: object) -> None:
    with pytest.raises(ValueError, match="`test_from` must be one of val, train. Got 'test'"):
        type(spec)(**{**of_before(spec), "test_from": "test"})


def test_the_images_are_those_that_a_request_asks_for(tmp_path: Path) -> None:
    fill_classes(tmp_path / "train", 20)
    fill_classes(tmp_path / "val", 7)
    sizes = {
        test_from: counts(read_images(RankSpec(("net",), "folder", data_dir=str(tmp_path), test_from=test_from)))
        for test_from in ("val", "train")
    }
    assert sizes == {
        "val": {"train": 34, "val": 6, "test": 14},
        "train": {"train": 34, "val": 14, "test": 6},
    }
