"""Everything known about one candidate, in a few lines to hover over, and its standing in the cells of a table.

Not covered: why it was picked or rejected (`reporting.text.decision`, `reporting.text.rejections`).
"""

from __future__ import annotations

from collections.abc import Iterator

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.formatting import UNKNOWN, images_per_second, is_unknown, listed, quantity, significant
from bakeoff_core.reporting.text.names import (
    PLAIN_TERMS,
    CandidateNames,
    Terms,
    interval_text,
    origin_verb,
)
from bakeoff_core.reporting.text.rejections import explain_off_frontier
from bakeoff_core.schema.candidate import CandidateRef, Row, candidate_label
from bakeoff_core.schema.decision import Rejection
from bakeoff_core.selection.remeasuring import is_surely_dominated

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
    terms: Terms = PLAIN_TERMS,
) -> list[str]:
    """Return the full label of a candidate, then its numbers, then where it stands.

    What is unknown is left out, so a candidate that was never measured has fewer lines.

    Args:
        row: The candidate, with `DETAIL_COLUMNS`.
        dominator: The row of the candidate that `dominated_by` names, for the difference.
        cost: Key of `COST_COLUMNS`: the axis the frontier was drawn on.
        terms: What the accuracy is called, and the medium.
    """
    size = row["img_size"]
    label = candidate_label(row["model_name"], None if is_unknown(size) else int(size))
    standing = explain_off_frontier(row, dominator, cost=cost, terms=terms)
    return [
        terms.escape(label),
        *_accuracy_lines(row, terms),
        *_latency_lines(row),
        *_size_lines(row),
        standing,
    ]


def _accuracy_lines(row: Row, terms: Terms) -> Iterator[str]:
    source, escape = terms.source, terms.escape
    origin = row["accuracy_source"]
    if not is_unknown(row["top1"]) and source.is_published:
        of = "top-1" if source.is_imagenet else f"top-1 on {escape(source.name)}"
        yield f"{of} {quantity('top1', row['top1'])}" + ("" if is_unknown(origin) else f" ({escape(origin)})")
    elif not is_unknown(row["top1"]):
        yield f"{quantity('top1', row['top1'])} {terms.accuracy_unit}"
        if not is_unknown(origin):
            yield escape(origin)
    low, high = row["top1_low"], row["top1_high"]
    if not is_unknown(low) and not is_unknown(high):
        yield f"95 % sampling interval {interval_text('top1', low, high)}"
    if row["recipe"] in PRETRAINING_CLASSES:
        yield f"weights trained by the recipe class “{PRETRAINING_CLASSES[row['recipe']].title}”"


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


def place_in_words(row: Row, dominator: CandidateRef | None, names: CandidateNames) -> str:
    """Say where a candidate stands on the axes, in a few words for the cell of a table: `"dominated by …"`.

    Args:
        row: The candidate, with the frontier's columns.
        dominator: Whom `dominated_by` names; `None` where the table does not hold it.
        names: Those of the table.
    """
    if not is_unknown(row["error"]):
        return "not measured"
    if not is_unknown(row["dominated_by"]):
        by = names.name(dominator) if dominator else names.terms.escape(row["dominated_by"])
        return f"dominated by {by}" if is_surely_dominated(row) else f"can't be told apart from {by}"
    if is_unknown(row["non_dominated"]):
        source = names.terms.source
        missing = "no published accuracy" if source.is_published else f"not {origin_verb(source)} on it"
        return missing if is_unknown(row["top1"]) else UNKNOWN
    return "on it"


def clearance_in_words(rejection: Rejection | None, names: CandidateNames) -> str:
    """Say which limits a candidate fails, in a few words for the cell of a table; `None` fails none."""
    if rejection is None:
        return "cleared"
    if rejection.error is not None:
        return UNKNOWN
    if rejection.failed_limits:
        return f"fails {listed([names.terms.limit(limit) for limit in rejection.failed_limits])}"
    return f"{listed([names.terms.column(column) for column in rejection.unknown_columns])} unknown"
