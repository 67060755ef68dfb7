"""A question and its answer: limits, the rule, who is chosen, tied, near or rejected."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bakeoff_core.schema.candidate import CandidateRef

RULES = ("most-accurate", "cheapest")
"""How the pick is made: highest accuracy within the limits (default), or lowest cost that clears them."""
COST_COLUMNS = {
    "latency": "latency_p50_s",
    "macs": "macs",
    "params": "param_count",
    "memory": "peak_memory_bytes",
}
"""What "cheapest" may mean, and the column that holds it."""


FRONTIER_COLUMNS = ("non_dominated", "dominated_by", "dominated_share")
"""Columns that `selection.pareto.annotate` adds: whether nothing beats the row (null: it has no place on these axes),
the label (see `candidate_label`) of one candidate that dominates it (null: none does), and in what percent of other
measurements something would dominate it (null: it has no place)."""


@dataclass(frozen=True)
class Limits:
    """The hard limits of a decision. `None` sets no limit. A value equal to its limit clears it."""

    min_top1: float | None = None
    """Lowest acceptable accuracy in percent."""
    max_latency_s: float | None = None
    """Highest acceptable median latency in seconds."""
    max_memory_bytes: float | None = None
    """Highest acceptable peak memory in bytes; given in megabytes, so not always whole."""
    max_param_count: float | None = None
    """Highest acceptable number of parameters; given in millions, likewise."""

    def __post_init__(self) -> None:
        if self.min_top1 is not None and not 0 <= self.min_top1 <= 100:
            raise ValueError(f"`min_top1` must be a percentage from 0 to 100. Got {self.min_top1:g}.")
        for name in ("max_latency_s", "max_memory_bytes", "max_param_count"):
            value = getattr(self, name)
            if value is not None and (math.isnan(value) or value <= 0):
                raise ValueError(f"`{name}` must be greater than 0. Got {value:g}.")


LIMIT_COLUMNS = {
    "min_top1": "top1",
    "max_latency_s": "latency_p50_s",
    "max_memory_bytes": "peak_memory_bytes",
    "max_param_count": "param_count",
}
"""Each limit and the column it bounds, in the order they are checked and named."""


@dataclass(frozen=True)
class Tie:
    """The best candidates cannot be told apart by what was measured."""

    rivals: tuple[CandidateRef, ...]
    """Everyone tied with the choice, best first; the choice itself is not listed. Empty only under `limit`:
    measured again, the choice might not fit, and nobody else does."""
    measure: str
    """What overlaps: `accuracy` (sampling intervals of top-1), a key of `COST_COLUMNS` (equal or
    overlapping cost), or `limit` (a rival or the choice lies within its own interval of the latency budget)."""
    broken_on: str
    """Column whose plain value decided, e.g. `top1` or `latency_p50_s`; `model_name` as a last resort."""


@dataclass(frozen=True)
class Choice:
    """One answer, and what a reviewer asks about it."""

    candidate: CandidateRef
    """The answer."""
    runner_up: CandidateRef | None
    """Who would be chosen if the answer were withdrawn; `None` when nobody else clears the limits."""
    tie: Tie | None
    """Set when the answer is not separated from its rivals by more than the noise."""


@dataclass(frozen=True)
class Relaxation:
    """The smallest change of one limit, the others kept, that admits a candidate."""

    limit: str
    """Key of `LIMIT_COLUMNS`."""
    given: float
    """The limit as it stands."""
    needed: float
    """The value that would admit `candidate`."""
    candidate: CandidateRef
    """Who would come in (the best one under the rule, if several would)."""


@dataclass(frozen=True)
class Rejection:
    """Why a candidate is not the pick's competitor."""

    candidate: CandidateRef
    """Who."""
    failed_limits: tuple[str, ...] = ()
    """Keys of `LIMIT_COLUMNS` it does not clear; a limited number that is unknown counts as not cleared."""
    unknown_columns: tuple[str, ...] = ()
    """Columns a limit, the cost or the accuracy needs and that are null."""
    error: str | None = None
    """Why it could not be measured."""


@dataclass(frozen=True)
class Decision:
    """What follows from candidates, limits and a rule. A decision without a pick is a result, not an error."""

    limits: Limits
    """What was asked."""
    rule: str
    """One of `RULES`: which of the two answers is the pick."""
    cost: str
    """Key of `COST_COLUMNS`: what "cheapest" means."""
    cheapest: Choice | None
    """Lowest cost among those clearing every limit."""
    most_accurate: Choice | None
    """Highest accuracy among those clearing every limit."""
    rejections: tuple[Rejection, ...]
    """Every candidate that does not clear the limits, in the order of the table."""
    blame: tuple[str, ...] = ()
    """Without a pick: the limits that on their own, or else together, exclude everyone."""
    relaxation: Relaxation | None = None
    """Without a pick: the smallest relaxation of one limit that admits a model; `None` if no single one does."""
    alternatives: tuple[Relaxation, ...] = ()
    """With a pick: for each limit the smallest relaxation that would change it, and to whom."""

    @property
    def pick(self) -> Choice | None:
        """The answer the rule calls for."""
        return self.cheapest if self.rule == "cheapest" else self.most_accurate
