"""What follows from rows of accuracies: orders, picks, gaps and correlations, by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.ranking.records import (
    LEAST_FOR_CORRELATION,
    RankRow,
    compare_rows,
    find,
    from_json,
    pack_right,
    to_json,
    unpack_right,
)
from bakeoff_core.schema.metrics import DECIDING, Difference, Score
from bakeoff_core.stats import PairedCounts, mcnemar_p, paired_interval
from tests.support.rankings import IMAGES, SIZE, make_ranking, make_row


def published(**top1: float) -> dict[tuple[str, int], float]:
    return {(name, SIZE): value for name, value in top1.items()}


# --- order and picks -------------------------------------------------------------------------------------------------


def test_rows_are_ordered_by_the_test_and_failures_stand_apart() -> None:
    ranking = make_ranking([make_row("a", 120), RankRow("b", "b", error="No weights."), make_row("c", 150)])
    assert [row.model_name for row in ranking.ranked()] == ["c", "a"]
    assert [row.model_name for row in ranking.failed()] == ["b"]
    assert ranking.row("c").probe_accuracy == 75 and ranking.row("b") is None


def test_the_pick_goes_by_images_held_back_and_not_by_the_test() -> None:
    ranking = make_ranking([make_row("lucky", 150, held_out=70), make_row("good", 148, held_out=74)])
    findings = find(ranking, published(lucky=80.0, good=75.0), ())
    assert findings.own_pick.model_name == "good"
    assert findings.imagenet_pick.model_name == "lucky"
    assert findings.gap.points == pytest.approx(-1)


def test_a_tie_on_the_images_held_back_is_the_better_published_ones_then_the_earlier_ones() -> None:
    ranking = make_ranking([make_row(name, 140, held_out=74) for name in ("a", "b", "c")])
    assert find(ranking, published(a=70.0, b=71.0, c=71.0), ()).own_pick.model_name == "b"
    assert find(ranking, {}, ()).own_pick.model_name == "a"


def test_an_accuracy_published_at_another_size_counts_for_nothing() -> None:
    ranking = make_ranking([make_row("a", 140), make_row("b", 130)])
    findings = find(ranking, {("a", 288): 80.0, ("b", SIZE): 70.0}, ())
    assert findings.published == (("b", 70.0),)
    assert findings.imagenet_pick.model_name == "b"


def test_nothing_ranked_or_nothing_held_back_has_no_pick() -> None:
    failed = make_ranking([RankRow("a", "a", error="No weights.")])
    assert find(failed, published(a=70.0), ()).own_pick is None
    unheld = make_ranking([make_row("a", 140, held_out_accuracy=None)])
    assert find(unheld, published(a=70.0), ()).own_pick is None


# --- gaps ------------------------------------------------------------------------------------------------------------


def test_a_gap_is_paired_on_the_same_images() -> None:
    one, other = make_row("a", 150), make_row("b", 120, first=40)  # right are 0 to 149, and 40 to 159
    gap = compare_rows(one, other, IMAGES)
    counts = PairedCounts(both=110, only_one=40, only_other=10, neither=40)
    assert (gap.points, gap.low, gap.high) == pytest.approx(paired_interval(counts))
    assert gap.p_value == pytest.approx(mcnemar_p(counts))
    assert gap.differs and gap.images == IMAGES
    assert not compare_rows(one, make_row("c", 149), IMAGES).differs


# --- another metric decides ------------------------------------------------------------------------------------------


def by(name: str, accuracy: int, balanced: float, held_out: float) -> RankRow:
    """A backbone with so many images right, and what it came to by balanced accuracy."""
    scores = {"balanced-accuracy": Score(balanced, balanced - 5, balanced + 5)}
    return make_row(name, accuracy, scores=scores, held_out_scores={"balanced-accuracy": held_out})


def test_order_pick_and_gap_go_by_the_metric_that_decides() -> None:
    rows = [by("frequent", 170, 60, 61), by("even", 150, 74, 73)]
    gaps = {"frequent": Difference(-14.0, -20.0, -8.0)}
    ranking = make_ranking(rows, metric="balanced-accuracy", gaps=gaps)
    assert [row.model_name for row in ranking.ranked()] == ["even", "frequent"]
    findings = find(ranking, published(frequent=80.0, even=70.0), ())
    assert findings.own_pick.model_name == "even"
    gap = findings.gap
    assert (gap.points, gap.low, gap.high, gap.p_value) == (14, 8, 20, None)
    assert find(replace(ranking, metric="accuracy"), {}, ()).own_pick.model_name == "frequent"


def test_a_gap_noted_against_another_pick_is_not_told() -> None:
    rows = [by("a", 170, 60, 70), by("b", 150, 74, 70)]
    ranking = make_ranking(rows, metric="balanced-accuracy", gaps={"a": Difference(-14.0, -20.0, -8.0)})
    assert find(ranking, published(a=80.0, b=70.0), ()).gap is None  # "a" is the pick now, and "b" was then


def test_the_order_that_imagenet_foretells_is_that_of_the_metric() -> None:
    rows = [by(f"m{at}", 100 + at, 90 - at, 50) for at in range(LEAST_FOR_CORRELATION)]
    known = published(**{row.model_name: 70.0 + at for at, row in enumerate(rows)})
    assert find(make_ranking(rows), known, ()).correlation.rho == 1
    assert find(make_ranking(rows, metric="balanced-accuracy"), known, ()).correlation.rho == -1


def test_chance_is_that_of_the_metric() -> None:
    chances = {
        metric: make_ranking((), metric=metric, positive_class="defective", positive_share=40.0).chance
        for metric in DECIDING
    }
    assert chances == {"accuracy": 60, "balanced-accuracy": 50, "macro-f1": None, "average-precision": 40}


def test_scores_and_gaps_come_back_from_the_file_and_older_files_have_none() -> None:
    row = replace(by("a", 150, 74, 73), accuracy_over_balanced=Difference(1.0, -2.0, 4.0))
    ranking = make_ranking([row], metric="balanced-accuracy", gaps={"b": Difference(-1.0, -2.0, 0.5)})
    content = json.loads(json.dumps(to_json(ranking)))
    assert from_json(content) == ranking
    for name in ("metric", "positive_class", "positive_share", "gaps"):
        del content[name]
    for name in ("scores", "held_out_scores", "accuracy_over_balanced"):
        del content["rows"][0][name]
    older = from_json(content)
    assert older.metric == "accuracy" and older.rows[0].score("balanced-accuracy") is None
    assert older.rows[0].score("accuracy") == Score(75.0, row.probe_low, row.probe_high)
    with pytest.raises(BakeoffError, match="damaged"):
        from_json(content | {"metric": "luck"})


@given(st.lists(st.booleans(), max_size=70))
def test_which_images_are_right_comes_back_as_it_was_kept(right: list[bool]) -> None:
    assert unpack_right(pack_right(np.array(right, bool)), len(right)).tolist() == right


# --- correlation -----------------------------------------------------------------------------------------------------


def test_a_correlation_takes_eight_backbones_with_both_accuracies() -> None:
    names = [f"m{at}" for at in range(LEAST_FOR_CORRELATION)]
    ranking = make_ranking([make_row(name, 120 + at) for at, name in enumerate(names)])
    everything = {(name, SIZE): 70.0 + at for at, name in enumerate(names)}
    assert find(ranking, everything, ()).correlation.rho == 1
    del everything["m0", SIZE]
    assert find(ranking, everything, ()).correlation is None


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_ranking_comes_back_from_its_file_as_it_was() -> None:
    ranking = make_ranking([make_row("a", 120), RankRow("b", "b", error="No weights.")])
    assert from_json(json.loads(json.dumps(to_json(ranking)))) == ranking


def test_another_versions_ranking_and_a_damaged_one_are_refused_in_words() -> None:
    content = to_json(make_ranking([make_row("a", 120)]))
    with pytest.raises(BakeoffError, match="has the format 99"):
        from_json({**content, "format": 99})
    with pytest.raises(BakeoffError, match="is damaged"):
        from_json({**content, "rows": [{"name": "a"}]})
