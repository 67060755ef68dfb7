"""What kept features are worth: the probe, the nearest neighbours and LogME of one backbone on one data set.

Loads scikit-learn; only workers use it. Not covered: computing the features (`features.extract`), how each score works
(`features.classifiers`, `features.logme`), and the ranking they go into (`ranking.records`).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bakeoff_core.datasets.index import ImageDataset, labels_of
from bakeoff_core.datasets.metrics import accuracy
from bakeoff_core.errors import BakeoffError
from bakeoff_core.features.classifiers import THREADS, fit_probe, predict_by_neighbours
from bakeoff_core.features.logme import log_maximum_evidence
from bakeoff_core.features.store import read_features
from bakeoff_core.ranking.records import pack_right


@dataclass(frozen=True)
class Judged:
    """One backbone's scores."""

    fields: dict[str, Any]
    """Those of `ranking.records.RankRow` that follow from the features."""
    answers: pd.DataFrame
    """To every test image; columns as `ranking.request.answers_file` says."""
    seconds: float
    """Of all of it."""


def judge_features(dataset: ImageDataset, key: str, train_on: str, seed: int) -> Judged:
    """Judge the kept features of a data set's images.

    Args:
        dataset: The images.
        key: Of the features, as `features.store.features_key` returns it.
        train_on: One of `finetuning.request.TRAIN_ON`.
        seed: Fixes the folds of a cross-validation.

    Raises:
        BakeoffError: The features are not kept.
    """
    began, splits = time.monotonic(), dataset.splits()
    kept = {split: _require(read_features(key, split)) for split in splits}
    labels = {split: labels_of(images) for split, images in splits.items()}
    used = ("train", "val") if train_on == "train+val" else ("train",)
    train = np.concatenate([np.asarray(kept[split]) for split in used])
    truth = np.concatenate([labels[split] for split in used]).astype(int)
    held_out = (np.asarray(kept["val"]), labels["val"]) if len(used) == 1 and len(labels["val"]) else None
    probe = fit_probe(train, truth, held_out, seed=seed)
    probability, predicted = probe.predict(kept["test"])
    fitted = time.monotonic()
    neighbours = predict_by_neighbours(train, truth, kept["test"])
    voted = time.monotonic()
    with threadpool_limits(THREADS):
        evidence = log_maximum_evidence(train, truth)
    test = labels["test"]
    found, near = accuracy(test, predicted), accuracy(test, neighbours)
    fields = {
        "channels": train.shape[1],
        "head_param_count": (train.shape[1] + 1) * len(dataset.classes),
        "probe_accuracy": found["accuracy"],
        "probe_low": found["low"],
        "probe_high": found["high"],
        "knn_accuracy": near["accuracy"],
        "knn_low": near["low"],
        "knn_high": near["high"],
        "logme": evidence,
        "held_out_accuracy": probe.choice.accuracy,
        "strength": probe.choice.strength,
        "strength_chosen_on": probe.choice.chosen_on,
        "strength_at_edge": probe.choice.at_edge,
        "probe_seconds": fitted - began,
        "knn_seconds": voted - fitted,
        "right": pack_right(predicted == test),
    }
    answers = {
        "image": [os.path.relpath(image.path, dataset.root) for image in splits["test"]],
        "label": test,
        "predicted": predicted,
        "probability": probability,
        "predicted_by_neighbours": neighbours,
    }
    return Judged(fields, pd.DataFrame(answers), time.monotonic() - began)


def _require(features: np.ndarray | None) -> np.ndarray:
    if features is None:
        raise BakeoffError("The features that were just kept are gone again. Resume to compute them once more.")
    return features
