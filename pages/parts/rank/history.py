"""Earlier rankings: the list, the one that is shown, and how to go on with one that was cut off."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.datasets.registry import DATASETS
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_text
from bakeoff_core.jobs.labels import read_label
from bakeoff_core.ranking.request import RankRun, list_rankings
from bakeoff_core.schema.metrics import ACCURACY, METRICS
from pages.parts.common import job_label, resume
from pages.parts.rank import image_explorer, result

SHOWN = 50


def draw() -> None:
    """Draw the choice of an ended ranking, the newest first, and what it came to."""
    job_label.draw_deleted()
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
    job_label.draw([run.job], "ranking")
    job_label.draw_note(run.job)
    if run.job.state != "done":
        resume.draw(run.job, "Resume goes on where it was; finished backbones are kept.")
    try:
        ranking = run.result()
    except BakeoffError as err:
        st.error(markdown_text(err))
        return
    if ranking is not None and ranking.rows:
        result.draw(ranking, run.rank_id)
        image_explorer.draw(run, ranking)


def _title(run: RankRun) -> str:
    started = f"{run.rank_id[:4]}-{run.rank_id[4:6]}-{run.rank_id[6:8]} {run.rank_id[9:11]}:{run.rank_id[11:13]} UTC"
    count = len(run.spec.models)
    images = DATASETS[run.spec.dataset].title
    called = f"{name} · " if (name := read_label(run.job.folder).name) else ""
    by = "" if run.spec.metric == ACCURACY else f" · by {METRICS[run.spec.metric].title}"
    return f"{called}{started} · {images} · {count} {'model' if count == 1 else 'models'}{by} · {run.job.state}"
