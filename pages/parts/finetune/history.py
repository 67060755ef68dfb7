"""Earlier runs: the list, curves laid over each other, and one run's results."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import Run
from bakeoff_core.finetuning.results import list_runs
from bakeoff_core.formatting import UNKNOWN, duration, markdown_text, percent
from bakeoff_core.jobs.manager import resume_job
from bakeoff_core.reporting.figures.finetuning import Curve, loss_figure, validation_figure
from bakeoff_core.system import locks
from pages.parts.common import cache, plotly_chart
from pages.parts.finetune import results as finetune_results

SHOWN = 50


def draw() -> None:
    """Draw the list of runs and what was chosen from it."""
    listed = [run for run in list_runs()[:SHOWN] if not run.job.active]
    if not listed:
        st.caption("No run has ended yet. Ended runs are listed here, with their results.")
        return
    st.markdown("### Earlier runs")
    summaries = [cache.summary_of(run) for run in listed]
    st.caption("Tick runs to lay their curves over each other; tick one to see its results.")
    event = st.dataframe(
        [_row(run, summary) for run, summary in zip(listed, summaries, strict=True)],
        hide_index=True,
        width="stretch",
        placeholder="—",
        height=min(38 + 35 * len(listed), 260),
        key=f"runs-{listed[0].run_id}",  # rows are chosen by place, so a new run on top begins a new table
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [0]}},
        column_config={
            "model": st.column_config.TextColumn(width="medium"),
            "test (%)": st.column_config.NumberColumn(
                format="%.2f", help="Share of the test images classified rightly"
            ),
            "validation (%)": st.column_config.NumberColumn(format="%.2f"),
        },
    )
    chosen = [listed[at] for at in event.selection.rows if at < len(listed)]
    if not chosen:
        return
    names = [name_of(run) for run in chosen]
    curves = [Curve(name, cache.metrics_of(run.job)) for name, run in zip(names, chosen, strict=True)]
    loss, accuracy = st.columns(2)
    for column, draw_figure, kind in ((loss, loss_figure, "loss"), (accuracy, validation_figure, "accuracy")):
        figure = draw_figure(curves, dark=plotly_chart.is_dark())
        column.plotly_chart(figure, key=f"ended-{kind}", theme=None, width="stretch", config={"displayModeBar": False})
    if len(chosen) == 1:
        _draw_one(chosen[0])


def name_of(run: Run) -> str:
    """Return what tells a run from others, in few words."""
    model = (run.job.status.get("model_name") or run.spec.model_name).split(".")[0]
    return f"{model}, {RECIPES[run.spec.recipe].title.lower()}, {run.run_id[4:8]}-{run.run_id[9:13]}"


def _row(run: Run, summary: dict) -> dict:
    interval = UNKNOWN
    if summary["test_accuracy"] is not None:
        interval = f"{percent(summary['test_accuracy_low'], 1)} to {percent(summary['test_accuracy_high'], 1)}"
    return {
        "started (UTC)": f"{run.run_id[:4]}-{run.run_id[4:6]}-{run.run_id[6:8]} {run.run_id[9:11]}:{run.run_id[11:13]}",
        "model": summary["model_name"],
        "images": run.spec.dataset,
        "recipe": RECIPES[run.spec.recipe].title,
        "state": summary["state"],
        "test (%)": summary["test_accuracy"],
        "95 % interval": interval,
        "validation (%)": summary["val_accuracy"],
        "steps": summary["steps"],
        "time": duration(summary["seconds"]),
    }


def _draw_one(run: Run) -> None:
    """Draw one run: its results, or why it has none and what to do."""
    job = run.job
    if job.state == "done":
        finetune_results.draw(run)
        return
    words = "Stopped." if job.state == "stopped" else f"Failed. {markdown_text(job.status.get('message') or '')}"
    has_checkpoint = any((job.folder / f"checkpoint{end}" / "step.json").is_file() for end in ("", "-old"))
    again = (
        "Resume goes on from the last checkpoint, at most a minute before the end."
        if has_checkpoint
        else "It had no checkpoint yet: Resume begins its steps again; features that were computed are kept."
    )
    (st.warning if job.state == "stopped" else st.error)(f"{words} {again}")
    holder = locks.machine_holder()
    if st.button("Resume", icon=":material/resume:", disabled=bool(holder), key=f"resume-{run.run_id}"):
        try:
            resume_job(run.run_id)
        except BakeoffError as err:
            st.error(markdown_text(err))
        else:
            st.rerun()
    if holder:
        st.caption("Another job is at work on this machine; resume when it is done.")
    log = job.log()
    if job.state == "failed" and log.strip():
        with st.expander("Log"):
            st.code(log, language=None)
