"""Earlier rankings: the list, the one that is shown, and how to go on with one that was cut off."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.manager import resume_job
from bakeoff_core.ranking.request import RankRun, list_rankings
from bakeoff_core.system import locks
from pages.parts.common import dataset_card
from pages.parts.rank import inside
from pages.parts.rank import result as rank_result

SHOWN = 50


def draw() -> None:
    """Draw the choice of an ended ranking, the newest first, and what it came to."""
    ended = [run for run in list_rankings()[:SHOWN] if not run.job.active]
    if not ended:
        st.caption("No ranking has ended yet. Ended ones are kept, and shown here.")
        return
    st.markdown("### Result" if len(ended) == 1 else "### Results")
    run = ended[0]
    if len(ended) > 1:
        chosen = st.selectbox(
            "Ranking",
            [run.rank_id for run in ended],
            format_func={run.rank_id: _title(run) for run in ended}.get,
            key=f"ranking-{ended[0].rank_id}",  # a new one on top is shown at once
        )
        run = next(run for run in ended if run.rank_id == chosen)
    _draw_state(run)
    try:
        ranking = run.result()
    except BakeoffError as err:
        st.error(markdown_text(err))
        return
    if ranking is not None and ranking.rows:
        rank_result.draw(ranking, run.rank_id)
        inside.draw(run, ranking)


def _title(run: RankRun) -> str:
    started = f"{run.rank_id[:4]}-{run.rank_id[4:6]}-{run.rank_id[6:8]} {run.rank_id[9:11]}:{run.rank_id[11:13]} UTC"
    count = len(run.spec.models)
    images = dataset_card.TITLES[run.spec.dataset]
    return f"{started} · {images} · {count} {'model' if count == 1 else 'models'} · {run.job.state}"


def _draw_state(run: RankRun) -> None:
    """Say how a ranking ended that is not done, and offer to go on."""
    job = run.job
    if job.state == "done":
        return
    message = markdown_text(job.status.get("message") or "")
    if job.state == "stopped":
        st.warning("Stopped. Resume goes on where it was; finished backbones are kept.")
    else:
        st.error(f"Failed. {message} Resume goes on where it was; finished backbones are kept.")
    holder = locks.machine_holder()
    if st.button("Resume", icon=":material/resume:", disabled=bool(holder), key=f"resume-{run.rank_id}"):
        try:
            resume_job(run.rank_id)
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
