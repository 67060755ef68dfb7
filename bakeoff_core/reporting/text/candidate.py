"""Everything known about one candidate, in a few lines: for hovering over a point and for clicking on it.

Not covered: why it was picked or rejected (`reporting.text.decision`).
"""

from __future__ import annotations

from collections.abc import Iterator

from bakeoff_core.catalogue.pretraining import RECIPE_CLASSES
from bakeoff_core.formatting import Escape, images_per_second, is_unknown, quantity, significant
from bakeoff_core.reporting.text.decision import explain_off_frontier
from bakeoff_core.reporting.text.names import accuracy_unit, interval_text
from bakeoff_core.schema.candidate import Row
from bakeoff_core.schema.records import IMAGENET, AccuracySource, candidate_label

DETAIL_COLUMNS = (
    *("model_name", "img_size", "top1", "top1_low", "top1_high", "recipe", "accuracy_source"),
    *("latency_p50_s", "latency_p50_low_s", "latency_p50_high_s", "latency_p90_s", "throughput"),
    *("passes", "round_count", "macs", "param_count", "peak_memory_bytes", "warnings", "error"),
    *("non_dominated", "dominated_by"),
)
"""What `candidate_lines` reads."""


def candidate_lines(
    row: Row,
    dominator: Row | None = None,
    *,
    cost: str = "latency",
    escape: Escape = str,
    source: AccuracySource = IMAGENET,
) -> list[str]:
    """Return the full label of a candidate, then its numbers, then where it stands.

    What is unknown is left out, so a candidate that was never measured has fewer lines.

    Args:
        row: The candidate, with `DETAIL_COLUMNS`.
        dominator: The row of the candidate that `dominated_by` names, for the difference.
        cost: Key of `COST_COLUMNS`: the axis the frontier was drawn on.
        escape: See `reporting.text.names`.
        source: What the accuracy is of.
    """
    size = row["img_size"]
    label = candidate_label(row["model_name"], None if is_unknown(size) else int(size))
    standing = explain_off_frontier(row, dominator, cost=cost, escape=escape, source=source)
    return [
        escape(label),
        *_accuracy_lines(row, escape, source),
        *_latency_lines(row),
        *_size_lines(row),
        standing,
    ]


def _accuracy_lines(row: Row, escape: Escape, source: AccuracySource) -> Iterator[str]:
    origin = row["accuracy_source"]
    if not is_unknown(row["top1"]) and source.is_published:
        of = "top-1" if source.is_imagenet else f"top-1 on {escape(source.name)}"
        yield f"{of} {quantity('top1', row['top1'])}" + ("" if is_unknown(origin) else f" ({escape(origin)})")
    elif not is_unknown(row["top1"]):
        yield f"{quantity('top1', row['top1'])} {accuracy_unit(source, escape)}"
        if not is_unknown(origin):
            yield escape(origin)
    low, high = row["top1_low"], row["top1_high"]
    if not is_unknown(low) and not is_unknown(high):
        yield f"95 % sampling interval {interval_text('top1', low, high)}"
    if row["recipe"] in RECIPE_CLASSES:
        yield f"weights trained by the recipe class “{RECIPE_CLASSES[row['recipe']].title}”"


def _latency_lines(row: Row) -> Iterator[str]:
    if is_unknown(row["latency_p50_s"]):
        return
    p90, rate = row["latency_p90_s"], row["throughput"]
    beside = "" if is_unknown(p90) else f" (p90 {significant(p90 * 1e3)})"
    speed = "" if is_unknown(rate) else f", {images_per_second(rate)}"
    yield f"latency {quantity('latency_p50_s', row['latency_p50_s'])}{beside}{speed}"
    low, high = row["latency_p50_low_s"], row["latency_p50_high_s"]
    if not is_unknown(low) and not is_unknown(high):
        yield f"95 % interval of the median {interval_text('latency_p50_s', low, high)}"
    if not is_unknown(row["passes"]) and not is_unknown(row["round_count"]):
        rounds = int(row["round_count"])
        yield f"{int(row['passes'])} passes in {rounds} {'process' if rounds == 1 else 'processes'}"


def _size_lines(row: Row) -> Iterator[str]:
    sizes = [quantity(column, row[column]) for column in ("macs", "param_count") if not is_unknown(row[column])]
    if not is_unknown(row["peak_memory_bytes"]):
        sizes.append(f"peak memory {quantity('peak_memory_bytes', row['peak_memory_bytes'])}")
    doubts = row["warnings"] if isinstance(row["warnings"], (tuple, list)) else ()
    if doubts:
        sizes.append(f"{len(doubts)} {'warning' if len(doubts) == 1 else 'warnings'}")
    if sizes:
        yield " · ".join(sizes)
