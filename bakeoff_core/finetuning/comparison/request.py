"""Comparisons from outside: what to compare, the start of it, and finding it again.

Not covered: the work (`finetuning.comparison.worker`), and what came of it (`finetuning.comparison.records`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bakeoff_core.datasets.choices import parse_spec
from bakeoff_core.finetuning.comparison.records import COMPARED, FULL, Comparison, from_json
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec, Run, TrainingOptions
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_parts, list_understood, read_understood, start_job
from bakeoff_core.jobs.records import Job
from bakeoff_core.system.files import read_json

COMPARISON = "comparison.json"
"""What a finished comparison says, in its folder."""


@dataclass(frozen=True)
class ComparisonSpec(TrainingOptions):
    """A comparison: a linear probe, a full fine-tune and a run from scratch, alike in everything but the recipe.

    `FinetuneSpec` checks the fields.
    """

    model_name: str
    dataset: str

    def __post_init__(self) -> None:
        for recipe in COMPARED:
            self.run_spec(recipe)

    def run_spec(self, recipe: str) -> FinetuneSpec:
        """Return the request of one of the runs: the same number of steps whatever the recipe."""
        values = asdict(self)
        if self.steps is None and self.epochs is None:
            values["epochs"] = RECIPES[FULL].epochs
        return FinetuneSpec(recipe=recipe, **values)


@dataclass(frozen=True)
class ComparisonRun:
    """A comparison as it is now."""

    job: Job
    spec: ComparisonSpec

    @property
    def comparison_id(self) -> str:
        """Its id; sortable by time of start."""
        return self.job.job_id

    @classmethod
    def from_job(cls, job: Job) -> ComparisonRun:
        """Return the comparison that a job does; raises `ValueError` where it asks for the unknown."""
        return cls(job, parse_spec(ComparisonSpec, job.spec))

    def runs(self) -> list[Run]:
        """Return the runs that have been begun, in order; while it is at work, the last one is being trained."""
        return [Run.from_job(job) for job in list_parts(self.job.job_id)]

    def result(self) -> Comparison | None:
        """Return what the finished comparison says; `None` before.

        Raises:
            BakeoffError: Another version of this product wrote it.
        """
        content = read_json(self.job.folder / COMPARISON)
        return from_json(content) if content else None


def start_comparison(spec: ComparisonSpec) -> ComparisonRun:
    """Start to train the three runs of a comparison, one after the other.

    Raises:
        BusyError: Another job is at work on this machine.
        NoSpaceError: The disk is full.
    """
    return ComparisonRun.from_job(start_job(kinds.COMPARISON, asdict(spec)))


def read_comparison(comparison_id: str) -> ComparisonRun:
    """Return a comparison as it is now.

    Raises:
        BakeoffError: There is no such comparison.
    """
    return read_understood(comparison_id, [kinds.COMPARISON], ComparisonRun.from_job, "comparison")


def list_comparisons() -> list[ComparisonRun]:
    """Return every comparison, the newest first."""
    return list(list_understood(kinds.COMPARISON, ComparisonRun.from_job))
