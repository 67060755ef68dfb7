"""Sentences about an imported table: what joined, what did not, and why."""

from bakeoff_core.catalogue.published import REASONS, count_joins
from bakeoff_core.reporting.text.published import REASON_WORDS, explain_joins
from tests.support.timm_results import ACCURACIES, TRAINING_SPEEDS, joined


def test_every_reason_has_words():
    assert tuple(REASON_WORDS) == REASONS


def test_the_sentences_say_what_joined_and_list_every_reason(tmp_path):
    [count] = count_joins(joined(tmp_path, ACCURACIES, TRAINING_SPEEDS))
    sentences = explain_joins(count)
    assert sentences[0].startswith("4 of 6 pairs of architecture and image size have a published accuracy")
    assert "left out: timm removed them without a successor: gone_net @ 224." in sentences[1]
    assert sentences[-1].endswith(
        "eva_giant_patch14_560.m30m_ft_in22k_in1k @ 560, convnext_base.fb_in22k_ft_in1k @ 288."
    )
    assert len(sentences) == 1 + len(count.alone)
    assert all(any(REASON_WORDS[reason] in sentence for sentence in sentences) for reason in count.alone)
