"""What the command line calls its options, for the texts that offer a command to type, and for the command line.

Not covered: what the options do (see `cli`).
"""

from __future__ import annotations

LIMIT_OPTIONS = {
    "min_top1": "--min-top1",
    "max_latency_s": "--max-latency-ms",
    "max_memory_bytes": "--max-memory-mb",
    "max_param_count": "--max-params-m",
}
"""The option of each of `schema.decision.LIMIT_COLUMNS`; `schema.limits` has the unit and the range."""

_SHORTER = {"model_name": "--model", "learning_rate": "--lr"}
"""Options that are shorter than the field of the spec they fill."""


def option_of(field: str) -> str:
    """Return the option that fills a field of a spec: `"--train-on"` for `train_on`."""
    return _SHORTER.get(field) or f"--{field.replace('_', '-')}"
