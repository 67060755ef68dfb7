"""Time the command line from its start to its end: a help text, and a pick among models that are measured.

    python -m benchmarks.command_line [--against DIR] [--models N] [--runs N]

With `--against`, another checkout runs the same commands in turn with this one, by the same Python and on the same
invented models, so that whatever else the machine does falls on both. Ends with exit code 1 when a command takes more
than its share of the other's time. Without it the times are printed and nothing is judged: seconds differ too much
between machines.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.jobs_here import own_home

HERE = Path(__file__).parents[1]
NOISE = 0.05
"""What a share may be above its target before it counts as more: medians of two equal checkouts differ by up to this
when something else runs on the machine."""


class Case(NamedTuple):
    """A command and how long it may take."""

    words: tuple[str, ...]
    """What follows `python -m bakeoff_core`."""
    share: float
    """Of the other checkout's time."""


CASES = (Case(("pick", "--help"), 0.6), Case(("pick", "--min-top1", "75"), 1.0))


def time_s(checkout: Path, words: Sequence[str]) -> float:
    """Return the seconds that a command takes in a checkout.

    Raises:
        RuntimeError: It did not end well.
    """
    began = time.perf_counter()
    run_in(checkout, ["-m", "bakeoff_core", *words])
    return time.perf_counter() - began


def run_in(checkout: Path, words: Sequence[str]) -> None:
    """Run Python in a checkout, which has a state folder of its own: versions may write files of other schemas.

    Raises:
        RuntimeError: It did not end well.
    """
    home = Path(os.environ["BAKEOFF_HOME"]) / hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    # Another checkout must never be found before the one that is asked.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"BAKEOFF_HOME": str(home)}
    done = subprocess.run([sys.executable, *words], cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(words)}` in {checkout} ended with {done.returncode}: {done.stderr.strip()}")


def medians_s(checkouts: Sequence[Path], words: Sequence[str], runs: int) -> list[float]:
    """Return the median time of a command in each checkout, who goes first changing from run to run.

    A first run of each is not counted: it may have to compile.
    """
    times: dict[int, list[float]] = {at: [] for at in range(len(checkouts))}
    for checkout in checkouts:
        time_s(checkout, words)
    for run in range(runs):
        for at in sorted(times, reverse=run % 2 == 1):
            times[at].append(time_s(checkouts[at], words))
    return [statistics.median(found) for found in times.values()]


def main() -> int:
    """Print one line a command and return the exit code."""
    parser = argparse.ArgumentParser(description="Time the command line.")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout of this product")
    parser.add_argument("--models", type=int, default=200, help="measured models to pick from")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    checkouts = [HERE, *([arguments.against.resolve()] if arguments.against else [])]
    met = True
    with own_home():
        fill = f"from benchmarks.invented import write_profiles_of; write_profiles_of({arguments.models})"
        for checkout in checkouts:
            run_in(checkout, ["-c", fill])
        print(f"{arguments.models} measured models, median of {arguments.runs} runs")
        for case in CASES:
            here_s, *there_s = medians_s(checkouts, case.words, arguments.runs)
            line = f"  {' '.join(case.words):<20} {here_s:.3f} s"
            for other_s in there_s:
                share = here_s / other_s
                is_met = share <= case.share + NOISE * (case.share >= 1)
                met = met and is_met
                line += f"   {share:.2f} of {other_s:.3f} s there, target {case.share}: {'met' if is_met else 'MISSED'}"
            print(line, flush=True)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
