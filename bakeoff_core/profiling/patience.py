"""Waiting until nothing else has the machine, for as long as the user has patience.

Not covered: whether a round that was timed was disturbed (`profiling.disturbance`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from bakeoff_core.profiling.disturbance import is_loaded
from bakeoff_core.system.machine import LoadMeter

LOOK_S = 0.05
"""Seconds of a look before a round: the system's counters tick in 10 ms, so it sees too much rather than too little."""
CLOSE_LOOK_S = 0.3
"""Seconds of the look that follows where the first saw something."""
WAIT_LOOK_S = 1.0
"""Seconds of a look while waiting: single spikes neither begin nor end a wait."""
PROGRAMS_NAMED = 3
LEAST_NAMED_CORES = 0.05
"""Cores below which a program is not named among the busy ones."""
NAME_CHARS = 40


@dataclass(frozen=True)
class BusyProgram:
    """A program that keeps cores busy."""

    name: str
    """As the system calls it; any printable text."""
    cores: float


@dataclass(frozen=True)
class Waiting:
    """What a wait for a quiet machine is at."""

    outside_cores: float
    """Kept busy by others at the last look."""
    programs: tuple[BusyProgram, ...]
    """The busiest of them, as far as they can be seen: another guest of the host has no name here."""
    left_s: float
    """Seconds that it will go on at most."""


class Patience:
    """Waits for a quiet machine, for so many seconds in all."""

    def __init__(
        self,
        seconds: float,
        *,
        cores: int,
        threads: int,
        load: Callable[[float], float | None] | None = None,
        usage: Callable[[], ProgramUsage] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with all of it.

        Args:
            seconds: To wait at most, all waits together; 0 never waits.
            cores: That this process may use.
            threads: That a pass uses.
            load: Returns the cores that others keep busy over so many seconds from now; `None` where that is unknown.
            usage: Begins to look at which programs use how many cores.
            clock: Monotonic seconds.
        """
        self.left_s = float(seconds)
        """Seconds that may still be waited."""
        self._cores, self._threads = cores, threads
        self._load, self._usage, self._clock = load or _load_over, usage or ProgramUsage, clock

    def wait(self, tell: Callable[[Waiting], None], go_on: Callable[[], bool] = lambda: False) -> float:
        """Wait until the machine is quiet, patience is at its end, or somebody says to go on.

        Args:
            tell: Told at the start of a wait and after each look.
            go_on: Asked at each look; what it says ends all waiting.

        Returns:
            The seconds waited; 0 where the machine was quiet at once.
        """
        began, had = self._clock(), self.left_s
        if had <= 0 or not self._is_loaded(self._load(LOOK_S)):
            return 0.0
        usage = self._usage()  # before the closer look, over which it counts
        if not self._is_loaded(outside := self._load(CLOSE_LOOK_S)):
            return 0.0
        while self._is_loaded(outside) and self.left_s > 0:
            if go_on():
                self.left_s = 0.0
                break
            tell(Waiting(outside or 0.0, usage.busiest(), self.left_s))
            outside = self._load(max(LOOK_S, min(WAIT_LOOK_S, self.left_s)))
            self.left_s = max(0.0, had - (self._clock() - began))
        return self._clock() - began

    def spend(self, seconds: float) -> None:
        """Take off what was spent on making a disturbed round again."""
        self.left_s = max(0.0, self.left_s - seconds)

    def _is_loaded(self, outside_cores: float | None) -> bool:
        return is_loaded(outside_cores, cores=self._cores, threads=self._threads)


class ProgramUsage:
    """Which programs use how many cores between two looks."""

    def __init__(self) -> None:
        self._before = self._seconds()
        self._at = time.monotonic()

    def busiest(self) -> tuple[BusyProgram, ...]:
        """Return the programs that were busiest since the last look, processes of one name together."""
        now, at = self._seconds(), time.monotonic()
        elapsed = max(at - self._at, 1e-6)
        cores: dict[str, float] = {}
        for key, (name, seconds) in now.items():
            used = seconds - self._before.get(key, (name, seconds))[1]
            cores[name] = cores.get(name, 0.0) + used / elapsed
        self._before, self._at = now, at
        ranked = sorted(cores.items(), key=lambda item: (-item[1], item[0]))
        return tuple(BusyProgram(name, used) for name, used in ranked[:PROGRAMS_NAMED] if used >= LEAST_NAMED_CORES)

    def _seconds(self) -> dict[tuple[int, float], tuple[str, float]]:
        """Name and CPU seconds of each process that can be seen, by its id and start."""
        found = {}
        for process in psutil.process_iter(["name", "cpu_times", "create_time"]):
            times = process.info["cpu_times"]
            if process.pid != os.getpid() and times is not None:
                name = "".join(char for char in process.info["name"] or "" if char.isprintable())[:NAME_CHARS]
                key = (process.pid, process.info["create_time"] or 0.0)
                found[key] = (name or "a program without a name", times.user + times.system)
        return found


def on_battery() -> bool:
    """Tell whether this is a laptop on battery, which slows many of them down."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, ValueError, RuntimeError):  # no such sensor, or one that psutil can't read
        return False
    return battery is not None and battery.power_plugged is False


def _load_over(seconds: float) -> float | None:
    meter = LoadMeter()
    time.sleep(seconds)
    return meter.outside_cores()
