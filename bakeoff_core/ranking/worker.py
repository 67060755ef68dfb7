"""The ranking job.

One backbone after the other: its features are computed where they are not kept yet, then judged. Each adds a row to
`ranking.json` and its answer to every test image to `answers-N.parquet`, N being its place in the request. One that
fails is a row with its error, and the others go on. A resumed ranking keeps the rows that have a result.

Not covered: the features (`features.extract`), how they are judged (`ranking.scoring`), what the rows say
(`ranking.records`).
"""

from __future__ import annotations

import gc
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.weights import find_weights, require_obtainable
from bakeoff_core.datasets.choices import deciding_class, parse_spec, read_images
from bakeoff_core.datasets.metrics.answers import Answers
from bakeoff_core.datasets.metrics.scores import compare_answers
from bakeoff_core.datasets.records import ImageDataset, labels_of
from bakeoff_core.datasets.registry import without_damaged
from bakeoff_core.datasets.splits import limited
from bakeoff_core.datasets.summary import MOST_SKIPPED
from bakeoff_core.errors import BakeoffError, ImageFileError, NoSpaceError
from bakeoff_core.features.classifiers import NEIGHBOURS
from bakeoff_core.jobs.isolation import start_fork_server
from bakeoff_core.jobs.kinds import DECODING
from bakeoff_core.jobs.worker import Reporter, StopRequested, describe_error, process_start, run_worker, yield_to_others
from bakeoff_core.models.memory import peak_memory_bytes
from bakeoff_core.models.pretrained import pretrained_size
from bakeoff_core.models.timm_models import known_models
from bakeoff_core.ranking.estimate import macs_by_tag
from bakeoff_core.ranking.records import Ranking, RankRow, from_json, to_json
from bakeoff_core.ranking.request import IMAGES, RANKING, RankSpec, answers_file, find_in
from bakeoff_core.ranking.scoring import (
    COMPUTING,
    DOWNLOADING,
    LOADING,
    PASS,
    SCORING,
    Deciding,
    ScoreRequest,
    probe_answers,
    score_backbone,
)
from bakeoff_core.ranking.time_left import Pace, work_of
from bakeoff_core.schema.metrics import ACCURACY, METRICS, Difference
from bakeoff_core.system.files import read_json, to_user_error, write_json
from bakeoff_core.system.machine import this_machine, usable_cores
from bakeoff_core.system.memory import keep_freed_memory

REPORT_S = 0.5
"""Seconds between two reports of progress."""
STAGES = {
    LOADING: "loading the model",
    DOWNLOADING: "downloading the weights",
    COMPUTING: "computing features",
    SCORING: "judging the features",
}
"""What is being done with a backbone, in words."""


class Ranker:
    """One ranking, from its request to its last row."""

    def __init__(self, reporter: Reporter, folder: Path, spec: RankSpec, *, began: float | None = None) -> None:
        """Prepare the ranking in a job's folder; `began` is on `time.monotonic`'s clock, `None` for now."""
        self._reporter, self._folder, self._spec = reporter, folder, spec
        self._began = (time.monotonic() if began is None else began) - reporter.earlier_seconds
        self._reported, self._message = 0.0, ""
        self._pace: Pace | None = None
        self._deciding = Deciding()

    def run(self) -> str:
        """Do everything and return the last word; raises `BakeoffError` for what the user can mend."""
        spec = self._spec
        yield_to_others()
        if spec.device == "cuda" and not torch.cuda.is_available():
            raise BakeoffError(
                "There is no CUDA device that PyTorch can use. Rank on the CPU, or leave the choice to it."
            )
        accelerator = Accelerator(cpu=spec.device == "cpu" or not torch.cuda.is_available())
        torch.set_num_threads(usable_cores())
        dataset = self._images()
        ranking = self._begin(dataset)
        for number, asked in enumerate(spec.models):
            if any(row.asked == asked for row in ranking.rows):
                continue
            if self._reporter.stop_requested():
                raise StopRequested
            ranking = self._keep(ranking, self._row(accelerator, dataset, number, asked))
            gc.collect()  # this backbone, before the next one's weights are loaded
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        ranking = self._compare(ranking)
        self._tell("Finished", peak_memory_bytes=peak_memory_bytes(accelerator.device), time_left_s=None)
        failed = ranking.failed()
        if len(failed) == len(ranking.rows):
            raise BakeoffError(f"None of the models could be ranked. {failed[0].model_name}: {failed[0].error}")
        names = ", ".join(row.model_name for row in failed)
        without = f"; without a result: {names}" if failed else ""
        return f"Ranked {len(ranking.ranked())} of {len(ranking.rows)}{without}."

    # --- the images ---------------------------------------------------------------------------------------------------

    def _images(self) -> ImageDataset:
        """The images to rank on: as many as were asked for, all of which open."""
        spec = self._spec
        self._tell("Checking the images")
        dataset = read_images(spec)
        if spec.limit is not None:
            dataset = limited(dataset, spec.limit)
        total = sum(map(len, dataset.splits().values()))
        dataset = without_damaged(
            dataset,
            lambda done: self._tell("Checking the images", done=done, total=total),
            leave_out_copies=spec.leave_out_copies,
        )
        skipped = [asdict(s) | {"path": str(s.path)} for s in dataset.skipped[:MOST_SKIPPED]]
        self._reporter.report(skipped=skipped, skipped_count=len(dataset.skipped))
        return dataset

    def _begin(self, dataset: ImageDataset) -> Ranking:
        """The ranking to go on with, in its file by now; what has failed before is tried again.

        Raises:
            BakeoffError: The images have changed since it was begun, or what decides does not fit them.
        """
        labels = labels_of(dataset.test)
        self._deciding = deciding_on(self._spec, dataset)
        positive = self._deciding.positive
        fit = dataset.train + (dataset.val if self._spec.train_on == "train+val" else ())
        new = Ranking(
            dataset=dataset.name,
            dataset_title=dataset.title,
            content_key=dataset.content_key(),
            licence=dataset.licence,
            notes=dataset.notes,
            classes=dataset.classes,
            train_on=self._spec.train_on,
            train_images=len(fit),
            val_images=len(dataset.train) + len(dataset.val) - len(fit),
            test_images=len(labels),
            majority_share=100 * float(np.bincount(labels).max()) / len(labels),
            limit=self._spec.limit,
            skipped_images=len(dataset.skipped),
            machine_name=this_machine().machine_name,
            neighbours=NEIGHBOURS,
            value_ranges=dict(dataset.value_ranges()),
            copies=dataset.copies,
            metric=self._deciding.metric,
            positive_class=None if positive is None else dataset.classes[positive],
            positive_share=None if positive is None else 100 * float((labels == positive).mean()),
        )
        content = read_json(self._folder / RANKING)
        if content:
            before = from_json(content)
            if before.content_key != new.content_key:
                raise BakeoffError("The images have changed since this ranking began. Start a new one.")
            new = replace(new, rows=tuple(before.ranked()))
        self._note_images(dataset)
        kept = {row.asked for row in new.rows}
        # What can't be ranked is said at once, and does not count in the time that is left.
        new = self._keep(new, *(row for row in hopeless_rows(self._spec.models) if row.asked not in kept))
        finished, macs = [row.asked for row in new.rows], macs_by_tag()
        known = {asked: macs.get(_name_of(asked)) for asked in self._spec.models if asked not in finished}
        images = sum(map(len, dataset.splits().values()))
        self._pace = Pace(work_of(self._spec.models, known), images, finished)
        return new

    def _note_images(self, dataset: ImageDataset) -> None:
        """Write down which image each row of the features is of."""
        rows = [(split, str(image.path), image.label) for split, images in dataset.splits().items() for image in images]
        table = pd.DataFrame(rows, columns=["split", "path", "label"])
        try:
            table.to_parquet(self._folder / IMAGES)
        except OSError as err:
            raise to_user_error(err, "The list of images could not be written") from err

    def _keep(self, ranking: Ranking, *rows: RankRow) -> Ranking:
        """Add rows to the ranking and to its file."""
        places = {name: at for at, name in enumerate(self._spec.models)}
        ranking = replace(ranking, rows=tuple(sorted((*ranking.rows, *rows), key=lambda row: places[row.asked])))
        return self._write(ranking)

    def _write(self, ranking: Ranking) -> Ranking:
        try:
            write_json(self._folder / RANKING, to_json(ranking))
        except OSError as err:
            raise to_user_error(err, "The ranking could not be written") from err
        return ranking

    # --- one backbone -------------------------------------------------------------------------------------------------

    def _row(self, accelerator: Accelerator, dataset: ImageDataset, number: int, asked: str) -> RankRow:
        """What a backbone comes to, or why it could not be scored."""
        name = _name_of(asked)
        try:
            return self._score(accelerator, dataset, number, asked, name)
        except (NoSpaceError, ImageFileError, OSError):  # the next backbone would fail as well
            raise
        except Exception as err:
            print(traceback.format_exc(), flush=True)
            self._pace.finish(asked, None)
            return RankRow(asked, name, error=describe_error(err))

    def _score(self, accelerator: Accelerator, dataset: ImageDataset, number: int, asked: str, name: str) -> RankRow:
        """Score a backbone, telling how far it is, and write down its answers."""
        title = f"{name}, {number + 1} of {len(self._spec.models)}"

        def listen(stage: str, images: int) -> None:
            if stage == PASS:
                self._pace.begin_pass()
            elif stage == COMPUTING:
                self._pace.seen(asked, images)
            if stage != PASS:
                self._tell(f"{title}: {STAGES[stage]}", model_name=name)

        scored = score_backbone(
            ScoreRequest(asked, name, self._spec.train_on, self._spec.seed, self._deciding),
            dataset,
            accelerator,
            listen,
        )
        scored.answers.to_parquet(self._folder / answers_file(number))
        self._pace.finish(asked, scored.scoring_seconds)
        return scored.row

    # --- the gaps -----------------------------------------------------------------------------------------------------

    def _compare(self, ranking: Ranking) -> Ranking:
        """Note by how much each backbone is ahead of the pick by the user's data; accuracy needs no such note."""
        if ranking.metric == ACCURACY:
            return ranking
        try:
            pick = find_in(ranking).own_pick
        except BakeoffError:  # the user's file of accuracies is damaged, and what was ranked is not
            return ranking
        if pick is None:
            return ranking
        self._tell("Comparing the backbones with the pick")
        mine, gaps = self._answers(pick), dict[str, Difference]()
        for row in ranking.ranked():
            if self._reporter.stop_requested():
                raise StopRequested
            theirs = self._answers(row) if row != pick else None
            if mine is not None and theirs is not None:
                gaps[row.model_name] = compare_answers(ranking.metric, theirs, mine, self._spec.seed)
        return self._write(replace(ranking, gaps=gaps))

    def _answers(self, row: RankRow) -> Answers | None:
        """A backbone's answers to the test images; `None` where they are gone, or are not those of its row."""
        try:
            table = pd.read_parquet(self._folder / answers_file(self._spec.models.index(row.asked)))
        except (OSError, ValueError):  # damaged ones raise pyarrow's kind of ValueError
            return None
        columns = (table[name].to_numpy() for name in ("label", "predicted", "probability"))
        return probe_answers(*columns, self._deciding.positive)

    # --- progress -----------------------------------------------------------------------------------------------------

    def _tell(self, message: str, **fields: Any) -> None:
        """Report what is going on, at once where it is something new, with how far it is and the time left."""
        now = time.monotonic()
        if message == self._message and now - self._reported < REPORT_S:
            return
        self._message, self._reported = message, now
        fields = (self._pace.state() if self._pace else {"time_left_s": None}) | fields
        self._reporter.report(message=message, seconds=round(now - self._began, 3), **fields)


def deciding_on(spec: RankSpec, dataset: ImageDataset) -> Deciding:
    """Return what decides on a data set.

    Raises:
        BakeoffError: It can't: there is no such class, there are not two, or images of it are missing where they are
            needed to choose by or to test on.
    """
    positive, metric = deciding_class(spec, dataset), METRICS[spec.metric]
    held_out = {"validation": dataset.val} if spec.train_on == "train" and dataset.val else {}
    for split, of_split in {**held_out, "test": dataset.test}.items():
        if metric.is_binary and not any(image.label == positive for image in of_split):
            name = dataset.classes[positive]
            raise BakeoffError(
                f"{metric.heading} needs {split} images of {name}, the class that matters, and there are "
                f"none. Use more images, or decide by {METRICS[ACCURACY].title}."
            )
    return Deciding(metric.name, positive)


def _name_of(asked: str) -> str:
    return resolve_model_name(asked, known_models())


def hopeless_rows(models: Sequence[str]) -> list[RankRow]:
    """Return the rows of those models of which there is nothing to rank, each with the reason."""
    rows: list[RankRow] = []
    seen: dict[str, str] = {}
    for asked in models:
        name = asked
        try:
            name = _name_of(asked)
            if name in seen:
                raise BakeoffError(f"Named twice: {seen[name]} means the same weights.")
            seen[name] = asked
            if pretrained_size(name) is None:
                raise BakeoffError(
                    f"timm has no pretrained weights for {name}, and features of random ones say nothing."
                )
            require_obtainable(name, find_weights(name))
        except BakeoffError as err:
            rows.append(RankRow(asked, name, error=str(err)))
    return rows


def main(folder: str) -> int:
    """Do the ranking in `folder` to its end; the exit code is 0 when it got there."""
    keep_freed_memory()
    start_fork_server(DECODING)

    def work(reporter: Reporter) -> str:
        return Ranker(reporter, Path(folder), parse_spec(RankSpec, reporter.spec), began=process_start()).run()

    return run_worker(folder, work, "Stopped. Resume goes on where it was; finished backbones are kept.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
