"""A ranking in sentences: the two picks, whether they differ, and how well ImageNet's order foretold yours.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`ranking.records`).
"""

from __future__ import annotations

from bakeoff_core.formatting import (
    Escape,
    counted,
    images_per_second,
    listed,
    markdown_code,
    markdown_text,
    percent,
    points,
)
from bakeoff_core.ranking.records import LEAST_FOR_CORRELATION, RankFindings, RankGap, Ranking, RankRow


def ranking_sentences(ranking: Ranking, findings: RankFindings, escape: Escape = str) -> list[str]:
    """Return what a ranking says, the most important first.

    Args:
        ranking: Finished or not.
        findings: As `ranking.records.find` returns them.
        escape: Makes text from files harmless in the caller's medium.
    """
    return [
        *_picks(ranking, findings, escape),
        *map(escape, _copies(ranking)),
        *_correlation(findings),
        *_chance(ranking, escape),
        *_edges(ranking, escape),
        *(
            f"Beside {escape(overlap.model_name)}'s number belongs: {escape(overlap.note)} ({escape(overlap.source)})."
            for overlap in findings.overlaps
        ),
        *_unpublished(ranking, findings, escape),
        *(f"{escape(row.model_name)} was not ranked: {escape(row.error or '')}" for row in ranking.failed()),
    ]


def ranking_section(ranking: Ranking, findings: RankFindings, heading: str = "## Ranked on your own images") -> str:
    """Return a ranking as a section of a Markdown report, ending in a newline; every text from files is escaped.

    Args:
        ranking: Finished or not.
        findings: As `ranking.records.find` returns them.
        heading: Its first line.
    """
    first, *rest = ranking_sentences(ranking, findings, markdown_text)
    published = dict(findings.published)
    images = f"Images: {markdown_text(ranking.dataset_title)}, licence: {markdown_text(ranking.licence)}."
    rows = [
        "| Model | Size | Probe | 95 % interval | k-NN | ImageNet, published | Speed |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {markdown_code(row.model_name)} | {row.img_size} | {percent(row.probe_accuracy)} | "
            f"{row.probe_low:.2f} to {row.probe_high:.2f} | {percent(row.knn_accuracy)} | "
            f"{percent(published.get(row.model_name))} | {images_per_second(row.images_per_second)} |"
            for row in ranking.ranked()
        ),
    ]
    measured = f"{images} {how_measured(ranking)} Measured on {markdown_text(ranking.machine_name)}."
    remarks = [f"- {sentence}" for sentence in (*rest, *map(markdown_text, other_notes(ranking)))]
    return "\n".join([heading, "", first, "", measured, "", *rows, "", *remarks]) + "\n"


def other_notes(ranking: Ranking) -> list[str]:
    """Return what a reader must know of the images and `ranking_sentences` does not say."""
    said = _copies(ranking)
    return [note for note in ranking.notes if note not in said]


def _copies(ranking: Ranking) -> tuple[str, ...]:
    return ranking.copies.sentences if ranking.copies else ()


def how_measured(ranking: Ranking) -> str:
    """Return how the accuracies came about, in a sentence or two."""
    if any(row.strength_chosen_on == "nothing" for row in ranking.ranked()):
        chosen = "its strength fixed, since none of them can be held back"
    elif ranking.val_images:
        chosen = f"its strength chosen on {counted(ranking.val_images, 'image')} held back"
    else:
        chosen = "its strength chosen by cross-validation on these"
    tested = "one other" if ranking.test_images == 1 else f"{ranking.test_images:,} others"
    return (
        f"Each backbone stays frozen; logistic regression on its features learns from "
        f"{counted(ranking.train_images, 'image')}, {chosen}, and is tested on {tested}. The k-NN is the vote of "
        f"{_neighbours(ranking)}, weighted by nearness.{_speed(ranking)}"
    )


def _neighbours(ranking: Ranking) -> str:
    """Which images vote: no more than there are."""
    if ranking.train_images > ranking.neighbours:
        return f"the {counted(ranking.neighbours, 'training image')} nearest by cosine"
    if ranking.train_images == 1:
        return "the one training image"
    return f"all {ranking.train_images:,} training images by cosine"


def voters(ranking: Ranking) -> str:
    """Return which images vote on one, as a clause: `"its 20 nearest training images vote"`."""
    if ranking.train_images > ranking.neighbours > 1:
        return f"its {ranking.neighbours} nearest training images vote"
    if ranking.train_images == 1:
        return "the one training image votes"
    return f"all {ranking.train_images:,} training images vote by nearness"


def _speed(ranking: Ranking) -> str:
    """What the speeds are of."""
    runtimes = list(dict.fromkeys(row.runtime for row in ranking.ranked() if row.runtime))
    if not runtimes:
        return ""
    return (
        f" Images a second are those of computing features with {listed(runtimes)}, decoding included: not the latency "
        "of a deployed model."
    )


def _picks(ranking: Ranking, findings: RankFindings, escape: Escape) -> list[str]:
    own, imagenet, gap = findings.own_pick, findings.imagenet_pick, findings.gap
    if not ranking.ranked():
        return ["No backbone has a result yet."]
    if own is None:
        return ["Too few images to hold any back from training: there is nothing to choose by but the test."]
    name, title = escape(own.model_name), escape(ranking.dataset_title)
    if len(ranking.ranked()) == 1:
        return [f"{name} has {_accuracy(own)} of the test images right; there is nothing to compare it with yet."]
    basis = "validation" if own.strength_chosen_on == "validation" else "cross-validation"
    found = []
    if imagenet is None:
        found.append(
            f"By {title} the pick is {name}, with {_accuracy(own)} of the test images right. None of these backbones "
            "has a published ImageNet accuracy at the size used here, so there is no pick by ImageNet."
        )
    elif own == imagenet:
        found.append(
            f"Both ways lead to {name}: it has the highest published ImageNet accuracy of those ranked, "
            f"{percent(dict(findings.published)[own.model_name])}, and is the pick by {title}, with {_accuracy(own)} "
            "of the test images right."
        )
    else:
        found.append(
            f"By ImageNet the pick is {escape(imagenet.model_name)}, by {title} it is {name}. "
            f"{_stands(gap, own, imagenet)}"
        )
    best = ranking.ranked()[0]
    if best.probe_accuracy > own.probe_accuracy:
        found.append(
            f"The pick by {title} goes by {basis} accuracy, {percent(own.held_out_accuracy)}, and not by the test: the "
            f"best of several tests flatters. {escape(best.model_name)} is ahead of it on the test images alone, with "
            f"{percent(best.probe_accuracy)}."
        )
    return found


def _stands(gap: RankGap | None, own: RankRow, imagenet: RankRow) -> str:
    """How two backbones compare on the same test images."""
    if gap is None:
        return (
            f"They have {percent(own.probe_accuracy)} and {percent(imagenet.probe_accuracy)} of the test images right."
        )
    numbers = (
        f"of the same {counted(gap.images, 'test image')}, yours has {percent(own.probe_accuracy)} right and "
        f"ImageNet's {percent(imagenet.probe_accuracy)}"
    )
    interval = f"95 % interval {gap.low:+.2f} to {gap.high:+.2f}"
    if not gap.differs:
        return (
            f"They do not differ beyond the noise: {numbers}, a difference of {points(gap.points)} ({interval}, which "
            "includes none)."
        )
    if gap.points > 0:
        return f"The choice matters: {numbers}, {points(gap.points)} more ({interval})."
    return f"The test sides with ImageNet's: {numbers}, {points(-gap.points)} fewer ({interval})."


def _correlation(findings: RankFindings) -> list[str]:
    known, found = len(findings.published), findings.correlation
    if known < 2:
        return []
    if known < LEAST_FOR_CORRELATION:
        return [
            f"{known} backbones with a published accuracy are too few to say how well ImageNet's order foretells "
            f"yours; it takes {LEAST_FOR_CORRELATION}."
        ]
    if found is None:
        return ["All accuracies on one side are equal, so there is no order to compare."]
    if found.low > 0:
        meaning = "ImageNet's order foretells yours, if not without exceptions" if found.rho < 1 else "the same order"
    elif found.high < 0:
        meaning = "ImageNet's order is rather the reverse of yours"
    else:
        meaning = "which may be no relation at all"
    return [
        f"Between ImageNet's order and yours the rank correlation is {found.rho:.2f} (Spearman's, 95 % interval "
        f"{found.low:.2f} to {found.high:.2f}, {found.backbones} backbones): {meaning}."
    ]


def _chance(ranking: Ranking, escape: Escape) -> list[str]:
    at_chance = [row for row in ranking.ranked() if (row.probe_low or 0) <= ranking.chance]
    # What is ahead of chance, on too few images to be sure of it, is something else than being no better.
    poor = [escape(row.model_name) for row in at_chance if (row.probe_accuracy or 0) <= ranking.chance]
    unsure = [escape(row.model_name) for row in at_chance if (row.probe_accuracy or 0) > ranking.chance]
    blind = f"answering without a look at the image gives {percent(ranking.chance)}"
    found = []
    if poor:
        found.append(f"{listed(poor)} {'is' if len(poor) == 1 else 'are'} no better than chance: {blind}.")
    if unsure:
        found.append(
            f"{listed(unsure)} can't be told from chance with {counted(ranking.test_images, 'test image')}: {blind}, "
            f"which is within {'its interval' if len(unsure) == 1 else 'their intervals'}."
        )
    return found


def _edges(ranking: Ranking, escape: Escape) -> list[str]:
    edges = [row for row in ranking.ranked() if row.strength_at_edge and row.held_out_accuracy != 100]
    names = [escape(row.model_name) for row in edges]
    if not names:
        return []
    return [
        f"The strength chosen for {listed(names)} is at the edge of those tried; one beyond may do a little better."
    ]


def _unpublished(ranking: Ranking, findings: RankFindings, escape: Escape) -> list[str]:
    known = dict(findings.published)
    names = [escape(row.model_name) for row in ranking.ranked() if row.model_name not in known]
    if not names or not known:
        return []
    return [f"No ImageNet accuracy is published for {listed(names)} at the size used here."]


def _accuracy(row: RankRow) -> str:
    return f"{percent(row.probe_accuracy)} (95 % interval {row.probe_low:.2f} to {row.probe_high:.2f} %)"
