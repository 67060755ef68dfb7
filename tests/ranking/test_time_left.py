"""How far a ranking is and how long it has left, with a scripted clock."""

from bakeoff_core.ranking.time_left import Pace, work_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_model_of_unknown_macs_counts_as_the_mean_of_the_others() -> None:
    assert work_of(("a", "b", "c"), {"a": 1e9, "b": None, "c": 3e9}) == {"a": 1e9, "b": 2e9, "c": 3e9}
    assert work_of(("a", "b"), {}) == {"a": 1, "b": 1}


def test_the_time_left_follows_the_macs_of_those_to_come() -> None:
    clock = Clock()
    pace = Pace({"a": 1.0, "b": 3.0}, 100, clock=clock)
    assert pace.state() == {"done": 0, "total": 200, "time_left_s": None}
    pace.begin_pass()
    pace.seen("a", 20)  # from here on it is timed
    assert pace.state()["time_left_s"] is None
    clock.now = 2.0
    pace.seen("a", 60)  # 40 units in 2 s; 40 and 300 to go
    assert pace.state() == {"done": 60, "total": 200, "time_left_s": 17.0}
    clock.now = 4.0
    pace.seen("a", 100)
    pace.finish("a", 1.5)
    assert pace.state() == {"done": 100, "total": 200, "time_left_s": 15.0 + 1.5}


def test_what_was_kept_or_failed_takes_no_time() -> None:
    clock = Clock()
    pace = Pace({"a": 1.0, "b": 1.0, "c": 1.0}, 10, finished=("a",), clock=clock)
    assert pace.state()["done"] == 10
    pace.finish("b", None)
    pace.begin_pass()
    pace.seen("c", 5)
    clock.now = 1.0
    pace.seen("c", 10)
    pace.finish("c", 0.5)
    assert pace.state() == {"done": 30, "total": 30, "time_left_s": 0}
