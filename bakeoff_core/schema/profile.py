"""What was measured of a model: its setting, its rounds, its row, and doubts about it.

Conventions that hold everywhere:

- Base units with the unit in the name (`latency_p50_s`, `peak_memory_bytes`); counts are raw integers. Rounding and
  scaling happen only in `formatting`.
- `macs` are multiply-accumulates of one forward pass of **one** image. What papers and timm's tables call "FLOPs (G)"
  are these.
- Latency is the time of one forward pass of the whole batch; `throughput` is images a second.
- Unknown is `None` (null in a file, NaN in a frame), never 0, -1 or infinity.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from bakeoff_core.schema.candidate import DEPLOYMENT_COLUMNS, Deployment
from bakeoff_core.schema.checks import require_choice, require_count

SCHEMA_VERSION = 3
"""Version of the profile columns below. Raise it with every change to them, keep reading the older: 1 called the
deployment's columns `runtime`, `torch_version` and `dtype`, and the backend `pytorch-eager`; 1 and 2 had no
`latency_drift_sd`."""
MIN_PASSES = 64
"""Timed passes below which a p90 means little (MLPerf inference rules, query count for the 90th percentile)."""
P99_PASSES = 500
"""Timed passes below which no p99 is given: fewer than five samples would lie beyond it."""
DEVICES = ("cpu", "cuda")
DEVICE_CHOICES = ("auto", *DEVICES)
"""What can be asked for: `auto` is CUDA where torch can use it."""
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
"""Every warning a profile can carry; their words live in `reporting.text.warnings`."""


@dataclass(frozen=True)
class MeasurementWarning:
    """A doubt about one profile's numbers; a value, not a sentence."""

    code: str
    """One of `WARNING_CODES`."""
    value: float | None = None
    """The number behind it, in the unit its words in `reporting.text.warnings` state; `None` where there is none."""

    def __post_init__(self) -> None:
        if self.code not in WARNING_CODES:
            raise ValueError(f"`code` must be one of {', '.join(WARNING_CODES)}. Got {self.code!r}.")


@dataclass(frozen=True)
class Setting:
    """Where latencies were measured: one frontier shows one setting. What ran the model is its `Deployment`."""

    machine_id: str
    """Fingerprint of the hardware (see `system.machine`)."""
    device: str
    """`cpu` or `cuda`."""
    threads: int
    """Intra-op threads of the forward pass."""
    batch_size: int
    """Images in one forward pass."""

    def __post_init__(self) -> None:
        require_choice("device", self.device, DEVICES)
        require_count("threads", self.threads)
        require_count("batch_size", self.batch_size)


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
    """One candidate, a model at one image size in one deployment, in one setting: the row of the profile store."""

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
    backend: str
    """See `Deployment`."""
    backend_version: str
    """See `Deployment`."""
    precision: str
    """See `Deployment`."""
    timm_version: str
    """See `Deployment`."""

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
    """Bytes of parameters and buffers at `precision`: the size of the file to ship."""
    macs: int | None = None
    """Multiply-accumulates of one image, attention included."""

    latency_p50_s: float | None = None
    """Median over the rounds' medians (each round a fresh process)."""
    latency_p50_low_s: float | None = None
    """Lower end of the 95 % interval of the median, spread between processes included."""
    latency_p50_high_s: float | None = None
    """Upper end of the same interval."""
    latency_drift_sd: float | None = None
    """Standard deviation, as a share, by which the latencies of the whole setting move together from one measurement to
    the next; `None` until the job that measured it has ended, and in rows of older versions."""
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

    @property
    def deployment(self) -> Deployment:
        """What ran the model."""
        return Deployment(**{name: getattr(self, name) for name in DEPLOYMENT_COLUMNS})


SETTING_COLUMNS = tuple(f.name for f in dataclasses.fields(Setting))
"""Columns that make up a setting."""
GROUP_COLUMNS = (*SETTING_COLUMNS, *DEPLOYMENT_COLUMNS)
"""Columns that rows share which were measured alike."""
KEY_COLUMNS = ("model_name", "img_size", *GROUP_COLUMNS)
"""Columns that identify a profile: all that affects its numbers."""
PROFILE_COLUMNS = tuple(f.name for f in dataclasses.fields(Profile))
"""Every column of the store, in order."""
