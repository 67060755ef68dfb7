"""Rankings made up of chosen numbers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bakeoff_core.datasets.metrics.classes import accuracy
from bakeoff_core.ranking.records import Ranking, RankRow, pack_right
from bakeoff_core.schema.metrics import Difference, Score

IMAGES = 200
SIZE = 224


def make_row(name: str, right: int, *, first: int = 0, held_out: float | None = None, **changes: object) -> RankRow:
    """A backbone that has so many test images in a row right, from the `first` on.

    Args:
        name: Its weights tag, asked for in full.
        right: Of `IMAGES` test images.
        first: Place of the first of them.
        held_out: Accuracy that the pick goes by; `None` for that of the test.
        **changes: Other fields.
    """
    places = np.arange(IMAGES)
    hits = (places >= first) & (places < first + right)
    found = accuracy(np.ones(IMAGES), hits)
    fields: dict = {
        "img_size": SIZE,
        "weights": "a package that comes with this product",
        "channels": 1280,
        "head_param_count": 2562,
        "probe_accuracy": found["accuracy"],
        "probe_low": found["low"],
        "probe_high": found["high"],
        "knn_accuracy": found["accuracy"] - 5,
        "knn_low": found["low"] - 5,
        "knn_high": found["high"] - 5,
        "held_out_accuracy": found["accuracy"] if held_out is None else held_out,
        "strength": 10.0,
        "strength_chosen_on": "validation",
        "strength_at_edge": False,
        "probe_seconds": 2.0,
        "knn_seconds": 0.5,
        "images_per_second": 60.0,
        "computed_images": 1000,
        "seconds": 20.0,
        "right": pack_right(hits),
    }
    return RankRow(name, name, **fields | changes)


def scored(name: str, right: int, balanced: float, recall: float) -> RankRow:
    """A backbone that is by so much better at the frequent one of two classes; held back it was as in the test.

    Args:
        name: As for `make_row`, like the next.
        right: See `name`.
        balanced: Balanced accuracy in percent; its interval is five points to either side.
        recall: Of the class that matters, in percent.
    """
    row = make_row(name, right)
    scores = {"balanced-accuracy": Score(balanced, balanced - 5, balanced + 5), "recall": Score(recall, 0.0, 100.0)}
    return replace(
        row,
        scores={"accuracy": Score(row.probe_accuracy, row.probe_low, row.probe_high), **scores},
        held_out_scores={"accuracy": row.probe_accuracy, "balanced-accuracy": balanced, "recall": recall},
        accuracy_over_balanced=Difference(12.0, 8.0, 16.0),
    )


def make_ranking(rows: Sequence[RankRow], **changes: object) -> Ranking:
    """A ranking of these backbones on solar cells."""
    fields: dict = {
        "dataset": "elpv",
        "dataset_title": "Solar cells (ELPV)",
        "content_key": "1a2b3c4d5e6f7a8b",
        "licence": "CC BY-NC-SA 4.0",
        "notes": ("2,624 pictures.",),
        "classes": ("functional", "defective"),
        "train_on": "train",
        "train_images": 1600,
        "val_images": 300,
        "test_images": IMAGES,
        "majority_share": 60.0,
        "limit": None,
        "skipped_images": 0,
        "machine_name": "Example CPU, 2 cores, 24 GiB",
        "neighbours": 20,
    }
    return Ranking(**fields | changes, rows=tuple(rows))
