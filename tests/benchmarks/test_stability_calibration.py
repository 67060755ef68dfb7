"""The simulated machines of the calibration: measured by the product's own code, the same for the same seed."""

from benchmarks.stability_calibration import QUESTIONS, outcomes_of


def test_each_decision_says_a_share_and_sees_what_came_of_it() -> None:
    found = outcomes_of(2, measurements=3)
    assert len(found) == 3 * QUESTIONS
    assert all(0 <= said <= 100 and came in (0, 50, 100) for said, came in found)
    assert outcomes_of(2, measurements=3) == found
