"""Deleting runs, comparisons and rankings: with what only they hold, never at work, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import jobs_path, list_jobs
from bakeoff_core.storage.deletion import clear_unused, delete_jobs
from bakeoff_core.storage.inventory import read_holdings
from bakeoff_core.system.paths import features_path, home, looks_path
from tests.support.job_folders import at_work, write_job
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row
from tests.support.run_folders import change, write_run

MINE, SHARED, NOBODYS = "a" * 16, "b" * 16, "c" * 16


def keep_features(key: str, size: int = 1000) -> Path:
    folder = features_path() / key
    folder.mkdir(parents=True)
    (folder / "train.npy").write_bytes(b"x" * size)
    return folder


def ids() -> list[str]:
    return [job.job_id for job in list_jobs()]


def test_a_run_goes_with_its_folder_and_the_features_that_only_it_used() -> None:
    first, second = write_run(1, features_key=MINE), write_run(2, features_key=SHARED)
    ranking = write_ranking(3, make_row("resnet18.a1_in1k", 100, features_key=SHARED))
    mine, shared = keep_features(MINE), keep_features(SHARED)
    (jobs_path() / first / "model").mkdir()
    (jobs_path() / first / "model" / "model.safetensors").write_bytes(b"x" * 5000)
    freed = delete_jobs([first, second])
    assert ids() == [ranking]
    assert (mine.exists(), shared.exists()) == (False, True)
    assert freed > 6000
    assert [path.name for path in jobs_path().iterdir()] == [ranking]


def test_features_stay_while_a_job_at_work_may_be_about_to_use_them() -> None:
    run, busy = write_run(1, features_key=MINE), write_run(2, state="running")
    mine = keep_features(MINE)
    with at_work(busy):
        delete_jobs([run])
    assert ids() == [busy] and mine.exists()
    assert clear_unused() == 1000 and not mine.exists()


def test_a_part_goes_with_its_comparison_and_not_alone() -> None:
    comparison = write_job(kinds.COMPARISON, {}, 1, state="done")
    part = f"{comparison[:15]}-finetune-{comparison.rpartition('-')[2]}-1"
    (jobs_path() / write_run(2)).rename(jobs_path() / part)
    change(part, "spec.json", owner=comparison)
    with pytest.raises(BakeoffError, match=f"part of {comparison}. Delete that"):
        delete_jobs([part])
    assert len(ids()) == 2
    delete_jobs([comparison, part])
    assert ids() == []


def test_nothing_is_deleted_where_one_of_them_can_not_be() -> None:
    run, measuring = write_run(1), write_job(kinds.MEASURE, {}, 2, state="done")
    busy = write_run(3, state="running")
    with at_work(busy), pytest.raises(BakeoffError, match=f"Job {busy} is at work. Stop it first."):
        delete_jobs([run, busy])
    for wrong, words in ((measuring, "is no run, comparison or ranking"), ("../..", "There is no job")):
        with pytest.raises(BakeoffError, match=words):
            delete_jobs([run, wrong])
    assert len(ids()) == 3


def test_clearing_takes_what_nothing_uses_and_leaves_the_rest(tmp_path: Path) -> None:
    run = write_run(1, features_key=MINE)
    mine, nobodys = keep_features(MINE), keep_features(NOBODYS)
    ended = write_job(kinds.DRY_RUN, {}, 2, state="done")
    looks_path().mkdir(parents=True)
    (looks_path() / "look.npz").write_bytes(b"x")
    (home() / "anatomy" / "timm-0.1").mkdir(parents=True)
    (home() / "timm-0.1.json").write_text("{}")
    leftover = home() / ".profiles.parquet.999999999-0123abcd"
    leftover.write_bytes(b"half")
    outside = tmp_path / "outside.txt"
    outside.write_text("kept")
    (looks_path() / "link").symlink_to(outside)
    unused = {holding.key: holding.unused_bytes for holding in read_holdings() if holding.unused}
    assert set(unused) == {"features", "looks", "anatomies", "other-jobs", "leftovers"}
    assert unused["features"] == 1000
    assert clear_unused() == sum(unused.values())
    assert ids() == [run] and ended not in ids()
    assert mine.exists() and not nobodys.exists() and not leftover.exists()
    assert outside.read_text() == "kept"
    assert not [holding for holding in read_holdings() if holding.unused]


def test_nothing_is_cleared_beside_a_job_at_work() -> None:
    nobodys = keep_features(NOBODYS)
    busy = write_run(1, state="running")
    with at_work(busy), pytest.raises(BakeoffError, match="is at work and may need some of it"):
        clear_unused()
    assert nobodys.exists()


def test_every_byte_of_the_state_folder_is_counted_once() -> None:
    write_run(1, features_key=MINE)
    write_ranking(2, make_row("resnet18.a1_in1k", 100, features_key=SHARED))
    write_job(kinds.MEASURE, {}, 3, state="done")
    keep_features(MINE)
    (home() / "accuracy.csv").write_text("model_name,img_size,top1\n")
    (home() / "checks").mkdir()
    (home() / "checks" / "a.json").write_text("{}")
    total = sum(path.stat().st_size for path in home().rglob("*") if path.is_file())
    assert sum(holding.size_bytes for holding in read_holdings()) == total


def test_a_home_that_is_not_there_holds_nothing() -> None:
    assert read_holdings() == []
    assert clear_unused() == 0
