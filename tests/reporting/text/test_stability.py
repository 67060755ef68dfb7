"""How sure a pick is, word by word."""

from bakeoff_core.reporting.text.names import CandidateNames
from bakeoff_core.reporting.text.stability import stability_sentence
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.stability import Stability
from tests.support.bare_candidates import candidate, frame, ref

ROWS = frame(candidate("resnet18", 70.0, 0.02), candidate("resnet50", 76.0, 0.04), candidate("vgg16", 71.0, 0.2))
NAMES = CandidateNames(ROWS)
PICK = decide(ROWS, Limits(max_latency_s=0.05))


def test_a_pick_is_said_to_come_again_so_often_and_who_else_would() -> None:
    assert stability_sentence(Stability(97.0, ((ref("resnet18"), 3.0),)), PICK, NAMES) == (
        "Would be picked again 97 times in 100; else resnet18."
    )
    several = ((ref("resnet18"), 20.2), (None, 9.8), (ref("vgg16"), 1.0))
    assert stability_sentence(Stability(69.0, several), PICK, NAMES) == (
        "Would be picked again 69 times in 100; else resnet18 (20) and nothing would clear the limits (10)."
    )


def test_a_pick_that_nothing_contests_comes_again_every_time() -> None:
    assert stability_sentence(Stability(100.0, ()), PICK, NAMES) == "Would be picked again every time."
    assert stability_sentence(Stability(99.75, ((ref("vgg16"), 0.25),)), PICK, NAMES) == (
        "Would be picked again every time."
    )


def test_almost_never_and_almost_always_are_not_rounded_away() -> None:
    rarely = stability_sentence(Stability(0.25, ((ref("resnet18"), 99.75),)), PICK, NAMES)
    assert rarely == "Would be picked again 1 times in 100; else resnet18."
    assert "99 times" in stability_sentence(Stability(99.5, ((ref("resnet18"), 0.5),)), PICK, NAMES)


def test_without_a_pick_it_is_said_who_might_clear_the_limits() -> None:
    nobody = decide(ROWS, Limits(max_latency_s=0.01))
    assert stability_sentence(Stability(80.0, ((ref("resnet18"), 20.0),)), nobody, NAMES) == (
        "Measured again, nothing would clear the limits 80 times in 100; else resnet18."
    )


def test_where_latencies_decide_nothing_nothing_is_said() -> None:
    assert stability_sentence(Stability(100.0, ()), decide(ROWS, Limits()), NAMES) is None
    by_macs = decide(ROWS.assign(macs=1.0), Limits(), rule="cheapest", cost="macs")
    assert stability_sentence(Stability(100.0, ()), by_macs, NAMES) is None
