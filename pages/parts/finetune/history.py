"""Earlier runs: the list, curves laid over each other, and one run's results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import Run
from bakeoff_core.finetuning.results import FinishedRun, list_runs
from bakeoff_core.formatting import UNKNOWN, duration, percent
from bakeoff_core.jobs.labels import read_label
from bakeoff_core.schema.metrics import ACCURACY, METRICS
from pages.parts.common import cache, job_label, resume
from pages.parts.finetune import curves, results

SHOWN = 50
DECIDED, DECIDED_BY = "decides (%)", "decided by"
"""Columns of the metric that decided, where it was not accuracy."""
WHERE_TOLD = ("name", DECIDED, DECIDED_BY)
"""Columns that are shown where any run has something in them."""


def draw() -> None:
    """Draw the list of runs and what was chosen from it."""
    job_label.draw_deleted()
    ended = [run for run in list_runs()[:SHOWN] if not run.job.active]
    if not ended:
        st.caption("No run has ended yet. Ended runs are listed here, with their results.")
        return
    st.markdown("### Earlier runs")
    summaries = [cache.summary_of(run) for run in ended]
    finished = {run.run_id: run for run in cache.finished_runs()}
    st.caption("Tick runs to lay their curves over each other; tick one to see its results.")
    rows = [_row(run, summary, finished.get(run.run_id)) for run, summary in zip(ended, summaries, strict=True)]
    columns = [name for name in rows[0] if name not in WHERE_TOLD or any(row[name] for row in rows)]
    event = st.dataframe(
        rows,
        column_order=columns,
        hide_index=True,
        width="stretch",
        placeholder="—",
        height=min(38 + 35 * len(ended), 260),
        key=f"runs-{ended[0].run_id}-{len(ended)}",  # rows are chosen by place, so other runs begin a new table
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [0]}},
        column_config={
            "model": st.column_config.TextColumn(width="medium"),
            "test (%)": st.column_config.NumberColumn(
                format="%.2f", help="Share of the test images classified rightly"
            ),
            "validation (%)": st.column_config.NumberColumn(format="%.2f"),
            DECIDED: st.column_config.NumberColumn(format="%.2f", help="On the test images, by the metric beside it"),
        },
    )
    chosen = _chosen(ended, event.selection.rows)
    if not chosen:
        return
    job_label.draw([run.job for run in chosen], "run")
    named = [curves.of_run(_name(run), run) for run in chosen]
    curves.draw(named, keys=("ended-loss", "ended-accuracy"))
    if len(chosen) == 1:
        _draw_one(chosen[0])


def _chosen(ended: Sequence[Run], rows: Iterable[int]) -> list[Run]:
    """The runs of the rows that are ticked; a row may be gone since."""
    return [ended[at] for at in rows if at < len(ended)]


def _name(run: Run) -> str:
    """What tells a run from others, in few words."""
    if name := read_label(run.job.folder).name:
        return name
    model = (run.job.status.get("model_name") or run.spec.model_name).split(".")[0]
    return f"{model}, {RECIPES[run.spec.recipe].title.lower()}, {run.run_id[4:8]}-{run.run_id[9:13]}"


def _row(run: Run, summary: dict, finished: FinishedRun | None) -> dict:
    interval = UNKNOWN
    if summary["test_accuracy"] is not None:
        interval = f"{percent(summary['test_accuracy_low'], 1)} to {percent(summary['test_accuracy_high'], 1)}"
    score = None
    if finished is not None and run.spec.metric != ACCURACY:
        score = finished.scores.get(run.spec.metric)
    return {
        "started (UTC)": f"{run.run_id[:4]}-{run.run_id[4:6]}-{run.run_id[6:8]} {run.run_id[9:11]}:{run.run_id[11:13]}",
        "name": read_label(run.job.folder).name,
        "model": summary["model_name"],
        "images": run.spec.dataset,
        "recipe": RECIPES[run.spec.recipe].title,
        "state": summary["state"],
        DECIDED: score and score.value,
        DECIDED_BY: METRICS[run.spec.metric].title if score else None,
        "test (%)": summary["test_accuracy"],
        "95 % interval": interval,
        "validation (%)": summary["val_accuracy"],
        "steps": summary["steps"],
        "time": duration(summary["seconds"]),
    }


def _draw_one(run: Run) -> None:
    """Draw one run: its results, or why it has none and what to do."""
    job = run.job
    job_label.draw_note(job)
    if job.state == "done":
        results.draw(run)
        return
    has_checkpoint = any((job.folder / f"checkpoint{end}" / "step.json").is_file() for end in ("", "-old"))
    resume.draw(
        job,
        "Resume goes on from the last checkpoint, at most a minute before the end."
        if has_checkpoint
        else "It had no checkpoint yet: Resume begins its steps again; features that were computed are kept.",
    )
