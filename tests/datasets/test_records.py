"""What an index of images is asked for by several."""

from pathlib import Path

import pytest

from bakeoff_core.datasets.records import LabelledImage, evenly_spaced, labels_of


@pytest.mark.parametrize(
    ("count", "taken"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (10, [*range(10)]), (99, [*range(10)])]
)
def test_items_are_taken_from_the_first_to_the_last_at_even_distances(count: int, taken: list[int]) -> None:
    assert evenly_spaced(range(10), count) == taken


def test_labels_are_in_the_order_of_the_images() -> None:
    assert labels_of([LabelledImage(Path("a.png"), 2), LabelledImage(Path("b.png"), 0)]).tolist() == [2, 0]
