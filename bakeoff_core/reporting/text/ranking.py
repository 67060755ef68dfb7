"""A ranking in sentences: the two picks, whether they differ, and how well ImageNet's order foretold yours.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`ranking.records`).
"""

from __future__ import annotations

from bakeoff_core.datasets.metrics.sentences import hidden_class
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
from bakeoff_core.reporting.text.metrics import metric_meaning
from bakeoff_core.reporting.text.names import with_article
from bakeoff_core.schema.metrics import ACCURACY, BALANCED_ACCURACY, METRICS, RECALL


def ranking_sentences(ranking: Ranking, findings: RankFindings, escape: Escape = str) -> list[str]:
    """Return what a ranking says, the most important first.

    Args:
        ranking: Finished or not.
        findings: As `ranking.records.find` returns them.
        escape: Makes text from files harmless in the caller's medium.
    """
    return [
        *_picks(ranking, findings, escape),
        *_hidden(ranking, findings, escape),
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
    by_metric = ranking.metric != ACCURACY
    decides = f"{METRICS[ranking.metric].heading} | 95 % interval | " if by_metric else ""
    probe = "Probe, accuracy" if by_metric else "Probe"
    rows = [
        f"| Model | Size | {decides}{probe} | 95 % interval | k-NN | ImageNet, published | Speed |",
        f"| --- | ---: | {'---: | ---: | ' if by_metric else ''}---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {markdown_code(row.model_name)} | {row.img_size} | {_cells(ranking, row) if by_metric else ''}"
            f"{percent(row.probe_accuracy)} | {row.probe_low:.2f} to {row.probe_high:.2f} | "
            f"{percent(row.knn_accuracy)} | {percent(published.get(row.model_name))} | "
            f"{images_per_second(row.images_per_second)} |"
            for row in ranking.ranked()
        ),
    ]
    how = how_measured(ranking, markdown_text)
    measured = f"{images} {how} Measured on {markdown_text(ranking.machine_name)}."
    remarks = [f"- {sentence}" for sentence in (*rest, *map(markdown_text, other_notes(ranking)))]
    return "\n".join([heading, "", first, "", measured, "", *rows, "", *remarks]) + "\n"


def interval_of(ranking: Ranking, row: RankRow) -> str:
    """Return the 95 % interval of a row's deciding metric: `"63.90 to 72.30"`; empty where it is not known."""
    score = row.score(ranking.metric)
    return "" if score is None else f"{score.low:.2f} to {score.high:.2f}"


def _cells(ranking: Ranking, row: RankRow) -> str:
    return f"{percent(ranking.value(row))} | {interval_of(ranking, row)} | "


def other_notes(ranking: Ranking) -> list[str]:
    """Return what a reader must know of the images and `ranking_sentences` does not say."""
    said = _copies(ranking)
    return [note for note in ranking.notes if note not in said]


def _copies(ranking: Ranking) -> tuple[str, ...]:
    return ranking.copies.sentences if ranking.copies else ()


def how_measured(ranking: Ranking, escape: Escape = str) -> str:
    """Return how the accuracies came about, in a sentence or two.

    Args:
        ranking: Finished or not.
        escape: Makes text from files harmless in the caller's medium.
    """
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
        f"{_neighbours(ranking)}, weighted by nearness.{_decides(ranking, escape)}{_speed(ranking)}"
    )


def _decides(ranking: Ranking, escape: Escape) -> str:
    """What is chosen by, where it is not accuracy."""
    if ranking.metric == ACCURACY:
        return ""
    metric = METRICS[ranking.metric]
    of_class = ranking.positive_class if metric.is_binary else None
    meaning = metric_meaning(metric.name, of_class, escape)
    is_fixed = any(row.strength_chosen_on == "nothing" for row in ranking.ranked())
    what = "the order" if is_fixed else "the strength and the order"
    return f" {metric.heading} decides {what}: {meaning} The k-NN is told by accuracy."


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
        return [f"{name} has {_came_to(ranking, own)}; there is nothing to compare it with yet."]
    basis = "validation" if own.strength_chosen_on == "validation" else "cross-validation"
    found = []
    if imagenet is None:
        found.append(
            f"By {title} the pick is {name}, with {_came_to(ranking, own)}. None of these backbones has a published "
            "ImageNet accuracy at the size used here, so there is no pick by ImageNet."
        )
    elif own == imagenet:
        found.append(
            f"Both ways lead to {name}: it has the highest published ImageNet accuracy of those ranked, "
            f"{percent(dict(findings.published)[own.model_name])}, and is the pick by {title}, with "
            f"{_came_to(ranking, own)}."
        )
    else:
        found.append(
            f"By ImageNet the pick is {escape(imagenet.model_name)}, by {title} it is {name}. "
            f"{_stands(ranking, gap, own, imagenet)}"
        )
    best = ranking.ranked()[0]
    if ranking.value(best) > ranking.value(own):
        found.append(
            f"The pick by {title} goes by {basis} {METRICS[ranking.metric].title}, "
            f"{percent(own.held_out(ranking.metric))}, and not by the test: the best of several tests flatters. "
            f"{escape(best.model_name)} is ahead of it on the test images alone, with {percent(ranking.value(best))}."
        )
    return found


def _hidden(ranking: Ranking, findings: RankFindings, escape: Escape) -> list[str]:
    """What accuracy hides of the pick; of the best on the test where nothing was held back to pick by."""
    rows = ranking.ranked()
    row = findings.own_pick or (rows[0] if rows else None)
    if row is None:
        return []
    scores = {name: score for name in METRICS if (score := row.score(name)) is not None}
    by_class = []
    if len(ranking.classes) == 2 and {BALANCED_ACCURACY, RECALL} <= scores.keys():
        # Balanced accuracy is the mean of two recalls, of which one is known.
        found = scores[RECALL].value
        other = min(100.0, max(0.0, 2 * scores[BALANCED_ACCURACY].value - found))
        by_class = [
            {"name": name, "accuracy": found if name == ranking.positive_class else other} for name in ranking.classes
        ]
    said = hidden_class(scores, row.accuracy_over_balanced, by_class, escape)
    return [] if said is None else [f"{escape(row.model_name)}: {said}"]


def _stands(ranking: Ranking, gap: RankGap | None, own: RankRow, imagenet: RankRow) -> str:
    """How two backbones compare on the same test images."""
    ours, theirs = (percent(ranking.value(row)) for row in (own, imagenet))
    is_accuracy = ranking.metric == ACCURACY
    metric = with_article(METRICS[ranking.metric].title)
    if gap is None:
        if is_accuracy:
            return f"They have {ours} and {theirs} of the test images right."
        return f"They have {metric} of {ours} and {theirs} on the test images."
    images = f"the same {counted(gap.images, 'test image')}"
    numbers = (
        f"of {images}, yours has {ours} right and ImageNet's {theirs}"
        if is_accuracy
        else f"on {images}, yours has {metric} of {ours} and ImageNet's one of {theirs}"
    )
    interval = f"95 % interval {gap.low:+.2f} to {gap.high:+.2f}"
    if not gap.differs:
        return (
            f"They do not differ beyond the noise: {numbers}, a difference of {points(gap.points)} ({interval}, which "
            "includes none)."
        )
    if gap.points > 0:
        return f"The choice matters: {numbers}, {points(gap.points)} more ({interval})."
    fewer = "fewer" if is_accuracy else "less"
    return f"The test sides with ImageNet's: {numbers}, {points(-gap.points)} {fewer} ({interval})."


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
    chance = ranking.chance
    if chance is None:
        return []
    at_chance = [r for r in ranking.ranked() if (score := r.score(ranking.metric)) and score.low <= chance]
    # What is ahead of chance, on too few images to be sure of it, is something else than being no better.
    poor = [escape(row.model_name) for row in at_chance if ranking.value(row) <= chance]
    unsure = [escape(row.model_name) for row in at_chance if ranking.value(row) > chance]
    metric = "" if ranking.metric == ACCURACY else f" {METRICS[ranking.metric].title}"
    blind = f"answering without a look at the image gives {percent(chance)}{metric}"
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
    edges = [row for row in ranking.ranked() if row.strength_at_edge and row.held_out(ranking.metric) != 100]
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


def _came_to(ranking: Ranking, row: RankRow) -> str:
    """What a row came to: `"80 % (95 % interval 74 to 85 %) of the test images right"`, or its metric on them."""
    value = f"{percent(ranking.value(row))} (95 % interval {interval_of(ranking, row)} %)"
    if ranking.metric == ACCURACY:
        return f"{value} of the test images right"
    return f"{with_article(METRICS[ranking.metric].title)} of {value} on the test images"
