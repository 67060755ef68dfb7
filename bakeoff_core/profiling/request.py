"""What to measure, how long it will take, and the start of the job; the pages' and the command line's common way in.

Not covered: the measuring itself (see `profiling.worker`, which runs in a process of its own).
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import pandas as pd

from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import start_job, stop_what_gives_way
from bakeoff_core.jobs.records import Job
from bakeoff_core.schema.candidate import PRECISIONS, PYTORCH, CandidateRef, Deployment, candidate_refs
from bakeoff_core.schema.checks import require_choice, require_count, require_unicode
from bakeoff_core.schema.decision import COST_COLUMNS, RULES, Limits
from bakeoff_core.schema.profile import DEVICE_CHOICES, Setting
from bakeoff_core.system.machine import this_machine, usable_cores

MIN_SECONDS = 0.5
"""Seconds of timing a round at least, so that quick models get more passes than slow ones."""
FURTHER_SHARE = 0.05
"""Of the time that the rounds of all models took, what is spent on further ones where nobody says: about what shorter
rounds save of the default shortlist."""
MAX_FURTHER_S = 86_400.0
MAX_IMG_SIZE = 4096
MAX_BATCH_SIZE = 4096
MAX_THREADS = 512
MAX_MODELS = 2000

PATIENCE_S = 120.0
PATIENCE_VARIABLE = "BAKEOFF_PATIENCE_S"
"""Environment variable that sets another default, for a machine that is never quiet."""
MAX_PATIENCE_S = 86_400.0

START_UP_S = 6.0
"""Seconds until the fork server has torch and timm loaded, on a laptop."""
ROUND_OVERHEAD_S = 0.7
"""Seconds a round costs beside its passes: creating the model, counting it, saving the row."""
WARM_UP_PASSES = 8
"""Passes of a usual warm-up."""
FALLBACK_MACS_PER_SECOND = 5e10
"""Multiply-accumulates a second of a laptop's processor, until this machine has been measured."""


def default_patience_s() -> float:
    """Return the seconds that a job waits for a quiet machine where nobody says; other words are passed over."""
    try:
        seconds = float(os.environ.get(PATIENCE_VARIABLE, PATIENCE_S))
    except ValueError:
        return PATIENCE_S
    return seconds if 0 <= seconds <= MAX_PATIENCE_S else PATIENCE_S


@dataclass(frozen=True)
class MeasureSpec:
    """What a measuring job was asked to do; the `spec` of its `spec.json`."""

    models: tuple[str, ...]
    """Names as the user gave them; a plain architecture means timm's default tag."""
    img_size: int | None = None
    """Input size; `None` measures each model at its own."""
    batch_size: int = 1
    """Images in a pass."""
    threads: int | None = None
    """Intra-op threads; `None` takes every core this process may use."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: CUDA where torch can use it."""
    dtype: str = "float32"
    """One of `PRECISIONS`."""
    rounds: int = 2
    """Fresh processes a model."""
    passes: int = 64
    """Timed passes a model at least, shared between its rounds."""
    min_seconds: float = MIN_SECONDS
    """Seconds of timing a round at least; 0 makes exactly `passes`."""
    cap_s: float = 60.0
    """Seconds of timing a round at most."""
    force: bool = False
    """Measure again what is cached."""
    patience_s: float = field(default_factory=default_patience_s)
    """Seconds to wait at most, all in all, for other programs to leave the machine alone; 0 never waits."""
    further_s: float | None = None
    """Seconds at most for further rounds of the models that decide; 0 makes none, `None` takes `FURTHER_SHARE`."""
    limits: Limits = Limits()
    """What the pick must clear: it tells which models decide, as the next two do. Without any the frontier decides."""
    rule: str = RULES[0]
    """One of `schema.decision.RULES`."""
    cost: str = "latency"
    """Key of `schema.decision.COST_COLUMNS`."""


@dataclass(frozen=True)
class MeasuringEstimate:
    """How long a job will take, before it is started."""

    seconds: float
    """Expected wall time, start-up included."""
    measured_share: float
    """Share of the models whose time is known from this machine rather than guessed from MACs."""


def make_spec(models: Sequence[str], **options: object) -> MeasureSpec:
    """Check what a user asked for and return the job's spec.

    Args:
        models: Names; duplicates are dropped, the order is kept.
        **options: Fields of `MeasureSpec`.

    Raises:
        ValueError: Something is out of range; the words say what must hold.
    """
    names = tuple(dict.fromkeys(name.strip() for name in models if name.strip()))
    if not 1 <= len(names) <= MAX_MODELS:
        raise ValueError(f"`models` must name 1 to {MAX_MODELS} models. Got {len(names)}.")
    require_unicode("models", ", ".join(names))
    spec = MeasureSpec(models=names, **options)  # type: ignore[arg-type]
    _require_within("batch_size", spec.batch_size, MAX_BATCH_SIZE)
    _require_within("rounds", spec.rounds, 20)
    _require_within("passes", spec.passes, 100_000)
    if spec.img_size is not None:
        _require_within("img_size", spec.img_size, MAX_IMG_SIZE)
    if spec.threads is not None:
        _require_within("threads", spec.threads, MAX_THREADS)
    if not 0 <= spec.min_seconds < math.inf:
        raise ValueError(f"`min_seconds` must be a number of seconds, not negative. Got {spec.min_seconds}.")
    if not 0 < spec.cap_s < math.inf:
        raise ValueError(f"`cap_s` must be a number of seconds greater than 0. Got {spec.cap_s}.")
    if not 0 <= spec.patience_s <= MAX_PATIENCE_S:
        raise ValueError(f"`patience_s` must be 0 to {MAX_PATIENCE_S:.0f} seconds. Got {spec.patience_s}.")
    if spec.further_s is not None and not 0 <= spec.further_s <= MAX_FURTHER_S:
        raise ValueError(f"`further_s` must be 0 to {MAX_FURTHER_S:.0f} seconds. Got {spec.further_s}.")
    require_choice("rule", spec.rule, RULES)
    require_choice("cost", spec.cost, tuple(COST_COLUMNS))
    require_choice("device", spec.device, DEVICE_CHOICES)
    require_choice("dtype", spec.dtype, PRECISIONS)
    return spec


def start_measuring(spec: MeasureSpec) -> Job:
    """Start the measuring job, and stop the jobs that would spoil it and can be done any time (`jobs.kinds`).

    Raises:
        BusyError: Another job measures on this machine.
        NoSpaceError: The disk is full.
    """
    job = start_job(kinds.MEASURE, asdict(spec))
    stop_what_gives_way()
    return job


def start_listing() -> Job:
    """Start the job that lists timm's names for this version of timm; it measures nothing.

    Raises:
        NoSpaceError: The disk is full.
    """
    return start_job(kinds.NAMES, asdict(MeasureSpec(models=(), device="cpu")))


def deployment_of(spec: MeasureSpec) -> Deployment:
    """Return what runs the models of a job on this machine."""
    machine = this_machine()
    return Deployment(PYTORCH, machine.torch_version, spec.dtype, machine.timm_version)


def repeating(
    rows: Sequence[CandidateRef], setting: Setting, deployment: Deployment, names: TimmModels | None
) -> MeasureSpec | None:
    """Return the job that measures rows of this machine again, in their setting.

    A job has one size for all, or each model's own: of several sizes the one of most rows comes first, and the others
    are there to be measured after it.

    Args:
        rows: What to measure; none make no job.
        setting: Theirs.
        deployment: Theirs.
        names: timm's names, for each model's own size; `None` if not known yet.

    Returns:
        `None` where that can't be done as things are: PyTorch or timm has another version by now, or the rows came from
        a file and say what cannot be asked for.
    """
    own = {ref: names.find(ref.model_name) if names else None for ref in rows}
    sizes = {ref: None if model and model.img_size == ref.img_size else ref.img_size for ref, model in own.items()}
    if not sizes:
        return None
    size, _ = Counter(sizes.values()).most_common(1)[0]
    try:
        spec = make_spec(
            [ref.model_name for ref in rows if sizes[ref] == size],
            img_size=size,
            batch_size=setting.batch_size,
            threads=setting.threads,
            device=setting.device,
            dtype=deployment.precision,
            force=True,
        )
    except ValueError:
        return None
    return spec if deployment_of(spec) == deployment else None


def pending(spec: MeasureSpec, measured: pd.DataFrame, names: TimmModels | None) -> MeasureSpec:
    """Return the spec without the models that are cached in its setting, and so will not be measured again.

    Args:
        spec: The job; with `force` all of it is pending.
        measured: Profiles of this machine, columns as `schema.profile.PROFILE_COLUMNS`.
        names: timm's names, to tell what a plain name means and each model's own size; `None` if not known yet.
    """
    if spec.force:
        return spec
    deployment = deployment_of(spec)
    rows = measured[
        (measured["batch_size"] == spec.batch_size)
        & (measured["threads"] == (spec.threads or usable_cores()))
        & (measured["device"].eq(spec.device) | (spec.device == "auto"))
        & measured["error"].isna()
        & (measured["round_count"] >= spec.rounds)
    ]
    cached = set(candidate_refs(rows))
    left = []
    for name in spec.models:
        model = names.find(name) if names else None
        known_as = model.model_name if model else name
        size = spec.img_size or (model.img_size if model else None)
        if CandidateRef(known_as, size, deployment) not in cached:
            left.append(name)
    return replace(spec, models=tuple(left))


def estimate(spec: MeasureSpec, catalogue: pd.DataFrame, measured: pd.DataFrame) -> MeasuringEstimate:
    """Estimate how long a job will take.

    A model measured before on this machine, whatever the setting, takes its own latency; another takes its MACs over
    the speed that this machine showed so far. Where the job asks for an image size, both are scaled by the area.

    Args:
        spec: The job.
        catalogue: As `catalogue.accuracies.read_catalogue` returns it.
        measured: Profiles of this machine, columns as `schema.profile.PROFILE_COLUMNS`.
    """
    known = measured.dropna(subset=["latency_p50_s"])
    per_image = _at_size(known["latency_p50_s"] / known["batch_size"], known["img_size"], spec.img_size)
    per_image = per_image.groupby(known["model_name"]).median()
    speed = (known["macs"] * known["batch_size"] / known["latency_p50_s"]).median()
    scaled = catalogue.assign(
        macs=_at_size(catalogue["macs"], catalogue["img_size"], spec.img_size),
        arch=catalogue["model_name"].str.partition(".")[0],
    )
    macs, macs_by_arch = (scaled.groupby(by)["macs"].min() for by in ("model_name", "arch"))
    seconds, found = START_UP_S, 0
    for name in spec.models:
        if name in per_image:
            latency, found = per_image[name], found + 1
        else:
            guess = macs.get(name, macs_by_arch.get(name.partition(".")[0], macs.median()))
            latency = guess / (speed if speed > 0 else FALLBACK_MACS_PER_SECOND)
        latency *= spec.batch_size
        timed = max(latency * spec.passes / spec.rounds, spec.min_seconds)
        seconds += spec.rounds * (min(timed, spec.cap_s) + WARM_UP_PASSES * latency + ROUND_OVERHEAD_S)
    return MeasuringEstimate(seconds, found / len(spec.models))


def _at_size(cost: pd.Series, measured_at: pd.Series, wanted: int | None) -> pd.Series:
    return cost if wanted is None else cost * (wanted / measured_at) ** 2


def _require_within(name: str, value: int, most: int) -> None:
    if require_count(name, value) > most:
        raise ValueError(f"`{name}` must be at most {most}. Got {value}.")
