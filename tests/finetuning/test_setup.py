"""What is asked of the images before a run begins: whether the metric can decide, and which class matters."""

from pathlib import Path

import pytest

from bakeoff_core.datasets.choices import deciding_class
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.finetuning.setup import _undecided_note
from tests.support.image_folders import fill_classes


def spec(root: Path, **options: object) -> FinetuneSpec:
    return FinetuneSpec("resnet18", "folder", "full", data_dir=str(root), **options)


@pytest.mark.parametrize(("images", "asked", "label"), [((4, 2), None, 1), ((2, 4), None, 0), ((2, 4), "dog", 1)])
def test_the_rarer_class_matters_unless_another_is_asked_for(
    tmp_path: Path, images: tuple[int, int], asked: str | None, label: int
) -> None:
    for name, count in zip(("cat", "dog"), images, strict=True):
        fill_classes(tmp_path / "train", count, (name,))
    fill_classes(tmp_path / "test", 2)
    found = deciding_class(spec(tmp_path, positive_class=asked), read_dataset("folder", tmp_path))
    assert found == label


def test_of_three_classes_average_precision_can_not_decide_and_none_matters(tmp_path: Path) -> None:
    fill_classes(tmp_path, classes=("cat", "dog", "owl"))
    dataset = read_dataset("folder", tmp_path)
    assert deciding_class(spec(tmp_path), dataset) is None
    with pytest.raises(BakeoffError, match="these images have 3 classes. Decide by one of accuracy, balanced-accuracy"):
        deciding_class(spec(tmp_path, metric="average-precision"), dataset)


def test_a_metric_that_no_validation_has_is_told_of(tmp_path: Path) -> None:
    for split in ("train", "test"):
        fill_classes(tmp_path / split, 4)
    fill_classes(tmp_path / "val", 3, ("cat",))
    dataset, asked = read_dataset("folder", tmp_path), spec(tmp_path, metric="average-precision")
    assert _undecided_note(asked, dataset, dataset.val, 1) == [
        "None of the 3 images to validate on is of the class dog, so average precision could not choose the weights: "
        "those of the last step were kept."
    ]
    assert _undecided_note(asked, dataset, dataset.val, 0) == _undecided_note(asked, dataset, (), 1) == []
    assert _undecided_note(spec(tmp_path), dataset, dataset.val, 1) == []
