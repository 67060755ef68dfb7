"""Rows and decisions as JSON and as text, and the report's bundle: what leaves the product.

Shared by the command line and the download buttons. Not covered: the report's words (see `reporting.documents.report`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from bakeoff_core import __version__, formatting
from bakeoff_core.catalogue.accuracies import attach_accuracy
from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.comparison.records import Comparison
from bakeoff_core.finetuning.comparison.request import list_comparisons
from bakeoff_core.finetuning.results import read_finished_runs
from bakeoff_core.jobs.records import Job
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.ranking.request import find_in, list_rankings
from bakeoff_core.reporting.documents import report
from bakeoff_core.reporting.documents.finetuning_section import runs_section, runs_to_tell
from bakeoff_core.reporting.documents.pretraining_section import recipe_section
from bakeoff_core.reporting.figures.frontier_svg import frontier_svg
from bakeoff_core.reporting.text.comparison import comparison_section
from bakeoff_core.reporting.text.decision import explain_decision, explain_rejections, warning_line
from bakeoff_core.reporting.text.ranking import ranking_section
from bakeoff_core.schema.records import (
    ACCURACY_COLUMNS,
    PROFILE_COLUMNS,
    SETTING_COLUMNS,
    CandidateRef,
    Choice,
    Decision,
    Relaxation,
)
from bakeoff_core.selection.candidates import View
from bakeoff_core.selection.pareto import annotate
from bakeoff_core.system.paths import profiles_path

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
    for model_name, img_size, setting in job.status.get("rows", ()):
        mask = table["model_name"] == model_name
        mask &= table["img_size"].isna() if img_size is None else table["img_size"] == img_size
        for name in SETTING_COLUMNS:
            mask &= table[name] == setting[name]
        for row in table[mask].to_dict("records"):
            found.append({**row, "error": errors.get(model_name)})
    return found


def row_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON: the field names of `schema.records`, unknown as null, counts whole, warnings in words."""
    names = [name for name in (*PROFILE_COLUMNS, *ACCURACY_COLUMNS) if name != "rounds"]
    plain = {name: _json_value(name, row.get(name)) for name in names}
    return {**plain, "warnings": [warning_line(w) for w in row["warnings"]]}


def profile_table(rows: list[dict[str, Any]]) -> str:
    """Return rows as a text table for a terminal, their warnings and errors below it."""
    header = ("model", "size", "top-1", "latency p50 (95 % interval)", "p90", "MACs", "params", "peak memory")
    lines = [header]
    remarks = []
    for row in rows:
        low, high = (
            formatting.milliseconds(row["latency_p50_low_s"]),
            formatting.milliseconds(row["latency_p50_high_s"]),
        )
        lines.append(
            (
                row["model_name"],
                formatting.UNKNOWN if formatting.is_unknown(row["img_size"]) else f"{row['img_size']:.0f}",
                formatting.percent(row["top1"]),
                f"{formatting.milliseconds(row['latency_p50_s'])} ({low} to {high})",
                formatting.milliseconds(row["latency_p90_s"]),
                formatting.count(row["macs"]),
                formatting.count(row["param_count"]),
                formatting.megabytes(row["peak_memory_bytes"]),
            )
        )
        remarks += [f"{row['model_name']}: {warning_line(w)}" for w in row["warnings"]]
        remarks += [f"{row['model_name']}: error: {row['error']}"] if row["error"] else []
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*table, *([""] if remarks else []), *remarks])


def decision_json(decision: Decision, view: View) -> dict[str, Any]:
    """Return a decision as JSON: the pick, the reason, the runner-up, the tie and the nearest relaxation."""
    pick, candidates, told = decision.pick, view.candidates, {"source": view.source}
    return {
        "pick": pick.candidate.model_name if pick else None,
        "img_size": pick.candidate.img_size if pick else None,
        "rule": decision.rule,
        "cost": decision.cost,
        "limits": asdict(decision.limits),
        "accuracy": view.source.key,
        "accuracy_of": view.source.name,
        "runs": list(view.chosen),
        "recipe": view.recipe,
        "recipe_counts": dict(view.recipe_counts),
        "reason": explain_decision(decision, candidates, **told),
        "runner_up": _reference(pick.runner_up) if pick else None,
        "tie": _tie(pick),
        "relaxation": _relaxation(decision.relaxation),
        "alternatives": [_relaxation(r) for r in decision.alternatives],
        "blame": list(decision.blame),
        "cheapest": _reference(decision.cheapest.candidate if decision.cheapest else None),
        "most_accurate": _reference(decision.most_accurate.candidate if decision.most_accurate else None),
        "rejected": [
            {**_reference(candidate), "reason": reason}
            for candidate, reason in explain_rejections(decision, candidates, **told).items()
        ],
        "setting": asdict(view.measured.setting),
        "machine_name": view.measured.machine_name,
    }


def report_text(
    view: View, decision: Decision, *, svg_name: str | None = None, sections: Iterable[Sequence[str]] = ()
) -> str:
    """Return the decision report of a view as Markdown, dated now, with the fine-tuning runs there are of it.

    Args:
        view: What was decided on.
        decision: What follows.
        svg_name: File name of the picture beside the report, or `None` for none.
        sections: Further sections to put before those of the runs; see `reporting.documents.report.decision_report`.
    """
    told = runs_to_tell(read_finished_runs(), decision, view.candidates)
    models = {run.model_name for run in told}
    return report.decision_report(
        annotate(view.candidates, _frontier_cost(decision)),
        decision,
        created_at=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        product_version=__version__,
        svg_name=svg_name,
        source=view.source,
        chosen=view.chosen,
        recipe=view.recipe,
        sections=[
            *sections,
            recipe_section(view.recipe_counts, view.recipe, view.source),
            runs_section(told, chosen=view.chosen),
            *_comparison_sections(models),
            *_ranking_sections(set(view.candidates["model_name"])),
        ],
    )


def _comparison_sections(models: set[str]) -> list[list[str]]:
    """The newest finished comparison of each of the models on each data set, as sections of a report."""
    newest: dict[tuple[str, str], Comparison] = {}
    for found in list_comparisons():
        with contextlib.suppress(BakeoffError):  # another version's; the page says so where it lists them
            comparison = found.result()
            if comparison is not None and comparison.model_name in models:
                newest.setdefault((comparison.model_name, comparison.dataset_title), comparison)
    return [comparison_section(comparison).rstrip().split("\n") for comparison in newest.values()]


def _ranking_sections(models: set[str]) -> list[list[str]]:
    """The newest ranking of any of the models on each set of images, by what the heads learned from, as sections."""
    newest: dict[tuple[str, str], Ranking] = {}
    for found in list_rankings():
        with contextlib.suppress(BakeoffError):  # another version's
            ranking = found.result()
            if ranking is not None and models.intersection(row.model_name for row in ranking.ranked()):
                newest.setdefault((ranking.content_key, ranking.train_on), ranking)
    return [ranking_section(ranking, find_in(ranking)).rstrip().split("\n") for ranking in newest.values()]


def report_bundle(view: View, decision: Decision, *, sections: Iterable[Sequence[str]] = ()) -> bytes:
    """Return a zip of the report, the frontier as SVG and the profiles it rests on; arguments as `report_text`."""
    cost = _frontier_cost(decision)
    profiles = [p for p in profiling_store.read_profiles(profiles_path()) if p.setting == view.measured.setting]
    text = report_text(view, decision, svg_name="frontier.svg", sections=sections)
    picture = frontier_svg(annotate(view.candidates, cost), decision, cost=cost, source=view.source)
    return report.bundle(text, picture, profiling_store.to_parquet(profiles))


def _frontier_cost(decision: Decision) -> str:
    """The horizontal axis that a decision is about: its cost where it looks for the cheapest, else latency."""
    return decision.cost if decision.rule == "cheapest" else "latency"


def _json_value(name: str, value: Any) -> Any:
    if formatting.is_unknown(value):
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
