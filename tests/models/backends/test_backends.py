"""Every backend runs what PyTorch runs, says what it is, and can be timed."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from torch import nn

from bakeoff_core.errors import BakeoffError
from bakeoff_core.models.backends.agreement import compare, random_images
from bakeoff_core.models.backends.base import BuildSettings
from bakeoff_core.models.backends.registry import BACKENDS, get_backend
from bakeoff_core.models.timm_models import create_backbone
from bakeoff_core.profiling.round import measure_round
from tests.support.rounds import request

SIZE = (3, 160, 160)


def built(name: str, model: nn.Module, **changes: object):
    settings = BuildSettings(**{"batch_size": 4, "threads": 1, **changes})
    return get_backend(name).build(model, random_images(2, SIZE)[0], settings)


@pytest.fixture(params=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_names_are_the_keys() -> None:
    assert all(backend.name == name for name, backend in BACKENDS.items())


def test_answers_are_pytorchs_but_for_rounding(backend: str) -> None:
    model = create_backbone("test_efficientnet.r160_in1k", 160)
    reference, runner = built("pytorch", model), built(backend, model)
    _, images = random_images(3, SIZE)
    agreement = compare(reference, runner, images)
    assert runner.precision == "float32" and runner.version[0].isdigit()
    assert runner.run(images).shape == (3, 1000) and runner.run(images).dtype == np.float32
    assert agreement.largest_difference < 1e-4 and agreement.same_answers == 1.0


def test_a_later_run_writes_over_no_earlier_answer(backend: str) -> None:
    runner = built(backend, create_backbone("test_efficientnet.r160_in1k", 160))
    first, second = random_images(4, SIZE)
    found = runner.run(first)
    before = found.copy()
    runner.run(second)
    assert np.array_equal(found, before)


def test_a_pass_runs_the_model_over_the_bound_images(backend: str) -> None:
    runner = built(backend, create_backbone("test_vit.r160_in1k", 160))
    images, _ = random_images(4, SIZE)
    with runner.passes(images) as step:
        step()
        step()
    assert np.allclose(runner.run(images), runner.run(images))


def test_a_smaller_dtype_is_read_back_from_what_was_built() -> None:
    runner = built("pytorch", create_backbone("test_vit.r160_in1k", 160), precision="bfloat16")
    assert runner.precision == "bfloat16"
    assert runner.run(random_images(2, SIZE)[0]).dtype == np.float32


def test_answers_that_differ_are_told_by_how_much_and_how_often() -> None:
    class Scaled(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.factor * images.mean((2, 3))

    _, images = random_images(8, SIZE)
    assert compare(built("pytorch", Scaled(1)), built("pytorch", Scaled(2)), images).largest_difference == 1.0
    assert compare(built("pytorch", Scaled(1)), built("pytorch", Scaled(-1)), images).same_answers == 0.0


def test_a_round_can_be_measured_with_any_backend(backend: str) -> None:
    measured, _ = measure_round({**request(count=False), "backend": backend})
    assert len(measured.times_s) == 4 and min(measured.times_s) > 0


def test_a_backend_that_is_unknown_or_not_installed_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="`backend` must be one of pytorch, openvino. Got 'tpu'"):
        get_backend("tpu")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BakeoffError, match="`openvino` is not installed"):
        get_backend("openvino")
