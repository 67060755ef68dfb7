"""What the command line calls its options, for the texts that offer a command to type, and for the command line.

Not covered: what the options do (see `cli`).
"""

from __future__ import annotations

from typing import NamedTuple


class LimitOption(NamedTuple):
    """An option that sets a hard limit."""

    name: str
    """As it is typed."""
    unit: float
    """What one in the option's unit is in base units."""


LIMIT_OPTIONS = {
    "min_top1": LimitOption("--min-top1", 1),
    "max_latency_s": LimitOption("--max-latency-ms", 1e-3),
    "max_memory_bytes": LimitOption("--max-memory-mb", 1e6),
    "max_param_count": LimitOption("--max-params-m", 1e6),
}
"""The option of each of `schema.decision.LIMIT_COLUMNS`."""

_SHORTER = {"model_name": "--model", "learning_rate": "--lr"}
"""Options that are shorter than the field of the spec they fill."""


def option_of(field: str) -> str:
    """Return the option that fills a field of a spec: `"--train-on"` for `train_on`."""
    return _SHORTER.get(field) or f"--{field.replace('_', '-')}"
