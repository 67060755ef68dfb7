"""The fine-tuning job.

Everything a run needs to be repeated stands in its folder: the request (`spec.json`), what became of it
(`status.json`), every step's loss (`metrics.jsonl`), which image was in which part (`splits.parquet`), a checkpoint,
and at the end `results.json`, `predictions.parquet` and `model/`, which plain timm loads. A resumed run goes on from
its checkpoint. Several processes train together under torch's or Accelerate's launcher; the first one reports.

Not covered: the request and its defaults (`finetuning.request`, `finetuning.recipes`), what it begins with
(`finetuning.setup`), the training (`finetuning.run`), what it leaves behind (`finetuning.export`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bakeoff_core.datasets.choices import parse_spec
from bakeoff_core.datasets.summary import MOST_SKIPPED
from bakeoff_core.finetuning.export import export_model, write_results, write_splits
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.finetuning.run import StepDone, train_run
from bakeoff_core.finetuning.setup import prepare_run
from bakeoff_core.finetuning.trainer import CHECKPOINT
from bakeoff_core.jobs import main as small_main
from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.kinds import DECODING
from bakeoff_core.jobs.manager import hold_if_free
from bakeoff_core.jobs.worker import Reporter, follow_launcher, process_start, run_to_end
from bakeoff_core.models.memory import peak_memory_bytes
from bakeoff_core.system.memory import keep_freed_memory

REPORT_S = 0.5
"""Seconds between two reports of progress."""
TRAINING = "Training"
"""The message while steps are made; `done` and `total` count them then."""


class RunReport:
    """Tells of a run in its job's folder; see `finetuning.run.RunListener`."""

    def __init__(self, reporter: Reporter, spec: FinetuneSpec, began: float | None = None) -> None:
        """Begin to tell.

        Args:
            reporter: Of the run.
            spec: What was asked for.
            began: When the run began, on `time.monotonic`'s clock; `None` for now.
        """
        self._reporter, self._spec = reporter, spec
        self._began = (time.monotonic() if began is None else began) - reporter.earlier_seconds
        self._message, self._message_began, self._reported = "", time.monotonic(), 0.0
        self._images, self._training_s = 0, 0.0

    def doing(self, message: str, *, done: int | None = None, total: int | None = None, **fields: Any) -> None:
        """Report what is going on, at once where it is something new, with the time it will take if left unsaid."""
        now = time.monotonic()
        if message != self._message:
            self._message, self._message_began = message, now
        elif now - self._reported < REPORT_S and (done is None or done != total):
            return
        self._reported = now
        spent = now - self._message_began
        left = spent * (total - done) / done if done and total and spent > 1 else None
        self._reporter.report(
            message=message, seconds=self.seconds(), done=done, total=total, **{"time_left_s": left, **fields}
        )

    def resumed(self, step: int, *, is_validated: bool) -> None:
        """Drop the measurements of what is done again."""
        self._reporter.keep_metrics(
            lambda metric: (
                metric["step"] < step or (metric["step"] == step and (is_validated or "val_accuracy" not in metric))
            )
        )

    def stepped(self, step: StepDone) -> None:
        """Note a step and report it; the time left includes the validations, by their share so far, and the test."""
        self._images += step.images
        self._training_s = step.training_s
        self._reporter.metric(
            step=step.number, loss=step.loss, learning_rate=step.learning_rate, seconds=self.seconds()
        )
        left = (step.steps - step.number) * step.pace_s + step.test_s
        self.doing(
            TRAINING, done=step.number, total=step.steps, images_per_second=self.images_per_second(), time_left_s=left
        )

    def validated(self, step: int, found: dict[str, float], values: dict[str, float]) -> None:
        """Note a validation."""
        self._reporter.metric(
            step=step,
            val_accuracy=found["accuracy"],
            val_accuracy_low=found["low"],
            val_accuracy_high=found["high"],
            val_scores=values,
            seconds=self.seconds(),
        )

    def seconds(self) -> float:
        """Return the seconds that workers have spent on the run."""
        return round(time.monotonic() - self._began, 3)

    def images_per_second(self) -> float | None:
        """Return images trained a second; a head's steps on kept features pass no image through the network."""
        if RECIPES[self._spec.recipe].uses_features or not self._training_s:
            return None
        return self._images / self._training_s


def finetune(reporter: Reporter, folder: Path, spec: FinetuneSpec, *, began: float | None = None) -> None:
    """Do a run, from its request to what it leaves in its folder.

    Args:
        reporter: Of the run.
        folder: The job's.
        spec: What was asked for.
        began: When it began, on `time.monotonic`'s clock; `None` for now.

    Raises:
        BakeoffError: What the user can mend.
    """
    report = RunReport(reporter, spec, began)
    run = prepare_run(spec, report.doing)
    skipped = [asdict(s) | {"path": str(s.path)} for s in run.dataset.skipped[:MOST_SKIPPED]]
    reporter.report(
        model_name=run.model_name, weights=run.weights, skipped=skipped, skipped_count=len(run.dataset.skipped)
    )
    leads = run.accelerator.is_main_process
    if leads:
        write_splits(folder, run)
    outcome = train_run(run, folder, report)
    report.doing("Writing the results")
    if leads:
        measured = {
            "steps": outcome.steps,
            "planned_steps": spec.planned_steps(run.recipe, len(run.fit)),
            "best_step": outcome.best_step,
            "stopped_early": outcome.stopped_early,
            "val_scores": outcome.val_scores,
            "seconds": report.seconds(),
            "images_per_second": report.images_per_second(),
            "peak_memory_bytes": peak_memory_bytes(run.accelerator.device),
            "features_key": outcome.features_key,
            "features_computed": outcome.features_computed,
        }
        export_model(folder, run, write_results(folder, run, outcome.probabilities, measured))
        shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    run.accelerator.wait_for_everyone()


def run_in(folder: Path, reporter: Reporter, *, began: float | None = None) -> str:
    """Do the run whose request is in `folder`; returns how it ended, as `run_to_end` does.

    Args:
        folder: The run's.
        reporter: The run's.
        began: When it began, on `time.monotonic`'s clock; `None` for now.
    """

    def work() -> str:
        finetune(reporter, folder, parse_spec(FinetuneSpec, reporter.spec), began=began)
        return "Finished."

    stopped = "Stopped. Resume goes on from the last checkpoint, which is at most a minute old."
    return run_to_end(reporter, work, stopped)


def main(folder: str) -> int:
    """Run the job in `folder` to its end; the exit code is 0 when it got there."""
    keep_freed_memory()
    if "LOCAL_RANK" in os.environ:
        follow_launcher()
    leads = os.environ.get("RANK", "0") == "0"
    # A launcher of the user's own, for several machines say, has not taken the folder's lock for us.
    with hold_if_free(Path(folder)) if leads else contextlib.nullcontext():
        return _work_in(Path(folder), leads)


def _work_in(folder: Path, leads: bool) -> int:
    reporter = Reporter(folder, leads=leads)
    start_fork_server(DECODING)
    return 0 if run_in(folder, reporter, began=process_start()) == "done" else 1


if __name__ == "__main__":
    # A launcher of the user's own. What the processes that decode images import once more, at every pass over them.
    sys.modules["__main__"] = small_main
    sys.exit(main(sys.argv[1]))
