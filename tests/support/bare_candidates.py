"""Candidates with the columns that a decision reads, for tests; everything unknown unless given."""

from __future__ import annotations

import pandas as pd

from bakeoff_core.schema.candidate import CandidateRef


def candidate(model_name: str, top1: float | None, latency_s: float | None, **columns) -> dict:
    """One row: intervals only where given, everything else unknown unless given."""
    row = {
        "model_name": model_name,
        "img_size": 224,
        "error": None,
        "top1": top1,
        "top1_low": None,
        "top1_high": None,
        "latency_p50_s": latency_s,
        "latency_p50_low_s": None,
        "latency_p50_high_s": None,
        "macs": None,
        "param_count": None,
        "peak_memory_bytes": None,
    }
    return row | columns


def frame(*rows: dict) -> pd.DataFrame:
    """The rows as a frame of object columns, as they come from records; never without its columns."""
    return pd.DataFrame(list(rows), columns=list(candidate("", None, None)), dtype=object)


def between(low_s: float, high_s: float) -> dict:
    """The columns of a latency interval."""
    return {"latency_p50_low_s": low_s, "latency_p50_high_s": high_s}


def ref(model_name: str, img_size: int | None = 224) -> CandidateRef:
    return CandidateRef(model_name, img_size)


LAB = frame(
    candidate("mobilenetv3_small_100", 67.7, 0.0044, macs=56_500_000, param_count=2_540_000),
    candidate("efficientnet_b0", 77.7, 0.0118, macs=385_000_000, param_count=5_290_000),
    candidate("resnet50", 80.9, 0.0370, macs=4_110_000_000, param_count=25_600_000),
    candidate("convnext_tiny", 82.1, 0.0620, macs=4_460_000_000, param_count=28_600_000),
)
