"""A ranking in words: each sentence from numbers chosen for it."""

from dataclasses import replace

import pytest

from bakeoff_core.datasets.records import Copies
from bakeoff_core.formatting import markdown_text
from bakeoff_core.ranking.records import Overlap, Ranking, RankRow, find
from bakeoff_core.reporting.text.ranking import how_measured, other_notes, ranking_section, ranking_sentences, voters
from bakeoff_core.schema.metrics import Difference, Score
from tests.support.rankings import SIZE, make_ranking, make_row, scored


def say(ranking: Ranking, overlaps: tuple[Overlap, ...] = (), **top1: float) -> list[str]:
    findings = find(ranking, {(name, SIZE): value for name, value in top1.items()}, overlaps)
    return ranking_sentences(ranking, findings)


def test_two_picks_that_differ_beyond_the_noise_are_a_choice_that_matters() -> None:
    first, few, *_ = say(make_ranking([make_row("a", 180), make_row("b", 130)]), a=70.0, b=80.0)
    assert first == (
        "By ImageNet the pick is b, by Solar cells (ELPV) it is a. The choice matters: of the same 200 test images, "
        "yours has 90 % right and ImageNet's 65 %, 25 points more (95 % interval +18.94 to +31.17)."
    )
    assert few == (
        "2 backbones with a published accuracy are too few to say how well ImageNet's order foretells yours; "
        "it takes 8."
    )


def test_two_picks_within_the_noise_are_said_to_be() -> None:
    first = say(make_ranking([make_row("a", 150), make_row("b", 148, first=4)]), a=70.0, b=80.0)[0]
    assert "They do not differ beyond the noise: of the same 200 test images" in first
    assert "which includes none" in first


def test_one_pick_both_ways_is_said_once() -> None:
    first = say(make_ranking([make_row("a", 180), make_row("b", 130)]), a=80.0, b=70.0)[0]
    assert first.startswith("Both ways lead to a: it has the highest published ImageNet accuracy of those ranked, 80 %")


def test_a_pick_that_is_not_the_best_of_the_test_says_why() -> None:
    found = say(make_ranking([make_row("lucky", 150, held_out=70), make_row("good", 148, held_out=74)]), good=80.0)
    assert found[1] == (
        "The pick by Solar cells (ELPV) goes by validation accuracy, 74 %, and not by the test: the best of several "
        "tests flatters. lucky is ahead of it on the test images alone, with 75 %."
    )
    assert "No ImageNet accuracy is published for lucky at the size used here." in found


BY_BALANCED = {"metric": "balanced-accuracy", "positive_class": "defective", "positive_share": 40.0}


def test_another_metric_is_named_wherever_accuracy_was() -> None:
    rows = [scored("a", 150, 74.0, 70.0), scored("b", 170, 60.0, 40.0)]
    ranking = make_ranking(rows, **BY_BALANCED, gaps={"b": Difference(-14.0, -20.0, -8.0)})
    first, hidden, *_ = say(ranking, a=70.0, b=80.0)
    assert first == (
        "By ImageNet the pick is b, by Solar cells (ELPV) it is a. The choice matters: on the same 200 test images, "
        "yours has a balanced accuracy of 74 % and ImageNet's one of 60 %, 14 points more (95 % interval +8.00 to "
        "+20.00)."
    )
    assert hidden == (
        "a: Accuracy hides a class: it is 75 %, 12 points above the mean over the classes, 74 % (balanced accuracy). "
        "Of defective 70 % are found, of functional 78 %."
    )
    unfinished = say(replace(ranking, gaps={}), a=70.0, b=80.0)[0]
    assert unfinished.endswith("They have a balanced accuracy of 74 % and 60 % on the test images.")
    reverse = replace(ranking, gaps={"b": Difference(3.0, 1.0, 5.0)})
    assert "The test sides with ImageNet's: on the same" in say(reverse, a=70.0, b=80.0)[0]
    assert "3 points less (95 % interval -5.00 to -1.00)." in say(reverse, a=70.0, b=80.0)[0]
    assert "Balanced accuracy decides the strength and the order: mean over the classes" in how_measured(ranking)
    fixed = make_ranking([replace(rows[0], strength_chosen_on="nothing")], **BY_BALANCED)
    assert "Balanced accuracy decides the order: mean" in how_measured(fixed)


def test_chance_of_another_metric_is_its_own_and_none_is_told_of_macro_f1() -> None:
    poor, unsure = scored("poor", 150, 50.0, 50.0), scored("unsure", 150, 54.0, 50.0)
    found = say(make_ranking([poor, unsure], **BY_BALANCED))
    blind = "answering without a look at the image gives 50 % balanced accuracy"
    assert f"poor is no better than chance: {blind}." in found
    assert any(s.startswith("unsure can't be told from chance") and blind in s for s in found)
    precise = scored("a", 150, 60.0, 50.0)
    precise = replace(precise, scores={"average-precision": Score(35.0, 30.0, 45.0), "macro-f1": Score(35.0, 30, 45)})
    told = [say(make_ranking([precise], **BY_BALANCED | {"metric": by})) for by in ("average-precision", "macro-f1")]
    assert any("gives 40 % average precision" in sentence for sentence in told[0])
    assert not any("chance" in sentence for sentence in told[1])


def test_the_reports_table_has_the_metric_beside_accuracy() -> None:
    ranking = make_ranking([scored("a", 150, 74.0, 70.0)], **BY_BALANCED)
    lines = ranking_section(ranking, find(ranking, {}, ())).split("\n")
    (head,) = [line for line in lines if line.startswith("| Model")]
    assert head.startswith("| Model | Size | Balanced accuracy | 95 % interval | Probe, accuracy | 95 % interval |")
    (row,) = [line for line in lines if line.startswith("| `a`")]
    assert "| 74 % | 69.00 to 79.00 | 75 % |" in row and row.count("|") == head.count("|")


def test_eight_backbones_have_a_rank_correlation_with_its_interval() -> None:
    rows = [make_row(f"m{at}", 130 + 5 * at) for at in range(8)]
    top1 = {f"m{at}": 70.0 + at for at in range(8)}
    found = say(make_ranking(rows), **top1)
    assert any(
        sentence.startswith(
            "Between ImageNet's order and yours the rank correlation is 1.00 (Spearman's, 95 % interval"
        )
        for sentence in found
    )
    shuffled = dict(zip(top1, [73, 76, 70, 77, 71, 75, 72, 74], strict=True))
    assert any("which may be no relation at all" in sentence for sentence in say(make_ranking(rows), **shuffled))


def test_chance_an_edge_an_overlap_and_a_failure_are_named() -> None:
    rows = [
        make_row("a", 180, strength_at_edge=True),
        make_row("blind", 110),
        RankRow("c", "c", error="Its weights are not here."),
    ]
    note = Overlap("a", "part of its images were retrieved for their likeness", "arXiv:2304.07193")
    found = say(make_ranking(rows), (note,))
    assert "blind is no better than chance: answering without a look at the image gives 60 %." in found
    assert "The strength chosen for a is at the edge of those tried; one beyond may do a little better." in found
    assert (
        "Beside a's number belongs: part of its images were retrieved for their likeness (arXiv:2304.07193)." in found
    )
    assert found[-1] == "c was not ranked: Its weights are not here."


def test_what_is_ahead_of_chance_on_few_images_cannot_be_told_from_it() -> None:
    row = make_row("a", 200, probe_accuracy=100.0, probe_low=56.55, probe_high=100.0)
    found = say(make_ranking([row], test_images=5))
    assert (
        "a can't be told from chance with 5 test images: answering without a look at the image gives 60 %, which is "
        "within its interval." in found
    )
    both = say(make_ranking([row, replace(row, asked="b", model_name="b")], test_images=1))
    assert any(
        sentence.startswith("a and b can't be told from chance with 1 test image: ")
        and sentence.endswith("which is within their intervals.")
        for sentence in both
    )


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (21, "its 20 nearest training images vote"),
        (20, "all 20 training images vote by nearness"),
        (1, "the one training image votes"),
    ],
)
def test_no_more_images_vote_than_there_are(images: int, words: str) -> None:
    assert voters(make_ranking([], train_images=images)) == words


def test_copies_are_said_right_after_the_picks_and_once() -> None:
    sentence = "Of the 200 images to test on, 200 are also among those to train on (200 byte for byte)."
    copies = Copies("/images", 200, 0, 0, 0, 0, 0, 0, 0, 0, pairs=(), sentences=(sentence,))
    ranking = make_ranking([make_row("a", 180), make_row("b", 180)], copies=copies, notes=("2,624 pictures.", sentence))
    assert say(ranking)[1] == sentence
    assert other_notes(ranking) == ["2,624 pictures."]
    section = ranking_section(ranking, find(ranking, {}, ()))
    assert section.count("200 byte for byte") == 1


@pytest.mark.parametrize(
    ("train", "val", "test", "words"),
    [
        (1, 0, 1, ("learns from 1 image, ", "tested on one other.", "the vote of the one training image, weighted")),
        (
            3,
            1,
            2,
            ("learns from 3 images, its strength chosen on 1 image held back", "the vote of all 3 training images"),
        ),
        (20, 2, 2, ("the vote of all 20 training images by cosine",)),
        (21, 2, 2, ("the vote of the 20 training images nearest by cosine",)),
    ],
)
def test_how_it_was_measured_is_true_of_few_images(train: int, val: int, test: int, words: tuple[str, ...]) -> None:
    told = how_measured(make_ranking([], train_images=train, val_images=val, test_images=test))
    assert all(part in told for part in words), told


def test_a_ranking_that_has_hardly_begun_says_so() -> None:
    assert say(make_ranking([])) == ["No backbone has a result yet."]
    (only,) = say(make_ranking([make_row("a", 150)]))
    assert only.startswith("a has 75 % (95 % interval ")
    assert only.endswith("nothing to compare it with yet.")
    unheld = [make_row("a", 150, held_out_accuracy=None), make_row("b", 150, held_out_accuracy=None)]
    assert say(make_ranking(unheld))[0].startswith("Too few images to hold any back")


def test_text_from_a_file_is_escaped() -> None:
    ranking = make_ranking([make_row("*a*", 150), make_row("b", 140)], dataset_title="<b>mine</b>")
    first = ranking_sentences(ranking, find(ranking, {}, ()), markdown_text)[0]
    assert "&lt;b&gt;mine" in first and r"\*a\*" in first


def test_how_it_was_measured_tells_validation_from_cross_validation() -> None:
    ranking = make_ranking([])
    assert "chosen on 300 images held back, and is tested on 200 others" in how_measured(ranking)
    assert "chosen by cross-validation on these" in how_measured(make_ranking([], val_images=0))
    unheld = make_ranking([make_row("a", 150, strength_chosen_on="nothing")], val_images=0)
    assert "its strength fixed, since none of them can be held back" in how_measured(unheld)


def test_a_ranking_is_a_section_of_the_report_in_the_order_of_the_test() -> None:
    rows = [make_row("a|b", 150), make_row("c", 180), RankRow("d", "d", error="No *weights*.")]
    ranking = make_ranking(rows)
    lines = ranking_section(ranking, find(ranking, {("c", SIZE): 74.8}, ())).split("\n")
    assert lines[0] == "## Ranked on your own images"
    table = [line for line in lines if line.startswith("|")]
    assert table[2:] == [
        "| `c` | 224 | 90 % | 85.06 to 93.43 | 85 % | 74.8 % | 60.0 images/s |",
        r"| a\|b | 224 | 75 % | 68.57 to 80.49 | 70 % | – | 60.0 images/s |",
    ]
    assert r"- d was not ranked: No \*weights\*." in lines
    assert any("Measured on Example CPU, 2 cores, 24 GiB." in line for line in lines)
