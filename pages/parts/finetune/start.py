"""What a run will cost, as far as it is known, and the buttons that find out and start it."""

from __future__ import annotations

from dataclasses import asdict, fields

import streamlit as st

from bakeoff_core.finetuning.comparison.request import ComparisonSpec, start_comparison
from bakeoff_core.finetuning.dry_run.request import RunEstimate, last_dry_run, read_estimate, start_dry_run
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec, start_run
from bakeoff_core.formatting import counted, duration, images_per_second, markdown_text, megabytes
from bakeoff_core.system import locks
from pages.parts.common import actions


def draw(spec: FinetuneSpec) -> None:
    """Draw what the run will cost, as far as it is known, and the buttons."""
    holder = locks.machine_holder()
    dry_run = last_dry_run(spec)
    estimate = read_estimate(dry_run) if dry_run else None
    if dry_run is not None and dry_run.job.state == "failed":
        st.error(f"The cost could not be worked out. {markdown_text(dry_run.job.status.get('message') or '')}")
    if estimate is not None:
        _draw_cost(estimate)
    elif holder:
        st.caption(
            "This machine is at work, as the sidebar says; two jobs at once would spoil both. Wait for it, or stop it."
        )
    else:
        st.caption("What it costs is found by a trial of a few steps on this machine, in about 20 seconds.")
    with st.container(horizontal=True):
        if st.button(
            "Work out the cost" + (" again" if estimate else ""),
            icon=":material/timer:",
            disabled=bool(holder),
            type="secondary" if estimate else "primary",
        ):
            actions.attempt_and_redraw(lambda: start_dry_run(spec))
        if st.button(
            "Fine-tune",
            icon=":material/play_arrow:",
            disabled=bool(holder),
            type="primary" if estimate else "secondary",
        ):
            actions.attempt_and_redraw(lambda: start_run(spec))
        if st.button(
            "Compare with from scratch",
            icon=":material/compare_arrows:",
            disabled=bool(holder),
            help="Trains a linear probe, a full fine-tune and a run from scratch alike, one after the other, and says "
            "what transfer was worth. Takes about twice as long as the full fine-tune.",
        ):
            actions.attempt_and_redraw(lambda: start_comparison(_comparison_of(spec)))


def _comparison_of(spec: FinetuneSpec) -> ComparisonSpec:
    """The comparison that differs from a run in nothing but the recipes.

    What belongs to the chosen recipe stays behind: its usual number of epochs, and a rate meant for another one.
    """
    shared = {field.name for field in fields(ComparisonSpec)}
    values = {name: value for name, value in asdict(spec).items() if name in shared}
    if spec.epochs == RECIPES[spec.recipe].epochs:
        values["epochs"] = None
    if spec.recipe != "full":
        values["learning_rate"] = None
    return ComparisonSpec(**values)


def _draw_cost(estimate: RunEstimate) -> None:
    rate = f", {images_per_second(estimate.images_per_second)}" if estimate.images_per_second else ""
    st.markdown(
        f"About **{duration(estimate.seconds)}** and **{megabytes(estimate.peak_memory_bytes)}** of memory: "
        f"{counted(estimate.steps, 'step')} on {counted(estimate.train_images, 'image')}{rate}."
    )
    longest = sorted(estimate.parts.items(), key=lambda part: -part[1])[:3]
    parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in longest if seconds >= 1)
    st.caption(f"Starts from {markdown_text(estimate.weights)}." + (f" Most of the time: {parts}." if parts else ""))
