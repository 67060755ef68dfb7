"""The options that a fine-tuning run and a comparison share, and the values they give a spec."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from bakeoff_core.datasets.records import TEST_FROM, TRAIN_ON, expanded
from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.finetuning.request import BALANCES
from bakeoff_core.schema.metrics import DECIDING
from bakeoff_core.schema.profile import DEVICE_CHOICES

_PATHS = ("data_dir", "weights_file")


def image_details() -> Mapping[str, Mapping[str, Any]]:
    """Return what `add_fields` is to know of the fields of `datasets.choices.ImageChoices`."""
    return {
        "test_from": {
            "choices": TEST_FROM,
            "help": "with train and val, and no test: test on val, or on a part of train (default %(default)s)",
        },
        "leave_out_copies": {
            "help": "leave copies of training images out of validation and test, and copies whose labels contradict"
        },
    }


def metric_details() -> Mapping[str, Mapping[str, Any]]:
    """Return what `add_fields` is to know of the fields of `datasets.choices.MetricChoices`."""
    return {
        "metric": {"choices": DECIDING, "help": "what tells the better of two models (default %(default)s)"},
        "positive_class": {
            "metavar": "CLASS",
            "help": "of two classes, the one that matters, for precision and recall (default: the rarer)",
        },
    }


def shared_details(epochs: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what `add_fields` is to know of the fields that both specs have; `epochs` are the default."""
    return {
        "model_name": {"metavar": "NAME", "help": "timm name"},
        "dataset": {"choices": DATASETS},
        "data_dir": {"metavar": "DIR", "help": "flowers102: the folder that holds flowers-102/; folder: yours"},
        **image_details(),
        **metric_details(),
        "balance": {
            "choices": BALANCES,
            "help": "for rare classes: weigh their images more in the loss, or draw them more often",
        },
        "patience": {
            "metavar": "N",
            "help": "end early after N validations in a row without a better one (default: never)",
        },
        "steps": {"help": "optimiser steps"},
        "epochs": {"help": f"passes over the training images (default: {epochs})"},
        "train_on": {"choices": TRAIN_ON, "help": "default %(default)s"},
        "batch_size": {"help": "images in a step (default %(default)s)"},
        "learning_rate": {"metavar": "LR", "help": "peak learning rate of the head (default: the recipe's)"},
        "img_size": {"help": "side of the input in pixels (default: the weights' own)"},
        "seed": {"help": "fixes everything drawn at random (default %(default)s)"},
        "weights_file": {
            "metavar": "FILE",
            "help": "your own pretrained weights: safetensors, or a PyTorch checkpoint (.pth, .bin) of plain tensors",
        },
        "any_way_up": {"help": "images upside down are as likely, as through a microscope"},
        "device": {"choices": DEVICE_CHOICES, "help": "where to train (default %(default)s)"},
    }


def spec_of(arguments: argparse.Namespace, record: type) -> Any:
    """Return the spec that the options describe; paths are made absolute, for a worker looks from another folder.

    Args:
        arguments: The spec's fields by name.
        record: `FinetuneSpec` or `ComparisonSpec`.

    Raises:
        ValueError: A value is out of range; the words say what must hold.
    """
    values = {field.name: getattr(arguments, field.name) for field in fields(record)}
    return record(**{**values, **{name: _absolute(values[name]) for name in _PATHS}})


def _absolute(path: str | None) -> str | None:
    return str(expanded(Path(path))) if path else None
