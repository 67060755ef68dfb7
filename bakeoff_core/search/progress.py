"""What a search tells while it runs, and how much of its time is left. Not covered: the search (`search.worker`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bakeoff_core.jobs.worker import Reporter
from bakeoff_core.profiling.patience import Waiting
from bakeoff_core.profiling.progress import WAITING, note_round
from bakeoff_core.schema.decision import Relaxation
from bakeoff_core.schema.profile import Profile
from bakeoff_core.search.survey import Survey

LOADING, LOOKING = "Loading PyTorch and timm", "Working out what to measure next"
SCREENING, IN_FULL = "Screening", "Measuring in full what matters"
"""What a search is at, in its status."""


class SearchProgress:
    """What a search tells: the model in work, how many are settled, the chance that something better is left."""

    def __init__(self, reporter: Reporter, budget_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin; the time runs from now on.

        Args:
            reporter: The job's.
            budget_s: Seconds for all of it.
            clock: Monotonic seconds.
        """
        self._reporter, self._budget_s = reporter, budget_s
        self.clock = clock
        """Monotonic seconds."""
        self._began = clock()
        self._failures: list[dict[str, Any]] = []

    @property
    def left_s(self) -> float:
        """Seconds that are left, not below 0."""
        return max(0.0, self._budget_s - (self.clock() - self._began))

    def at(self, message: str, **fields: Any) -> None:
        """Report what the search is at; see `LOADING` and its like."""
        self._report(message=message, waiting=None, current=None, **fields)

    def waiting(self, waiting: Waiting) -> None:
        """Report that other programs have the machine, which, and how long the wait for them will be at most."""
        self._report(message=WAITING, waiting=asdict(waiting), current=None)

    def starting(self, profile: Profile, message: str) -> None:
        """Report that a round of a model begins; `message` is `SCREENING` or `IN_FULL`."""
        self._report(message=message, waiting=None, current=profile.model_name, img_size=profile.img_size)

    def finished(self, profile: Profile, survey: Survey, seconds: float) -> None:
        """Report that a round of a model ended, well or badly."""
        if profile.error:
            self._failures.append(
                {"model_name": profile.model_name, "img_size": profile.img_size, "error": profile.error}
            )
        note_round(self._reporter, profile, seconds)
        self.counted(survey)

    def counted(self, survey: Survey) -> None:
        """Report how many candidates are settled."""
        self._report(
            candidates=survey.candidates,
            measured=survey.measured_tags,
            failed=survey.failed_tags,
            done=survey.measured_tags,
            total=survey.candidates,
            failures=self._failures,
        )

    def ended(self, because: str, chance_better_left: float | None, relaxation: Relaxation | None) -> None:
        """Report why the search ended; see `search.records.STOPPED_BECAUSE`."""
        found = relaxation and {
            "limit": relaxation.limit,
            "given": relaxation.given,
            "needed": relaxation.needed,
            "model_name": relaxation.candidate.model_name,
            "img_size": relaxation.candidate.img_size,
        }
        self._report(
            stopped_because=because, chance_better_left=chance_better_left, relaxation=found, share=1.0, current=None
        )

    def _report(self, **fields: Any) -> None:
        elapsed = self.clock() - self._began
        self._reporter.report(
            **{
                "elapsed_s": elapsed,
                "time_left_s": self.left_s,
                "share": min(1.0, elapsed / self._budget_s),
                **fields,
            }
        )
