"""What the rows of a search have come to so far: measured, failed, still open; and which of them matter.

All weights tags of an architecture cost the same at a size, so a measurement of any of them settles the cost of the row
that stands for them. Only a row whose own tag was measured can be the answer, though: one that would matter is measured
itself. Not covered: what the open rows would cost (`search.outlook`), and measuring (`search.worker`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.profiling.rows import has_full_rounds, share_spread
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.schema.candidate import candidate_refs
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.further_rounds import contenders
from bakeoff_core.selection.columns import floats_of
from bakeoff_core.selection.pareto import find_frontier

RANGE_SDS = 4.0
"""Standard deviations that a 95 % interval spans."""
MOST_CONTENDERS = 6
"""Models that matter at most: each costs two more processes."""


class Survey:
    """The rows of a space, with what is known of each by now."""

    def __init__(self, space: pd.DataFrame, profiles: Iterable[Profile]) -> None:
        """Begin with what is stored.

        Args:
            space: As `search.space.search_space` returns it.
            profiles: Rows of one setting and deployment; those of other models and sizes are passed over.
        """
        self.space = space
        self._names = space["model_name"].tolist()
        self._of = {
            pair: at for at, pair in enumerate(zip(space["architecture"], space["img_size"].astype(int), strict=True))
        }
        self._own: dict[int, Profile] = {}
        self._sibling: dict[int, Profile] = {}
        for profile in profiles:
            self.note(profile)

    def note(self, profile: Profile) -> None:
        """Take in a row of the store: a new one, one with another round, or one that failed."""
        at = self.place_of(profile)
        if at is None:
            return
        known = self._own if profile.model_name == self._names[at] else self._sibling
        before = known.get(at)
        if before is None or profile.latency_p50_s is not None or before.latency_p50_s is None:
            known[at] = profile

    def place_of(self, profile: Profile) -> int | None:
        """Return the place of the row that a profile's architecture and size belong to; `None` if it is in none."""
        return self._of.get((architecture_of(profile.model_name), profile.img_size))

    @property
    def measured(self) -> pd.DataFrame:
        """What is measured of each row, as `search.outlook.look_ahead` wants it."""
        columns = {name: [] for name in ("latency_p50_s", "latency_sd", "peak_memory_bytes", "failed")}
        for at in range(len(self.space)):
            profile = self._profile(at)
            values = (math.nan, math.nan, math.nan, False)
            if profile is not None:
                values = (
                    _number(profile.latency_p50_s),
                    _log_sd(profile),
                    _number(profile.peak_memory_bytes),
                    profile.latency_p50_s is None,
                )
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
        return pd.DataFrame(columns, index=self.space.index)

    @property
    def open(self) -> np.ndarray:
        """bool[n]: rows of which nothing was tried."""
        return np.array([self._profile(at) is None for at in range(len(self.space))], dtype=bool)

    @property
    def measured_tags(self) -> int:
        """Tags at sizes whose cost is measured: that of their architecture at that size."""
        return self._tags(failed=False)

    @property
    def failed_tags(self) -> int:
        """Tags at sizes that count as failed: those of an architecture that could not be measured at that size."""
        return self._tags(failed=True)

    @property
    def candidates(self) -> int:
        """Tags at sizes in all."""
        return int(self.space["candidates"].sum())

    def has_answer(self, limits: Limits) -> bool:
        """Tell whether a row whose own tag was measured clears the limits."""
        table = self._table()
        own = np.array([at in self._own for at in range(len(self.space))], dtype=bool)
        return bool((own & ~np.isnan(floats_of(table["latency_p50_s"])) & _clear(table, limits)).any())

    def due(self, limits: Limits, cost: str) -> list[int]:
        """Return rows that would matter by another tag's measurement, and whose own tag was never measured."""
        table = self._table()
        wanted = np.array([at in self._sibling and at not in self._own for at in range(len(self.space))], dtype=bool)
        wanted &= ~np.isnan(floats_of(table["latency_p50_s"])) & _clear(table, limits)
        frontier = find_frontier(floats_of(table[COST_COLUMNS[cost]]), floats_of(table["top1"]))
        return np.flatnonzero(wanted & frontier.non_dominated).tolist()

    def contenders(self, limits: Limits, rule: str, cost: str, also: Sequence[int] = ()) -> list[int]:
        """Return the rows whose own tag was measured, and that matter: the answer, who is near it, and the frontier.

        Args:
            limits: What the answer must clear; a row whose interval reaches inside the latency budget may clear it.
            rule: One of `schema.decision.RULES`.
            cost: Key of `COST_COLUMNS`.
            also: Rows that matter besides, as far as they are measured and clear the limits.

        Returns:
            At most `MOST_CONTENDERS`, the best under the rule first, then `also`.
        """
        table = self._table(low=True)
        own = np.array([at in self._own for at in range(len(self.space))], dtype=bool)
        inside = own & ~np.isnan(floats_of(table["latency_p50_s"])) & _clear(table, limits)
        costs, top1 = floats_of(table[COST_COLUMNS[cost]]), floats_of(table["top1"])
        frontier = find_frontier(np.where(inside, costs, np.nan), np.where(inside, top1, np.nan))
        order = np.lexsort((-top1, costs) if rule == "cheapest" else (costs, -top1))
        best = [at for at in order.tolist() if frontier.non_dominated[at]][:MOST_CONTENDERS]
        return list(dict.fromkeys([*best, *(at for at in also if inside[at])]))

    def contested(self, limits: Limits, rule: str, cost: str) -> list[int]:
        """Return the rows that contest the answer, or the frontier where no limit is set, the least known first.

        See `search.further_rounds.contenders`; only rows whose own tag was measured can be the answer.
        """
        own = {at: profile for at, profile in self._own.items() if profile.latency_p50_s and profile.rounds}
        if not own:
            return []
        top1 = self.space["top1"].iloc[list(own)].to_numpy()
        table = to_frame(share_spread(list(own.values()))).assign(top1=top1, top1_low=np.nan, top1_high=np.nan)
        places = dict(zip(candidate_refs(table), own, strict=True))
        return [places[ref] for ref in contenders(table, limits, rule, cost)]

    def needs_rounds(self, at: int) -> bool:
        """Tell whether a row's own tag was measured in fewer processes than a full measurement has."""
        profile = self._own.get(at)
        return profile is not None and profile.latency_p50_s is not None and not has_full_rounds(profile)

    def _tags(self, *, failed: bool) -> int:
        profiles = map(self._profile, range(len(self.space)))
        tags = zip(self.space["candidates"].tolist(), profiles, strict=True)
        return sum(count for count, p in tags if p is not None and (p.latency_p50_s is None) is failed)

    def _profile(self, at: int) -> Profile | None:
        """The row's own measurement, or else that of another tag; a failure where nobody has one."""
        found = [known[at] for known in (self._own, self._sibling) if at in known]
        return next((p for p in found if p.latency_p50_s is not None), found[0] if found else None)

    def _table(self, *, low: bool = False) -> pd.DataFrame:
        """Costs and accuracies of the rows, NaN where not measured; `low` takes the lower end of latencies."""
        measured = self.measured
        counts = self.space[["top1", "macs", "param_count"]]
        table = pd.concat([counts, measured[["latency_p50_s", "peak_memory_bytes"]]], axis=1)
        if low:
            ends = [p.latency_p50_low_s if (p := self._profile(at)) else None for at in range(len(self.space))]
            table["latency_low_s"] = np.fmin(table["latency_p50_s"], np.array(ends, dtype=float))
        return table


def rows_of(table: pd.DataFrame, space: pd.DataFrame) -> list[int]:
    """Return the places of the rows of a space that stand for tags at sizes, in the order of the space.

    Args:
        table: Tags at sizes: `model_name` and `img_size`.
        space: As `search.space.search_space` returns it.
    """
    wanted = set(zip(table["model_name"].map(architecture_of), table["img_size"].astype(int), strict=True))
    pairs = zip(space["architecture"], space["img_size"].astype(int), strict=True)
    return [at for at, pair in enumerate(pairs) if pair in wanted]


def _clear(table: pd.DataFrame, limits: Limits) -> np.ndarray:
    """Tell which rows clear all limits; a latency does by its lower end where the table has it."""
    clears = np.ones(len(table), dtype=bool)
    for limit, column in LIMIT_COLUMNS.items():
        bound = getattr(limits, limit)
        if bound is None:
            continue
        if column == "latency_p50_s" and "latency_low_s" in table:
            column = "latency_low_s"
        values = floats_of(table[column])
        clears &= values >= bound if limit == "min_top1" else values <= bound
    return clears


def _log_sd(profile: Profile) -> float:
    low, high = profile.latency_p50_low_s, profile.latency_p50_high_s
    return math.log(high / low) / RANGE_SDS if low and high else math.nan


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
