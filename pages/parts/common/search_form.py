"""The form that starts a search over all of timm, behind a button: limits, time, and what to search among."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.catalogue.pretraining import MOST_FREQUENT, PRETRAINING_CLASSES
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.profiling.request import MAX_BATCH_SIZE, MAX_THREADS
from bakeoff_core.reporting.text.search import WHAT_COUNTS, space_sentence
from bakeoff_core.schema.accuracy import IMAGENET
from bakeoff_core.schema.decision import RULES, Limits
from bakeoff_core.schema.limits import LEAST, MOST
from bakeoff_core.search.spec import MAX_MINUTES, MINUTES, SearchSpec
from bakeoff_core.system.machine import usable_cores
from pages.parts.common import cache, searching, sidebar
from pages.parts.common.links import RULE_LABELS
from pages.parts.common.session import last_question

OPEN = "search-form-open"
"""Session key: whether the form is shown."""
TITLE = "Search all of timm"


def draw_button() -> None:
    """Draw the button that opens the form, and closes it again."""
    st.button(TITLE, icon=":material/travel_explore:", width="stretch", on_click=_toggle, key="search-all")


def draw_offer() -> None:
    """Draw the button beside what it offers."""
    text, button = st.columns([3, 1], vertical_alignment="center")
    text.markdown(
        "Or let a search choose: it measures the few of timm's models that may be best, and tells what may be left."
    )
    with button:
        draw_button()


def draw(*, busy: bool) -> None:
    """Draw the form where it is open.

    Args:
        busy: Whether the machine is at work already, so that a search has to wait.
    """
    if not st.session_state.get(OPEN):
        return
    with st.container(border=True):
        st.markdown(
            f"**{TITLE}**: measures the models that may be the best within your limits, tells what may be left, and "
            "stops when it is sure, or when the time is up. It goes on from whatever was measured here before."
        )
        spec = _draw_fields()
        if spec is not None:
            _draw_start(spec, busy=busy)


def _draw_fields() -> SearchSpec | None:
    question, limits = last_question(), _set_limits()
    minutes, latency, floor, which = st.columns([3, 3, 3, 4])
    budget = minutes.number_input(
        "Time (minutes)",
        0.1,
        MAX_MINUTES,
        MINUTES,
        step=5.0,
        format="%g",
        key="search-minutes",
        help="For all of it. What is measured is kept, and another search goes on from there.",
    )
    latency_ms = _limit(latency, "Latency, at most (ms)", "search-latency", limits.max_latency_s, 1e-3)
    top1 = floor.number_input(
        "Accuracy, at least (%)", 0.0, 100.0, limits.min_top1, format="%g", placeholder="no limit", key="search-floor"
    )
    rule = which.segmented_control(
        "The pick is", RULES, format_func=RULE_LABELS.get, default=question.rule, required=True, key="search-rule"
    )
    with st.expander("Narrow the search", icon=":material/filter_alt:"):
        narrowing = _draw_narrowing(question.criteria.source.key)
        memory, params = st.columns(2)
        memory_bytes = _limit(memory, "Peak memory, at most (MB)", "search-memory", limits.max_memory_bytes, 1e6)
        param_count = _limit(params, "Parameters, at most (millions)", "search-params", limits.max_param_count, 1e6)
        batch, threads = st.columns(2)
        batch_size = batch.number_input("Batch size (images)", 1, MAX_BATCH_SIZE, 1, key="search-batch")
        thread_count = threads.number_input("Threads", 1, MAX_THREADS, usable_cores(), key="search-threads")
    try:
        return SearchSpec(
            minutes=float(budget),
            limits=Limits(top1, latency_ms, memory_bytes, param_count),
            rule=rule or question.rule,
            cost=question.criteria.cost,
            batch_size=batch_size,
            threads=thread_count,
            **narrowing,
        )
    except ValueError as err:
        st.error(markdown_text(err))
        return None


def _draw_narrowing(source_key: str) -> dict[str, object]:
    """Draw what a search is narrowed by, and return it as fields of a `SearchSpec`."""
    sources = {source.key: source for source in cache.accuracy_sources()}
    keys = list(sources)
    accuracy = st.selectbox(
        "Accuracy",
        keys,
        keys.index(source_key) if source_key in keys else 0,
        format_func=lambda key: sources[key].title,
        key="search-accuracy",
        help="Images that models were ranked or fine-tuned on here: the search is over those models.",
    )
    published = cache.accuracies()
    left, right = st.columns(2)
    recipe = left.selectbox(
        "Trained alike",
        (MOST_FREQUENT, *PRETRAINING_CLASSES),
        None,
        placeholder="any recipe",
        format_func=lambda key: (
            "the most frequent recipe class" if key == MOST_FREQUENT else PRETRAINING_CLASSES[key].title
        ),
        key="search-recipe",
    )
    sizes = right.multiselect(
        "Image sizes (px)", sorted(published["img_size"].unique().tolist()), placeholder="any", key="search-sizes"
    )
    families = left.multiselect("Families", _texts("family"), placeholder="any", key="search-families")
    licences = right.multiselect("Licences", _texts("licence"), placeholder="any", key="search-licences")
    here = st.checkbox(
        "Only models whose weights are on this machine",
        key="search-here",
        help="Measuring needs no weights; using the model does.",
    )
    return {
        "accuracy": accuracy or IMAGENET.key,
        "recipe": recipe,
        "families": tuple(families),
        "licences": tuple(licences),
        "img_sizes": tuple(map(int, sizes)),
        "weights_here": here,
    }


def _draw_start(spec: SearchSpec, *, busy: bool) -> None:
    text, button = st.columns([3, 1], vertical_alignment="center")
    try:
        table = cache.search_candidates(spec).table
    except BakeoffError as err:
        text.error(markdown_text(err))
        return
    text.markdown(space_sentence(table), help=WHAT_COUNTS)
    if button.button(
        "Start the search", type="primary", width="stretch", disabled=busy, icon=":material/travel_explore:"
    ):
        st.session_state[OPEN] = False
        searching.start(spec)
    if busy:
        st.caption("This machine is at work, as the sidebar says; a search waits until that is done or stopped.")


def _set_limits() -> Limits:
    """Return the last question's limits, without those that exclude nobody: a slider at its end sets no limit."""
    limits, shown = last_question().limits, sidebar.shown()
    if shown is None:
        return limits
    table = cache.candidates_of(shown, last_question().criteria.unrestricted)
    slowest, worst = table["latency_p50_s"].max(), table["top1"].min()
    latency, floor = limits.max_latency_s, limits.min_top1
    return Limits(
        None if floor is None or floor <= worst else floor,
        None if latency is None or latency >= slowest else latency,
        limits.max_memory_bytes,
        limits.max_param_count,
    )


def _limit(where: object, label: str, key: str, limit: float | None, unit: float) -> float | None:
    """Draw the field of a limit; `limit` and what is returned are in base units, `unit` is what one in the field is."""
    shown = None if limit is None else float(f"{limit / unit:.10g}")
    value = where.number_input(label, LEAST, MOST, shown, format="%g", placeholder="no limit", key=key)
    return None if value is None else value * unit


def _texts(column: str) -> list[str]:
    return sorted(cache.accuracies()[column].dropna().unique().tolist(), key=str.casefold)


def _toggle() -> None:
    st.session_state[OPEN] = not st.session_state.get(OPEN)
