"""What one frozen backbone comes to on one data set: its features, and the probe, neighbours and LogME on them.

The unit of work of a ranking, free of its progress and its files; only features are kept, so that none is made twice.
Only workers use it. Not covered: how each score works (`features.classifiers`, `features.logme`), and the ranking that
they go into (`ranking.worker`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from threadpoolctl import threadpool_limits
from torch import nn

from bakeoff_core.catalogue.weights import find_weights
from bakeoff_core.datasets.metrics.answers import Answers, positive_probability
from bakeoff_core.datasets.metrics.classes import accuracy
from bakeoff_core.datasets.metrics.scores import accuracy_over_balanced, scores_of
from bakeoff_core.datasets.records import ImageDataset, labels_of
from bakeoff_core.errors import BakeoffError
from bakeoff_core.features.classifiers import THREADS, fit_probe, predict_by_neighbours
from bakeoff_core.features.extract import keep_features, weights_digest
from bakeoff_core.features.frozen_backbone import FrozenBackbone
from bakeoff_core.features.logme import log_maximum_evidence
from bakeoff_core.features.store import features_key, read_features, read_rate
from bakeoff_core.jobs.worker import log
from bakeoff_core.models.pretrained import create_for_transfer, data_config, eval_transform
from bakeoff_core.ranking.records import RankRow, pack_right
from bakeoff_core.schema.metrics import ACCURACY

LOADING, DOWNLOADING, PASS, COMPUTING, SCORING = "loading", "downloading", "pass", "computing", "scoring"
"""What is being done with a backbone, in order: its weights are loaded or downloaded, passes over images begin and go
on, the features are scored."""

Listener = Callable[[str, int], None]
"""Told which of the above it is, and how many images have their features."""


@dataclass(frozen=True)
class Deciding:
    """By what the strength of a probe is chosen."""

    metric: str = ACCURACY
    """One of `schema.metrics.DECIDING`."""
    positive: int | None = None
    """Label of the class that matters; `None` where there are not two classes."""


@dataclass(frozen=True)
class ScoreRequest:
    """One backbone to score."""

    asked: str
    """Its name as it was asked for."""
    model_name: str
    """timm's `arch.tag`."""
    train_on: str
    """One of `datasets.records.TRAIN_ON`."""
    seed: int
    """Fixes the folds of a cross-validation."""
    deciding: Deciding = Deciding()
    """By what its probe's strength is chosen."""


@dataclass(frozen=True)
class Scored:
    """What a backbone came to."""

    row: RankRow
    """For the ranking."""
    answers: pd.DataFrame
    """To every test image; columns as `ranking.request.answers_file` says."""
    scoring_seconds: float
    """Of the scores alone, once the features are there."""


def score_backbone(
    request: ScoreRequest, dataset: ImageDataset, accelerator: Accelerator, listener: Listener
) -> Scored:
    """Load a backbone, run the images through it that have no features yet, and score the features.

    Args:
        request: Which backbone, and what its probe learns from.
        dataset: Images that all open.
        accelerator: Says where to compute.
        listener: See `Listener`.

    Raises:
        BakeoffError: The weights can't be had or do not fit; see `models.pretrained.create_for_transfer`.
        OSError: The disk is full, or an image is gone.
    """
    began, weights = time.monotonic(), find_weights(request.model_name)
    listener(LOADING if weights.is_here else DOWNLOADING, 0)
    model = create_for_transfer(request.model_name, weights, len(dataset.classes), None)
    config = data_config(model, None)
    key = features_key(dataset.content_key(), weights_digest(model), config)
    computed = _compute_features(model, config, key, dataset, accelerator, listener)
    del model
    images = sum(map(len, dataset.splits().values()))
    listener(SCORING, images)
    scores = score_features(dataset, key, request.train_on, request.seed, request.deciding)
    rate = read_rate(key)
    row = RankRow(
        asked=request.asked,
        model_name=request.model_name,
        img_size=config["input_size"][-1],
        weights=weights.text,
        images_per_second=rate.images_per_second if rate else None,
        runtime=rate.runtime if rate else None,
        features_key=key,
        computed_images=computed,
        seconds=time.monotonic() - began,
        **scores.fields,
    )
    return Scored(row, scores.answers, scores.seconds)


def _compute_features(
    model: nn.Module,
    config: dict[str, Any],
    key: str,
    dataset: ImageDataset,
    accelerator: Accelerator,
    listener: Listener,
) -> int:
    """Compute the features that are not kept; return how many images that were."""
    transform, splits, before, computed = eval_transform(config), dataset.splits(), 0, 0
    model.to(accelerator.device, memory_format=torch.channels_last)
    images = sum(map(len, splits.values()))
    backbone = FrozenBackbone(model, config["input_size"], accelerator.device, images)
    for split, of_split in splits.items():

        def progress(done: int, before: int = before) -> None:
            listener(COMPUTING, before + done)

        listener(PASS, before)
        if keep_features(accelerator, backbone, of_split, transform, key, split, progress=progress):
            computed += len(of_split)
        before += len(of_split)
    if backbone.remark:
        log(backbone.remark)
    return computed


@dataclass(frozen=True)
class Scores:
    """One backbone's scores."""

    fields: dict[str, Any]
    """Those of `ranking.records.RankRow` that follow from the features."""
    answers: pd.DataFrame
    """To every test image; columns as `ranking.request.answers_file` says."""
    seconds: float
    """Of all of it."""


def score_features(
    dataset: ImageDataset, key: str, train_on: str, seed: int, deciding: Deciding = Deciding()
) -> Scores:
    """Score the kept features of a data set's images.

    Args:
        dataset: The images.
        key: Of the features, as `features.store.features_key` returns it.
        train_on: One of `datasets.records.TRAIN_ON`.
        seed: Fixes the folds of a cross-validation, and the bootstrap.
        deciding: By what the probe's strength is chosen.

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
    probe = fit_probe(train, truth, held_out, seed=seed, metric=deciding.metric, positive=deciding.positive)
    probability, predicted = probe.predict(kept["test"])
    fitted = time.monotonic()
    neighbours = predict_by_neighbours(train, truth, kept["test"])
    voted = time.monotonic()
    with threadpool_limits(THREADS):
        evidence = log_maximum_evidence(train, truth)
    test = labels["test"]
    found, near = accuracy(test, predicted), accuracy(test, neighbours)
    answered = probe_answers(test, predicted, probability, deciding.positive)
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
        "scores": scores_of(answered, seed),
        "accuracy_over_balanced": accuracy_over_balanced(answered),
        "held_out_accuracy": probe.choice.accuracy,
        "held_out_scores": dict(probe.choice.values),
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
    return Scores(fields, pd.DataFrame(answers), time.monotonic() - began)


def probe_answers(labels: np.ndarray, predicted: np.ndarray, probability: np.ndarray, positive: int | None) -> Answers:
    """Return a probe's answers, for `datasets.metrics.scores`.

    Args:
        labels: Shape (images,).
        predicted: Its answer to each, shape (images,).
        probability: That of each answer, shape (images,).
        positive: Label of the class that matters; `None` where there are not two classes.
    """
    of_class = None if positive is None else positive_probability(predicted, probability, positive)
    return Answers(labels, predicted, positive, of_class)


def _require(features: np.ndarray | None) -> np.ndarray:
    if features is None:
        raise BakeoffError("The features that were just kept are gone again. Resume to compute them once more.")
    return features
