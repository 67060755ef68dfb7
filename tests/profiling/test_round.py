"""Rounds of tiny models, each in a fresh process: passes, caps, counts."""

import pickle
import subprocess
import sys
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
import torch
from torch import nn

from bakeoff_core.jobs.isolation import call, fork_server
from bakeoff_core.models.counting import count_macs
from bakeoff_core.profiling import round as profiling_round
from bakeoff_core.profiling.round import measure_round
from tests.support.places import ROOT
from tests.support.rounds import TINY, request


@pytest.fixture(scope="module")
def context() -> BaseContext:
    """Fresh processes with timm loaded, as the product measures in."""
    return fork_server([profiling_round.__name__])


def test_a_model_that_cannot_be_traced_has_no_macs_but_keeps_its_timings(monkeypatch: pytest.MonkeyPatch) -> None:
    class Awkward(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if torch.jit.is_tracing():
                raise AssertionError("not while tracing")
            return images.mean(dim=(2, 3))

    assert count_macs(Awkward(), 32) is None
    monkeypatch.setattr(profiling_round, "create_backbone", lambda name, img_size: Awkward().eval())
    measured, counts = measure_round(request(img_size=32))
    assert len(measured.times_s) == 4
    assert counts == {"param_count": 0, "weight_bytes": 0, "macs": None}


def test_a_round_times_exactly_what_was_asked_for(context: BaseContext) -> None:
    measured, counts = call(context, "bakeoff_core.profiling.round:measure_round", request(passes=7))
    assert len(measured.times_s) == 7
    assert all(0 < seconds < 30 for seconds in measured.times_s)
    assert measured.warmup_passes >= 6
    assert not measured.capped
    assert measured.outside_cores is None or measured.outside_cores >= 0
    assert measured.peak_memory_bytes > 0
    assert counts == {"param_count": 371_240, "weight_bytes": 4 * 371_240, "macs": 38_055_488}


@pytest.mark.parametrize("model_name", [TINY, "test_efficientnet.r160_in1k", "test_byobnet.r160_in1k"])
def test_a_round_at_two_images_in_bfloat16_halves_the_weights(context: BaseContext, model_name: str) -> None:
    task = "bakeoff_core.profiling.round:measure_round"
    _, single = call(context, task, request(model_name))
    measured, half = call(context, task, request(model_name, precision="bfloat16", batch_size=2))
    assert len(measured.times_s) == 4
    assert half["param_count"] == single["param_count"]
    assert half["macs"] == single["macs"]  # of one image
    assert half["weight_bytes"] == pytest.approx(single["weight_bytes"] / 2, rel=0.01)  # batch counters stay int64


def test_a_round_counts_nothing_where_it_was_not_asked_to(context: BaseContext) -> None:
    _, counts = call(context, "bakeoff_core.profiling.round:measure_round", request(count=False))
    assert counts is None


def test_a_cap_ends_the_round_and_is_noted(context: BaseContext) -> None:
    measured, _ = call(
        context, "bakeoff_core.profiling.round:measure_round", request(passes=10_000, cap_s=0.1, count=False)
    )
    assert measured.capped
    assert len(measured.times_s) < 10_000


def test_whoever_receives_a_round_does_not_load_torch_with_it(tmp_path: Path) -> None:
    (tmp_path / "round.pickle").write_bytes(pickle.dumps(measure_round(request())))
    code = (
        "import pickle, sys; from pathlib import Path\n"
        f"pickle.loads(Path({str(tmp_path / 'round.pickle')!r}).read_bytes())\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
