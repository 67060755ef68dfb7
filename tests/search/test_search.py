"""A search over all of timm on a scripted machine: what it measures first, what in full, how it ends, and how well."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.profiling.store import read_profiles
from bakeoff_core.schema.decision import Limits
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.narrowing import read_candidates, shortlisted
from bakeoff_core.search.progress import SearchProgress
from bakeoff_core.search.space import search_space
from bakeoff_core.search.spec import PROCESSES, SearchSpec, measure_spec
from bakeoff_core.search.survey import rows_of
from bakeoff_core.search.worker import Search
from bakeoff_core.system.paths import profiles_path
from tests.support.scripted_machines import ScriptedReporter, ScriptedSession

BUDGET_S = 0.030
BROKEN = "mobilenetv4_conv_medium.e500_r256_in1k"
"""Of the default shortlist; here it can't be built."""


@functools.cache
def all_of_timm() -> tuple[pd.DataFrame, list[int]]:
    """The space, and the places of the default shortlist."""
    table = read_candidates(SearchSpec()).table
    space = search_space(table)
    return space, rows_of(shortlisted(table), space)


def true_latency_s(name: str, img_size: int) -> float | None:
    """Three times as slow as the published CPU, and each architecture a little otherwise than that."""
    if name == BROKEN:
        return None
    row = _costs().loc[(name, img_size)]
    usual = row["cpu_seconds"] if row["cpu_seconds"] > 0 else row["macs"] / 1e11
    luck = np.random.default_rng(zlib.crc32(architecture_of(name).encode())).standard_normal()
    return float(3.0 * usual * np.exp(0.25 * luck))


@functools.cache
def _costs() -> pd.DataFrame:
    return all_of_timm()[0].set_index(["model_name", "img_size"])[["cpu_seconds", "macs", "top1"]]


@dataclass
class Ended:
    """What a search left behind."""

    status: dict
    order: list[tuple[str, int]]
    seconds: float
    rows: list[Profile]

    def top1(self, within_s: float) -> float:
        """The best accuracy that was measured within a latency."""
        return max(
            _costs().loc[(row.model_name, row.img_size), "top1"]
            for row in self.rows
            if row.latency_p50_s is not None and row.latency_p50_s <= within_s
        )


def searched(folder: Path, limits: Limits, minutes: float) -> Ended:
    spec = SearchSpec(minutes=minutes, limits=limits, threads=2, device="cpu", patience_s=0.0)
    session, reporter = ScriptedSession(measure_spec(spec), true_latency_s), ScriptedReporter(folder)
    told = SearchProgress(reporter, spec.budget_s, session.clock)
    space, shortlist = all_of_timm()
    Search(spec, space, shortlist, session, reporter, told).run()
    return Ended(reporter.status, session.order, session.now_s, list(read_profiles(profiles_path())))


@pytest.fixture(scope="module")
def within_30_ms(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("within-30-ms")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BAKEOFF_HOME", str(folder / "home"))
        return searched(folder / "job", Limits(max_latency_s=BUDGET_S), minutes=10.0)


def test_it_is_sure_long_before_all_is_measured_and_then_right(within_30_ms: Ended) -> None:
    true_best = max(
        top1
        for (name, size), top1 in _costs()["top1"].items()
        if (seconds := true_latency_s(name, size)) is not None and seconds <= BUDGET_S
    )
    assert within_30_ms.status["stopped_because"] == "sure" and within_30_ms.status["chance_better_left"] < 0.05
    assert within_30_ms.top1(BUDGET_S) >= true_best - 0.1
    assert len(set(within_30_ms.order)) < 120 and within_30_ms.seconds < 600


def test_the_shortlists_models_that_may_clear_the_limits_come_first(within_30_ms: Ended) -> None:
    space, shortlist = all_of_timm()
    wanted = [(space["model_name"].iat[at], int(space["img_size"].iat[at])) for at in shortlist]
    fits = {model for model in wanted if _fits(*model)}
    assert fits and fits <= set(within_30_ms.order[: len(wanted)])


def _fits(name: str, img_size: int) -> bool:
    seconds = true_latency_s(name, img_size)
    return seconds is not None and seconds <= BUDGET_S


def test_a_model_that_failed_is_tried_once(within_30_ms: Ended) -> None:
    tries = [model for model in within_30_ms.order if model[0] == BROKEN]
    assert tries and len(tries) == len(set(tries))
    assert within_30_ms.status["failed"] >= 1


def test_few_that_are_far_over_the_limit_are_ever_built(within_30_ms: Ended) -> None:
    far = [row for row in within_30_ms.rows if row.latency_p50_s is not None and row.latency_p50_s > 5 * BUDGET_S]
    assert len(far) <= 3


def test_the_answer_and_its_rivals_have_full_rounds_and_what_is_far_from_it_has_one(within_30_ms: Ended) -> None:
    best = max(
        (row for row in within_30_ms.rows if row.latency_p50_s is not None and row.latency_p50_s <= BUDGET_S),
        key=lambda row: _costs().loc[(row.model_name, row.img_size), "top1"],
    )
    assert best.round_count >= 2 and best.passes >= 64
    once = [row for row in within_30_ms.rows if row.round_count == 1]
    assert len(once) > len(within_30_ms.rows) / 2


def test_an_answer_at_the_limit_gets_further_rounds_and_most_models_none(within_30_ms: Ended, tmp_path: Path) -> None:
    further = [row for row in within_30_ms.rows if (row.round_count or 0) > PROCESSES]
    assert len(further) <= 4, "whoever is far from the answer and the limit gets none"
    best = max(
        (row for row in within_30_ms.rows if row.latency_p50_s and row.latency_p50_s <= BUDGET_S),
        key=lambda row: _costs().loc[(row.model_name, row.img_size), "top1"],
    )
    contested = searched(tmp_path / "job", Limits(max_latency_s=best.latency_p50_s), minutes=10.0)
    rounds = {(row.model_name, row.img_size): row.round_count for row in contested.rows}
    assert rounds[best.model_name, best.img_size] > PROCESSES


def test_when_the_time_is_up_it_ends_within_a_model_of_it_and_says_what_may_be_left(tmp_path: Path) -> None:
    ended = searched(tmp_path / "job", Limits(max_latency_s=BUDGET_S), minutes=0.4)
    assert ended.status["stopped_because"] == "time"
    assert ended.status["chance_better_left"] >= 0.05
    assert ended.seconds <= 24 + 5
    assert any(row.round_count and row.round_count > 1 for row in ended.rows)  # some of it was kept for full rounds


def test_the_next_search_goes_on_from_there(tmp_path: Path) -> None:
    first = searched(tmp_path / "first", Limits(max_latency_s=BUDGET_S), minutes=0.4)
    second = searched(tmp_path / "second", Limits(max_latency_s=BUDGET_S), minutes=10.0)
    known = {(row.model_name, row.img_size) for row in first.rows}
    again = [model for model in second.order if model in known]
    assert second.status["stopped_because"] == "sure" and second.top1(BUDGET_S) >= first.top1(BUDGET_S)
    assert len(set(again)) < len(known) / 2  # those that matter alone, in full
    assert BROKEN not in {name for name, _ in again}
