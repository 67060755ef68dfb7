"""The data this product is made of: frozen records, their columns and the schema version.

Conventions that hold everywhere:

- Base units with the unit in the name (`latency_p50_s`, `peak_memory_bytes`); counts are
  raw integers. Rounding and scaling happen only in `formatting`.
- `macs` are multiply-accumulates of one forward pass of **one** image. What papers and
  timm's tables call "FLOPs (G)" are these.
- Latency is the time of one forward pass of the whole batch; `throughput` is images a second.
- Accuracies are percent, as published.
- Unknown is `None` (null in a file, NaN in a frame), never 0, -1 or infinity.

Not covered: reading, writing or judging any of it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

SCHEMA_VERSION = 1
"""Version of the profile columns below. Raise it with every change to them, keep reading the older."""

IMAGENET_VALIDATION_IMAGES = 50_000
"""Images behind a published ImageNet-1k top-1 (Russakovsky et al. 2015, arXiv:1409.0575)."""

MIN_PASSES = 64
"""Timed passes below which a p90 means little (MLPerf inference rules, query count for the 90th percentile)."""

P99_PASSES = 500
"""Timed passes below which no p99 is given: fewer than five samples would lie beyond it."""

DEVICES = ("cpu", "cuda")
DEVICE_CHOICES = ("auto", *DEVICES)
"""What can be asked for: `auto` is CUDA where torch can use it."""
DTYPES = ("float32", "bfloat16", "float16")
RUNTIMES = ("pytorch-eager",)
RULES = ("most-accurate", "cheapest")
"""How the pick is made: highest accuracy within the limits (default), or lowest cost that clears them."""

COST_COLUMNS = {
    "latency": "latency_p50_s",
    "macs": "macs",
    "params": "param_count",
    "memory": "peak_memory_bytes",
}
"""What "cheapest" may mean, and the column that holds it."""

WARNING_CODES = (
    "load",
    "throttled",
    "few_passes",
    "one_process",
    "process_spread",
    "noisy",
    "very_noisy",
    "unsteady",
    "drift",
    "outliers",
    "too_fast",
    "memory_unknown",
    "macs_unknown",
)
"""Every warning a profile can carry; their words live in `reporting.text.decision`."""


@dataclass(frozen=True)
class MeasurementWarning:
    """A doubt about one profile's numbers; a value, not a sentence."""

    code: str
    """One of `WARNING_CODES`."""
    value: float | None = None
    """The number behind it, in the unit its words in `reporting.text.decision` state; `None` where there is none."""

    def __post_init__(self) -> None:
        if self.code not in WARNING_CODES:
            raise ValueError(f"`code` must be one of {', '.join(WARNING_CODES)}. Got {self.code!r}.")


@dataclass(frozen=True)
class Setting:
    """All that must be equal before two latencies may be compared. One frontier shows one setting."""

    machine_id: str
    """Fingerprint of the hardware (see `system.machine`)."""
    device: str
    """`cpu` or `cuda`."""
    threads: int
    """Intra-op threads of the forward pass."""
    batch_size: int
    """Images in one forward pass."""
    dtype: str
    """Weights and input: `float32`, `bfloat16` or `float16`."""
    runtime: str
    """What executes the model; `pytorch-eager` for now."""
    torch_version: str
    """Version of the runtime, as installed."""
    timm_version: str
    """Version of the model code, as installed."""

    def __post_init__(self) -> None:
        require_choice("device", self.device, DEVICES)
        require_count("threads", self.threads)
        require_count("batch_size", self.batch_size)
        require_choice("dtype", self.dtype, DTYPES)


@dataclass(frozen=True)
class Round:
    """What one fresh process measured. Raw times are kept, so every statistic can be derived again."""

    times_s: tuple[float, ...]
    """Seconds of each timed pass, in order."""
    warmup_passes: int
    """Passes thrown away before timing began."""
    steady: bool
    """Whether the warm-up had settled when timing began."""
    capped: bool
    """Whether the time cap ended the round before all its passes were made."""
    outside_cores: float | None
    """Cores kept busy by other programs while timing, averaged; `None` where it cannot be read."""
    throttled_s: float | None
    """Seconds the container's CPU quota held the process back while timing; `None` where unknown."""
    peak_memory_bytes: int | None
    """Peak above the idle process (CPU: resident set; CUDA: allocator); `None` where unknown."""
    measured_at: str
    """When timing ended, ISO 8601 in UTC."""


@dataclass(frozen=True)
class Profile:
    """One model at one image size in one setting: the row of the profile store."""

    model_name: str
    """timm's `arch.tag`; an imported file may hold any text here."""
    img_size: int | None
    """Height and width of the input in pixels; `None` where a failure came before it was known."""

    machine_id: str
    """See `Setting`."""
    device: str
    """See `Setting`."""
    threads: int
    """See `Setting`."""
    batch_size: int
    """See `Setting`."""
    dtype: str
    """See `Setting`."""
    runtime: str
    """See `Setting`."""
    torch_version: str
    """See `Setting`."""
    timm_version: str
    """See `Setting`."""

    machine_name: str
    """The hardware in words, for people: "AMD EPYC 7763, 2 cores, 24 GiB"."""
    cpu_name: str
    """Processor model as the system reports it."""
    cpu_count: int
    """Cores this process may use (affinity and quota)."""
    memory_bytes: int | None
    """Main memory of the machine."""
    gpu_name: str | None
    """Accelerator, where there is one."""
    os_name: str
    """Operating system and release."""
    python_version: str
    """Python that ran it."""

    param_count: int | None = None
    """Weights of the model with its classifier; buffers not counted."""
    weight_bytes: int | None = None
    """Bytes of parameters and buffers at `dtype`: the size of the file to ship."""
    macs: int | None = None
    """Multiply-accumulates of one image, attention included."""

    latency_p50_s: float | None = None
    """Median over the rounds' medians (each round a fresh process)."""
    latency_p50_low_s: float | None = None
    """Lower end of the 95 % interval of the median, spread between processes included."""
    latency_p50_high_s: float | None = None
    """Upper end of the same interval."""
    latency_p90_s: float | None = None
    """90th percentile over all timed passes."""
    latency_p99_s: float | None = None
    """99th percentile; `None` under `P99_PASSES` passes."""
    latency_iqr_s: float | None = None
    """Interquartile range over all timed passes."""
    passes: int | None = None
    """Timed passes over all rounds."""
    round_count: int | None = None
    """Fresh processes that were timed."""
    throughput: float | None = None
    """Images a second: `batch_size` over `latency_p50_s`."""
    peak_memory_bytes: int | None = None
    """Largest over the rounds; see `Round`."""

    warnings: tuple[MeasurementWarning, ...] = ()
    """Doubts about the numbers."""
    error: str | None = None
    """Why the model could not be measured; its numbers are then partly or wholly `None`."""
    measured_at: str | None = None
    """When the last round ended (or failed), ISO 8601 in UTC."""
    rounds: tuple[Round, ...] = field(default=(), repr=False)
    """The raw material; left out of JSON output."""

    @property
    def setting(self) -> Setting:
        """The setting this row was measured in."""
        return Setting(**{name: getattr(self, name) for name in SETTING_COLUMNS})


SETTING_COLUMNS = tuple(f.name for f in dataclasses.fields(Setting))
"""Columns that make up a setting."""

KEY_COLUMNS = ("model_name", "img_size", *SETTING_COLUMNS)
"""Columns that identify a profile: all that affects its numbers."""

PROFILE_COLUMNS = tuple(f.name for f in dataclasses.fields(Profile))
"""Every column of the store, in order."""

ACCURACY_COLUMNS = ("top1", "top1_low", "top1_high", "top5", "family", "recipe", "accuracy_source")
"""Columns that the catalogue, or fine-tuning runs and rankings in its place, add to profiles to make candidates.

`top1_low` and `top1_high` bound the sampling error of the images the accuracy was measured on; `recipe` is the class of
recipe that the published weights were trained by (see `catalogue.pretraining`).
"""


@dataclass(frozen=True)
class AccuracySource:
    """What the accuracies of a table are of. One table holds one source's; nothing crosses from one to another."""

    key: str
    """Its name in links, in reports and on the command line: `imagenet`, `elpv-1a2b3c4d`, `elpv-1a2b3c4d-ranked`."""
    name: str
    """The images in few words, for sentences; comes from a folder's name at times, so it can be any text."""
    title: str
    """The name with where the accuracies come from, for lists to choose from."""
    test_images: int
    """Images the accuracies were measured on."""
    content_key: str | None = None
    """Identifies the images and their splits; `None` for published accuracy."""
    model_count: int | None = None
    """Models, at one size each, that have an accuracy; `None` where nobody counted."""
    meaning: str = ""
    """What the images are and what an accuracy on them tells, in a sentence or two; empty where the name says it."""
    train_on: str | None = None
    """What the linear probes of ranked models learned from, `train` or `train+val`; `None` for every other accuracy."""

    @property
    def is_imagenet(self) -> bool:
        """Whether they are of ImageNet's own validation images, which is what "top-1" without more words means."""
        return self.key == IMAGENET.key

    @property
    def is_published(self) -> bool:
        """Whether others measured the accuracies; else they are those of runs that finished here."""
        return self.content_key is None

    @property
    def is_ranked(self) -> bool:
        """Whether they are those of linear probes on frozen features, measured here, and not of fine-tuned models."""
        return self.train_on is not None


IMAGENET = AccuracySource("imagenet", "ImageNet", "ImageNet top-1, published", IMAGENET_VALIDATION_IMAGES)
"""What the catalogue holds."""

FRONTIER_COLUMNS = ("non_dominated", "dominated_by")
"""Columns that `selection.pareto.annotate` adds: whether nothing beats the row (null: it has no place on these axes),
and the label (see `candidate_label`) of one candidate that dominates it (null: none does)."""


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
    """One of `DTYPES`."""
    rounds: int = 2
    """Fresh processes a model."""
    passes: int = 64
    """Timed passes a model at least, shared between its rounds."""
    min_seconds: float = 1.0
    """Seconds of timing a round at least; 0 makes exactly `passes`."""
    cap_s: float = 60.0
    """Seconds of timing a round at most."""
    force: bool = False
    """Measure again what is cached."""


@dataclass(frozen=True)
class Limits:
    """The hard limits of a decision. `None` sets no limit. A value equal to its limit clears it."""

    min_top1: float | None = None
    """Lowest acceptable accuracy in percent."""
    max_latency_s: float | None = None
    """Highest acceptable median latency in seconds."""
    max_memory_bytes: int | None = None
    """Highest acceptable peak memory in bytes."""
    max_param_count: int | None = None
    """Highest acceptable number of parameters."""

    def __post_init__(self) -> None:
        if self.min_top1 is not None and not 0 <= self.min_top1 <= 100:
            raise ValueError(f"`min_top1` must be a percentage from 0 to 100. Got {self.min_top1:g}.")
        for name in ("max_latency_s", "max_memory_bytes", "max_param_count"):
            value = getattr(self, name)
            if value is not None and (math.isnan(value) or value <= 0):
                raise ValueError(f"`{name}` must be greater than 0. Got {value:g}.")


LIMIT_COLUMNS = {
    "min_top1": "top1",
    "max_latency_s": "latency_p50_s",
    "max_memory_bytes": "peak_memory_bytes",
    "max_param_count": "param_count",
}
"""Each limit and the column it bounds, in the order they are checked and named."""


@dataclass(frozen=True)
class CandidateRef:
    """One candidate: a model at an image size."""

    model_name: str
    img_size: int | None
    """`None` where a failure came before it was known."""


@dataclass(frozen=True)
class Tie:
    """The best candidates cannot be told apart by what was measured."""

    rivals: tuple[CandidateRef, ...]
    """Everyone tied with the choice, best first; the choice itself is not listed. Empty only under `limit`:
    measured again, the choice might not fit, and nobody else does."""
    measure: str
    """What overlaps: `accuracy` (sampling intervals of top-1), a key of `COST_COLUMNS` (equal or
    overlapping cost), or `limit` (a rival or the choice lies within its own interval of the latency budget)."""
    broken_on: str
    """Column whose plain value decided, e.g. `top1` or `latency_p50_s`; `model_name` as a last resort."""


@dataclass(frozen=True)
class Choice:
    """One answer, and what a reviewer asks about it."""

    candidate: CandidateRef
    """The answer."""
    runner_up: CandidateRef | None
    """Who would be chosen if the answer were withdrawn; `None` when nobody else clears the limits."""
    tie: Tie | None
    """Set when the answer is not separated from its rivals by more than the noise."""


@dataclass(frozen=True)
class Relaxation:
    """The smallest change of one limit, the others kept, that admits a candidate."""

    limit: str
    """Key of `LIMIT_COLUMNS`."""
    given: float
    """The limit as it stands."""
    needed: float
    """The value that would admit `candidate`."""
    candidate: CandidateRef
    """Who would come in (the best one under the rule, if several would)."""


@dataclass(frozen=True)
class Rejection:
    """Why a candidate is not the pick's competitor."""

    candidate: CandidateRef
    """Who."""
    failed_limits: tuple[str, ...] = ()
    """Keys of `LIMIT_COLUMNS` it does not clear; a limited number that is unknown counts as not cleared."""
    unknown_columns: tuple[str, ...] = ()
    """Columns a limit, the cost or the accuracy needs and that are null."""
    error: str | None = None
    """Why it could not be measured."""


@dataclass(frozen=True)
class Decision:
    """What follows from candidates, limits and a rule. A decision without a pick is a result, not an error."""

    limits: Limits
    """What was asked."""
    rule: str
    """One of `RULES`: which of the two answers is the pick."""
    cost: str
    """Key of `COST_COLUMNS`: what "cheapest" means."""
    cheapest: Choice | None
    """Lowest cost among those clearing every limit."""
    most_accurate: Choice | None
    """Highest accuracy among those clearing every limit."""
    rejections: tuple[Rejection, ...]
    """Every candidate that does not clear the limits, in the order of the table."""
    blame: tuple[str, ...] = ()
    """Without a pick: the limits that on their own, or else together, exclude everyone."""
    relaxation: Relaxation | None = None
    """Without a pick: the smallest relaxation of one limit that admits a model; `None` if no single one does."""
    alternatives: tuple[Relaxation, ...] = ()
    """With a pick: for each limit the smallest relaxation that would change it, and to whom."""

    @property
    def pick(self) -> Choice | None:
        """The answer the rule calls for."""
        return self.cheapest if self.rule == "cheapest" else self.most_accurate


def candidate_label(model_name: str, img_size: int | None) -> str:
    """Return the name a candidate goes by where the size matters: `"resnet50.a1_in1k @ 224"`."""
    return model_name if img_size is None else f"{model_name} @ {img_size}"


def require_count(name: str, value: int) -> int:
    """Return `value` if it is a whole number of at least 1.

    Raises:
        ValueError: It is not; the words name the argument and what was given.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}` must be an integer >= 1. Got {value!r}.")
    return value


def require_choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return `value` if it is one of `choices`.

    Raises:
        ValueError: It is not; the words name the choices and what was given.
    """
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(choices)}. Got {value!r}.")
    return value
