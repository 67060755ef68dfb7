"""Candidates and decisions built by hand for the tests of what is written and drawn.

The frontier columns are computed here by brute force, so these tests do not lean on `selection.pareto`.
"""

from __future__ import annotations

import pandas as pd

from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS
from bakeoff_core.schema.candidate import DEPLOYMENT_COLUMNS, CandidateRef, Deployment, candidate_label
from bakeoff_core.schema.decision import (
    COST_COLUMNS,
    FRONTIER_COLUMNS,
    Choice,
    Decision,
    Limits,
    Rejection,
    Relaxation,
    Tie,
)
from bakeoff_core.schema.profile import PROFILE_COLUMNS, MeasurementWarning

HOSTILE_NAMES = (
    "<script>alert(1)</script>|x",
    "a|b",
    "--> <img src=x onerror=1>",
    "$x^2$",
    "`code`",
    "two\nlines",
)

SETTING = {
    "machine_id": "m-0123",
    "device": "cpu",
    "threads": 2,
    "batch_size": 1,
    "backend": "pytorch",
    "backend_version": "2.13.0",
    "precision": "float32",
    "timm_version": "1.0.31",
    "machine_name": "AMD EPYC 7763, 2 cores, 24 GiB",
    "cpu_name": "AMD EPYC 7763",
    "cpu_count": 2,
    "memory_bytes": 24 * 2**30,
    "gpu_name": None,
    "os_name": "Linux 6.1",
    "python_version": "3.11.9",
}

DEPLOYMENT = Deployment(**{name: SETTING[name] for name in DEPLOYMENT_COLUMNS})


def deployed(model_name: str, img_size: int | None = 224) -> CandidateRef:
    """The reference of a row made by `candidate`."""
    return CandidateRef(model_name, img_size, DEPLOYMENT)


# name, size, top-1, median in ms, parameters in M, G MACs, memory in MB
MEASURED = (
    ("mobilenetv3_small_100.lamb_in1k", 224, 67.66, 4.38, 2.54, 0.06, 20.0),
    ("mobilenetv3_large_100.ra_in1k", 224, 75.77, 10.2, 5.48, 0.22, 35.0),
    ("efficientnet_b0.ra_in1k", 224, 77.7, 11.84, 5.29, 0.40, 57.1),
    ("tf_efficientnet_lite0.in1k", 224, 74.85, 18.0, 4.65, 0.41, 50.0),
    ("resnet18.a1_in1k", 224, 71.49, 20.6, 11.69, 1.82, 70.0),
    ("resnet50.a1_in1k", 224, 80.4, 37.0, 25.56, 4.11, 130.0),
    ("resnet50.a1_in1k", 288, 81.2, 61.0, 25.56, 6.80, 180.0),
    ("convnext_tiny.fb_in1k", 224, 82.1, 62.0, 28.59, 4.47, 160.0),
    ("vgg16.tv_in1k", 224, 71.59, 290.0, 138.36, 15.47, 900.0),
)
B0 = deployed("efficientnet_b0.ra_in1k")
LARGE = deployed("mobilenetv3_large_100.ra_in1k")
SMALL = deployed("mobilenetv3_small_100.lamb_in1k")
LITE0 = deployed("tf_efficientnet_lite0.in1k")
RESNET50 = deployed("resnet50.a1_in1k")


def candidate(
    model_name: str,
    img_size: int | None = 224,
    top1: float | None = 75.0,
    latency_ms: float | None = 10.0,
    params_m: float | None = 5.0,
    gmacs: float | None = 0.4,
    memory_mb: float | None = 50.0,
    **changes: object,
) -> dict[str, object]:
    """One row with every column; `changes` overwrite."""
    row: dict[str, object] = dict.fromkeys(
        [c for c in PROFILE_COLUMNS if c != "rounds"] + [*ACCURACY_COLUMNS, *FRONTIER_COLUMNS]
    )
    row.update(SETTING, model_name=model_name, img_size=img_size, warnings=(), family="test")
    if top1 is not None:
        row.update(top1=top1, top1_low=top1 - 0.37, top1_high=top1 + 0.37, accuracy_source="timm results")
    if latency_ms is not None:
        seconds = latency_ms / 1e3
        row.update(
            latency_p50_s=seconds,
            latency_p50_low_s=seconds * 0.97,
            latency_p50_high_s=seconds * 1.03,
            latency_p90_s=seconds * 1.1,
            latency_iqr_s=seconds * 0.05,
            passes=128,
            round_count=2,
            throughput=1 / seconds,
            peak_memory_bytes=None if memory_mb is None else round(memory_mb * 1e6),
            measured_at="2026-01-02T03:04:05Z",
        )
    row.update(
        param_count=None if params_m is None else round(params_m * 1e6),
        macs=None if gmacs is None else round(gmacs * 1e9),
    )
    return {**row, **changes}


def table(rows: list[dict[str, object]], cost: str = "latency") -> pd.DataFrame:
    """A candidates frame with its frontier columns, by comparing each with each."""
    column = COST_COLUMNS[cost]
    placed = [r for r in rows if r["error"] is None and None not in (r["top1"], r[column])]
    for row in placed:
        beats = [
            other
            for other in placed
            if other[column] <= row[column]
            and other["top1"] >= row["top1"]
            and (other[column] < row[column] or other["top1"] > row["top1"])
        ]
        row["non_dominated"] = not beats
        row["dominated_by"] = candidate_label(beats[0]["model_name"], beats[0]["img_size"]) if beats else None
    return pd.DataFrame(rows)


def measured(cost: str = "latency") -> pd.DataFrame:
    """Nine measured models, one without a published accuracy, and one that failed."""
    rows = [candidate(*numbers) for numbers in MEASURED]
    rows[1]["warnings"] = (MeasurementWarning("load", 0.98), MeasurementWarning("few_passes", 31))
    rows.append(candidate("resnet50.a1_in1k", 160, top1=None, latency_ms=21.0))
    failed = candidate("vit_huge_patch14_224.orig_in21k", 224, None, None, 632.0, 167.0, error="out of memory")
    return table([*rows, failed], cost)


def published() -> pd.DataFrame:
    """A table that was never measured: counts and accuracy, no machine."""
    frame = measured("macs")
    for column in (
        *SETTING,
        *(c for c in frame if c.startswith("latency")),
        "throughput",
        "peak_memory_bytes",
    ):
        frame[column] = None
    return frame


LIMITS = Limits(min_top1=75, max_latency_s=0.015)


def rejections(frame: pd.DataFrame, limits: Limits) -> tuple[Rejection, ...]:
    """Why each row fails the accuracy floor and the latency budget."""
    found = []
    for row in frame.to_dict("records"):
        ref = deployed(row["model_name"], int(row["img_size"]))
        if isinstance(row["error"], str):
            found.append(Rejection(ref, error=row["error"]))
            continue
        unknown = ("top1",) if pd.isna(row["top1"]) else ()
        failed = ()
        if limits.min_top1 is not None and not row["top1"] >= limits.min_top1:
            failed += ("min_top1",)
        if limits.max_latency_s is not None and not row["latency_p50_s"] <= limits.max_latency_s:
            failed += ("max_latency_s",)
        if failed or unknown:
            found.append(Rejection(ref, failed, unknown))
    return tuple(found)


def decided(**changes: object) -> Decision:
    """At least 75 %, at most 15 ms: efficientnet_b0 is the pick, mobilenetv3_large the cheapest."""
    choices = {
        "cheapest": Choice(LARGE, B0, None),
        "most_accurate": Choice(B0, LARGE, None),
        "rejections": rejections(measured(), LIMITS),
        "alternatives": (Relaxation("max_latency_s", 0.015, 0.037, RESNET50),),
    }
    return Decision(**{"limits": LIMITS, "rule": "most-accurate", "cost": "latency", **choices, **changes})


def undecided() -> Decision:
    """At least 75 %, at most 10 ms: nothing fits, and the budget and the floor exclude everyone together."""
    limits = Limits(min_top1=75, max_latency_s=0.01)
    return Decision(
        limits=limits,
        rule="most-accurate",
        cost="latency",
        cheapest=None,
        most_accurate=None,
        rejections=rejections(measured(), limits),
        blame=("min_top1", "max_latency_s"),
        relaxation=Relaxation("max_latency_s", 0.01, 0.0102, LARGE),
    )


def tied(measure: str, broken_on: str, *rivals: CandidateRef) -> Decision:
    """The same decision with the pick tied."""
    tie = Tie(rivals or (LARGE,), measure, broken_on)
    return decided(most_accurate=Choice(B0, LARGE, tie))


def hostile() -> pd.DataFrame:
    """Candidates whose every text came from somebody with bad intentions."""
    rows = [
        candidate(name, top1=70.0 + at, latency_ms=10.0 + 5 * at, machine_name=name, accuracy_source=name)
        for at, name in enumerate(HOSTILE_NAMES)
    ]
    rows.append(candidate("<b>slow</b>", top1=60.0, latency_ms=99.0, machine_name=HOSTILE_NAMES[0]))
    rows.append(candidate("<i>bad</i>", top1=None, latency_ms=None, error=HOSTILE_NAMES[2]))
    return table(rows)


def hostile_decision() -> Decision:
    """A pick among them."""
    first, second = (deployed(name, 224) for name in HOSTILE_NAMES[2::-2])
    return Decision(
        limits=Limits(max_latency_s=0.025),
        rule="most-accurate",
        cost="latency",
        cheapest=Choice(second, None, None),
        most_accurate=Choice(first, second, Tie((second,), "accuracy", "latency_p50_s")),
        rejections=(Rejection(deployed("<i>bad</i>", 224), error=HOSTILE_NAMES[2]),),
        alternatives=(Relaxation("max_latency_s", 0.025, 0.035, deployed(HOSTILE_NAMES[5], 224)),),
    )
