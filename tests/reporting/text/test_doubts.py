"""Doubts in words, word by word."""

from bakeoff_core.reporting.text.doubts import distrust_sentence, doubts_sentence
from bakeoff_core.reporting.text.names import CandidateNames
from bakeoff_core.selection.doubts import DoubtfulAnswer, Doubts
from tests.support.bare_candidates import candidate, frame, ref

NAMES = CandidateNames(frame(candidate("resnet18", 70.0, 0.02), candidate("resnet50", 76.0, 0.04)))


def test_doubtful_measurements_are_counted_with_their_reasons() -> None:
    found = Doubts((ref("a"), ref("b")), 12, (("load", 2), ("process_spread", 1)), 2.345)
    assert doubts_sentence(found) == (
        "2 of 12 measurements are doubtful: other programs were busy (2) and processes disagree (1). By its "
        "interval a latency may be off by up to 2.3 times."
    )
    assert doubts_sentence(Doubts((ref("a"),), 3, (("load", 1),), 1.084)).endswith("may be off by up to 8.4 %.")
    assert doubts_sentence(Doubts((ref("a"),), 1, (("load", 1),), None)) == (
        "1 of 1 measurement is doubtful: other programs were busy (1)."
    )


def test_a_pick_that_rests_on_doubtful_measurements_is_not_to_be_relied_on() -> None:
    one = [DoubtfulAnswer(ref("resnet18"), ("load", "drift"))]
    assert distrust_sentence(one, NAMES) == (
        "Not to be relied on: the pick rests on a doubtful measurement, that of resnet18 (other programs were busy and "
        "times drifted). Measure it again."
    )
    two = [DoubtfulAnswer(ref("resnet18"), ("load",)), DoubtfulAnswer(ref("resnet50"), ("very_noisy",))]
    assert distrust_sentence(two, NAMES) == (
        "Not to be relied on: the pick rests on doubtful measurements, that of resnet18 (other programs were busy) and "
        "resnet50 (times scatter widely). Measure them again."
    )


def test_where_nothing_is_doubtful_nothing_is_said() -> None:
    assert doubts_sentence(Doubts((), 12, (), None)) is None
    assert distrust_sentence((), NAMES) is None
