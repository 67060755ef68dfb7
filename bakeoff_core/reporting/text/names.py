"""What things are called in a sentence: candidates, columns, limits and answers.

Not covered: the sentences themselves (`reporting.text.decision`), the numbers in them (`formatting`), and what settings
are called (`reporting.text.settings`).

Text that came from a file (model and machine names, error messages) passes through an `escape`
function and the words around it do not, so a caller names its medium once: `str` for a terminal or
JSON, `formatting.markdown_code` for Markdown, `formatting.html_text` for HTML and Plotly. `Terms` carries it, with what
the accuracies are of; `CandidateNames` adds the candidates of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.formatting import SCALES, Escape, is_unknown, listed, markdown_code, markdown_text, points, quantity
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef, Deployment, candidate_label, candidate_refs, deployments_of
from bakeoff_core.schema.decision import COST_COLUMNS
from bakeoff_core.selection.frozen import once, values_of

if TYPE_CHECKING:
    import pandas as pd

COLUMN_WORDS = {
    "top1": "top-1 accuracy",
    "latency_p50_s": "latency",
    "macs": "MACs",
    "param_count": "parameter count",
    "peak_memory_bytes": "peak memory",
}
"""What the columns of `formatting.SCALES` are called; for an accuracy that is not ImageNet's see `Terms.column`."""

_LIMIT_WORDS = {
    "max_latency_s": "latency budget",
    "max_memory_bytes": "memory limit",
    "max_param_count": "parameter limit",
}
"""What the keys of `LIMIT_COLUMNS` are called but for the floor; see `Terms.limit`."""

_RULE_WORDS = {"most-accurate": "most accurate within the limits", "cheapest": "cheapest sufficient"}
"""What the two answers are called; see `Terms.rule`."""

NAMES_IN_A_SENTENCE = 3
"""More names than these are counted, not listed: a tie can hold dozens."""


@dataclass(frozen=True)
class Terms:
    """What the accuracies of a table are called, in one medium."""

    source: AccuracySource = IMAGENET
    """What `top1` is an accuracy of."""
    escape: Escape = str
    """What makes text from a file harmless in the medium; see the module."""

    @property
    def images(self) -> str:
        """What the images are called; plain text in Markdown too, where names of models are set as code."""
        return (markdown_text if self.escape is markdown_code else self.escape)(self.source.name)

    @property
    def accuracy_unit(self) -> str:
        """What follows an accuracy in percent: `"top-1"`, `"on ImageNet-V2"`, `"on Solar cells (ELPV)"`.

        Ranked models have theirs `"by linear probe on Solar cells (ELPV)"`; another metric than accuracy is named:
        `"balanced accuracy on Solar cells (ELPV)"`.
        """
        if self.source.is_imagenet:
            return "top-1"
        metric = "" if self.source.is_accuracy else f"{self.metric} "
        probe = f"by linear probe{self._training_images} " if self.source.is_ranked else ""
        return f"{metric}{probe}on {self.images}"

    @property
    def metric(self) -> str:
        """What the metric is called in a sentence: `"accuracy"`, `"balanced accuracy"`."""
        return self.source.told.title

    @property
    def metric_heading(self) -> str:
        """The same with a capital letter, for the head of a column."""
        return self.source.told.heading

    @property
    def a_metric(self) -> str:
        """The same with its article: `"an accuracy"`, `"a balanced accuracy"`."""
        return with_article(self.metric)

    @property
    def most(self) -> str:
        """What the best candidate by the metric alone is: `"the most accurate"`, `"the best by balanced accuracy"`."""
        return "the most accurate" if self.source.is_accuracy else f"the best by {self.metric}"

    def rule(self, rule: str) -> str:
        """Return what an answer is called: `"most accurate within the limits"`, `"cheapest sufficient"`.

        By another metric than accuracy the former is `"best balanced accuracy within the limits"`.

        Args:
            rule: One of `schema.decision.RULES`.
        """
        if rule == "most-accurate" and not self.source.is_accuracy:
            return f"best {self.metric} within the limits"
        return _RULE_WORDS[rule]

    def limit(self, limit: str) -> str:
        """Return what a key of `LIMIT_COLUMNS` is called: `"latency budget"`, `"balanced accuracy floor"`."""
        return f"{self.metric} floor" if limit == "min_top1" else _LIMIT_WORDS[limit]

    def ahead(self, difference: float) -> str:
        """Return by how much one candidate is better than another: `"1.2 points more accurate"`, `"as accurate"`."""
        if self.source.is_accuracy:
            return f"{points(difference)} more accurate" if difference else "as accurate"
        return f"{points(difference)} better by {self.metric}" if difference else f"as good by {self.metric}"

    def column(self, column: str) -> str:
        """Return what a column is called: `"latency"`, `"top-1 accuracy"`, `"balanced accuracy on Solar cells (ELPV)"`.

        Accuracy on a published set other than ImageNet's own is `"top-1 accuracy on ImageNet-V2"`, that of ranked
        models `"linear-probe accuracy on Solar cells (ELPV)"`. A column that has no words is returned as it is.
        """
        if column != "top1" or self.source.is_imagenet:
            return COLUMN_WORDS.get(column, column)
        kind = "top-1 accuracy" if self.source.is_published else self.metric
        if self.source.is_ranked:
            kind = f"linear-probe {self.metric}{self._training_images}"
        return f"{kind} on {self.images}"

    @property
    def _training_images(self) -> str:
        """What the probes learned from, where it is more than the training images."""
        return "" if self.source.train_on == "train" else f" ({self.source.train_on})"


PLAIN_TERMS = Terms()
"""Those of ImageNet's accuracies in plain text."""


def with_article(noun: str) -> str:
    """Return a noun with its article: `"an accuracy"`, `"a macro F1"`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def origin_verb(source: AccuracySource) -> str:
    """Return what was done with models for an accuracy on the user's own images: `"fine-tuned"` or `"ranked"`."""
    return "ranked" if source.is_ranked else "fine-tuned"


def short_names(candidates: pd.DataFrame) -> dict[CandidateRef, str]:
    """Name every candidate as briefly as the table allows.

    The architecture alone (`resnet50`) where no other candidate has it; with its size (`resnet50 @ 288`)
    where the same weights stand at several; with the weights tag (`resnet50.a1_in1k`) where several tags
    do; with both where only both tell them apart. Accuracy belongs to tag and size, so headings, tables
    and the report show the full label as well.

    Args:
        candidates: Needs `model_name` and `img_size`.

    Returns:
        The name by candidate, not escaped.
    """
    names = CandidateNames(candidates)
    return {ref: names.name(ref) for ref in candidate_refs(candidates)}


@dataclass(frozen=True, eq=False)
class _Index:
    """Who stands where in a table, and what the names in it have in common."""

    positions: dict[tuple[str, int | None, Deployment | None], int]
    """Row by name, size and deployment."""
    undeployed: dict[tuple[str, int | None], int]
    """First row by name and size."""
    sizes_of: Counter[str]
    """Sizes by name."""
    tags_of: Counter[str]
    """Weights tags by architecture."""


def _index_of(candidates: pd.DataFrame) -> _Index:
    names = candidates["model_name"].tolist()
    sizes = [None if is_unknown(size) else int(size) for size in candidates["img_size"].tolist()]
    undeployed = {row: at for at, row in reversed(list(enumerate(zip(names, sizes, strict=True))))}
    sizes_of = Counter(name for name, _ in undeployed)
    return _Index(
        positions={row: at for at, row in enumerate(zip(names, sizes, deployments_of(candidates), strict=True))},
        undeployed=undeployed,
        sizes_of=sizes_of,
        tags_of=Counter(architecture_of(name) for name in sizes_of),
    )


class CandidateNames:
    """The candidates of one table, ready to be named and quoted in the caller's medium."""

    def __init__(self, candidates: pd.DataFrame, terms: Terms = PLAIN_TERMS) -> None:
        """Index the table once.

        Args:
            candidates: What the sentences are about.
            terms: What their accuracies are called, and the medium.
        """
        self.candidates = candidates
        self._index = once(_index_of, candidates)  # names are made only when asked for, at every step of a slider
        self.terms = terms

    def name(self, ref: CandidateRef) -> str:
        """Return the short name, or the full label of somebody who is not in the table."""
        if self._at(ref) is None:
            return self.terms.escape(ref.label)
        arch = architecture_of(ref.model_name)
        return self.terms.escape(
            candidate_label(
                arch if arch and self._index.tags_of[arch] == 1 else ref.model_name,
                ref.img_size if self._index.sizes_of[ref.model_name] > 1 else None,
            )
        )

    def listed(self, refs: Iterable[CandidateRef]) -> str:
        """Return short names as a sentence lists them: `"a, b and 4 others"`."""
        names = [self.name(ref) for ref in refs]
        if len(names) > NAMES_IN_A_SENTENCE + 1:
            names[NAMES_IN_A_SENTENCE:] = [f"{len(names) - NAMES_IN_A_SENTENCE} others"]
        return listed(names)

    def value(self, ref: CandidateRef, column: str) -> Any:
        """Return one number of a candidate; `None` where it, or the candidate, is unknown."""
        at = self._at(ref)
        if at is None or column not in self.candidates:
            return None
        value = values_of(self.candidates, column)[at]
        return None if is_unknown(value) else value

    def _at(self, ref: CandidateRef) -> int | None:
        """The row of a candidate; one without a deployment means the model at its size, whatever runs it."""
        if ref.deployment is None:
            return self._index.undeployed.get((ref.model_name, ref.img_size))
        return self._index.positions.get((ref.model_name, ref.img_size, ref.deployment))

    def interval(self, ref: CandidateRef, column: str) -> str | None:
        """Return the 95 % interval of top-1 or latency: `"76.5 to 77.3 %"`; `None` where there is none."""
        bounds = {
            "top1": ("top1_low", "top1_high"),
            "latency_p50_s": ("latency_p50_low_s", "latency_p50_high_s"),
        }.get(column)
        low, high = (self.value(ref, bound) for bound in bounds) if bounds else (None, None)
        return None if low is None or high is None else interval_text(column, low, high)

    def numbers(self, ref: CandidateRef, cost: str) -> str:
        """Return what a candidate stands for: `"77.7 % top-1, 11.8 ms"`, and the cost where it is another."""
        top1 = self.value(ref, "top1")
        unit = self.terms.accuracy_unit
        of_accuracy = not self.terms.source.is_imagenet and self.terms.source.is_accuracy
        unknown = f"accuracy {unit} unknown" if of_accuracy else f"{unit} unknown"
        parts = [unknown if top1 is None else f"{quantity('top1', top1)} {unit}"]
        for column in dict.fromkeys(("latency_p50_s", COST_COLUMNS[cost])):
            value = self.value(ref, column)
            if value is not None:
                parts.append(quantity(column, value))
        return ", ".join(parts)


def interval_text(column: str, low: float, high: float) -> str:
    """Return an interval with its unit said once: `"4.30 to 4.50 ms"`."""
    return f"{quantity(column, low).removesuffix(f' {SCALES[column][1]}')} to {quantity(column, high)}"


def quantity_apart(column: str, value: float, other: float) -> str:
    """Return a number with as many digits as show that it is not `other`: 10.04 ms is not "10.0" beside 10."""
    texts = ((quantity(column, value, digits), quantity(column, other, digits)) for digits in range(3, 10))
    return next((mine for mine, theirs in texts if mine != theirs), quantity(column, value))
