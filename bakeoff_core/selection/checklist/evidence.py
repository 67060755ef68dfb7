"""What figures say of models under somebody's limits, before any guide is asked.

Not covered: which models guides name (`selection.checklist.advice`), and the decision itself (`selection.decision`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.candidate import CandidateRef, Row, candidate_refs
from bakeoff_core.schema.decision import LIMIT_COLUMNS, Limits
from bakeoff_core.selection.checklist.rules import Answers, Caution
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.pareto import annotate

BOUNDS = {**LIMIT_COLUMNS, "max_macs": "macs"}
"""Everything that can be missed, and the column it bounds."""

UNTRIED = 2
"""Models to propose for measuring where nothing measured clears the limits."""


@dataclass(frozen=True)
class MissedLimit:
    """A limit that a known figure does not clear."""

    limit: str
    """Key of `BOUNDS`."""
    bound: float
    value: float


class Evidence:
    """A table under the limits of some answers.

    Attributes:
        is_measured: Whether any latency was measured; else computation stands in for it.
        judged: The rows that the decision was made on: the measured ones, or else the published default of each
            architecture; without those over the compute budget and those a rule excludes on this target.
        over_compute: Whom the compute budget left out.
        decision: What these rows call for; `None` where nothing was asked that figures could decide.
        pick: Its pick.
        barred: Who would be the pick, did a rule not exclude it, and that rule; else `None`.
        dominators: For each measured model within the limits that another one beats, one that does.
    """

    def __init__(self, answers: Answers, table: pd.DataFrame, cautions: tuple[Caution, ...]) -> None:
        """Judge a table once.

        Args:
            answers: Whose limits, and what matters most.
            table: As `selection.candidates.evidence_of` returns it.
            cautions: The rules of caution that hold for these answers.
        """
        self.answers, self.cautions = answers, cautions
        self.rows: dict[CandidateRef, Row] = dict(zip(candidate_refs(table), table.to_dict("records"), strict=True))
        timed = table["latency_p50_s"].notna() & table["error"].isna()
        self.is_measured = bool(timed.any())
        limits = answers.limits
        if not self.is_measured:  # what nobody measured can't be judged
            limits = replace(limits, max_latency_s=None, max_memory_bytes=None)
        pool = table[timed if self.is_measured else table["is_default"].astype(bool)]
        over = _over(pool["macs"], answers.max_macs)
        self.over_compute = tuple(candidate_refs(pool[over]))
        pool = pool[~over]
        barred = pd.Series([self.barring(ref) is not None for ref in candidate_refs(pool)], pool.index, dtype=bool)
        self.judged = pool[~barred].reset_index(drop=True)
        rule = _rule(answers, limits, self.is_measured)
        cost = "latency" if self.is_measured else "macs"
        self.decision = decide(self.judged, limits, rule=rule, cost=cost) if rule else None
        self.pick = self.decision.pick.candidate if self.decision and self.decision.pick else None
        self.barred = None
        if rule and barred.any():
            freely = decide(pool, limits, rule=rule, cost=cost).pick
            caution = self.barring(freely.candidate) if freely else None
            self.barred = (freely.candidate, caution) if freely and caution else None
        self.dominators = self._dominators() if self.is_measured else {}

    def barring(self, ref: CandidateRef) -> Caution | None:
        """Return the rule that excludes a model on this target."""
        return next((caution for caution in self.cautions_about(ref) if caution.excludes), None)

    def cautions_about(self, ref: CandidateRef) -> tuple[Caution, ...]:
        """Return the rules that ask for care with a model."""
        macs = self.number(ref, "macs")
        return tuple(c for c in self.cautions if c.is_about(architecture_of(ref.model_name), macs))

    def number(self, ref: CandidateRef, column: str) -> float | None:
        """Return a figure of a model, `None` where it is not known."""
        value = self.rows.get(ref, {}).get(column)
        return None if is_unknown(value) else value

    def bounds(self) -> Iterator[tuple[str, float]]:
        """Yield every limit that is set."""
        given = {
            **{name: getattr(self.answers.limits, name) for name in LIMIT_COLUMNS},
            "max_macs": self.answers.max_macs,
        }
        yield from ((name, value) for name, value in given.items() if value is not None)

    def misses(self, ref: CandidateRef) -> tuple[MissedLimit, ...]:
        """Return the limits that a model's known figures do not clear."""
        known = ((name, bound, self.number(ref, BOUNDS[name])) for name, bound in self.bounds())
        return tuple(
            MissedLimit(name, bound, value)
            for name, bound, value in known
            if value is not None and (value < bound if name == "min_top1" else value > bound)
        )

    def unknown(self, ref: CandidateRef) -> tuple[str, ...]:
        """Return the columns that a limit needs and that are not known of a model."""
        return tuple(BOUNDS[name] for name, _ in self.bounds() if self.number(ref, BOUNDS[name]) is None)

    def row_of(self, architecture: str) -> CandidateRef:
        """Return the tag and size that stands for an architecture.

        The pick, if it is one; else a measured one within the limits that nobody beats; else the default tag at its
        default size, unless another tag was measured at that size, for time belongs to the architecture and the size;
        else a measured one that misses a limit. Of tags and sizes with a known accuracy more can be said, so they go
        before others.
        """
        refs = [ref for ref in self.rows if architecture_of(ref.model_name) == architecture]
        refs.sort(key=lambda ref: self.number(ref, "top1") is None)
        known = [ref for ref in refs if self.number(ref, "top1") is not None] or refs
        timed = [ref for ref in refs if self.number(ref, "latency_p50_s") is not None]
        sizes = {ref.img_size for ref in timed}
        fit = sorted((r for r in timed if r in known and not self.misses(r)), key=lambda ref: ref in self.dominators)
        untimed = [ref for ref in known if self.rows[ref]["is_default"] and ref.img_size not in sizes]
        order = [
            *([self.pick] if self.pick in refs else []),
            *fit,
            *(ref for ref in untimed if not self.misses(ref)),
            *(ref for ref in timed if self.misses(ref)),
            *untimed,
            *known,
        ]
        return next(iter(order), CandidateRef(architecture, None))

    def untried(self) -> list[CandidateRef]:
        """Return a few models that only measuring can tell, where nothing measured clears the limits.

        They are the published defaults with the least computation that no known figure and no rule speaks against.
        """
        if self.decision is None or self.pick is not None or not self.is_measured:
            return []
        refs = [ref for ref, row in self.rows.items() if row["is_default"] and is_unknown(row["latency_p50_s"])]
        open_ones = [ref for ref in refs if not (self.misses(ref) or self.barring(ref) or self._is_timed(ref))]
        known = [
            ref for ref in open_ones if not is_unknown(self.rows[ref]["top1"]) and is_unknown(self.rows[ref]["error"])
        ]
        return sorted(known, key=lambda ref: self.number(ref, "macs") or float("inf"))[:UNTRIED]

    def _is_timed(self, ref: CandidateRef) -> bool:
        """Tell whether another tag of a model's architecture was measured at its size, and so its time is known."""
        arch = architecture_of(ref.model_name)
        return any(
            architecture_of(other.model_name) == arch
            and other.img_size == ref.img_size
            and not is_unknown(row["latency_p50_s"])
            for other, row in self.rows.items()
        )

    def _dominators(self) -> dict[CandidateRef, CandidateRef]:
        """Map each measured model within the limits that another one beats to one that does."""
        fit = pd.Series([not self.misses(ref) for ref in candidate_refs(self.judged)], self.judged.index, dtype=bool)
        rows = annotate(self.judged[fit], "latency")
        by_label = {ref.label: ref for ref in candidate_refs(rows)}
        pairs = zip(candidate_refs(rows), rows["dominated_by"], strict=True)
        return {ref: by_label[label] for ref, label in pairs if not is_unknown(label)}


def _over(macs: pd.Series, budget: int | None) -> pd.Series:
    return pd.to_numeric(macs).gt(budget if budget is not None else float("inf")).fillna(False).astype(bool)


def _rule(answers: Answers, limits: Limits, is_measured: bool) -> str | None:
    """Return the rule by which figures decide, `None` where nothing was asked that they could.

    With a floor the cheapest sufficient model wins, unless accuracy matters most; without one, the most accurate
    within the budget. Where time or memory is limited and nothing is measured, the most accurate would be the largest.
    """
    is_bounded = answers.max_macs is not None or any(
        getattr(limits, name) is not None for name in LIMIT_COLUMNS if name != "min_top1"
    )
    is_blind = limits != answers.limits  # a limit on time or memory, and nothing was measured
    if not is_blind and answers.priority == "accuracy" and (is_bounded or is_measured or answers.target == "server"):
        return "most-accurate"
    if limits.min_top1 is not None:
        return "cheapest"
    return "most-accurate" if is_bounded and not is_blind else None
