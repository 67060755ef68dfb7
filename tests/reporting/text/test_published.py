"""Sentences about an imported table: what joined, what did not, and why."""

import pytest

from bakeoff_core.catalogue.published import REASONS, JoinCount, count_joins
from bakeoff_core.reporting.text.published import REASON_WORDS, explain_joins
from tests.support.timm_results import ACCURACIES, TRAINING_SPEEDS, joined


def test_every_reason_has_words():
    assert tuple(REASON_WORDS) == REASONS


def test_the_sentences_say_what_joined_and_list_every_reason(tmp_path):
    [count] = count_joins(joined(tmp_path, ACCURACIES, TRAINING_SPEEDS))
    sentences = explain_joins(count)
    assert sentences[0].startswith("4 of 6 pairs of architecture and image size have an accuracy in the table")
    assert "1 left out: timm removed it without a successor: gone_net @ 224." in sentences[1]
    assert sentences[-1].endswith(
        "eva_giant_patch14_560.m30m_ft_in22k_in1k @ 560, convnext_base.fb_in22k_ft_in1k @ 288."
    )
    assert len(sentences) == 1 + len(count.alone)
    for reason, labels in count.alone.items():
        words = REASON_WORDS[reason].one if len(labels) == 1 else REASON_WORDS[reason].several
        assert any(f"{len(labels)} {words}: " in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((1, 0, 0, 0), "0 of 1 pair of architecture and image size has an accuracy in the table and joins."),
        ((2, 0, 0, 0), "0 of 2 pairs of architecture and image size have an accuracy in the table and join."),
        (
            (1, 1, 0, 1),
            "1 of 1 pair of architecture and image size has an accuracy in the table and joins, with 1 weights tag.",
        ),
        (
            (2, 1, 1, 2),
            "1 of 2 pairs of architecture and image size has an accuracy in the table and joins, with 2 weights tags. "
            "1 of them stands under a name that timm has changed since.",
        ),
        (
            (2, 2, 2, 1000),
            "2 of 2 pairs of architecture and image size have an accuracy in the table and join, with 1,000 weights "
            "tags. 2 of them stand under names that timm has changed since.",
        ),
    ],
)
def test_what_joined_is_told_rightly_at_any_count(counts, sentence):
    listed, joined_count, renamed, rows = counts
    assert explain_joins(JoinCount("box", "inference", listed, joined_count, renamed, rows, {})) == [sentence]


@pytest.mark.parametrize("reason", REASONS)
def test_what_did_not_join_is_told_of_one_and_of_two(reason):
    one, two = (
        explain_joins(JoinCount("box", "inference", 3, 1, 0, 1, {reason: labels}))[1] for labels in (("a",), ("a", "b"))
    )
    assert one == f"1 {REASON_WORDS[reason].one}: a." and two == f"2 {REASON_WORDS[reason].several}: a, b."


def test_a_partial_table_of_accuracies_is_not_taken_for_all_that_is_published(tmp_path):
    accuracies = "model,img_size,top1,top5\nresnet50.a1_in1k,224,80.38,94.6\n"
    speeds = "model,infer_img_size,infer_samples_per_sec\nresnet50,224,2000.5\nconvnext_base,224,900.5\n"
    [count] = count_joins(joined(tmp_path, accuracies, speeds))
    assert explain_joins(count) == [
        "1 of 2 pairs of architecture and image size has an accuracy in the table and joins, with 1 weights tag.",
        "1 left out: timm has weights for it, but the table of accuracies has no row of it at any size: "
        "convnext_base @ 224.",
    ]
