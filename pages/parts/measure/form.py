"""Which models to measure and how; and what that will cost, before it is started."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.formatting import duration, markdown_text
from bakeoff_core.profiling import request as profiling_request
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.schema.candidate import PRECISIONS
from bakeoff_core.system.machine import this_machine, usable_cores
from pages.parts.common import cache, measuring


def draw() -> MeasureSpec | None:
    """Draw the form and return what it asks for; `None` while it asks for nothing, or for something impossible."""
    name = st.pills(
        "Start from a shortlist",
        tuple(SHORTLISTS),
        format_func=lambda key: SHORTLISTS[key].title,
        default="default",
        key="shortlist",
        on_change=_fill_in_shortlist,
    )
    if name:
        st.caption(SHORTLISTS[name].purpose)
    st.session_state.setdefault("models", list(SHORTLISTS["default"].models))
    known = cache.timm_models()
    names = _names(known)
    models = st.multiselect(
        "Models",
        [*names, *(m for m in st.session_state["models"] if m not in names)],
        key="models",
        accept_new_options=True,
        placeholder="Type to search timm's models",
        help="Any name that timm knows. A plain name such as resnet50 means timm's default weights tag.",
    )
    size, batch, threads, dtype = st.columns(4)
    img_size = size.number_input(
        "Image size (px)",
        1,
        profiling_request.MAX_IMG_SIZE,
        None,
        placeholder="each model's own",
        help="Height and width. Accuracy is only known at the sizes it was published for.",
    )
    batch_size = batch.number_input(
        "Batch size (images)",
        1,
        profiling_request.MAX_BATCH_SIZE,
        1,
        help="Images in one forward pass. 1 for answering one request at a time.",
    )
    thread_count = threads.number_input(
        "Threads",
        1,
        profiling_request.MAX_THREADS,
        usable_cores(),
        help=f"This process may use {usable_cores()} cores.",
    )
    chosen_dtype = dtype.selectbox("Data type", PRECISIONS)
    force = st.checkbox("Measure again what is already measured")
    if not models:
        st.info("Choose at least one model.")
        return None
    if not _all_known(models, known):
        return None
    try:
        return profiling_request.make_spec(
            models, img_size=img_size, batch_size=batch_size, threads=thread_count, dtype=chosen_dtype, force=force
        )
    except ValueError as err:
        st.error(markdown_text(err))
        return None


def draw_start(spec: MeasureSpec, *, busy: bool) -> None:
    """Draw the cost of a job and the button that starts it.

    Args:
        spec: What to measure.
        busy: Whether the machine is at work already, so that this job has to wait.
    """
    profiles = cache.profiles()
    here = profiles[profiles["machine_id"] == this_machine().machine_id]
    pending = profiling_request.pending(spec, here, cache.timm_models())
    text, button = st.columns([3, 1], vertical_alignment="center")
    if not pending.models:
        text.markdown("Everything here is measured already in this setting.")
    else:
        estimate = profiling_request.estimate(pending, cache.accuracies(), here)
        skipped = len(spec.models) - len(pending.models)
        text.markdown(
            f"**{len(pending.models)} model{'s' if len(pending.models) != 1 else ''}** "
            f"in {spec.rounds} interleaved rounds, "
            f"at least {spec.passes} timed passes each: about **{duration(estimate.seconds)}**."
            + (f" {skipped} measured already." if skipped else "")
        )
    if button.button(
        "Measure", type="primary", width="stretch", disabled=busy or not pending.models, icon=":material/timer:"
    ):
        measuring.start(spec)
    if busy:
        st.caption(
            "This machine is at work, as the sidebar says. What is measured beside it would be wrong, so measuring "
            "waits until that is done or stopped."
        )


def _fill_in_shortlist() -> None:
    chosen = st.session_state.get("shortlist")
    if chosen:
        st.session_state["models"] = list(SHORTLISTS[chosen].models)


def _names(known: TimmModels | None) -> list[str]:
    if known is None:
        return sorted(set(cache.accuracies()["model_name"]))
    return [model.model_name for model in known.models]


def _all_known(models: list[str], known: TimmModels | None) -> bool:
    """Show what is wrong with names that were typed in."""
    faults = []
    for name in models:
        try:
            resolve_model_name(name, known)
        except UnknownModelError as err:
            faults.append(markdown_text(err))
    for fault in faults:
        st.error(fault)
    return not faults
