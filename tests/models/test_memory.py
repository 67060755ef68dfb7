"""The peak of memory: what was held at most, at which dtype, with activations."""

from multiprocessing.context import BaseContext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bakeoff_core.jobs.isolation import call, fork_server
from bakeoff_core.models import memory
from bakeoff_core.models.memory import PeakMemory
from bakeoff_core.profiling import round as profiling_round
from bakeoff_core.profiling.round import measure_round
from tests.support.rounds import request

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def context() -> BaseContext:
    """Fresh processes with timm loaded, as the product measures in."""
    return fork_server([profiling_round.__name__])


def hold(megabytes: int) -> np.ndarray:
    """Take this much memory, and touch it all."""
    return np.ones(megabytes * MEGABYTE, dtype=np.uint8)


def peaks() -> tuple[int, int, int]:
    """Peaks after holding 300 MB, after forgetting that, and after holding 50 MB again."""
    meter = PeakMemory(torch.device("cpu"))
    held = hold(300)
    del held
    first = meter.peak_bytes()
    meter.forget_peak()
    forgotten = meter.peak_bytes()
    held = hold(50)
    del held
    return first, forgotten, meter.peak_bytes()


def test_the_peak_is_what_was_held_at_most_and_can_be_forgotten(context: BaseContext) -> None:
    first, forgotten, second = call(context, f"{__name__}:peaks")
    assert first == pytest.approx(300 * MEGABYTE, rel=0.05)
    assert forgotten < 15 * MEGABYTE
    assert second == pytest.approx(50 * MEGABYTE, abs=15 * MEGABYTE)


def peak_of_a_large_model(dtype: str) -> int:
    """Measure a round of a model whose weights are 200 MB in float32 and whose passes need little."""

    class Large(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(50 * MEGABYTE))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.mean(dim=(1, 2, 3)) + self.weight[0]

    profiling_round.create_backbone = lambda name, img_size: Large().eval()
    return measure_round(request(precision=dtype, count=False))[0].peak_memory_bytes


@pytest.mark.parametrize(("dtype", "megabytes"), [("float32", 200), ("bfloat16", 100)])
def test_the_peak_of_a_model_holds_its_weights_at_their_dtype(context: BaseContext, dtype: str, megabytes: int) -> None:
    peak = call(context, f"{__name__}:peak_of_a_large_model", dtype)
    assert peak == pytest.approx(megabytes * MEGABYTE, abs=40 * MEGABYTE)


def peak_of_a_large_activation() -> int:
    """Measure a round of a model without weights whose passes hold 150 MB."""

    class Wide(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.ones(150 * MEGABYTE // 4).sum() + images.mean()

    profiling_round.create_backbone = lambda name, img_size: Wide().eval()
    return measure_round(request(count=False, cap_s=1.0))[0].peak_memory_bytes


def test_the_peak_of_a_model_holds_its_activations(context: BaseContext) -> None:
    peak = call(context, f"{__name__}:peak_of_a_large_activation")
    assert peak == pytest.approx(150 * MEGABYTE, abs=40 * MEGABYTE)


def test_where_the_mark_cannot_be_reset_an_older_higher_peak_is_not_taken_for_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Sealed(type(Path())):
        def write_text(self, *args: object, **kwargs: object) -> int:
            raise PermissionError

    marks = [900 * MEGABYTE]
    monkeypatch.setattr(memory, "Path", Sealed)
    monkeypatch.setattr(memory, "_high_water_mark", lambda: marks[0])
    meter = PeakMemory(torch.device("cpu"))
    meter.forget_peak()
    assert meter.peak_bytes() is None
    marks[0] = 10_000 * MEGABYTE
    assert meter.peak_bytes() == 10_000 * MEGABYTE - meter._idle
