"""How far somebody else's figures stand for a machine."""

import numpy as np
import pandas as pd
import pytest

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.published_store import import_tables, read_published_frame
from bakeoff_core.selection.landscape import published_points
from bakeoff_core.selection.proxies import Judgement, best_of_each_pair, judge, judge_proxies
from tests.support.timm_results import I7, I9, RESULTS, RTX_4090, real_table, timms_names

NAN = float("nan")


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def points(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    """Architecture, accuracy, seconds, MACs; parameters are the MACs' reverse."""
    return pd.DataFrame(
        [
            {
                "architecture": name,
                "img_size": 224.0,
                "top1": top1,
                "seconds_per_image": seconds,
                "macs": macs,
                "param_count": 100 - macs,
            }
            for name, top1, seconds, macs in rows
        ]
    )


def test_found_is_what_is_on_both_frontiers():
    cost, accuracy = array(1, 2, 3, 4), array(60, 70, 65, 80)  # the third is dominated by the second
    judgement = judge(cost, accuracy, array(1, 5, 3, 4), "theirs")  # theirs: the third is, the second is not
    assert judgement == Judgement("theirs", 4, 3, 2, pytest.approx(0.4))
    assert judgement.share == pytest.approx(2 / 3)


def test_models_without_a_figure_take_no_part():
    judgement = judge(array(1, 2, NAN), array(60, 70, 90), array(NAN, 1, 2), "theirs")
    assert (judgement.models, judgement.frontier, judgement.found) == (1, 1, 1)
    assert judgement.rank_correlation is None
    assert judge(array(1), array(NAN), array(1), "theirs") is None


def test_of_an_architecture_the_most_accurate_tag_counts_once_for_each_size():
    rows = points(("a", 70, 1, 1), ("a", 75, 1, 1), ("b", 60, 2, 2))
    rows.loc[3] = {**rows.loc[0].to_dict(), "img_size": 288.0}
    assert best_of_each_pair(rows)["top1"].tolist() == [75, 60, 70]


def test_proxies_are_judged_by_what_they_find_the_best_first():
    here = points(("a", 60, 1, 1), ("b", 70, 2, 2), ("c", 80, 3, 3))
    other = points(("a", 1, 30, 9), ("b", 1, 20, 9), ("d", 1, 1, 9))
    judged = judge_proxies(here, {"other box": other, "stranger": points(("z", 1, 1, 1))})
    assert [(j.proxy, j.models, j.frontier, j.found) for j in judged] == [
        ("multiply-accumulates (MACs)", 3, 3, 3),
        ("other box", 2, 2, 1),
        ("parameters", 3, 3, 1),
    ]
    assert [j.rank_correlation for j in judged] == [pytest.approx(1), pytest.approx(-1), pytest.approx(-1)]


def test_of_an_i9s_frontier_an_i7_finds_21_of_36_and_macs_12_and_parameters_4(tmp_path):
    path, names = tmp_path / "published.parquet", timms_names()
    for machine, table in (("i9", I9), ("i7", I7), ("RTX 4090", RTX_4090)):
        import_tables(path, real_table(RESULTS), real_table(table), names, machine)
    rows, catalogue = read_published_frame(path), read_catalogue()
    of = {name: published_points(rows, name, "inference", catalogue) for name in ("i9", "i7", "RTX 4090")}
    judged = {j.proxy: j for j in judge_proxies(of.pop("i9"), of)}
    assert {name: (j.models, j.frontier, j.found) for name, j in judged.items()} == {
        "i7": (1086, 36, 21),
        "RTX 4090": (1082, 36, 17),
        "multiply-accumulates (MACs)": (1086, 36, 12),
        "parameters": (1086, 36, 4),
    }
    assert {name: round(j.rank_correlation, 2) for name, j in judged.items()} == {
        "i7": 0.96,
        "RTX 4090": 0.91,
        "multiply-accumulates (MACs)": 0.92,
        "parameters": 0.89,
    }
