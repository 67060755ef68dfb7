"""What the measuring job tells while it runs. Not covered: the measuring (`profiling.worker`)."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from bakeoff_core.jobs.worker import Reporter
from bakeoff_core.profiling.patience import Waiting
from bakeoff_core.schema.profile import Profile

MEASURING, AGAIN, WAITING = "Measuring", "Measuring again what was disturbed", "Waiting for a quiet machine"
FURTHER = "Measuring further what decides"
"""What a job is at, in its status."""


@dataclass
class MeasuredModel:
    """One model's way through the job."""

    profile: Profile
    """The row so far."""
    rounds_left: int
    """Rounds still to measure."""
    save_early: bool = True
    """Whether a row with fewer rounds than asked for may be saved; not over one that is complete."""
    measured_here: bool = False
    """Whether this job measured a round of it."""


def note_round(reporter: Reporter, profile: Profile, seconds: float) -> None:
    """Append to the job's measurements that a round of a model ended, well or badly, and the seconds it took."""
    reporter.metric(
        model_name=profile.model_name,
        img_size=profile.img_size,
        round=profile.round_count,
        latency_p50_s=profile.latency_p50_s,
        error=profile.error,
        seconds=seconds,
    )


class Progress:
    """What the job tells while it runs: the model in work, how far it is, the time left."""

    def __init__(self, reporter: Reporter, entries: list[MeasuredModel], began: float) -> None:
        self._reporter, self._entries, self._began = reporter, entries, began
        self._total = sum(e.rounds_left for e in entries)
        self._done = 0
        self._seconds: dict[int, float] = {}
        self.seconds_spent = 0.0
        """Seconds that the rounds of this job took, waiting aside."""
        self._cached = sum(e.profile.error is None and not e.rounds_left for e in entries)
        self._started = time.monotonic()

    def waiting(self, waiting: Waiting) -> None:
        """Report that other programs have the machine, which, and how long the wait for them will be at most."""
        self._reporter.report(
            message=WAITING,
            waiting=asdict(waiting),
            current=None,
            done=self._done,
            total=self._total,
            time_left_s=self._time_left(),
            elapsed_s=time.monotonic() - self._began,
        )

    def starting(self, entry: MeasuredModel, message: str = MEASURING) -> None:
        """Report that a round of this model begins; `message` is `MEASURING`, `AGAIN` or `FURTHER`."""
        self._started = time.monotonic()
        if message != MEASURING:
            self._total += 1
        self._reporter.report(
            message=message,
            waiting=None,
            current=entry.profile.model_name,
            img_size=entry.profile.img_size,
            done=self._done,
            total=self._total,
            time_left_s=self._time_left(),
            elapsed_s=time.monotonic() - self._began,
            failures=self._failures(),
        )

    def finished(self, entry: MeasuredModel) -> float:
        """Report that a round of this model ended, well or badly; returns the seconds it took."""
        seconds = time.monotonic() - self._started
        self._seconds[id(entry)] = seconds
        self.seconds_spent += seconds
        self._done += 1
        if entry.profile.error:  # its further rounds fall away; the failed one was made and counts
            self._total -= entry.rounds_left - 1
            entry.rounds_left = 0
        note_round(self._reporter, entry.profile, seconds)
        self._reporter.report(done=self._done, total=self._total, time_left_s=self._time_left())
        return seconds

    def seconds_of(self, entry: MeasuredModel) -> float:
        """Return what the last round of this model took in this job, or what rounds took on average."""
        seconds = self._seconds or {0: 0.0}
        return self._seconds.get(id(entry), sum(seconds.values()) / len(seconds))

    def ended(self) -> str:
        """Report what was measured, and return in words how many models were measured, cached, failed."""
        failed = self._failures()
        measured = len(self._entries) - self._cached - len(failed)
        counted = ((measured, "measured"), (self._cached, "already cached"), (len(failed), "failed"))
        self._reporter.report(failures=failed, elapsed_s=time.monotonic() - self._began, rows=self._keys())
        outcome = ", ".join(f"{n} {what}" for n, what in counted if n) or "timm's names are listed"
        return f"{outcome}."

    def _keys(self) -> list[list[Any]]:
        profiles = [entry.profile for entry in self._entries]
        return [[p.model_name, p.img_size, asdict(p.setting) | asdict(p.deployment)] for p in profiles]

    def _failures(self) -> list[dict[str, str]]:
        return [
            {"model_name": e.profile.model_name, "error": e.profile.error} for e in self._entries if e.profile.error
        ]

    def _time_left(self) -> float | None:
        """Rounds still to come, each at its model's own last time, or at the mean so far."""
        if not self._seconds:
            return None
        mean = sum(self._seconds.values()) / len(self._seconds)
        return sum(e.rounds_left * self._seconds.get(id(e), mean) for e in self._entries)
