"""Is a stability of 80 % right in 80 % of cases: `python -m benchmarks.stability_calibration [--machines N]`.

Simulated machines: models with a true latency, processes that are luckier than others, a speed that drifts, and on some
of them another program that comes and goes. Their clock is scripted; all else is the product's own: warm-up and
timing, waiting, repeating, further rounds, intervals, the decision and its stability. Each machine is measured many
times over. Wherever a measurement says how often its pick would be picked again, the other measurements tell how often
it was.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from bakeoff_core.profiling.patience import Patience
from bakeoff_core.profiling.progress import MeasuredModel
from bakeoff_core.profiling.request import PATIENCE_S, MeasureSpec, make_spec
from bakeoff_core.profiling.rows import share_spread
from bakeoff_core.profiling.session import Effort, MeasuringSession
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.profiling.timer import time_passes
from bakeoff_core.profiling.worker import further_rounds, measure_rounds
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import RULES, Limits
from bakeoff_core.schema.profile import Profile, Round
from bakeoff_core.search.further_rounds import contenders
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.stability import stability_of

SAID = {60: (50, 70), 80: (70, 88), 95: (88, 99)}
"""What is said, and the stabilities that count as saying it."""
WITHIN = 7.0
"""Percentage points that what is said may be off by."""
MODELS, CORES = 12, 2
QUESTIONS = 2
"""Limits that each machine is measured for."""
OVERHEAD_S = 0.7
"""Seconds that a round costs beside its passes."""
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Machine:
    """A machine whose clock moves with what it does."""

    latencies_s: np.ndarray
    """The truth, of each model."""
    luck_sd: float
    """Of a process, as a share of its model's latency."""
    noise_sd: float
    """Of a pass, likewise."""
    drift_sd: float
    """Of the machine's speed."""
    drift_s: float
    """Seconds over which that changes."""
    hog_duty: float
    """Share of the time in which another program has a core."""
    hog_s: float
    """Seconds for which it comes, on average."""
    random: np.random.Generator
    now: float = 0.0
    speed: float = 0.0
    """Logarithm of how much slower than usual it is now, the other program aside."""
    hog: bool = False
    _moved: float = 0.0
    _hog_until: float = 0.0

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        step = self.now - self._moved
        if step >= 0.2:
            kept = np.exp(-step / self.drift_s)
            self.speed = kept * self.speed + self.drift_sd * np.sqrt(1 - kept**2) * self.random.standard_normal()
            self._moved = self.now
        while self.hog_duty and self.now >= self._hog_until:
            self.hog = not self.hog
            mean = self.hog_s if self.hog else self.hog_s * (1 - self.hog_duty) / self.hog_duty
            self._hog_until += self.random.exponential(mean)

    def rest(self) -> None:
        """Let hours pass until somebody measures again."""
        self.speed = self.drift_sd * self.random.standard_normal()
        self.now += 10_000
        self._moved = self._hog_until = self.now
        self.hog = bool(self.random.random() < self.hog_duty)

    def load(self, seconds: float) -> float:
        """What others keep busy over so many seconds from now."""
        busy = 0.0
        for _ in range(10):
            busy += self.hog
            self.move(seconds / 10)
        return busy / 10


def random_machine(seed: int) -> Machine:
    """Draw a machine: quiet or restless, half of them with another program at times."""
    random = np.random.default_rng(seed)
    return Machine(
        latencies_s=np.exp(random.uniform(np.log(0.004), np.log(0.08), MODELS)),
        luck_sd=random.uniform(0.01, 0.12),
        noise_sd=random.uniform(0.01, 0.06),
        drift_sd=random.uniform(0.0, 0.05),
        drift_s=random.uniform(5, 300),
        hog_duty=random.choice([0.0, 0.0, 0.2, 0.5]),
        hog_s=random.uniform(1, 20),
        random=random,
    )


class SimulatedSession(MeasuringSession):
    """The product's way of measuring, on a simulated machine and without a store."""

    def __init__(self, spec: MeasureSpec, machine: Machine) -> None:
        self.spec, self._machine = spec, machine

    def keep(self, entries: Sequence[MeasuredModel]) -> None:
        """Keep nothing."""

    def _round(self, profile: Profile, effort: Effort | None = None) -> tuple[Round, None]:
        machine, random = self._machine, self._machine.random
        machine.move(OVERHEAD_S)
        usual = machine.latencies_s[int(profile.model_name[1:])] * np.exp(machine.luck_sd * random.standard_normal())
        noise = itertools.cycle(np.exp(machine.noise_sd * np.abs(random.standard_normal(64))).tolist())
        busy = [0.0, 0.0]

        def step() -> None:
            seconds = usual * np.exp(machine.speed) * next(noise) * (1.9 if machine.hog else 1.0)
            busy[0] += seconds * machine.hog
            busy[1] += seconds
            machine.move(seconds)

        def begin() -> None:
            busy[:] = [0.0, 0.0]

        timed = time_passes(
            step,
            min_passes=-(-self.spec.passes // self.spec.rounds),
            min_seconds=self.spec.min_seconds,
            cap_s=self.spec.cap_s,
            clock=lambda: machine.now,
            on_start=begin,
        )
        moment = (START + timedelta(seconds=machine.now)).isoformat(timespec="seconds").replace("+00:00", "Z")
        outside = 0.95 * busy[0] / busy[1]
        measured = Round(timed.times_s, timed.warmup_passes, timed.steady, timed.capped, outside, 0.0, 1, moment)
        return measured, None


class Silence:
    """A job's progress, told to nobody."""

    def __init__(self, machine: Machine | None = None) -> None:
        self._machine = machine
        self._began = self.seconds_spent = 0.0
        self._seconds: dict[str, float] = {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None

    def starting(self, *_: object) -> None:
        """Look at the clock."""
        self._began = self._machine.now

    def finished(self, entry: MeasuredModel) -> float:
        """Seconds that the round took."""
        self._seconds[entry.profile.model_name] = seconds = self._machine.now - self._began
        self.seconds_spent += seconds
        return seconds

    def seconds_of(self, entry: MeasuredModel) -> float:
        """Seconds that its last round took."""
        return self._seconds[entry.profile.model_name]


def measured(machine: Machine, limits: Limits, rule: str, accuracy: np.ndarray) -> pd.DataFrame:
    """Measure a machine once, as a job does that knows what is asked; returns its candidates."""
    machine.rest()
    spec = make_spec([f"m{at}" for at in range(MODELS)], patience_s=PATIENCE_S, threads=CORES)
    session = SimulatedSession(spec, machine)
    heard = {"load": machine.load, "usage": Silence, "clock": lambda: machine.now}
    patience = Patience(PATIENCE_S, cores=CORES, threads=CORES, **heard)
    entries = [MeasuredModel(replace(_BLANK, model_name=name), spec.rounds) for name in spec.models]
    progress = Silence(machine)

    def candidates(profiles: Sequence[Profile]) -> pd.DataFrame:
        return to_frame(share_spread(profiles)).assign(top1=accuracy, top1_low=np.nan, top1_high=np.nan)

    def contested(profiles: Sequence[Profile]) -> Sequence[CandidateRef]:
        return contenders(candidates(profiles), limits, rule, "latency")

    measure_rounds(session, entries, patience, progress, lambda: False)
    further_rounds(session, entries, contested, patience, progress, lambda: False)
    return candidates([entry.profile for entry in entries])


_BLANK = Profile(
    *("", 224, "simulated", "cpu", CORES, 1, "pytorch", "2", "float32", "1", "simulated", "none", CORES),
    **{"memory_bytes": None, "gpu_name": None, "os_name": "none", "python_version": "3", "param_count": 1, "macs": 1},
)


def outcomes_of(seed: int, measurements: int) -> list[tuple[float, float]]:
    """Measure one machine many times; returns what each decision said, and what came of it, both in percent."""
    machine = random_machine(seed)
    accuracy = np.sort(machine.random.uniform(65, 85, MODELS))[np.argsort(np.argsort(machine.latencies_s))]
    accuracy += machine.random.normal(0, 1.5, MODELS)
    found = []
    for _ in range(QUESTIONS):
        budget = float(np.exp(machine.random.uniform(np.log(0.005), np.log(0.07))))
        floor = float(machine.random.uniform(60, 80)) if machine.random.random() < 0.5 else None
        limits, rule = Limits(min_top1=floor, max_latency_s=budget), RULES[machine.random.integers(2)]
        said, picks = [], []
        for _ in range(measurements):
            table = measured(machine, limits, rule, accuracy)
            decision = decide(table, limits, rule=rule)
            said.append(stability_of(decision, table).share)
            picks.append(decision.pick.candidate if decision.pick else None)
        for at, (share, pick) in enumerate(zip(said, picks, strict=True)):
            others = picks[:at] + picks[at + 1 :]
            found.append((share, 100 * others.count(pick) / len(others)))
    return found


def main() -> int:
    """Print what came of what was said; the exit code is 0 where it is within `WITHIN` points."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machines", type=int, default=80)
    parser.add_argument("--measurements", type=int, default=16)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        jobs = pool.map(outcomes_of, range(arguments.machines), itertools.repeat(arguments.measurements))
        found = np.array(list(itertools.chain(*jobs)))
    good = True
    for said, (low, high) in SAID.items():
        rows = found[(found[:, 0] >= low) & (found[:, 0] < high)]
        meant, came = rows.mean(axis=0)
        good &= abs(came - meant) <= WITHIN
        print(f"said about {said} % ({len(rows)} decisions, {meant:.1f} % on average): the same pick in {came:.1f} %")
    sure = found[found[:, 0] >= 99]
    print(f"said 99 % or more ({len(sure)} decisions): the same pick in {sure[:, 1].mean():.1f} %")
    print(f"target: within {WITHIN:g} points, {'reached' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
