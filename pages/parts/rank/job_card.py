"""What the card of a ranking at work shows: who is ahead so far."""

from __future__ import annotations

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.records import Job
from bakeoff_core.ranking.request import read_ranking
from pages.parts.common.job_card import JobCard, describe_progress
from pages.parts.rank import result


def _draw_table(job: Job) -> None:
    try:
        ranking = read_ranking(job.job_id).result()
    except BakeoffError:
        return
    if ranking is not None and ranking.rows:
        result.draw_table(ranking, key=f"partial-{job.job_id}")


CARD = JobCard(
    kinds.RANKING,
    describe_progress,
    _draw_table,
    "You can close this tab: ranking goes on, and every finished backbone is kept.",
)
