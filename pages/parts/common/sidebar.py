"""The sidebar of every page: which machine is shown, and what is running."""

from __future__ import annotations

import hashlib

import streamlit as st

from bakeoff_core.catalogue.timm_names import architecture_of
from bakeoff_core.errors import StoreError
from bakeoff_core.finetuning.results import finished_runs_stamp
from bakeoff_core.formatting import duration, markdown_text
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import is_held_elsewhere, watched_jobs
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.results import ranked_models_stamp
from bakeoff_core.reporting.text.settings import group_json, setting_description, setting_label
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.system.files import stamp_of
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import profiles_path
from pages.parts.common import cache
from pages.parts.common.job_card import share_done

THIS = "this"
"""Key of the machine the app runs on while it has no profiles."""

ELSEWHERE = (
    "This machine is at work for somebody else: another user of it, or this product with another state folder. "
    "Such a job can be stopped only where it was started."
)


def draw() -> None:
    """Draw the sidebar, and remember what it chose for `shown` and `comparison`.

    Stops the page where the profile store can't be used.
    """
    try:
        settings = {key_of(s): s for s in cache.settings()}
    except StoreError as err:
        st.error(markdown_text(err))
        st.stop()
    measured_here = any(s.is_this_machine for s in settings.values())
    options = [*([] if measured_here else [THIS]), *settings]
    linked = st.query_params.get("setting", st.session_state.get("setting_key"))
    with st.sidebar:
        chosen = st.selectbox(
            "Machine and setting",
            options,
            index=options.index(linked) if linked in options else 0,
            format_func=lambda key: (
                setting_label(settings[key]) if key in settings else "This machine · not measured yet"
            ),
            key="setting_key",
            on_change=lambda: st.query_params.update(setting=st.session_state["setting_key"]),
            help="One frontier shows one setting: latencies from different machines, thread counts, batch sizes, "
            "data types or library versions are never mixed.",
        )
        shown = settings.get(chosen)
        st.caption(_describe_setting(shown))
        others = [key for key in settings if key != chosen]
        against = None
        if shown and others:
            against = st.selectbox(
                "Compare with",
                others,
                index=None,
                placeholder="Nothing",
                format_func=lambda key: setting_label(settings[key]),
                help="Draws a second frontier. It never takes part in the pick.",
            )
        draw_running()
    st.session_state["shown_setting"] = shown
    st.session_state["comparison_setting"] = settings.get(against)
    for notice in cache.notices():
        st.warning(notice, icon=":material/warning:")


def show(measured: MeasuredSetting) -> None:
    """Have the sidebar choose a setting, where it is measured; to be called when a button is pressed."""
    key = key_of(measured)
    if any(key == key_of(known) for known in cache.settings()):
        st.session_state["setting_key"] = key
        st.query_params["setting"] = key


def is_drawn() -> bool:
    """Tell whether `draw` was called in this session."""
    return "shown_setting" in st.session_state


def shown() -> MeasuredSetting | None:
    """Return the setting the pages show; `None` while this machine is not measured."""
    return st.session_state.get("shown_setting")


def comparison() -> MeasuredSetting | None:
    """Return the setting to draw beside it, if the user asked for one."""
    return st.session_state.get("comparison_setting")


def key_of(measured: MeasuredSetting) -> str:
    """Return a short name of a setting for links."""
    fields = group_json(measured.setting, measured.deployment)
    # Links hold this since settings were of this form, so it stays.
    text = f"Setting({', '.join(f'{name}={value!r}' for name, value in fields.items())})"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@st.fragment(run_every="2s")
def draw_running() -> None:
    """Say what is running, and rerun the page when a job starts, ends or has saved something new."""
    active = [job for job in watched_jobs() if job.kind not in kinds.KINDS or kinds.KINDS[job.kind].shown]
    is_elsewhere = is_held_elsewhere()
    files = (stamp_of(profiles_path()), finished_runs_stamp(), ranked_models_stamp())
    seen = (files, [job.job_id for job in active], is_elsewhere)
    before = st.session_state.get("seen_by_sidebar")
    st.session_state["seen_by_sidebar"] = seen
    if before is not None and before != seen:
        st.rerun()
    if is_elsewhere:
        st.caption(ELSEWHERE)
    elif not active:
        st.caption("Nothing is running.")
    for job in active:
        left = job.status.get("time_left_s")
        text = _describe_job(job) + (f", about {duration(left)} left" if left else "")
        st.progress(share_done(job), text=text)


def _describe_job(job: Job) -> str:
    """What a job is at, in a few words."""
    kind = kinds.KINDS.get(job.kind)
    if kind is None or not kind.names_model:
        return kind.title if kind else job.kind
    if job.status.get("waiting"):
        return f"{kind.title}: waiting for a quiet machine"
    model = job.status.get("current") if kind in kinds.TIMING else job.status.get("model_name")
    model = model or (_between(job) if kind in kinds.TIMING else job.spec.get("model_name", ""))
    return f"{kind.title}: {markdown_text(architecture_of(model))}"


def _between(job: Job) -> str:
    """What a job that times models is at where it times none."""
    return "choosing models" if job.status.get("candidates") else "starting"


def _describe_setting(measured: MeasuredSetting | None) -> str:
    machine = this_machine()
    if measured is None:
        return f"{machine.machine_name}, {machine.os_name}. Nothing was measured here yet."
    return markdown_text(setting_description(measured))
