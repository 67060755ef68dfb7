"""Rounds and profiles for tests: complete ones, of which a test changes what it is about."""

from collections.abc import Sequence
from dataclasses import replace

from bakeoff_core.schema.profile import Profile, Round

MEASURED_AT = "2026-03-01T12:00:00Z"


def make_round(times_s: Sequence[float] = (0.010,) * 32, **changes: object) -> Round:
    """A quiet, steady round with these times."""
    quiet = Round(
        times_s=tuple(times_s),
        warmup_passes=6,
        steady=True,
        capped=False,
        outside_cores=0.05,
        throttled_s=0.0,
        peak_memory_bytes=60_000_000,
        measured_at=MEASURED_AT,
    )
    return replace(quiet, **changes)


def make_profile(model_name: str = "resnet18.a1_in1k", **changes: object) -> Profile:
    """A measured row of one model on one machine."""
    measured = Profile(
        model_name=model_name,
        img_size=224,
        machine_id="0123456789ab",
        device="cpu",
        threads=2,
        batch_size=1,
        backend="pytorch",
        backend_version="2.13.0",
        precision="float32",
        timm_version="1.0.31",
        machine_name="Example CPU, 2 cores, 24 GiB",
        cpu_name="Example CPU",
        cpu_count=2,
        memory_bytes=24 * 2**30,
        gpu_name=None,
        os_name="Linux 6.1",
        python_version="3.11.7",
        param_count=11_689_512,
        weight_bytes=46_796_488,
        macs=1_819_065_856,
        latency_p50_s=0.0205,
        latency_p50_low_s=0.0190,
        latency_p50_high_s=0.0221,
        latency_p90_s=0.0231,
        latency_iqr_s=0.0012,
        passes=64,
        round_count=2,
        throughput=1 / 0.0205,
        peak_memory_bytes=60_000_000,
        measured_at=MEASURED_AT,
        rounds=(make_round((0.0205,) * 32), make_round((0.0206,) * 32)),
    )
    return replace(measured, **changes)


def make_failure(model_name: str = "resnet18.a1_in1k", error: str = "Out of memory", **changes: object) -> Profile:
    """A row that only says why a model could not be measured."""
    numbers = dict.fromkeys(
        (
            "param_count",
            "weight_bytes",
            "macs",
            "latency_p50_s",
            "latency_p50_low_s",
            "latency_p50_high_s",
            "latency_p90_s",
            "latency_iqr_s",
            "passes",
            "round_count",
            "throughput",
            "peak_memory_bytes",
        )
    )
    return make_profile(model_name, **{**numbers, "rounds": (), "error": error, **changes})
