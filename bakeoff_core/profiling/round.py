"""One round of passes of one model, timed; runs in a process of its own.

Weights are random: parameters, MACs, memory and latency do not depend on their values, so nothing is downloaded.
Not covered: which models, how many rounds, and where results go (`profiling.worker`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

from bakeoff_core.models.backends.base import BuildSettings
from bakeoff_core.models.backends.pytorch import DTYPES
from bakeoff_core.models.backends.registry import get_backend
from bakeoff_core.models.counting import Counts, count_macs, count_weights
from bakeoff_core.models.memory import PeakMemory
from bakeoff_core.models.sizes import explained
from bakeoff_core.models.timm_models import create_backbone, describe_failure
from bakeoff_core.profiling.timer import time_passes
from bakeoff_core.schema.candidate import PYTORCH
from bakeoff_core.schema.profile import Round
from bakeoff_core.system.files import utc_now
from bakeoff_core.system.machine import LoadMeter, throttled_seconds
from bakeoff_core.system.memory import die_first_when_memory_runs_out


@dataclass(frozen=True)
class RoundRequest:
    """One round to measure."""

    model_name: str
    """timm's `arch.tag`."""
    img_size: int
    """Height and width of the input in pixels."""
    batch_size: int
    """Images in a pass."""
    threads: int
    """Intra-op threads."""
    device: str
    """`cpu` or `cuda`."""
    precision: str
    """One of `schema.candidate.PRECISIONS`."""
    passes: int
    """Passes to time at least."""
    min_seconds: float
    """Seconds to time at least; 0 times exactly `passes`."""
    cap_s: float
    """Seconds after which no further pass is begun."""
    count: bool
    """Whether to count parameters and MACs as well."""
    backend: str = PYTORCH
    """Key of `models.backends.registry.BACKENDS`."""


__all__ = ["RoundRequest", "describe_failure", "measure_round"]
"""`describe_failure` words what `measure_round` raises; see `jobs.isolation.call`."""


def measure_round(fields: dict[str, Any]) -> tuple[Round, dict[str, int | None] | None]:
    """Create a model and time it; call once in a fresh process.

    Args:
        fields: Those of `RoundRequest`; plain, since the caller has no torch.

    Returns:
        The round, and the fields of `Counts` if asked for; plain too, since whoever unpickles a class of this module
        loads torch with it.

    Raises:
        BakeoffError: The model can't be built or run; the words name sizes that it takes where that is why.
        Exception: Whatever torch raises for a model that does not fit into memory.
    """
    request = RoundRequest(**fields)
    die_first_when_memory_runs_out()
    try:
        return _measure(request)
    except Exception as err:  # whatever a model's own checks and torch's raise
        raise explained(err, request.model_name, request.img_size) from err


def _measure(request: RoundRequest) -> tuple[Round, dict[str, int | None] | None]:
    backend = get_backend(request.backend)
    memory = PeakMemory(torch.device(request.device))
    model = create_backbone(request.model_name, request.img_size)
    counted = count_weights(model, DTYPES[request.precision]) if request.count else None
    size = (3, request.img_size, request.img_size)
    settings = BuildSettings(request.batch_size, request.threads, request.device, request.precision)
    runner = backend.build(model, torch.randn(2, *size), settings)
    memory.forget_peak()  # what it was built from, like float32 weights of a lower precision, is no part of using it

    load: list[LoadMeter] = []
    throttled_before: list[float | None] = []

    def watch() -> None:
        load.append(LoadMeter())
        throttled_before.append(throttled_seconds())

    with runner.passes(torch.randn(request.batch_size, *size)) as step:
        timed = time_passes(
            step,
            min_passes=request.passes,
            min_seconds=request.min_seconds,
            cap_s=request.cap_s,
            on_start=watch,
        )
    outside, throttled = load[0].outside_cores(), throttled_seconds()
    measured = Round(
        times_s=timed.times_s,
        warmup_passes=timed.warmup_passes,
        steady=timed.steady,
        capped=timed.capped,
        outside_cores=outside,
        throttled_s=None if throttled is None or throttled_before[0] is None else throttled - throttled_before[0],
        peak_memory_bytes=memory.peak_bytes(),
        measured_at=utc_now(),
    )
    if counted is None:
        return measured, None
    macs = count_macs(model.to(device="cpu", dtype=torch.float32), request.img_size)
    return measured, asdict(Counts(*counted, macs))
