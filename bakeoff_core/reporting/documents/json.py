"""What leaves the product as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bakeoff_core.finetuning.comparison.request import ComparisonRun
from bakeoff_core.finetuning.results import summarise_run
from bakeoff_core.reporting.text.comparison import comparison_sentences


def summarise_comparison(found: ComparisonRun) -> dict[str, Any]:
    """Return what there is to say of a comparison: the fields of `compare --json`; unknown is `None` or empty.

    `runs` holds those begun, as `summarise_run` returns them. `transfer_worth` is in points of test accuracy and
    `transfer_recipe` the run it is of. `gaps`, `crossings`, `reaches`, `labels`, `labels_saved`, `findings` and
    `reasons` are as in `finetuning.comparison.records.Comparison`, and `sentences` say all of it in words.
    """
    result = found.result() if not found.job.active else None
    worth = result.worth if result else None
    kept = asdict(result) if result else {}
    return {
        "comparison_id": found.comparison_id,
        "state": found.job.state,
        "model_name": result.model_name if result else found.spec.model_name,
        "dataset": found.spec.dataset,
        "train_on": found.spec.train_on,
        "runs": [summarise_run(run) for run in found.runs()],
        "transfer_recipe": kept.get("transfer_recipe"),
        "transfer_worth": worth.points if worth else None,
        "transfer_worth_low": worth.low if worth else None,
        "transfer_worth_high": worth.high if worth else None,
        **{name: kept.get(name, ()) for name in ("gaps", "crossings", "reaches", "labels")},
        "labels_saved": kept.get("labels_saved"),
        **{name: kept.get(name, ()) for name in ("findings", "reasons")},
        "differences": result.differences() if result else {},
        "sentences": comparison_sentences(result) if result else [],
        "message": found.job.status.get("message"),
    }
