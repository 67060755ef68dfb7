"""A comparison in sentences, and as a section of the decision report.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: the numbers
(`finetuning.comparison.analysis`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_core.finetuning.comparison.records import (
    FULL,
    PROBE,
    SCRATCH,
    ComparedRun,
    Comparison,
    Conditions,
    Crossing,
    Finding,
    Gap,
    Reach,
)
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.formatting import (
    UNKNOWN,
    Escape,
    counted,
    duration,
    markdown_code,
    markdown_text,
    percent,
    points,
    significant,
)
from bakeoff_core.reporting.text.comparison_caveats import NAMES, caveats, start
from bakeoff_core.schema.metrics import ACCURACY, METRICS

LIKELY_REASONS = {
    "full_moves_features": "the pretrained features do not separate these classes as they are, but a full fine-tune "
    "moves them to where they do: fine-tune in full",
    "grey_images": "the images have no colour, as medical and industrial pictures have none, and are far from the "
    "natural photographs that the weights learned from; weights from a closer domain may do better",
    "other_size": "the input of {img_size} px is far from the {pretrained_size} px that the weights were trained at; "
    "try a size closer to it",
    "own_weights": "the weights are a file of your own; if they were trained with another normalisation of the input "
    "than timm's for this model, their features mislead",
    "few_steps": "{steps_are} {epochs} passes over the training images, which may be too few to tell; "
    "compare again with more",
    "few_labels": "{train_images_are} very few, even for a new head alone",
    "many_labels": "{train_images_are} so many that there is less left for pretraining to give",
    "nothing_left": "from scratch is nearly perfect already, so there is little left to gain",
    "few_test_images": "{test_images_are} too few to tell a small difference from chance",
}
"""Likely reasons why transfer does not help, by the keys of `Comparison.reasons`; what to do is said where known."""


def comparison_sentences(comparison: Comparison, escape: Escape = str) -> list[str]:
    """Return what a comparison says, the most important first.

    Args:
        comparison: Finished; runs that failed are named at the end.
        escape: Makes text from files harmless in the caller's medium.
    """
    found = [
        *_headline(comparison),
        *_scratch_at_chance(comparison),
        *_against_scratch(comparison),
        *(f"A likely reason: {_reason(code, comparison.conditions)}." for code in comparison.reasons),
        *_probe_against_full(comparison),
        *_labels(comparison),
        *(_reach(reach) for reach in comparison.reaches),
        *_crossings(comparison),
        *caveats(comparison),
    ]
    failed = [part for part in comparison.parts if part.test_accuracy is None]
    return found + [
        f"{RECIPES[part.recipe].title} was left out: {escape(part.message or part.state)}" for part in failed
    ]


def comparison_section(comparison: Comparison, heading: str = "## What transfer was worth") -> str:
    """Return a comparison as a section of a Markdown report, ending in a newline; every text from files is escaped.

    Args:
        comparison: Finished.
        heading: Its first line.
    """
    first, *rest = comparison_sentences(comparison, markdown_text)
    conditions = comparison.conditions
    setting = (
        f"{markdown_code(comparison.model_name)} on {markdown_text(comparison.dataset_title)}: "
        f"{counted(conditions.train_images, 'image')} to train on, {conditions.class_count:,} classes, "
        f"{conditions.img_size} px, {counted(conditions.steps, 'step')} of "
        f"{counted(comparison.batch_size, 'image')}, "
        f"seed {comparison.seed}."
    )
    rows = [
        "| Run | Test accuracy | 95 % interval | Validation | Time |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(_row(part) for part in comparison.parts),
    ]
    return "\n".join([heading, "", first, "", setting, "", *rows, "", *(f"- {sentence}" for sentence in rest)]) + "\n"


# --- parts of it -----------------------------------------------------------------------------------------------------


def _headline(comparison: Comparison) -> list[str]:
    """What transfer was worth, and which run stands for it."""
    worth, recipe = comparison.worth, comparison.transfer_recipe
    if worth is None:
        changed = recipe is not None and comparison.part(SCRATCH) is not None
        why = "the runs were tested on different images" if changed else "not every run that it needs has a result"
        return [f"What transfer was worth can't be said: {why}."]
    run, scratch = comparison.part(worth.run), comparison.part(SCRATCH)
    numbers = (
        f"of the same {counted(worth.images, 'test image')}, {NAMES[recipe]} has {percent(run.test_accuracy)} right, "
        f"the run from scratch {percent(scratch.test_accuracy)}"
    )
    interval = f"95 % interval {_interval(worth)}"
    if worth.is_ahead:
        first = f"Transfer was worth {points(worth.points)} ({interval}): {numbers}."
    elif worth.is_behind:
        first = f"Transfer hurt: it cost {points(-worth.points)} (95 % interval {_turned(worth)}): {numbers}."
    else:
        first = (
            f"Transfer did not help beyond noise: {numbers}, a difference of {points(worth.points)} "
            f"({interval}, which includes none)."
        )
    if comparison.part(PROBE) is None or comparison.part(FULL) is None:
        return [first]
    return [first, _stands_for_transfer(comparison, recipe)]


def _stands_for_transfer(comparison: Comparison, recipe: str) -> str:
    """Why this run and not the other one, where both were tested."""
    metric = METRICS[comparison.metric]
    run, other = comparison.part(recipe), comparison.part(PROBE if recipe == FULL else FULL)
    values = [part.val_score(metric.name) for part in (run, other)]
    if run.val_accuracy is None:
        return f"No images were held back for validation, so {NAMES[recipe]} stands for transfer."
    if None in values:
        return f"The images held back for validation have no {metric.title}, so {NAMES[recipe]} stands for transfer."
    what = "validation accuracy" if metric.name == ACCURACY else f"{metric.title} in validation"
    return (
        f"{start(NAMES[recipe])} stands for transfer by its {what}: {percent(values[0])} against {percent(values[1])}."
    )


def _scratch_at_chance(comparison: Comparison) -> list[str]:
    scratch, conditions = comparison.part(SCRATCH), comparison.conditions
    if scratch is None or scratch.test_low > conditions.chance:
        return []
    stands = (
        "is itself no better than chance"
        if scratch.test_accuracy <= conditions.chance
        else f"can itself not be told from chance with {counted(conditions.test_images, 'test image')}"
    )
    return [
        f"The run from scratch {stands} after {counted(conditions.steps, 'step')}: this says what transfer is worth in "
        "so short a time, not in a longer one."
    ]


def _against_scratch(comparison: Comparison) -> list[str]:
    """What the headline leaves out of each run against chance and against scratch."""
    found, chance = [], comparison.conditions.chance
    for recipe in (PROBE, FULL):
        part, gap = comparison.part(recipe), comparison.gap(recipe, SCRATCH)
        if Finding(recipe, "at_chance") in comparison.findings:
            stands = (
                "is no better than chance"
                if part.test_accuracy <= chance
                else f"can't be told from chance with {counted(comparison.conditions.test_images, 'test image')}"
            )
            found.append(
                f"{start(NAMES[recipe])} {stands}: {percent(part.test_accuracy)} (95 % interval "
                f"{part.test_low:.2f} to {part.test_high:.2f} %), where answering without a look at the image gives "
                f"{percent(chance)}."
            )
        if gap is None or recipe == comparison.transfer_recipe:
            continue
        found.append(f"{start(NAMES[recipe])} {_stands(gap)}.")
    return found


def _probe_against_full(comparison: Comparison) -> list[str]:
    gap = comparison.gap(FULL, PROBE)
    return [f"{start(NAMES[FULL])} {_stands(gap)}."] if gap else []


def _stands(gap: Gap) -> str:
    """How the gap's run stands against the other: `"is 4 points ahead of … (95 % interval 1.03 to 6.98)"`.

    The interval alone decides and is told; the exact test's p-value, which can fall on the other side of the line,
    stands in the data.
    """
    other = NAMES[gap.against]
    if gap.is_ahead:
        return f"is {points(gap.points)} ahead of {other} (95 % interval {_interval(gap)})"
    if gap.is_behind:
        return f"is {points(-gap.points)} behind {other} (95 % interval {_turned(gap)})"
    return (
        f"is no better than {other} beyond noise, and no worse: a difference of {points(gap.points)} "
        f"(95 % interval {_interval(gap)})"
    )


def _labels(comparison: Comparison) -> list[str]:
    saved = comparison.labels_saved
    if saved is not None:
        most = "at most " if saved.at_most else ""
        if saved.times <= 1:
            return [
                f"{start(NAMES[PROBE])} needs all {counted(saved.probe_labels, 'label')} to do as well as from "
                "scratch: it saved none."
            ]
        return [
            f"{start(NAMES[PROBE])} with {most}{counted(saved.probe_labels, 'label')} does as well as from scratch "
            f"with {saved.scratch_labels:,}: {'at least ' if most else ''}{significant(saved.times, 2)} times fewer."
        ]
    if not (comparison.part(PROBE) and comparison.part(SCRATCH)):
        return []
    if comparison.labels:
        return [
            f"{start(NAMES[PROBE])} saved no labels: with all of them its test accuracy is not above from scratch's."
        ]
    return ["How many labels were saved is not known: the features to try fewer with were gone, or the images changed."]


def _reach(reach: Reach) -> str:
    best = f"{percent(reach.val_accuracy)}, the best validation accuracy from scratch"
    if reach.step is None:
        return f"{start(NAMES[reach.run])} never reached {best} (step {reach.scratch_step:,})."
    there = f"{start(NAMES[reach.run])} had {best}, by step {reach.step:,} after {duration(reach.seconds)}"
    scratch = f"{NAMES[SCRATCH]} took {counted(reach.scratch_step, 'step')} and {duration(reach.scratch_seconds)}"
    seconds = round(reach.seconds_saved)
    steps = _difference(reach.steps_saved, f"{abs(reach.steps_saved):,} fewer", f"{abs(reach.steps_saved):,} more")
    time = _difference(seconds, f"{duration(abs(seconds))} less", f"{duration(abs(seconds))} more")
    return f"{there}; {scratch}. Steps: {steps}; time: {time}."


def _difference(amount: float, fewer: str, more: str) -> str:
    return "the same" if amount == 0 else fewer if amount > 0 else more


def _crossings(comparison: Comparison) -> list[str]:
    """One sentence for each pair of curves: who is above in the end, and since when."""
    by_pair = {(crossing.above, crossing.below): crossing for crossing in comparison.crossings}
    found = []
    for pair in ((PROBE, SCRATCH), (FULL, SCRATCH), (FULL, PROBE)):
        if pair not in by_pair:
            continue
        one, other = by_pair[pair], by_pair[pair[::-1]]
        ahead, behind = (other, one) if other.stays_from is not None else (one, other)
        found.append(_crossing(ahead, behind))
    return found


def _crossing(ahead: Crossing, behind: Crossing) -> str:
    above, below = NAMES[ahead.above], NAMES[ahead.below]
    if ahead.stays_from is None:
        return f"The validation curves of {above} and {below} end level."
    clear = (
        f"beyond noise from step {ahead.clear_from:,} on"
        if ahead.clear_from is not None
        else "but not beyond noise at the end"
    )
    before = f" {start(below)} was above it first, at step {behind.step:,}." if behind.step is not None else ""
    return (
        f"The validation curve of {above} is above that of {below} from step {ahead.stays_from:,} to the end, {clear}."
        f"{before}"
    )


def _reason(code: str, conditions: Conditions) -> str:
    epochs = significant(conditions.steps / conditions.epoch_steps, 2)
    return LIKELY_REASONS[code].format(
        img_size=conditions.img_size,
        pretrained_size=conditions.pretrained_size,
        steps_are=_are(conditions.steps, "step"),
        epochs=epochs,
        train_images_are=_are(conditions.train_images, "labelled image"),
        test_images_are=_are(conditions.test_images, "test image"),
    )


def _are(number: int, noun: str) -> str:
    """Begin a clause on so many things: `"1 step is"`, `"20 steps are"`."""
    return f"{counted(number, noun)} {'is' if number == 1 else 'are'}"


def _row(part: ComparedRun) -> str:
    tested = part.test_accuracy is not None
    cells: Sequence[str] = (
        RECIPES[part.recipe].title,
        percent(part.test_accuracy) if tested else markdown_text(part.state),
        f"{part.test_low:.2f} to {part.test_high:.2f} %" if tested else UNKNOWN,
        percent(part.val_accuracy),
        duration(part.seconds),
    )
    return f"| {' | '.join(cells)} |"


def _interval(gap: Gap) -> str:
    return f"{gap.low:.2f} to {gap.high:.2f}"


def _turned(gap: Gap) -> str:
    """The interval of the gap the other way around."""
    return f"{-gap.high:.2f} to {-gap.low:.2f}"
