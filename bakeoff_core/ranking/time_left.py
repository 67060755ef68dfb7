"""How far a ranking is, and how long the rest of it will take.

Passes through a backbone take time in proportion to its MACs and to the images; judging takes each backbone the same.
Not covered: doing either (`ranking.worker`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from statistics import fmean
from typing import Any


def work_of(models: Collection[str], macs: Mapping[str, float | None]) -> dict[str, float]:
    """Return the work of an image for each model: its MACs, or the mean of the others' where they are unknown.

    Args:
        models: Names as they were asked for.
        macs: By those names; what is missing is unknown.
    """
    known = {name: float(count) for name in models if (count := macs.get(name)) is not None}
    usual = fmean(known.values()) if known else 1.0
    return {name: known.get(name, usual) for name in models}


class Pace:
    """What is done and left of a ranking, told as it goes."""

    def __init__(
        self,
        work: Mapping[str, float],
        images: int,
        finished: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            work: Of an image, by model.
            images: That every model has to see.
            finished: Models that have a result already.
            clock: Seconds.
        """
        self._work, self._images, self._clock = work, images, clock
        self._left = {name: 0 if name in finished else images for name in work}
        self._to_judge = {name for name in work if name not in finished}
        self._passed, self._pass_s = 0.0, 0.0
        self._last: tuple[float, int] | None = None
        self._judged: list[float] = []

    def begin_pass(self) -> None:
        """Note that a pass over images begins; it is timed from the first time that `seen` is told of it."""
        self._last = None

    def seen(self, name: str, images: int) -> None:
        """Note how many images a model has seen, those whose features were kept included."""
        now, left = self._clock(), self._images - images
        if self._last is not None:
            then, before = self._last
            self._pass_s += now - then
            self._passed += (before - left) * self._work[name]
        self._last = (now, left)
        self._left[name] = left

    def finish(self, name: str, judged_s: float | None) -> None:
        """Note that a model is done, and how long it took to judge it; `None` where it failed before."""
        self._left[name] = 0
        self._to_judge.discard(name)
        if judged_s is not None:
            self._judged.append(judged_s)

    def state(self) -> dict[str, Any]:
        """Return `done` and `total` in images over all models, and `time_left_s`, `None` until something was timed."""
        total, left = self._images * len(self._left), sum(self._left.values())
        seconds = None
        if self._passed:
            work = sum(images * self._work[name] for name, images in self._left.items())
            each = fmean(self._judged) if self._judged else 0.0
            seconds = work * self._pass_s / self._passed + each * len(self._to_judge)
        return {"done": total - left, "total": total, "time_left_s": seconds}
