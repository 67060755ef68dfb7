"""The decision report: Markdown for a ticket that stands up in a review.

Does no I/O. Not covered: the machine-readable record inside it (`reporting.documents.record`), the sections about runs
and the bundle to download (`reporting.documents.bundle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

import pandas as pd

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.formatting import (
    is_unknown,
    markdown_code,
    markdown_text,
    megabytes,
)
from bakeoff_core.reporting.documents.candidate_table import candidate_reasons, candidate_table
from bakeoff_core.reporting.documents.record import make_record, setting_row, write_record
from bakeoff_core.reporting.documents.reproduction_section import reproduction_section
from bakeoff_core.reporting.documents.warnings_section import warnings_section
from bakeoff_core.reporting.text.catalogue import explain_pretraining, explain_pretraining_classes
from bakeoff_core.reporting.text.decision import (
    explain_alternatives,
    explain_choice,
    explain_limits,
    explain_no_pick,
)
from bakeoff_core.reporting.text.doubts import distrust_sentence, doubts_sentence
from bakeoff_core.reporting.text.metrics import metric_meaning
from bakeoff_core.reporting.text.names import COLUMN_WORDS, CandidateNames, Terms
from bakeoff_core.reporting.text.settings import describe_setting
from bakeoff_core.reporting.text.stability import stability_sentence
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.decision import COST_COLUMNS, Choice, Decision
from bakeoff_core.selection.doubts import decisive_doubts, find_doubts
from bakeoff_core.selection.stability import stability_of
from bakeoff_core.system.files import is_utc

_PUBLISHED = """
- **Top-1** is the published accuracy of the weights tag at the image size given, in percent. Its 95 %
  sampling interval says how far it may be off because the test set has {images:,} images.
""".strip()

_PUBLISHED_ELSEWHERE = """
- **Top-1** is the published accuracy of the weights tag on {name} at the image size given, in percent. {meaning} Its
  95 % sampling interval says how far it may be off because the test set has {images:,} images.
""".strip()

_FINE_TUNED = """
- **Accuracy** is the share of the {images:,} test images of {name} that the fine-tuned model got right, in
  percent. Of several runs of a model at one size the best validated one counts, unless another was chosen. Its 95 %
  sampling interval says how far it may be off because the test set has so few images; another seed would move it too.
""".strip()

_RANKED = """
- **Accuracy** is the share of the {images:,} test images of {name} that a linear probe got right, in percent: the model
  stayed frozen, and a linear classifier learned the classes from its features on the {learned}, without a
  look at the test. Of several rankings a model's newest result counts. Its 95 % sampling interval says how far it may
  be off because the test set has so few images. Fine-tuning often reaches more.
""".strip()

_FINE_TUNED_BY = """
- **{metric}**: {meaning} Here it is that of the fine-tuned model's answers to the {images:,} test images of {name}, in
  percent. Of several runs of a model at one size the best validated one by it counts, unless another was chosen. Its
  95 % interval says how far it may be off because the test set has so few images; another seed would move it too.
""".strip()

_RANKED_BY = """
- **{metric}**: {meaning} Here it is that of a linear probe's answers to the {images:,} test images of {name}, in
  percent: the model stayed frozen, and a linear classifier learned the classes from its features on the {learned},
  without a look at the test. Of several rankings a model's newest result counts, of those that this metric decided if
  any. Its 95 % interval says how far it may be off because the test set has so few images. Fine-tuning often reaches
  more.
""".strip()

_DEFINITIONS = """
- **Latency** is the time of one forward pass of the whole batch. p50 is the median over the medians of
  several fresh processes, p90 the 90th percentile over all timed passes.
- **The interval** of a latency is the 95 % interval of its median, the spread between processes included.
- **MACs** are multiply-accumulates of one image; what papers call FLOPs (G) are these.
- **Parameters** count the classifier. **Peak memory** is what one pass needs above the idle process.
- **On the frontier**: no other candidate is at least as good on both axes and better on one.
- **Can't be told apart**: another candidate is ahead, but would not be in 95 % of measurements made anew.
- **Picked again**: what would be picked were everything measured anew, drawn from the spread that the measurements show
  and the drift of the machine.
- **A tie**: the answer is ahead of its rivals by less than the noise of the measurement.
""".strip()


def decision_report(
    candidates: pd.DataFrame,
    decision: Decision,
    *,
    created_at: str,
    product_version: str,
    title: str = "Backbone decision",
    svg_name: str | None = None,
    frontier_cost: str | None = None,
    source: AccuracySource = IMAGENET,
    chosen: Iterable[str] = (),
    pretraining_class: str | None = None,
    sections: Iterable[Sequence[str]] = (),
) -> str:
    """Write the whole decision down, from the pick to how to reproduce it.

    Every text from the table is escaped: nothing in a name can leave its cell, become markup, or end the
    record.

    Args:
        candidates: The table that was decided on, of one setting, with frontier columns.
        decision: What follows from it; one without a pick makes a report too.
        created_at: When, ISO 8601 in UTC.
        product_version: Version of this product.
        title: First heading.
        svg_name: File name of the picture beside the report, or `None` for none.
        frontier_cost: Key of `COST_COLUMNS`: the axis the table's frontier columns were made for. `None` is the
            decision's cost where the rule is about it, and latency where not.
        source: What the accuracies are of.
        chosen: Ids of the fine-tuning runs that the user chose to go by.
        pretraining_class: Recipe class that the candidates were restricted to; `None` for no restriction.
        sections: Further sections before the commands, each as lines of Markdown with their heading; an empty one is
            left out.

    Returns:
        Markdown (GitHub's, with one table), ending in a newline.

    Raises:
        ValueError: The candidates come from more than one setting.
    """
    if frontier_cost is None:
        frontier_cost = decision.cost if decision.rule == "cheapest" else "latency"
    made = {"created_at": created_at, "product_version": product_version}
    record = make_record(
        candidates, decision, **made, source=source, chosen=chosen, pretraining_class=pretraining_class
    )
    names = CandidateNames(candidates, Terms(source, markdown_code))
    parts = [
        [f"# {markdown_text(title)}", *_headline(decision, names), *_matched(pretraining_class)],
        _where(candidates, created_at, product_version),
        ["## Why", *_bullets(_reasons(decision, names))],
        _alternatives(decision, names),
        [f"![{source.told.heading} against {COLUMN_WORDS[COST_COLUMNS[frontier_cost]]}]({quote(svg_name)})"]
        if svg_name
        else [],
        _candidates(names, decision, frontier_cost),
        _reasons_against(names, decision, frontier_cost),
        warnings_section(candidates),
        *sections,
        reproduction_section(candidates, decision, record),
        ["## What the words mean", "", _accuracy_defined(source), _DEFINITIONS],
        [write_record(record)],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def pretraining_section(counts: Mapping[str, int], pretraining_class: str | None, source: AccuracySource) -> list[str]:
    """Return the section that says whether the candidates were trained alike; empty where there is nothing to say.

    Args:
        counts: As `catalogue.pretraining.pretraining_counts` returns it.
        pretraining_class: The class the candidates were restricted to; `None` for no restriction.
        source: What the accuracies are of.

    Returns:
        Lines of Markdown with their heading, for `decision_report`.
    """
    mixture = explain_pretraining(counts, pretraining_class, source)
    if mixture is None:
        return []
    lines = ["## Trained alike?", "", mixture]
    if pretraining_class is None:
        lines += ["", *explain_pretraining_classes(counts)]
    return lines


def _bullets(sentences: Iterable[str]) -> list[str]:
    return ["", *(f"- {sentence}" for sentence in sentences)]


def _label(ref: CandidateRef) -> str:
    return markdown_code(ref.label)


def _accuracy_defined(source: AccuracySource) -> str:
    text = _RANKED if source.is_ranked else _FINE_TUNED
    if not source.is_accuracy:
        text = _RANKED_BY if source.is_ranked else _FINE_TUNED_BY
    if source.is_published:
        text = _PUBLISHED if source.is_imagenet else _PUBLISHED_ELSEWHERE
    learned = "training images" if source.train_on == "train" else "training and validation images"
    name = markdown_text(source.name)
    own_meaning = metric_meaning(source.metric, source.positive_class, markdown_text)
    return text.format(
        images=source.test_images,
        name=name,
        meaning=source.meaning if source.is_published else own_meaning,
        learned=learned,
        metric=source.told.heading,
    )


def _headline(decision: Decision, names: CandidateNames) -> list[str]:
    """The pick with its numbers, the other answer, and the question."""

    def answer(choice: Choice | None) -> str:
        return (
            "none"
            if choice is None
            else f"{_label(choice.candidate)} ({names.numbers(choice.candidate, decision.cost)})"
        )

    other_rule, other = ("most-accurate", decision.most_accurate)
    if decision.rule == "most-accurate":
        other_rule, other = ("cheapest", decision.cheapest)
    return [
        "",
        f"**Pick: {answer(decision.pick)}**",
        "",
        *_sureness(decision, names),
        f"- Rule: {names.terms.rule(decision.rule)}; cost is {COLUMN_WORDS[COST_COLUMNS[decision.cost]]}.",
        f"- Limits: {explain_limits(decision.limits, names.terms)}.",
        f"- Other answer, {names.terms.rule(other_rule)}: {answer(other)}.",
    ]


def _sureness(decision: Decision, names: CandidateNames) -> list[str]:
    """That the pick is not to be relied on, how often it would be picked again, and what was measured doubtfully."""
    stability = stability_of(decision, names.candidates)
    sure = stability_sentence(stability, decision, names)
    distrust = distrust_sentence(decisive_doubts(names.candidates, decision), names)
    told = doubts_sentence(find_doubts(names.candidates))
    lines = [f"**{distrust}**" if distrust else None, sure, told]
    return [line for sentence in lines if sentence for line in (sentence, "")]


def _matched(pretraining_class: str | None) -> list[str]:
    if pretraining_class is None:
        return []
    return [f"- Recipes: matched, only {PRETRAINING_CLASSES[pretraining_class].title}."]


def _where(candidates: pd.DataFrame, created_at: str, product_version: str) -> list[str]:
    """The machine and the versions, from the rows themselves."""
    row = setting_row(candidates)
    made = f"Written {markdown_text(created_at)} by Backbone Bake-off {markdown_text(product_version)}."
    lines = ["## Where it was measured", ""]
    if row is None:
        return [*lines, f"Nothing was measured: these are published figures. {made}"]
    facts = {
        "Processor": row.get("cpu_name"),
        "Cores usable": None if is_unknown(row.get("cpu_count")) else int(row["cpu_count"]),
        "Memory": None if is_unknown(row.get("memory_bytes")) else megabytes(row["memory_bytes"]),
        "GPU": row.get("gpu_name"),
        "System": row.get("os_name"),
        "Python": row.get("python_version"),
    }
    times = sorted(time for time in candidates["measured_at"] if not is_unknown(time) and is_utc(time))
    if times:
        facts["Measured"] = times[0] if times[0] == times[-1] else f"{times[0]} to {times[-1]}"
    known = [f"{name}: {markdown_text(value)}" for name, value in facts.items() if not is_unknown(value)]
    return [*lines, f"{describe_setting(row, markdown_text)}. {made}", *_bullets(known)]


def _reasons(decision: Decision, names: CandidateNames) -> list[str]:
    if decision.pick is None:
        return explain_no_pick(decision, names)
    return explain_choice(decision.pick, decision, names)


def _alternatives(decision: Decision, names: CandidateNames) -> list[str]:
    sentences = explain_alternatives(decision, names)
    return ["## What would change it", *_bullets(sentences)] if sentences else []


def _candidates(names: CandidateNames, decision: Decision, cost: str) -> list[str]:
    source, accuracy = names.terms.source, names.terms.column("top1")
    intro = f"Frontier: {accuracy} against {COLUMN_WORDS[COST_COLUMNS[cost]]}. The pick is marked ★."
    return [
        "## Candidates",
        "",
        intro,
        "",
        *candidate_table(names, decision, cost),
        *(_sources(names.candidates) if source.is_published else _origins(names.candidates, source)),
    ]


def _reasons_against(names: CandidateNames, decision: Decision, cost: str) -> list[str]:
    reasons = candidate_reasons(names, decision, cost)
    heading = "## Why not the others" if decision.pick else "## Why none of them"
    return [heading, *_bullets(reasons)] if reasons else []


def _sources(candidates: pd.DataFrame) -> list[str]:
    """Where the accuracies were published."""
    sources = dict.fromkeys(str(s) for s in candidates["accuracy_source"] if not is_unknown(s))
    return ["", f"Accuracies published in: {', '.join(map(markdown_text, sources))}."] if sources else []


def _origins(candidates: pd.DataFrame, source: AccuracySource) -> list[str]:
    """Which run or ranking each accuracy is that of."""
    kind = "ranking" if source.is_ranked else "run"
    pairs = zip(candidate_refs(candidates), candidates["accuracy_source"], strict=True)
    lines = [f"{_label(ref)}: {markdown_text(origin)}" for ref, origin in pairs if not is_unknown(origin)]
    if not lines:
        return []
    told = "Accuracies were" if source.is_accuracy else f"{source.told.heading} was"
    return ["", f"{told} measured here, each by a {kind}:", *_bullets(lines)]
