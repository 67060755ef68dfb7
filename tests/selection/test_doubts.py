"""Which measurements are doubtful, and when a pick rests on one."""

from __future__ import annotations

import pandas as pd
import pytest

from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import WARNING_CODES, MeasurementWarning
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.doubts import SPOILING, DoubtfulAnswer, decisive_doubts, find_doubts
from tests.support.bare_candidates import between, candidate, frame, ref


def table(**codes: tuple[str, ...]) -> pd.DataFrame:
    """Three models, the more accurate the slower, each 10 % wide, with these warnings."""
    rows = [
        candidate(name, 70.0 + at, 0.010 * (at + 1), **between(0.009 * (at + 1), 0.011 * (at + 1)))
        for at, name in enumerate("abc")
    ]
    warnings = [tuple(MeasurementWarning(code, 1.5) for code in codes.get(name, ())) for name in "abc"]
    return frame(*rows).assign(warnings=warnings)


def test_a_quiet_setting_has_nothing_to_doubt() -> None:
    found = find_doubts(table())
    assert (found.rows, found.measured, found.kinds, found.off_by) == ((), 3, (), None)


@pytest.mark.parametrize("code", WARNING_CODES)
def test_only_what_spoils_the_median_makes_a_row_doubtful(code: str) -> None:
    assert bool(find_doubts(table(b=(code,))).rows) == (code in SPOILING)


def test_rows_are_counted_by_kind_and_by_how_far_they_may_be_off() -> None:
    found = find_doubts(table(a=("load",), c=("load", "drift")))
    assert found.rows == (ref("a"), ref("c"))
    assert found.kinds == (("load", 2), ("drift", 1))
    assert found.off_by == pytest.approx(10 / 9)


def test_the_pick_and_the_runner_up_decide_whether_it_is_trusted() -> None:
    limits = Limits(max_latency_s=0.025)
    for name, decides in (("a", True), ("b", True), ("c", False)):
        candidates = table(**{name: ("load", "drift")})
        found = decisive_doubts(candidates, decide(candidates, limits))
        assert found == ((DoubtfulAnswer(ref(name), ("load", "drift")),) if decides else ())


def test_a_pick_that_no_latency_decides_is_trusted_whatever_was_busy() -> None:
    candidates, limits = table(a=("load",), b=("load",), c=("load",)), Limits(min_top1=71)
    assert decisive_doubts(candidates, decide(candidates, limits)) == ()
    assert decisive_doubts(candidates, decide(candidates, limits, rule="cheapest", cost="macs")) == ()
    assert len(decisive_doubts(candidates, decide(candidates, limits, rule="cheapest"))) == 2


def test_no_pick_is_nothing_to_distrust_and_rows_without_a_latency_do_not_count() -> None:
    candidates = table(a=("load",))
    candidates.loc[0, "latency_p50_s"] = None
    found = find_doubts(candidates)
    assert (found.rows, found.measured) == ((), 2)
    assert decisive_doubts(candidates, decide(candidates, Limits(max_latency_s=0.001))) == ()
