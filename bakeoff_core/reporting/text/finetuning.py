"""A finished fine-tuning run in sentences: what it came to, what its accuracy hides, and which weights were kept.

Text that came from a file passes through an `escape` function, as in `reporting.text.names`. Not covered: metrics in
general (`reporting.text.metrics`), and several runs beside each other (`reporting.text.comparison`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bakeoff_core.datasets.metrics.sentences import hidden_class, score_text
from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.formatting import Escape, counted, percent
from bakeoff_core.schema.metrics import ACCURACY, METRICS, Difference, Score
from bakeoff_core.schema.parsing import parse_record

BALANCE_TITLES = {
    "none": "nothing",
    "class-weights": "class weights",
    "balanced-sampling": "balanced sampling",
}
"""What can be done for rare classes, by `finetuning.request.BALANCES`."""

_BALANCED = {
    "class-weights": "Images of rare classes weighed more in the loss (class weights).",
    "balanced-sampling": "Images of rare classes were drawn more often (balanced sampling).",
}


def headline(metric: str, scores: Mapping[str, Score], test_images: int, class_name: str | None = None) -> str:
    """Return what a run came to as a line of Markdown: the metric that decides, then accuracy.

    Args:
        metric: The one that decides; where it has no score, accuracy alone is told.
        scores: On the test images, by metric; accuracy among them.
        test_images: Behind them.
        class_name: The class that matters, escaped; `None` without one.
    """
    score, tested = scores[ACCURACY], f"{counted(test_images, 'test image')} {'is' if test_images == 1 else 'are'}"
    interval = f"(95 % interval {percent(score.low)} to {percent(score.high)})"
    if metric == ACCURACY or metric not in scores:
        return f"**{percent(score.value)}** of {tested} classified rightly {interval}."
    of = f" of {class_name}" if METRICS[metric].is_binary and class_name is not None else ""
    found = scores[metric]
    return (
        f"**{METRICS[metric].heading}{of}: {percent(found.value)}** (95 % interval {percent(found.low)} to "
        f"{percent(found.high)}), which decides. Accuracy: {percent(score.value)} of {tested} classified rightly "
        f"{interval}."
    )


def hidden_in(run: FinishedRun, escape: Escape = str) -> str | None:
    """Say what a run's accuracy hides; `None` where it hides nothing, and for runs of before it was asked."""
    try:
        difference = parse_record(Difference, run.results.get("accuracy_over_balanced") or {})
    except ValueError:
        return None
    rows = run.results.get("by_class")
    by_class = [row for row in rows if _is_class(row)] if isinstance(rows, list) else []
    return hidden_class(run.scores, difference, by_class, escape)


def scores_sentences(run: FinishedRun, escape: Escape = str) -> str:
    """Return all of a run's metrics with their intervals, the one that decides first; empty where only accuracy is."""
    known = [name for name in METRICS if name in run.scores]
    if known == [ACCURACY]:
        return ""
    decides = run.spec.metric
    found = [
        f"{METRICS[name].heading}{', which decides' if name == decides else ''}: {score_text(run.scores[name])}."
        for name in sorted(known, key=lambda name: name != decides)
        if name == decides or not METRICS[name].is_binary
    ]
    of_class = [name for name in known if METRICS[name].is_binary and name != decides]
    if of_class and run.positive_class is not None:
        told = ", ".join(f"{METRICS[name].title} {score_text(run.scores[name])}" for name in of_class)
        found.append(f"Of {escape(run.positive_class)}, the class that matters: {told}.")
    return " ".join(found)


def training_sentences(run: FinishedRun) -> str:
    """Say what was done for rare classes, and which step's weights were kept; empty for runs of before."""
    found = [_BALANCED.get(run.spec.balance, ""), _kept(run)]
    return " ".join(sentence for sentence in found if sentence)


def best_step(run: FinishedRun) -> int | None:
    """Return the step whose weights were kept; `None` for runs of before the best were."""
    found = run.results.get("best_step")
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _kept(run: FinishedRun) -> str:
    kept = best_step(run)
    if kept is None:
        return ""
    if not run.val_scores:
        return "The weights of the last step were kept: no images were held back to validate on."
    early = f"It ended early, after {counted(run.steps, 'step')}. " if run.results.get("stopped_early") is True else ""
    metric = run.spec.metric if run.spec.metric in run.val_scores else ACCURACY
    which = "the last step" if kept >= run.steps else f"step {kept:,} of {run.steps:,}"
    best = f"{METRICS[metric].title} on the validation images, {percent(run.val_scores[metric])}"
    return f"{early}The weights of {which} were kept, the best by {best}."


def _is_class(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        return False
    accuracy = row.get("accuracy")
    return isinstance(accuracy, int | float) and not isinstance(accuracy, bool) and 0 <= accuracy <= 100
