"""The options that say how models are measured: `profile` and `search`."""

from __future__ import annotations

import argparse

from bakeoff_core.cli.options.limits import number
from bakeoff_core.schema.candidate import PRECISIONS
from bakeoff_core.schema.profile import DEVICE_CHOICES


def add_setting(parser: argparse.ArgumentParser) -> None:
    """Add batch size, threads, device and data type."""
    parser.add_argument("--batch-size", type=number(int), default=1, help="images in one forward pass (default 1)")
    parser.add_argument(
        "--threads", type=number(int), help="threads of one forward pass (default: every core this process may use)"
    )
    parser.add_argument("--device", choices=DEVICE_CHOICES, default="auto", help="where to measure (default auto)")
    parser.add_argument("--dtype", choices=PRECISIONS, default="float32", help="weights and input (default float32)")
