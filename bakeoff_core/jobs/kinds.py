"""Every kind of job there is: what it is called, which module does it, and what it holds while it is at work.

A new kind gets an entry here, and nowhere else: starting, resuming, the sidebar and the job cards go by it.
Not covered: what a kind is asked to do (each package's `request`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

YIELDING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""What workers that train get: threads that wait for each other sleep instead of spinning. With the machine to itself
a step takes a little longer; beside another busy program, where spinning threads hold the cores that the awaited ones
need, a fraction (docs/decisions/006). Measuring keeps the default, as a deployed model would."""

DECODING = ("bakeoff_core.models.image_loaders", "bakeoff_core.models.pretrained")
"""What processes that decode images for a model need."""


@dataclass(frozen=True)
class JobKind:
    """One kind of job."""

    key: str
    """Part of a job's id and of its `spec.json`: lower-case letters, digits and dashes, the same for ever."""
    title: str
    """What such a job does, as the start of a sentence: "Measuring"."""
    module: str
    """The worker: its `main(folder)` does the job (`jobs.main`)."""
    exclusive: bool = True
    """Whether it takes the machine's lock: one such job at a time, whatever folder its state lives in."""
    gives_way: bool = False
    """Whether a measurement stops it because it would spoil the timings: it keeps what it has, and is asked for again
    by whoever looks at it."""
    names_model: bool = False
    """Whether it is about one model at a time, whose name is told beside the title."""
    shown: bool = True
    """Whether people are told that it is at work."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the worker gets beside those of the process that starts it."""
    preload: tuple[str, ...] = ()
    """Modules that are loaded once for all the processes that the worker forks, beside the worker's own start."""


MEASURE = JobKind("measure", "Measuring", "bakeoff_core.search.measuring_worker", names_model=True)
SEARCH = JobKind("search", "Searching", "bakeoff_core.search.worker", names_model=True)
NAMES = JobKind("names", "Listing timm's models", "bakeoff_core.search.measuring_worker", exclusive=False, shown=False)
ANATOMY = JobKind(
    "anatomy", "Taking models apart", "bakeoff_core.profiling.anatomy.worker", exclusive=False, gives_way=True
)
PATCHES = JobKind(
    "look", "Looking at an image", "bakeoff_core.features.patches.worker", exclusive=False, gives_way=True
)
DOWNLOAD = JobKind("download", "Downloading images", "bakeoff_core.datasets.download.worker", exclusive=False)
_TRAINING = {"names_model": True, "environment": YIELDING, "preload": DECODING}
FINETUNE = JobKind("finetune", "Fine-tuning", "bakeoff_core.finetuning.worker", **_TRAINING)
DRY_RUN = JobKind("trial", "Working out a cost", "bakeoff_core.finetuning.dry_run.worker", **_TRAINING)
COMPARISON = JobKind("compare", "Comparing", "bakeoff_core.finetuning.comparison.worker", **_TRAINING)
RANKING = JobKind("rank", "Ranking", "bakeoff_core.ranking.worker", **_TRAINING)

KINDS = {
    kind.key: kind
    for kind in (MEASURE, SEARCH, NAMES, ANATOMY, PATCHES, DOWNLOAD, FINETUNE, DRY_RUN, COMPARISON, RANKING)
}
"""Every kind by its key."""

TIMING = (MEASURE, SEARCH)
"""Kinds that time models, which other work would spoil."""
