"""The report's section about fine-tuning runs: what they came to, and what a reviewer asks of them.

Every text that came from a run's folder is escaped; what is not there is left out. Does no I/O. Not covered: reading
the runs (`finetuning.results`), and comparing recipes.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, fields
from typing import Any

import pandas as pd

from bakeoff_core.finetuning.results import FinishedRun, leading_run
from bakeoff_core.formatting import UNKNOWN, counted, duration, listed, markdown_code, markdown_text, percent
from bakeoff_core.reporting.text.commands import option_of
from bakeoff_core.reporting.text.finetuning import hidden_in, scores_sentences, training_sentences
from bakeoff_core.reporting.text.names import interval_text
from bakeoff_core.schema.candidate import CandidateRef, candidate_label, candidate_refs
from bakeoff_core.schema.decision import Decision
from bakeoff_core.schema.metrics import ACCURACY, METRICS

MOST_RUNS = 12
"""Rows of the table; more would bury the pick's."""
WORST_CLASSES = 3
"""Classes named as recognised worst."""

_HEAD = (
    *("Model", "Data set", "Recipe", "Trained on", "Steps", "Time", "Test accuracy (95 % interval)", "Validation"),
    *("Started from", "Seed", "Run"),
)
_ALIGNED = ("---", "---", "---", "---:", "---:", "---:", "---:", "---:", "---", "---:", "---")
_DECIDED_BY, _DECIDED_BY_AT = "Decided by (95 % interval)", 6
"""A column for runs that another metric than accuracy decided, and its place, before the accuracy."""


def runs_to_report(runs: Iterable[FinishedRun], decision: Decision, candidates: pd.DataFrame) -> list[FinishedRun]:
    """Return the runs that belong in a report: the pick's; where it has none, those of any candidate.

    Args:
        runs: As `finetuning.results.read_finished_runs` returns them.
        decision: What the report is about.
        candidates: The table that was decided on.
    """
    runs = list(runs)
    pick = {decision.pick.candidate.undeployed} if decision.pick else set()
    of_pick = [run for run in runs if CandidateRef(run.model_name, run.img_size) in pick]
    shown = {ref.undeployed for ref in candidate_refs(candidates)}
    return of_pick or [run for run in runs if CandidateRef(run.model_name, run.img_size) in shown]


def runs_section(runs: Sequence[FinishedRun], *, chosen: Iterable[str] = ()) -> list[str]:
    """Return the section "Fine-tuned here" as lines of Markdown; empty without runs.

    Args:
        runs: As `runs_to_report` returns them, the newest first.
        chosen: Ids of the runs that the user chose to go by.
    """
    if not runs:
        return []
    groups: dict[tuple[str, str], list[FinishedRun]] = {}
    for run in runs:
        groups.setdefault((run.dataset, run.content_key), []).append(run)
    rest = len(runs) - MOST_RUNS
    lines = [
        "## Fine-tuned here",
        "",
        *_table(runs[:MOST_RUNS]),
        *(["", f"{rest} older {'run is' if rest == 1 else 'runs are'} left out."] if rest > 0 else []),
    ]
    run_ids = tuple(chosen)
    for group in groups.values():
        # The newest one says what decides on these images now.
        lead = leading_run(group, run_ids, metric=group[0].spec.metric)
        lines += ["", *_paragraph(lead, alone=len(runs) == 1)]
    latency = (
        "Latency and memory in this report were measured with the head of the published weights, which for ImageNet"
    )
    return [
        *lines,
        "",
        f"{latency} has 1,000 classes. A head of another size changes both a little, the body not at all.",
    ]


def repeat_command(run: FinishedRun) -> str:
    """Return the command that asks for the same run, quoted for a shell; a quoted line break makes two lines of it.

    What must be given comes first, switches last; what is at its default is left out. No comment of HTML can begin or
    end in it: the report's own record is one.
    """
    values = {**vars(run.spec), "model_name": run.model_name}
    parts = []
    for field in sorted(fields(run.spec), key=lambda field: (field.default is not MISSING, field.default is False)):
        option, value = option_of(field.name), values[field.name]
        if value is True:
            parts.append(option)
        elif value != field.default:
            # An option's value that begins with a dash would be taken for an option.
            parts += [f"{option}={value}"] if str(value).startswith("-") else [option, str(value)]
    command = f"python -m bakeoff_core finetune {shlex.join(parts)}"
    # Both stand inside quotes, since `<` and `>` need them, so that closing and opening these changes nothing.
    return command.replace("<!--", "<!''--").replace("-->", "--''>")


def _table(runs: Sequence[FinishedRun]) -> Iterator[str]:
    head, aligned, rows = [*_HEAD], [*_ALIGNED], [[*_cells(run)] for run in runs]
    if any(run.spec.metric != ACCURACY for run in runs):
        for cells, cell in ((head, _DECIDED_BY), (aligned, "---"), *zip(rows, map(_decided_by, runs), strict=True)):
            cells.insert(_DECIDED_BY_AT, cell)
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(aligned)}|"
    yield from (f"| {' | '.join(cells)} |" for cells in rows)


def _decided_by(run: FinishedRun) -> str:
    score, title = run.scores.get(run.spec.metric), METRICS[run.spec.metric].title
    if run.spec.metric == ACCURACY or score is None:
        return title
    return f"{title} {percent(score.value)} ({interval_text('top1', score.low, score.high)})"


def _cells(run: FinishedRun) -> Iterator[str]:
    result = run.results
    images = _counted(result.get("train_images"), "image")
    part = " (train and validation)" if run.spec.train_on == "train+val" else ""
    yield markdown_code(candidate_label(run.model_name, run.img_size))
    yield markdown_text(run.dataset_title)
    yield markdown_text(run.recipe_title)
    yield f"{images}{part}"
    yield f"{run.steps:,}{_epochs(run)}"
    yield duration(_number(result.get("seconds")))
    yield f"{percent(run.test_accuracy)} ({interval_text('top1', run.test_accuracy_low, run.test_accuracy_high)})"
    yield percent(run.val_accuracy)
    weights = result.get("weights")
    yield markdown_text(weights) if isinstance(weights, str) else UNKNOWN
    yield str(run.spec.seed)
    yield markdown_code(run.run_id)


def _epochs(run: FinishedRun) -> str:
    """How many passes over the images were asked for, where the steps were not."""
    recipe = run.results.get("recipe")
    epochs = run.spec.epochs or (recipe.get("epochs") if isinstance(recipe, dict) else None)
    if run.spec.steps is not None or not isinstance(epochs, int):
        return ""
    return f" ({epochs:,} {'epoch' if epochs == 1 else 'epochs'})"


def _paragraph(run: FinishedRun, *, alone: bool) -> list[str]:
    """What a reviewer asks about the run to go by on one data set."""
    title = f"**{markdown_text(run.dataset_title)}**"
    intro = f"{title}:" if alone else f"{title}, by the run to go by, {markdown_code(run.run_id)}:"
    remarks = [
        hidden_in(run, markdown_text),
        scores_sentences(run, markdown_text),
        *(_images(run), training_sentences(run), _machine(run), _worst(run), _confusion(run)),
    ]
    command = repeat_command(run)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    return [
        *(intro, ""),
        *(f"- {line}" for line in remarks if line),
        *("- To repeat it, with the same images and versions:", ""),
        *(f"{fence}sh", command, fence),
    ]


def _images(run: FinishedRun) -> str:
    result = run.results
    parts = [
        f"{_counted(result.get('train_images'), 'image')} to train on, {_count(result.get('val_images'))} to validate, "
        f"{run.test_images:,} to test."
    ]
    skipped = result.get("skipped_images")
    if isinstance(skipped, int) and skipped > 0:
        parts.append(f"{skipped:,} damaged or foreign {'file was' if skipped == 1 else 'files were'} left out.")
    notes = result.get("notes")
    parts += [markdown_text(note) for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    if isinstance(result.get("licence"), str):
        parts.append(f"Licence: {markdown_text(result['licence'])}.")
    return " ".join(parts)


def _machine(run: FinishedRun) -> str:
    machine, device = run.results.get("machine"), run.results.get("device")
    if not isinstance(machine, dict) or not isinstance(machine.get("machine_name"), str):
        return ""
    parts = [markdown_text(machine["machine_name"])]
    parts += [markdown_text(device)] if isinstance(device, str) else []
    for name, field in (("torch", "torch_version"), ("timm", "timm_version"), ("Python", "python_version")):
        parts += [f"{name} {markdown_text(machine[field])}"] if isinstance(machine.get(field), str) else []
    return f"Trained on {', '.join(parts)}."


def _worst(run: FinishedRun) -> str:
    """The classes that were recognised worst, of those that were not always."""
    found = [
        (accuracy, row)
        for row in _rows(run.results.get("by_class"))
        if (accuracy := _number(row.get("accuracy"))) is not None and isinstance(row.get("name"), str)
    ]
    if not found:
        return ""
    missed = sorted((pair for pair in found if pair[0] < 100), key=lambda pair: pair[0])[:WORST_CLASSES]
    if not missed:
        return "Every class was recognised in every test image."
    named = [
        f"{markdown_code(row['name'])} ({percent(accuracy)} of {_counted(row.get('images'), 'image')})"
        for accuracy, row in missed
    ]
    return f"Recognised worst: {listed(named)}."


def _confusion(run: FinishedRun) -> str:
    for row in _rows(run.results.get("confusions")):
        true, predicted, times = row.get("true"), row.get("predicted"), row.get("count")
        if isinstance(true, str) and isinstance(predicted, str) and isinstance(times, int):
            often = "once" if times == 1 else f"{times:,} times"
            return f"Confused most: {markdown_code(true)} was taken for {markdown_code(predicted)} {often}."
    return ""


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None


def _counted(value: object, noun: str) -> str:
    return counted(value, noun) if isinstance(value, int) else f"{UNKNOWN} {noun}s"


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else UNKNOWN
