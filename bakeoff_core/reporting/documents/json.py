"""Measured rows, decisions and comparisons as JSON, for the command line.

Unknown is null, numbers are in base units, and names of fields are those of `schema`. Not covered: the
checklist's advice (`reporting.documents.checklist_section`), and lists of runs and rankings, which have no words in
them (`finetuning.request`, `ranking.request`).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from bakeoff_core.catalogue.accuracies import attach_accuracy
from bakeoff_core.finetuning.comparison.request import ComparisonRun
from bakeoff_core.finetuning.results import summarise_run
from bakeoff_core.formatting import is_unknown
from bakeoff_core.jobs.records import Job
from bakeoff_core.reporting.text.comparison import comparison_sentences
from bakeoff_core.reporting.text.decision import explain_decision
from bakeoff_core.reporting.text.names import CandidateNames, Terms
from bakeoff_core.reporting.text.rejections import explain_rejections
from bakeoff_core.reporting.text.settings import group_json, rename_columns
from bakeoff_core.reporting.text.warnings import warning_line
from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import Choice, Decision, Relaxation
from bakeoff_core.schema.profile import GROUP_COLUMNS, PROFILE_COLUMNS
from bakeoff_core.search.results import SearchAnswer, SearchRun
from bakeoff_core.selection.candidates import View
from bakeoff_core.selection.doubts import decisive_doubts, find_doubts
from bakeoff_core.selection.stability import stability_of

_WHOLE = {"img_size", "threads", "batch_size", "cpu_count", "memory_bytes", "param_count", "weight_bytes", "macs"} | {
    "passes",
    "round_count",
    "peak_memory_bytes",
}


def rows_of(job: Job, profiles: pd.DataFrame, accuracies: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows a measuring job was asked for, in its order, with published accuracy.

    Args:
        job: A measuring job that ended.
        profiles: As `profiling.store.read_frame` returns it.
        accuracies: As `catalogue.accuracies.read_catalogue` returns it.

    Returns:
        Dictionaries with the columns of `PROFILE_COLUMNS` and `ACCURACY_COLUMNS`; `error` is this job's, even where
        an earlier measurement of the same model is still in the store.
    """
    table = attach_accuracy(profiles, accuracies)
    errors = {failure["model_name"]: failure["error"] for failure in job.status.get("failures", ())}
    found = []
    for model_name, img_size, group in job.status.get("rows", ()):
        mask = table["model_name"] == model_name
        mask &= table["img_size"].isna() if img_size is None else table["img_size"] == img_size
        for name in GROUP_COLUMNS:
            mask &= table[name] == group[name]
        for row in table[mask].to_dict("records"):
            found.append({**row, "error": errors.get(model_name)})
    return found


def row_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON: the field names of `schema`, unknown as null, counts whole, warnings in words."""
    names = [name for name in (*PROFILE_COLUMNS, *ACCURACY_COLUMNS) if name != "rounds"]
    plain = {name: _json_value(name, row.get(name)) for name in names}
    return {**rename_columns(plain), "warnings": [warning_line(w) for w in row["warnings"]]}


def decision_json(decision: Decision, view: View) -> dict[str, Any]:
    """Return a decision as JSON: the pick, the reason, the runner-up, the tie and the nearest relaxation."""
    pick, names = decision.pick, CandidateNames(view.candidates, Terms(view.source))
    doubts = find_doubts(view.candidates)
    return {
        "pick": pick.candidate.model_name if pick else None,
        "img_size": pick.candidate.img_size if pick else None,
        "rule": decision.rule,
        "cost": decision.cost,
        "limits": asdict(decision.limits),
        "accuracy": view.source.key,
        "accuracy_of": view.source.name,
        "metric": view.source.metric,
        "positive_class": view.source.positive_class,
        "runs": list(view.chosen),
        "recipe": view.pretraining_class,
        "recipe_counts": dict(view.pretraining_counts),
        "reason": explain_decision(decision, names),
        "stability": _stability(decision, view),
        "trusted": not decisive_doubts(view.candidates, decision),
        "doubts": {
            "rows": [_reference(ref) for ref in doubts.rows],
            "measured": doubts.measured,
            "kinds": dict(doubts.kinds),
            "off_by": doubts.off_by,
        },
        "runner_up": _reference(pick.runner_up) if pick else None,
        "tie": _tie(pick),
        "relaxation": _relaxation(decision.relaxation),
        "alternatives": [_relaxation(r) for r in decision.alternatives],
        "blame": list(decision.blame),
        "cheapest": _reference(decision.cheapest.candidate if decision.cheapest else None),
        "most_accurate": _reference(decision.most_accurate.candidate if decision.most_accurate else None),
        "rejected": [
            {**_reference(candidate), "reason": reason}
            for candidate, reason in explain_rejections(decision, names).items()
        ],
        "setting": group_json(view.measured.setting, view.measured.deployment),
        "machine_name": view.measured.machine_name,
    }


def search_json(search: SearchRun, answer: SearchAnswer) -> dict[str, Any]:
    """Return what came of a search as JSON: its decision, how far it came, why it ended, and the frontier.

    `chance_better_left` is from 0 to 1. `predicted_relaxation` rests on predictions, all else on measurements.
    """
    shortlist = answer.shortlist
    return {
        **decision_json(answer.decision, answer.view),
        "job_id": search.job.job_id,
        "state": search.job.state,
        "candidates": search.candidates,
        "measured": search.measured,
        "failed": search.failed,
        "chance_better_left": search.chance_better_left,
        "stopped_because": search.stopped_because,
        "frontier": [_reference(ref) for ref in answer.frontier],
        "shortlist": shortlist and {**(_reference(shortlist.candidate) or {}), "top1": shortlist.top1},
        "predicted_relaxation": _relaxation(search.relaxation),
        "message": search.job.status.get("message"),
    }


def _stability(decision: Decision, view: View) -> dict[str, Any]:
    """How often the pick would be picked again and who else would be, in percent of the draws; null is nobody."""
    if view.candidates["latency_p50_s"].isna().all():  # nothing was measured that could come out otherwise
        return {"share": None, "others": []}
    stability = stability_of(decision, view.candidates)
    others = [
        {"model_name": None, "img_size": None, **(_reference(who) or {}), "share": s} for who, s in stability.others
    ]
    return {"share": stability.share, "others": others}


def summarise_comparison(found: ComparisonRun) -> dict[str, Any]:
    """Return what there is to say of a comparison: the fields of `compare --json`; unknown is `None` or empty.

    `runs` holds those begun, as `summarise_run` returns them. `transfer_worth` is in points of test accuracy and
    `transfer_recipe` the run it is of. `gaps`, `crossings`, `reaches`, `labels`, `labels_saved`, `findings` and
    `reasons` are as in `finetuning.comparison.records.Comparison`, and `sentences` say all of it in words.
    """
    result = found.result() if not found.job.active else None
    worth = result.worth if result else None
    fields = asdict(result) if result else {}
    return {
        "comparison_id": found.comparison_id,
        "state": found.job.state,
        "model_name": result.model_name if result else found.spec.model_name,
        "dataset": found.spec.dataset,
        "train_on": found.spec.train_on,
        "runs": [summarise_run(run) for run in found.runs()],
        "transfer_recipe": fields.get("transfer_recipe"),
        "transfer_worth": worth.points if worth else None,
        "transfer_worth_low": worth.low if worth else None,
        "transfer_worth_high": worth.high if worth else None,
        **{name: fields.get(name, ()) for name in ("gaps", "crossings", "reaches", "labels")},
        "labels_saved": fields.get("labels_saved"),
        **{name: fields.get(name, ()) for name in ("findings", "reasons")},
        "differences": result.differences() if result else {},
        "sentences": comparison_sentences(result) if result else [],
        "message": found.job.status.get("message"),
    }


def _json_value(name: str, value: Any) -> Any:
    if is_unknown(value):
        return None
    return int(value) if name in _WHOLE else value


def _reference(candidate: CandidateRef | None) -> dict[str, Any] | None:
    return None if candidate is None else {"model_name": candidate.model_name, "img_size": candidate.img_size}


def _tie(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None or choice.tie is None:
        return None
    tie = choice.tie
    return {"rivals": [_reference(r) for r in tie.rivals], "measure": tie.measure, "broken_on": tie.broken_on}


def _relaxation(relaxation: Relaxation | None) -> dict[str, Any] | None:
    if relaxation is None:
        return None
    return {
        "limit": relaxation.limit,
        "given": relaxation.given,
        "needed": relaxation.needed,
        **(_reference(relaxation.candidate) or {}),
    }
