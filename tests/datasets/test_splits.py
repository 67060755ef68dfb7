"""Part of a data set, drawn alike on every machine."""

from pathlib import Path

import pytest

from bakeoff_core.datasets.records import ImageDataset, LabelledImage
from bakeoff_core.datasets.splits import limited
from bakeoff_core.errors import BakeoffError


def make_dataset(train: list[int], val: list[int], test: list[int]) -> ImageDataset:
    """So many images of each class in each split."""

    def images(split: str, counts: list[int]) -> tuple[LabelledImage, ...]:
        return tuple(
            LabelledImage(Path(f"/x/{split}/{label}/{at}.jpg"), label)
            for label, count in enumerate(counts)
            for at in range(count)
        )

    return ImageDataset(
        name="folder",
        title="mine",
        root=Path("/x"),
        classes=tuple(f"c{label}" for label in range(len(train))),
        train=images("train", train),
        val=images("val", val),
        test=images("test", test),
        licence="",
        notes=("The splits are the folder's own.",),
    )


def sizes(dataset: ImageDataset) -> list[int]:
    return [len(images) for images in dataset.splits().values()]


def of_class(images: tuple[LabelledImage, ...], label: int) -> int:
    return sum(image.label == label for image in images)


def test_splits_and_classes_keep_their_proportions() -> None:
    found = limited(make_dataset([300, 300], [50, 50], [225, 75]), 100)
    assert sizes(found) == [60, 10, 30]
    assert [of_class(found.train, 0), of_class(found.test, 0)] == [30, 22]
    assert found.notes[-1] == "Only 100 of the 1,000 images are used, drawn from each class with the seed 2026."
    assert limited(make_dataset([300, 300], [50, 50], [225, 75]), 100) == found


def test_no_more_than_half_are_for_the_test_and_every_class_can_be_learned() -> None:
    found = limited(make_dataset([10] * 20, [10] * 20, [60] * 20), 100)
    assert sizes(found) == [25, 25, 50]
    assert all(of_class(found.train, label) for label in range(20))
    least = limited(make_dataset([10] * 20, [10] * 20, [60] * 20), 21)
    assert sizes(least) == [20, 0, 1]


def test_a_rare_class_keeps_an_image_to_train_on() -> None:
    found = limited(make_dataset([990, 1], [99, 1], [99, 1]), 100)
    assert of_class(found.train, 1) == 1


def test_a_limit_that_takes_all_changes_nothing_and_one_that_is_too_low_is_refused() -> None:
    dataset = make_dataset([3, 3], [1, 1], [1, 1])
    assert limited(dataset, 10) is dataset
    with pytest.raises(BakeoffError, match="`limit` must be at least 3. Got 2."):
        limited(dataset, 2)
