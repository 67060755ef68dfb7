"""What a page says and shows of a data set."""

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from bakeoff_core.datasets.image_folder import read_folder
from bakeoff_core.datasets.registry import read_dataset
from bakeoff_core.datasets.summary import MOST_SIZES, MOST_SKIPPED, ClassCount, describe_dataset, sample_images
from tests.support.image_folders import fill_classes


def test_the_solar_cells_are_described_in_full() -> None:
    found = describe_dataset(read_dataset("elpv"))
    assert (found.title, found.licence, found.images["test"]) == ("Solar cells (ELPV)", "CC BY-NC-SA 4.0", 656)
    assert [c.name for c in found.classes] == ["functional", "defective"]
    assert {split: sum(getattr(c, split) for c in found.classes) for split in found.images} == found.images
    assert found.sizes.smallest == found.sizes.median == found.sizes.largest == (300, 300)
    assert found.sizes.images == MOST_SIZES
    assert found.skipped_count == 0


def test_sizes_are_ordered_by_area_and_skipped_files_are_counted_and_named(tmp_path: Path) -> None:
    fill_classes(tmp_path, 4)
    Image.new("L", (100, 1)).save(tmp_path / "cat" / "wide.png")
    Image.new("L", (3, 3)).save(tmp_path / "dog" / "small.png")
    for at in range(30):
        (tmp_path / "dog" / f"{at}.txt").write_text("no image")
    found = describe_dataset(read_folder(tmp_path))
    assert found.classes == (ClassCount("cat", 3, 1, 1), ClassCount("dog", 3, 1, 1))
    assert (found.sizes.smallest, found.sizes.median, found.sizes.largest) == ((3, 3), (8, 8), (100, 1))
    assert found.skipped_count == 30
    assert len(found.skipped) == MOST_SKIPPED
    assert found.skipped[0].reason == "0.txt is no image in JPEG, PNG, WEBP, BMP, TIFF, GIF, AVIF or HEIC."


def test_images_that_vanish_leave_the_sizes_unknown(tmp_path: Path) -> None:
    fill_classes(tmp_path, 3)
    dataset = read_folder(tmp_path)
    for path in tmp_path.glob("*/*"):
        path.unlink()
    assert describe_dataset(dataset).sizes is None


@pytest.mark.parametrize(
    ("classes", "count", "expected"), [(2, 12, [6, 6]), (5, 12, [2] * 5), (12, 12, [1] * 12), (40, 12, [1] * 12)]
)
def test_samples_are_balanced_training_images_and_always_the_same(
    tmp_path: Path, classes: int, count: int, expected: list[int]
) -> None:
    fill_classes(tmp_path, 10, tuple(f"class{at}" for at in range(classes)))
    dataset = read_folder(tmp_path)
    found = sample_images(dataset, count)
    assert found == sample_images(read_folder(tmp_path), count)
    assert list(Counter(image.label for image in found).values()) == expected
    assert set(found) <= set(dataset.train) and len(set(found)) == len(found)
    assert (found[0].label, found[-1].label) == (0, classes - 1)


def test_a_class_with_few_images_gives_what_it_has(tmp_path: Path) -> None:
    fill_classes(tmp_path, 3)
    assert [image.label for image in sample_images(read_folder(tmp_path))] == [0, 1]


@pytest.mark.parametrize("count", [0, 13])
def test_more_samples_than_fit_a_page_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"`count` must be 1 to 12. Got {count}."):
        sample_images(read_dataset("elpv"), count)
