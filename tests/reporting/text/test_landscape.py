"""Sentences about the Explore page's pictures: whose accuracies, and what a proxy would have found."""

import numpy as np
import pandas as pd

from bakeoff_core.reporting.text.landscape import explain_accuracies, explain_proxy
from bakeoff_core.selection.proxies import MIN_MODELS, Judgement


def points(top1: list[float], table_top1: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"top1": top1, "table_top1": table_top1})


def test_a_difference_between_the_catalogue_and_the_table_is_told():
    text = explain_accuracies(points([80.382, 76.1, 85.0], [79.9, 76.1, 85.0]))
    assert text.endswith("They differ for 1 of 3 tags, by 0.482 points at most.")


def test_where_both_sources_agree_that_is_told():
    assert explain_accuracies(points([80.382, 70.5], [80.382, 70.5])).endswith("Wherever both know one, they agree.")


def test_an_accuracy_that_only_the_catalogue_has_is_no_difference():
    assert explain_accuracies(points([80.382], [np.nan])).endswith("Wherever both know one, they agree.")


def test_a_sentence_says_what_was_found_among_how_many():
    text = explain_proxy(Judgement("MACs", 1086, 36, 12, 0.94), "this machine")
    assert text == (
        "Choosing by MACs finds 12 of the 36 on the frontier of this machine (33 %), among 1,086 models. "
        "Rank correlation of the two costs: 0.94."
    )


def test_a_sentence_on_too_few_models_says_so_and_escapes_what_came_from_a_file():
    text = explain_proxy(Judgement("<b>", MIN_MODELS - 1, 3, 1, None), "box", lambda name: name.replace("<", "&lt;"))
    assert text.endswith(f"among {MIN_MODELS - 1} models. Too few models to rely on.") and "&lt;b>" in text
