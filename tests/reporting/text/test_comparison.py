"""A comparison in sentences: exact numbers, where transfer helps and where not, and nothing that acts as markup."""

from dataclasses import replace

import pytest

from bakeoff_core.finetuning.comparison.records import FULL, PROBE, SCRATCH, ComparedRun, LabelsPoint
from bakeoff_core.reporting.text.comparison import LIKELY_REASONS, comparison_section, comparison_sentences
from tests.support.comparisons import make_comparison, make_curve

CURVES = {
    PROBE: make_curve(70, 75, 75),
    FULL: make_curve(60, 76, 85, seconds=20),
    SCRATCH: make_curve(50, 55, 60, seconds=20),
}
HOSTILE = "<img src=x onerror=alert(1)>|`x`\nnew line [link](http://x)"


def points(*pairs: tuple[int, float]) -> list[LabelsPoint]:
    return [LabelsPoint(labels, value, value - 5, value + 5) for labels, value in pairs]


def test_the_first_sentence_says_what_transfer_was_worth_with_its_interval() -> None:
    first, second, *_ = comparison_sentences(make_comparison(curves=CURVES))
    assert first == (
        "Transfer was worth 30 points (95 % interval 23.53 to 36.41): of the same 200 test images, the full fine-tune "
        "has 90 % right, the run from scratch 60 %."
    )
    assert second == "The full fine-tune stands for transfer by its validation accuracy: 85 % against 75 %."


def test_the_other_gaps_come_with_interval_and_p() -> None:
    found = comparison_sentences(make_comparison(curves=CURVES))
    assert "The linear probe is 20 points ahead of the run from scratch (95 % interval 14.34 to 25.59)." in found
    assert "The full fine-tune is 10 points ahead of the linear probe (95 % interval 5.84 to 14.67)." in found


def test_steps_and_time_saved_are_said_in_full() -> None:
    found = comparison_sentences(make_comparison(curves=CURVES))
    assert (
        "The linear probe had 60 %, the best validation accuracy from scratch, by step 10 after 5 s; the run from "
        "scratch took 30 steps and 1 min. Steps: 20 fewer; time: 55 s less." in found
    )
    slow = {**CURVES, PROBE: make_curve(10, 20, 60, seconds=30), FULL: make_curve(10, 20, 30)}
    found = comparison_sentences(make_comparison(curves=slow))
    assert any(sentence.endswith("Steps: the same; time: 30 s more.") for sentence in found)
    assert "The full fine-tune never reached 60 %, the best validation accuracy from scratch (step 30)." in found


def test_a_crossing_says_who_is_above_since_when_and_who_was_before() -> None:
    found = comparison_sentences(make_comparison(curves=CURVES))
    assert (
        "The validation curve of the full fine-tune is above that of the linear probe from step 20 to the end, beyond "
        "noise from step 30 on. The linear probe was above it first, at step 10." in found
    )
    level = {**CURVES, PROBE: CURVES[FULL]}
    assert "The validation curves of the full fine-tune and the linear probe end level." in comparison_sentences(
        make_comparison(curves=level)
    )


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (
            points((100, 50), (400, 62), (1600, 80)),
            "The linear probe with 400 labels does as well as from scratch with 1,600: 4.0 times fewer.",
        ),
        (
            points((100, 61), (400, 62), (1600, 80)),
            "The linear probe with at most 100 labels does as well as from scratch with 1,600: at least 16 times "
            "fewer.",
        ),
        (
            points((400, 50), (1600, 80)),
            "The linear probe needs all 1,600 labels to do as well as from scratch: it saved none.",
        ),
        (
            points((400, 50), (1600, 55)),
            "The linear probe saved no labels: with all of them its test accuracy is not above from scratch's.",
        ),
    ],
)
def test_the_labels_saved_are_said_as_measured(labels: list[LabelsPoint], sentence: str) -> None:
    assert sentence in comparison_sentences(make_comparison(labels=labels))


def test_labels_that_were_not_tried_are_not_counted() -> None:
    assert any("labels were saved is not known" in sentence for sentence in comparison_sentences(make_comparison()))
    without = comparison_sentences(make_comparison(probe=None)) + comparison_sentences(make_comparison(scratch=None))
    assert not any("labels" in sentence for sentence in without)


def test_where_transfer_hurts_it_is_said_with_the_likely_reasons() -> None:
    found = comparison_sentences(
        make_comparison(probe=101, full=90, scratch=120, grey_share=1.0, img_size=64, steps=100)
    )
    assert found[0].startswith("Transfer hurt: it cost 15 points (95 % interval 9.90 to 19.90): ")
    assert (
        "The linear probe can't be told from chance with 200 test images: 50.5 % (95 % interval 43.63 to 57.35 %), "
        "where answering without a look at the image gives 50 %." in found
    )
    reasons = [sentence for sentence in found if sentence.startswith("A likely reason: ")]
    assert len(reasons) == 3
    assert "the images have no colour" in reasons[0]
    assert "64 px is far from the 224 px" in reasons[1]
    assert "100 steps are 2.0 passes" in reasons[2]


def test_where_nothing_can_be_told_apart_no_gain_is_claimed() -> None:
    found = comparison_sentences(make_comparison(probe=120, full=121, scratch=120))
    assert found[0] == (
        "Transfer did not help beyond noise: of the same 200 test images, the full fine-tune has 60.5 % right, the run "
        "from scratch 60 %, a difference of 0.5 points (95 % interval -0.92 to 1.93, which includes none)."
    )


def test_a_run_from_scratch_at_chance_is_said_before_anyone_believes_the_gap() -> None:
    found = comparison_sentences(make_comparison(scratch=100, curves=CURVES, steps=60))
    assert found[2].startswith("The run from scratch is itself no better than chance after 60 steps")
    found = comparison_sentences(make_comparison(scratch=105, curves=CURVES, steps=1))
    assert found[2].startswith(
        "The run from scratch can itself not be told from chance with 200 test images after 1 step: this says"
    )
    assert not any("itself" in sentence for sentence in comparison_sentences(make_comparison()))


def test_what_a_reader_must_know_is_said_at_the_end() -> None:
    found = comparison_sentences(make_comparison(identity={"train_on": "train+val"}, val_images=0))
    assert (
        "Beside their start, the linear probe, the full fine-tune and the run from scratch differ in this: peak "
        "learning rate 0.1, 0.002 and 0.002; augmentation none, light and light." in found
    )
    assert "All labelled images were trained on, so there are no validation curves to compare." in found
    assert "No images were held back for validation, so the full fine-tune stands for transfer." in found


def test_another_metric_that_decides_is_named_beside_the_gaps_which_are_of_accuracy() -> None:
    curves = {recipe: make_curve(85) for recipe in (PROBE, FULL, SCRATCH)}
    plain = make_comparison(curves=curves, identity={"metric": "macro-f1"})
    values = {PROBE: 70.0, FULL: 61.5, SCRATCH: 50.0}
    parts = [
        replace(part, val_scores={"accuracy": 85.0, "macro-f1": values[part.recipe]}, steps=40, stopped_early=True)
        for part in plain.parts
    ]
    found = comparison_sentences(replace(plain, parts=tuple(parts), transfer_recipe=PROBE))
    assert found[1] == "The linear probe stands for transfer by its macro F1 in validation: 70 % against 61.5 %."
    assert (
        "What is compared are accuracies; macro F1 decided which weights each run kept, and which run stands for "
        "transfer." in found
    )
    assert "The linear probe ended early, after 40 steps, as its validations got no better." in found
    assert comparison_sentences(plain)[1] == (
        "The images held back for validation have no macro F1, so the full fine-tune stands for transfer."
    )


def test_a_run_that_failed_is_named_with_its_reason() -> None:
    failed = ComparedRun(PROBE, "20260101-120000-finetune-abcdef-1", "failed", "It needs a linear head.")
    found = comparison_sentences(make_comparison(probe=None, failed=[failed]))
    assert found[-1] == "Linear probe was left out: It needs a linear head."
    nothing = comparison_sentences(make_comparison(probe=None, full=None))
    assert nothing[0] == "What transfer was worth can't be said: not every run that it needs has a result."


@pytest.mark.parametrize("code", LIKELY_REASONS)
def test_every_reason_has_words_that_the_conditions_fill_in(code: str) -> None:
    words = LIKELY_REASONS[code].format(
        img_size=64,
        pretrained_size=224,
        epochs="2.0",
        steps_are="100 steps are",
        train_images_are="50 labelled images are",
        test_images_are="20 test images are",
    )
    assert "{" not in words and not words.endswith(".")


def test_the_section_for_the_report_has_a_table_of_the_runs() -> None:
    text = comparison_section(make_comparison(curves=CURVES))
    lines = text.splitlines()
    assert lines[0] == "## What transfer was worth"
    assert "| Linear probe | 80 % | 73.91 to 84.95 % | 75 % | 1 min |" in lines
    assert "`resnet18.a1_in1k` on Solar cells (ELPV): 1,600 images to train on, 2 classes, 224 px" in text
    assert text.endswith(".\n")


def test_nothing_from_a_file_becomes_markup_in_the_report() -> None:
    failed = ComparedRun(PROBE, "20260101-120000-finetune-abcdef-1", "failed", HOSTILE)
    identity = {"model_name": HOSTILE, "dataset_title": HOSTILE}
    text = comparison_section(make_comparison(probe=None, failed=[failed], identity=identity))
    assert "<img" not in text and "`x`" not in text and "[link]" not in text
    assert all(line.count("|") in (0, 6) for line in text.replace("\\|", "").splitlines())
