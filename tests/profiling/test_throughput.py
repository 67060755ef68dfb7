"""MACs a second, and the pairs that MACs and latency rank differently."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from bakeoff_core.profiling.store import to_frame
from bakeoff_core.profiling.throughput import Speed, find_disagreements, measured_speeds
from bakeoff_core.schema.candidate import CandidateRef
from tests.support.examples import make_failure, make_profile


def speed(name: str, gmacs: float, ms: float, spread: float = 0.02) -> Speed:
    seconds = ms / 1e3
    return Speed(
        CandidateRef(name, 224), round(gmacs * 1e9), seconds, seconds * (1 - spread), seconds * (1 + spread), 1
    )


def named(speeds: list[Speed], **options: int) -> list[tuple[str, str, bool]]:
    return [
        (d.fewer.ref.model_name, d.more.ref.model_name, d.is_inverted) for d in find_disagreements(speeds, **options)
    ]


def test_speed_is_for_each_image_whatever_the_batch() -> None:
    profile = make_profile(macs=2_000_000_000, batch_size=4, latency_p50_s=0.4, latency_p50_low_s=0.36)
    (found,) = measured_speeds(to_frame([profile]))
    assert found.macs_per_second == pytest.approx(20e9)
    assert (found.image_s, found.low_s) == pytest.approx((0.1, 0.09))


def test_models_that_failed_or_lack_a_number_have_no_speed() -> None:
    rows = [
        make_failure(),
        make_profile("no-macs.x", macs=None),
        make_profile("no-macs-at-all.x", macs=0),
        make_profile("no-interval.x", latency_p50_low_s=None, latency_p50_high_s=None),
    ]
    (found,) = measured_speeds(to_frame(rows))
    assert (found.ref.model_name, found.low_s, found.high_s) == ("no-interval.x", found.image_s, found.image_s)
    assert measured_speeds(to_frame([])) == []


def test_fewer_macs_and_yet_slower_is_named_first() -> None:
    speeds = [speed("dense", 2.9, 50), speed("net", 4.1, 37), speed("light", 0.2, 10)]
    assert named(speeds) == [("dense", "net", True), ("light", "net", False)]


def test_ratios_are_those_of_the_one_with_fewer_macs() -> None:
    (found,) = find_disagreements([speed("light", 0.2, 10), speed("net", 4.0, 40)])
    assert (found.macs_ratio, found.time_ratio) == pytest.approx((0.05, 0.25))


@pytest.mark.parametrize(
    "speeds",
    [
        [],
        [speed("alone", 1, 10)],
        [speed("a", 1, 10), speed("b", 2, 20)],  # as promised
        [speed("a", 1.9, 21), speed("b", 2, 20)],  # hardly fewer MACs
        [speed("a", 1.0, 21, 0.1), speed("b", 1.3, 20, 0.1)],  # within the noise
        [speed("a", 1.0, 19), speed("b", 2, 20)],  # 1.9 times what it promised
        [speed("a", 1.0, 21, 0.9), speed("b", 2, 20, 0.9)],  # twice, and within the noise
    ],
)
def test_what_is_promised_nearly_equal_or_noise_is_no_disagreement(speeds: list[Speed]) -> None:
    assert find_disagreements(speeds) == []


def test_no_model_is_named_as_slow_twice_nor_as_quick_more_than_twice() -> None:
    speeds = [speed(f"light-{n}", 0.1 + n / 100, 10 + n) for n in range(6)] + [
        speed("net", 4, 40),
        speed("big", 16, 170),
    ]
    found = named(speeds, most=99)
    slow, quick = [one for one, *_ in found], [other for _, other, _ in found]
    assert len(slow) == len(set(slow)) == 4
    assert {name: quick.count(name) for name in quick} == {"net": 2, "big": 2}
    assert len(named(speeds, most=3)) == 3


def test_the_largest_gap_in_macs_a_second_comes_first() -> None:
    assert named([speed("a", 0.5, 10), speed("b", 0.1, 10), speed("net", 4, 20)])[0] == ("b", "net", False)


def test_two_thousand_models_are_compared_at_once() -> None:
    rows = pd.concat(
        [
            to_frame(
                [
                    make_profile(
                        f"m{n}.x",
                        macs=10**8 * (1 + n % 97),
                        latency_p50_s=0.01 + n % 13 / 1e3,
                        latency_p50_low_s=None,
                        latency_p50_high_s=None,
                    )
                ]
            )
            for n in range(200)
        ]
    )
    speeds = measured_speeds(pd.concat([rows] * 10))
    assert len(speeds) == 2000
    began = time.perf_counter()
    assert len(find_disagreements(speeds)) == 4
    assert time.perf_counter() - began < 5
