"""Folders of rankings, written by a test just as the launcher and the worker write them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.records import FORMAT_VERSION
from bakeoff_core.ranking.records import RankRow, to_json
from bakeoff_core.ranking.request import RANKING, RankSpec
from bakeoff_core.system.paths import jobs_path
from tests.support.rankings import make_ranking


def write_ranking(
    number: int, *rows: RankRow, state: str = "done", message: str = "Ranked.", train_on: str = "train", **changes: Any
) -> str:
    """Write the folder of a ranking and return its id; rankings with higher numbers are newer.

    Args:
        number: Of minutes after noon at which it started, below 60.
        rows: What its backbones came to; without any its images were not read yet.
        state: As the worker wrote it last.
        message: As the worker wrote it last.
        train_on: What the heads learned from.
        changes: Other fields of the ranking.
    """
    rank_id = f"20260101-12{number:02d}00-{kinds.RANKING.key}-{number:06x}"
    folder = jobs_path() / rank_id
    folder.mkdir(parents=True)
    asked = tuple(row.asked for row in rows) or ("tf_efficientnet_lite0.in1k",)
    spec = asdict(RankSpec(asked, "elpv", train_on=train_on))
    request = {
        "format": FORMAT_VERSION,
        "kind": kinds.RANKING.key,
        "module": kinds.RANKING.module,
        "exclusive": True,
        "spec": spec,
    }
    (folder / "spec.json").write_text(json.dumps(request))
    (folder / "status.json").write_text(json.dumps({"format": FORMAT_VERSION, "state": state, "message": message}))
    (folder / "lock").touch()
    (folder / "log.txt").write_text("Traceback: something\n")
    if rows:
        ranking = make_ranking(rows, train_on=train_on, **changes)
        (folder / RANKING).write_text(json.dumps(to_json(ranking)))
    return rank_id
