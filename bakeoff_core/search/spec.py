"""What a search can be asked for, and how it measures. Not covered: what it chooses among (`search.narrowing`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bakeoff_core.catalogue.pretraining import MOST_FREQUENT, PRETRAINING_CLASSES
from bakeoff_core.profiling.request import (
    MAX_BATCH_SIZE,
    MAX_IMG_SIZE,
    MAX_PATIENCE_S,
    MAX_THREADS,
    MeasureSpec,
    default_patience_s,
)
from bakeoff_core.schema.accuracy import IMAGENET
from bakeoff_core.schema.candidate import PRECISIONS
from bakeoff_core.schema.checks import require_choice, require_count, require_unicode
from bakeoff_core.schema.decision import COST_COLUMNS, RULES, Limits
from bakeoff_core.schema.profile import DEVICE_CHOICES, MIN_PASSES

MINUTES = 10.0
MAX_MINUTES = 10_080.0
"""A week."""
PROCESSES = 3
"""Fresh processes of a model that matters, the one that screened it included."""
CAP_S = 20.0
"""Seconds of warm-up, and again of timing, of a full round at most: a slow model must not take all the time."""
MOST_NAMES = 200


@dataclass(frozen=True)
class SearchSpec:
    """What a search was asked to do; the `spec` of its `spec.json`."""

    minutes: float = MINUTES
    """Time for all of it, waiting included."""
    limits: Limits = Limits()
    """What the answer must clear."""
    rule: str = RULES[0]
    """One of `schema.decision.RULES`: how the pick is made."""
    cost: str = "latency"
    """Key of `schema.decision.COST_COLUMNS`: what "cheapest" means."""
    accuracy: str = IMAGENET.key
    """Key of the accuracy source; see `selection.accuracy_sources.list_sources`."""
    recipe: str | None = None
    """Recipe class of the weights, or `MOST_FREQUENT` for the one that most candidates are of; `None` for all."""
    families: tuple[str, ...] = ()
    """Families, as the catalogue calls them; none for all. Capital letters do not count."""
    licences: tuple[str, ...] = ()
    """Licences of the weights, likewise."""
    img_sizes: tuple[int, ...] = ()
    """Image sizes in pixels; none for all."""
    weights_here: bool = False
    """Whether only weights that are on this machine count."""
    batch_size: int = 1
    """Images in a pass."""
    threads: int | None = None
    """Intra-op threads; `None` takes every core this process may use."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: CUDA where torch can use it."""
    dtype: str = "float32"
    """One of `PRECISIONS`."""
    patience_s: float = field(default_factory=default_patience_s)
    """Seconds of it to wait at most for other programs to leave the machine alone; 0 never waits."""

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= MAX_MINUTES:  # also where it is not a number
            raise ValueError(f"`minutes` must be greater than 0, and at most {MAX_MINUTES:.0f}. Got {self.minutes}.")
        require_choice("rule", self.rule, RULES)
        require_choice("cost", self.cost, tuple(COST_COLUMNS))
        require_unicode("accuracy", self.accuracy)
        if self.recipe is not None:
            require_choice("recipe", self.recipe, (*PRETRAINING_CLASSES, MOST_FREQUENT))
        for name in ("families", "licences", "img_sizes"):
            values = getattr(self, name)
            if len(values) > MOST_NAMES:
                raise ValueError(f"`{name}` must name at most {MOST_NAMES}. Got {len(values)}.")
            for value in values:
                _require_within(name, value, MAX_IMG_SIZE) if name == "img_sizes" else require_unicode(name, value)
        _require_within("batch_size", self.batch_size, MAX_BATCH_SIZE)
        if self.threads is not None:
            _require_within("threads", self.threads, MAX_THREADS)
        require_choice("device", self.device, DEVICE_CHOICES)
        require_choice("dtype", self.dtype, PRECISIONS)
        if not (0 <= self.patience_s <= MAX_PATIENCE_S and math.isfinite(self.patience_s)):
            raise ValueError(f"`patience_s` must be 0 to {MAX_PATIENCE_S:.0f} seconds. Got {self.patience_s}.")

    @property
    def budget_s(self) -> float:
        """The time for all of it in seconds."""
        return self.minutes * 60.0


def narrowing_of(spec: SearchSpec) -> SearchSpec:
    """Return the spec with nothing but what a search is narrowed by, for whoever keeps what it chooses among."""
    names = ("accuracy", "recipe", "families", "licences", "img_sizes", "weights_here")
    return SearchSpec(**{name: getattr(spec, name) for name in names}, patience_s=0.0)


def measure_spec(spec: SearchSpec) -> MeasureSpec:
    """Return how a search measures models that matter in full: as a measuring job, in a process more.

    A screening takes the place of the first, so the others have the passes between them.
    """
    return MeasureSpec(
        models=(),
        batch_size=spec.batch_size,
        threads=spec.threads,
        device=spec.device,
        dtype=spec.dtype,
        rounds=PROCESSES,
        passes=PROCESSES * -(-MIN_PASSES // (PROCESSES - 1)),
        cap_s=CAP_S,
        patience_s=spec.patience_s,
    )


def _require_within(name: str, value: int, most: int) -> None:
    """Refuse what is no whole number from 1 to `most`.

    Raises:
        ValueError: It is none; the words name the argument and what was given.
    """
    if require_count(name, value) > most:
        raise ValueError(f"`{name}` must be at most {most}. Got {value}.")
