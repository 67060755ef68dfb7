"""Create timm models, count them and time one round of passes; runs in a process of its own a model and round.

Weights are random: parameters, MACs, memory and latency do not depend on their values, so nothing is downloaded.
Not covered: which models, how many rounds, and where results go (see `profiling.worker`).
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import nn

from bakeoff_core.models.torchvision_compat import prepare_torchvision
from bakeoff_core.profiling.timer import time_passes
from bakeoff_core.schema.records import Round
from bakeoff_core.system.machine import LoadMeter, throttled_seconds

prepare_torchvision()

import timm  # noqa: E402  (torchvision must be prepared first)
from fvcore.nn import FlopCountAnalysis  # noqa: E402
from fvcore.nn.jit_handles import get_shape  # noqa: E402

from bakeoff_core.catalogue.timm_names import TimmModel  # noqa: E402

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


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
    dtype: str
    """Key of `schema.records.DTYPES`."""
    passes: int
    """Passes to time at least."""
    min_seconds: float
    """Seconds to time at least; 0 times exactly `passes`."""
    cap_s: float
    """Seconds after which no further pass is begun."""
    count: bool
    """Whether to count parameters and MACs as well."""


@dataclass(frozen=True)
class Counts:
    """What a model is made of; units as in `schema.records.Profile`."""

    param_count: int
    weight_bytes: int
    macs: int | None


def list_timm_models() -> tuple[TimmModel, ...]:
    """List every name that timm can create: each weights tag, and bare architectures that have no weights."""
    listed = []
    for arch in timm.list_models():
        configurations = timm.models.get_arch_pretrained_cfgs(arch) or {arch: timm.models.get_pretrained_cfg(arch)}
        default = timm.models.get_pretrained_cfg(arch)
        for model_name, cfg in configurations.items():
            listed.append(
                TimmModel(
                    model_name=model_name,
                    img_size=cfg.input_size[-1],
                    test_img_size=cfg.test_input_size[-1] if cfg.test_input_size else None,
                    fixed_img_size=bool(cfg.fixed_input_size),
                    is_default_tag=cfg.tag == default.tag,
                    has_weights=bool(cfg.has_weights),
                )
            )
    return tuple(listed)


def list_renamed_models() -> dict[str, str | None]:
    """List the names that older versions of timm used, with today's `arch` or `arch.tag`; `None`: removed."""
    return timm.models.get_deprecated_models()


def pick_device(device: str) -> str:
    """Return the device to measure on: `auto` means CUDA where torch can use it.

    Raises:
        RuntimeError: CUDA was asked for and torch cannot use it.
    """
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise RuntimeError("torch cannot use CUDA on this machine. Measure with `--device cpu`.")
    return "cuda" if available and device != "cpu" else "cpu"


def create_backbone(model_name: str, img_size: int) -> nn.Module:
    """Create a model with its classifier and random weights, in eval mode.

    Args:
        model_name: timm's `arch.tag`.
        img_size: Input size; models built for one size (position embeddings, windows) are built for this one.

    Raises:
        RuntimeError, ValueError, AssertionError: timm does not know the name, or can't build it at that size.
    """
    cfg = timm.models.get_pretrained_cfg(model_name)
    resize = cfg is not None and cfg.fixed_input_size and cfg.input_size[-1] != img_size
    return timm.create_model(model_name, pretrained=False, **({"img_size": img_size} if resize else {})).eval()


def mac_analysis(model: nn.Module, images: torch.Tensor) -> FlopCountAnalysis:
    """Return fvcore's analysis of the multiply-accumulates of a pass, attention included.

    fvcore knows no handle for `scaled_dot_product_attention` and would skip it; ours counts its two products,
    as fvcore counts them where they are written out (softmax and scaling are not counted in either form).

    Args:
        model: On the CPU, in float32 and eval mode.
        images: What it is given.
    """
    analysis = FlopCountAnalysis(model, images)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    return analysis.set_op_handle("aten::scaled_dot_product_attention", _attention_macs)


def count_macs(model: nn.Module, img_size: int) -> int | None:
    """Count the multiply-accumulates of one image; see `mac_analysis`.

    Args:
        model: On the CPU, in float32 and eval mode.
        img_size: Height and width of the input in pixels.

    Returns:
        The count; `None` where the model can't be traced.
    """
    analysis = mac_analysis(model, torch.zeros(1, 3, img_size, img_size))
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return int(analysis.total())
    except Exception as err:  # whatever the tracer trips over: the timings stand without a count
        logging.getLogger(__name__).warning("MACs of this model could not be counted: %s", err)
        return None


def measure_round(fields: dict[str, Any]) -> tuple[Round, dict[str, int | None] | None]:
    """Create a model and time it; call once in a fresh process.

    Args:
        fields: Those of `RoundRequest`; plain, since the caller has no torch.

    Returns:
        The round, and the fields of `Counts` if asked for; plain too, since whoever unpickles a class of this module
        loads torch with it.

    Raises:
        Exception: Whatever torch or timm raise for a model that cannot be built, does not fit or does not run.
    """
    request = RoundRequest(**fields)
    die_first_when_memory_runs_out()
    torch.set_num_threads(request.threads)
    device = torch.device(request.device)
    memory = PeakMemory(device)
    model = create_backbone(request.model_name, request.img_size)
    counted = _weights_of(model, _DTYPES[request.dtype]) if request.count else None
    model.to(device=device, dtype=_DTYPES[request.dtype])
    memory.forget_peak()  # the float32 weights a smaller dtype was made from are no part of using the model
    shape = (request.batch_size, 3, request.img_size, request.img_size)
    images = torch.randn(shape).to(device=device, dtype=_DTYPES[request.dtype])

    load: list[LoadMeter] = []
    throttled_before: list[float | None] = []

    def watch() -> None:
        load.append(LoadMeter())
        throttled_before.append(throttled_seconds())

    with torch.inference_mode():
        timed = time_passes(
            _step(model, images, device),
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
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    if counted is None:
        return measured, None
    macs = count_macs(model.to(device="cpu", dtype=torch.float32), request.img_size)
    return measured, asdict(Counts(*counted, macs))


class PeakMemory:
    """Peak memory of this process above what it held when the meter was made.

    CPU: the kernel's high-water mark of the resident set, which Linux can reset (`/proc/self/clear_refs`, proc(5));
    elsewhere the mark only counts where it rises above its old value. CUDA: the allocator's own peak.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.init()
            self._idle = torch.cuda.memory_allocated(device)
        else:
            self._idle = psutil.Process().memory_info().rss
        self._old_mark = _high_water_mark() or 0
        self._resets = False
        self.forget_peak()

    def forget_peak(self) -> None:
        """Let the peak start again from what is held now; what counts as idle stays. Does nothing where it can't."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
            self._resets = True

    def peak_bytes(self) -> int | None:
        """Return the peak since it was last forgotten in bytes, at least 0; `None` where the system doesn't tell."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) - self._idle
        mark = _high_water_mark()
        if mark is None or (not self._resets and mark <= self._old_mark):
            return None
        return max(0, mark - self._idle)


def _high_water_mark() -> int | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
    return None


def _step(model: nn.Module, images: torch.Tensor, device: torch.device) -> Callable[[], None]:
    if device.type == "cuda":

        def step() -> None:
            model(images)
            torch.cuda.synchronize(device)
    else:

        def step() -> None:
            model(images)

    return step


def _weights_of(model: nn.Module, dtype: torch.dtype) -> tuple[int, int]:
    """Parameters, and bytes of parameters and buffers once floating-point ones are cast to `dtype`."""
    tensors = [*model.parameters(), *model.buffers()]
    size = sum(t.numel() * (dtype.itemsize if t.is_floating_point() else t.element_size()) for t in tensors)
    return sum(p.numel() for p in model.parameters()), size


def _attention_macs(inputs: list, outputs: list) -> int:
    """Multiply-accumulates of softmax(QKᵀ)V for query (…, L, E), key (…, S, E) and value (…, S, Ev)."""
    query, key, value = (get_shape(v) for v in inputs[:3])
    return math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def describe_failure(err: Exception) -> str:
    """Return one line that tells a user why a model could not be measured."""
    text = " ".join(str(err).split()) or type(err).__name__
    if isinstance(err, (MemoryError, torch.cuda.OutOfMemoryError)) or "allocate memory" in text:
        return f"Out of memory: {text[:200]}"
    return text[:300]


def die_first_when_memory_runs_out() -> None:
    """Ask the kernel to end this process rather than its neighbours; only Linux can be asked (proc(5))."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{os.getpid()}/oom_score_adj").write_text("1000")
