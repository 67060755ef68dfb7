"""Waiting for a quiet machine, by a scripted clock and a scripted load."""

from collections.abc import Callable, Iterator

import psutil
import pytest

from bakeoff_core.profiling import patience
from bakeoff_core.profiling.patience import Patience, ProgramUsage, Waiting, on_battery


class Machine:
    """A clock that only looks at the load move, and what they see."""

    def __init__(self, *loads: float | None) -> None:
        self.now, self._loads = 0.0, iter([*loads])

    def load(self, seconds: float) -> float | None:
        self.now += seconds
        return next(self._loads)

    def patience(self, seconds: float) -> Patience:
        return Patience(seconds, cores=2, threads=2, load=self.load, clock=lambda: self.now)


def test_a_quiet_machine_is_looked_at_once_and_costs_a_twentieth_of_a_second() -> None:
    machine, told = Machine(0.1), []
    waiter = machine.patience(120)
    assert waiter.wait(told.append) == 0
    assert (machine.now, waiter.left_s, told) == (0.05, 120, [])


def test_a_spike_that_is_gone_at_the_second_look_is_no_reason_to_wait() -> None:
    machine, told = Machine(1.9, 0.0), []
    waiter = machine.patience(120)
    assert waiter.wait(told.append) == 0
    assert (waiter.left_s, told) == (120, [])


def test_a_load_that_cannot_be_read_is_not_waited_for() -> None:
    assert Machine(None).patience(10).wait(lambda waiting: None) == 0


def test_it_waits_until_the_others_are_done_and_says_how_long_at_most() -> None:
    machine, told = Machine(1.0, 1.2, 0.9, 0.1), []
    waiter = machine.patience(120)
    waited = waiter.wait(told.append)
    assert waited == pytest.approx(2.35)
    assert waiter.left_s == pytest.approx(120 - 2.35)
    assert [(w.outside_cores, round(w.left_s, 2)) for w in told] == [(1.2, 120), (0.9, 118.65)]


def test_all_waits_together_take_no_longer_than_patience_lasts() -> None:
    machine, told = Machine(*[1.0] * 100), []
    waiter = machine.patience(3)
    assert waiter.wait(told.append) == pytest.approx(3.0)
    before = machine.now
    assert waiter.wait(told.append) == 0
    assert machine.now == before
    assert waiter.left_s == 0


def test_without_patience_nobody_even_looks() -> None:
    assert Machine().patience(0).wait(lambda waiting: None) == 0


def test_who_is_told_to_go_on_waits_no_more_at_all() -> None:
    machine = Machine(*[1.0] * 10)
    waiter = machine.patience(60)
    answers: Iterator[bool] = iter([False, True])
    told: list[Waiting] = []
    waiter.wait(told.append, lambda: next(answers))
    assert len(told) == 1
    assert waiter.left_s == 0


def test_making_rounds_again_takes_from_it_too() -> None:
    waiter = Machine().patience(10)
    waiter.spend(4)
    waiter.spend(7)
    assert waiter.left_s == 0


def _processes(seconds: dict[tuple[int, str], float]) -> Callable[[list[str]], Iterator[psutil.Process]]:
    def listed(attributes: list[str]) -> Iterator[object]:
        for (pid, name), used in seconds.items():
            times = type("Times", (), {"user": used, "system": 0.0})()
            info = {"name": name, "cpu_times": times, "create_time": 1.0}
            yield type("Process", (), {"pid": pid, "info": info})()

    return listed


def test_the_busiest_programs_are_named_those_of_one_name_together(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0])
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(
        patience.psutil, "process_iter", _processes({(1, "browser"): 5, (2, "browser"): 5, (3, "x\x1b"): 0})
    )
    usage = ProgramUsage()
    later = {(1, "browser"): 6, (2, "browser"): 6, (3, "x\x1b"): 1, (4, "new"): 50}
    monkeypatch.setattr(patience.psutil, "process_iter", _processes(later))
    assert [(p.name, p.cores) for p in usage.busiest()] == [("browser", 1.0), ("x", 0.5)]


def test_a_machine_without_a_battery_is_on_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience.psutil, "sensors_battery", lambda: None, raising=False)
    assert not on_battery()
    plugged = type("Battery", (), {"power_plugged": True})
    monkeypatch.setattr(patience.psutil, "sensors_battery", lambda: plugged, raising=False)
    assert not on_battery()
    plugged.power_plugged = False
    assert on_battery()
