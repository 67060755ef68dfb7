"""Finished runs read back: those of before there were other metrics, too."""

import pytest

from bakeoff_core.finetuning.results import leading_run, read_finished_runs, read_run, summarise_run
from tests.support.run_folders import write_run

PLAIN = {"value": 85.0, "low": 83.0, "high": 87.0}
BALANCED = {"value": 69.0, "low": 65.0, "high": 73.0}


def test_a_run_of_before_has_accuracy_alone() -> None:
    found = summarise_run(read_run(write_run(1)))
    assert (found["metric"], found["positive_class"]) == ("accuracy", None)
    assert (found["best_step"], found["stopped_early"]) == (None, None)
    assert found["scores"] == {"accuracy": PLAIN} and found["val_accuracy"] == 84.0


def test_validation_is_that_of_the_weights_that_were_kept() -> None:
    run_id = write_run(
        1,
        spec={"metric": "balanced-accuracy"},
        metric="balanced-accuracy",
        positive_class="defective",
        scores={"accuracy": PLAIN, "balanced-accuracy": BALANCED, "of-tomorrow": BALANCED},
        val_scores={"accuracy": 82.0, "balanced-accuracy": 71.0},
        best_step=530,
        stopped_early=True,
    )
    found = summarise_run(read_run(run_id))
    assert (found["metric"], found["positive_class"], found["val_accuracy"]) == ("balanced-accuracy", "defective", 82.0)
    assert (found["best_step"], found["stopped_early"]) == (530, True)
    assert found["scores"] == {"accuracy": PLAIN, "balanced-accuracy": BALANCED}
    (run,) = read_finished_runs()
    assert run.val_accuracy == 82.0 and run.val_scores["balanced-accuracy"] == 71.0


@pytest.mark.parametrize("changes", [{"scores": 7}, {"scores": {"accuracy": 7}}, {"val_scores": []}])
def test_a_summary_of_damaged_results_is_one_all_the_same(changes: dict) -> None:
    found = summarise_run(read_run(write_run(1, **changes)))
    assert found["test_accuracy"] == 85.0 and found["val_accuracy"] == 84.0


def test_a_run_at_work_has_no_scores_and_its_last_validation() -> None:
    run_id = write_run(1, state="running", spec={"positive_class": "defective"})
    (read_run(run_id).job.folder / "results.json").unlink()
    found = summarise_run(read_run(run_id))
    assert (found["scores"], found["val_accuracy"], found["positive_class"]) == (None, 84.0, "defective")


def test_the_leader_goes_by_the_metric_that_is_asked_for() -> None:
    one = write_run(1, val_scores={"accuracy": 90.0, "balanced-accuracy": 60.0})
    other = write_run(2, val_scores={"accuracy": 80.0, "balanced-accuracy": 70.0})
    write_run(3, val_scores={"accuracy": 70.0})
    runs = read_finished_runs()
    assert leading_run(runs).run_id == one
    assert leading_run(runs, metric="balanced-accuracy").run_id == other
    assert leading_run(runs, [one], metric="balanced-accuracy").run_id == one
