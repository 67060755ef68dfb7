"""A machine that is not there: a session that times models by a table, on a clock that it moves itself."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff_core.profiling.progress import MeasuredModel
from bakeoff_core.profiling.request import MeasureSpec
from bakeoff_core.profiling.rows import blank_profile, fold
from bakeoff_core.profiling.session import Effort
from bakeoff_core.profiling.store import write_profiles
from bakeoff_core.schema.profile import Profile
from bakeoff_core.system.paths import profiles_path
from tests.support.examples import make_round

OVERHEAD_S = 0.6
"""Seconds a round costs beside its passes."""
PROCESS_SD = 0.05
"""Of the log of a process's median."""


class ScriptedSession:
    """In place of `profiling.session.MeasuringSession`."""

    device = "cpu"

    def __init__(self, spec: MeasureSpec, latency_s: Callable[[str, int], float | None], seed: int = 0) -> None:
        """Begin at second 0.

        Args:
            spec: As for the real one.
            latency_s: The median of a model at a size; `None` where it can't be built.
            seed: Of the spread between processes.
        """
        self.spec, self.now_s = spec, 0.0
        self.order: list[tuple[str, int]] = []
        """Models and sizes in the order of their rounds."""
        self._latency_s, self._seed = latency_s, seed

    def clock(self) -> float:
        return self.now_s

    def entry(self, name: str, img_size: int | None = None) -> MeasuredModel:
        blank = blank_profile(name, self.spec, self.device)
        return MeasuredModel(Profile(**{**vars(blank), "img_size": img_size}), self.spec.rounds)

    def measure(self, entry: MeasuredModel, effort: Effort | None = None) -> None:
        profile = entry.profile
        self.order.append((profile.model_name, profile.img_size))
        latency = self._latency_s(profile.model_name, profile.img_size)
        if latency is None:
            self.now_s += OVERHEAD_S
            entry.profile = Profile(**{**vars(profile), "error": "It can't be built."})
            return
        passes, least = (effort.passes, effort.min_seconds) if effort else (32, self.spec.min_seconds)
        cap = effort.cap_s if effort else self.spec.cap_s
        luck = np.random.default_rng(zlib.crc32(f"{profile.model_name} {len(profile.rounds)} {self._seed}".encode()))
        latency *= float(np.exp(PROCESS_SD * luck.standard_normal()))
        made = max(1, min(max(passes, round(least / latency)), int(cap / latency)))
        warm_up = max(1, min(8, int(cap / latency)))
        self.now_s += OVERHEAD_S + latency * (made + warm_up)
        counts = {"param_count": 5_000_000, "weight_bytes": 20_000_000, "macs": 300_000_000}
        measured = make_round([latency] * made, peak_memory_bytes=100_000_000)
        entry.profile = fold(profile, measured, None if profile.param_count else counts)
        entry.rounds_left -= 1
        entry.measured_here = True

    def repeat(self, entry: MeasuredModel) -> None:
        raise AssertionError("Nothing disturbs a scripted machine.")

    def keep(self, entries: Iterable[MeasuredModel]) -> None:
        write_profiles(profiles_path(), [entry.profile for entry in entries])

    def share_spread(self, entries: Iterable[MeasuredModel]) -> None:
        return


class ScriptedReporter:
    """In place of `jobs.worker.Reporter`: keeps the last status, and the measurements."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.status, self.metrics = folder, {}, []

    def report(self, **fields: Any) -> None:
        self.status.update(fields)

    def metric(self, **fields: Any) -> None:
        self.metrics.append(fields)

    def go_on_requested(self) -> bool:
        return False
