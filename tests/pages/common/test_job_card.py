"""Jobs of every kind at work, each on the page that shows it."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.finetuning.comparison.request import ComparisonSpec
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.kinds import JobKind
from bakeoff_core.system.paths import home, jobs_path
from tests.support.app_pages import text_of
from tests.support.job_folders import at_work, write_job
from tests.support.places import ROOT
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row

LITE0 = "tf_efficientnet_lite0.in1k"
RUN = asdict(FinetuneSpec(LITE0, "elpv", "full"))
COMPARISON = asdict(ComparisonSpec(LITE0, "elpv"))
TRAINING = {"message": "Training", "done": 1_000, "total": 4_000, "images_per_second": 12.34, "time_left_s": 240}
FEATURES = {"message": "Computing features", "done": 10, "total": 20}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    home().mkdir(parents=True, exist_ok=True)


def opened(page: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run().switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def bars(app: AppTest) -> list[str]:
    return [bar.proto.text.replace("\\", "") for bar in app.main.get("progress")]


@pytest.mark.parametrize(
    ("kind", "page", "spec", "status", "words"),
    [
        (kinds.MEASURE, "measure", {}, {}, "Loading PyTorch and timm · 0 of 1 rounds · working out the time left"),
        (
            kinds.MEASURE,
            "checklist",
            {},
            {"current": LITE0, "img_size": 224, "done": 2, "total": 8, "time_left_s": 60},
            f"Measuring **{LITE0}** at 224 px · 2 of 8 rounds · about 1 min left",
        ),
        (kinds.FINETUNE, "finetune", RUN, {}, f"**{LITE0}**, full fine-tune · Loading PyTorch and timm"),
        (
            kinds.FINETUNE,
            "finetune",
            RUN,
            TRAINING,
            f"**{LITE0}**, full fine-tune · Training · 1,000 of 4,000 steps · 12.3 images/s · about 4 min left",
        ),
        (
            kinds.FINETUNE,
            "finetune",
            RUN,
            FEATURES,
            f"**{LITE0}**, full fine-tune · Computing features · 10 of 20 images",
        ),
        (
            kinds.DRY_RUN,
            "finetune",
            RUN,
            FEATURES,
            f"Working out the cost of **{LITE0}** · Computing features · 10 of 20 images",
        ),
        (kinds.COMPARISON, "finetune", COMPARISON, FEATURES, f"Comparing on **{LITE0}** · Computing features"),
        (
            kinds.COMPARISON,
            "finetune",
            COMPARISON,
            TRAINING,
            f"Comparing on **{LITE0}** · Training · 1,000 of 4,000 steps · 12.3 images/s · about 4 min left",
        ),
    ],
)
def test_a_job_at_work_says_what_it_is_at_and_can_be_stopped(
    kind: JobKind, page: str, spec: dict, status: dict, words: str
) -> None:
    job_id = write_job(kind, spec, state="running", **status)
    with at_work(job_id):
        app = opened(page)
        assert bars(app) == [words]
        assert app.button(key=f"stop-{job_id}").label == "Stop"
        assert ("You can close this tab" in text_of(app)) == (kind is not kinds.DRY_RUN)


def test_a_run_at_work_shows_its_curves() -> None:
    job_id = write_job(kinds.FINETUNE, RUN, state="running", **TRAINING)
    (jobs_path() / job_id / "metrics.jsonl").write_text('{"step": 1, "loss": 0.7, "seconds": 1.0}\n')
    with at_work(job_id):
        assert len(opened("finetune").get("plotly_chart")) == 2


def test_a_ranking_at_work_shows_who_is_ahead_so_far() -> None:
    rank_id = write_ranking(0, make_row(LITE0, 150), state="running", message="Running the second")
    with at_work(rank_id):
        app = opened("rank")
        assert bars(app) == ["Running the second"]
        assert app.dataframe[0].value["model"].tolist() == [LITE0]
        assert "every finished backbone is kept" in text_of(app)


def test_a_page_shows_the_jobs_of_its_own_kinds_alone() -> None:
    job_id = write_job(kinds.FINETUNE, RUN, state="running", **TRAINING)
    with at_work(job_id):
        assert bars(opened("measure")) == [] and bars(opened("rank")) == []
