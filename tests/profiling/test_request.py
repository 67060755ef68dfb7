"""What may be asked for, and how long it is said to take."""

from dataclasses import replace

import pandas as pd
import pytest

from bakeoff_core.jobs import kinds
from bakeoff_core.jobs import manager as jobs_manager
from bakeoff_core.jobs import records as jobs_records
from bakeoff_core.profiling.request import (
    START_UP_S,
    deployment_of,
    estimate,
    make_spec,
    repeating,
    start_measuring,
)
from bakeoff_core.profiling.store import to_frame
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.profile import PROFILE_COLUMNS, Setting
from bakeoff_core.system import locks
from tests.support.examples import make_profile

CATALOGUE = pd.DataFrame(
    {
        "model_name": ["resnet18.a1_in1k", "resnet18.a1_in1k", "vgg16.tv_in1k", "vgg16.other"],
        "img_size": [224, 288, 224, 224],
        "macs": [1.8e9, 3.0e9, 15.0e9, 15.0e9],
    }
)
NOTHING = to_frame([]).reindex(columns=[c for c in PROFILE_COLUMNS if c != "rounds"])


def test_names_are_stripped_and_asked_for_once_in_their_order() -> None:
    assert make_spec([" b ", "a", "", "b"]).models == ("b", "a")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"img_size": 0}, "`img_size` must be an integer >= 1. Got 0."),
        ({"img_size": 5000}, "`img_size` must be at most 4096. Got 5000."),
        ({"batch_size": -1}, "`batch_size` must be an integer >= 1. Got -1."),
        ({"batch_size": 10**9}, "`batch_size` must be at most 4096. Got 1000000000."),
        ({"threads": 0}, "`threads` must be an integer >= 1. Got 0."),
        ({"threads": 1000}, "`threads` must be at most 512. Got 1000."),
        ({"rounds": 21}, "`rounds` must be at most 20. Got 21."),
        ({"passes": 0}, "`passes` must be an integer >= 1. Got 0."),
        ({"device": "tpu"}, "`device` must be one of auto, cpu, cuda. Got 'tpu'."),
        ({"dtype": "int8"}, "`dtype` must be one of float32, bfloat16, float16. Got 'int8'."),
        ({"cap_s": 0}, "`cap_s` must be a number of seconds greater than 0. Got 0."),
        ({"cap_s": float("nan")}, "`cap_s` must be a number of seconds greater than 0. Got nan."),
        ({"min_seconds": -1}, "`min_seconds` must be a number of seconds, not negative. Got -1."),
        ({"min_seconds": float("inf")}, "`min_seconds` must be a number of seconds, not negative. Got inf."),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(options: dict, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        make_spec(["resnet18"], **options)
    assert str(caught.value) == words


def test_names_that_are_no_unicode_are_refused_before_a_job_is_started() -> None:
    with pytest.raises(ValueError, match=r"`models` must be Unicode. Got net\\xff; rename it."):
        make_spec(["net\udcff"])


@pytest.mark.parametrize("models", [[], [" "], [f"m{n}" for n in range(2001)]])
def test_a_job_has_from_one_to_2000_models(models: list[str]) -> None:
    with pytest.raises(ValueError, match="`models` must name 1 to 2000 models"):
        make_spec(models)


def seconds(spec, measured: pd.DataFrame = NOTHING) -> float:
    return estimate(spec, CATALOGUE, measured).seconds - START_UP_S


def test_a_model_measured_here_takes_its_own_latency() -> None:
    measured = to_frame([make_profile(latency_p50_s=0.1), make_profile(latency_p50_s=0.3, precision="bfloat16")])
    expected = estimate(make_spec(["resnet18.a1_in1k"]), CATALOGUE, measured)
    # Two rounds of 32 passes at 0.2 s, 8 to warm up, 0.7 s around it.
    assert expected.seconds == pytest.approx(START_UP_S + 2 * (32 * 0.2 + 8 * 0.2 + 0.7))
    assert expected.measured_share == 1


def test_another_model_takes_its_macs_at_the_speed_seen_here() -> None:
    measured = to_frame([make_profile(latency_p50_s=0.1, macs=1_000_000_000)])  # 10 G a second
    expected = estimate(make_spec(["vgg16.tv_in1k", "resnet18.a1_in1k"]), CATALOGUE, measured)
    vgg, resnet = 2 * (40 * 1.5 + 0.7), 2 * (40 * 0.1 + 0.7)
    assert expected.seconds == pytest.approx(START_UP_S + vgg + resnet)
    assert expected.measured_share == 0.5


def test_a_plain_name_is_guessed_from_its_architecture_and_a_strange_one_from_the_middle_of_the_table() -> None:
    assert seconds(make_spec(["vgg16"])) == pytest.approx(seconds(make_spec(["vgg16.tv_in1k"])))
    assert 0 < seconds(make_spec(["never_heard_of"])) < float("inf")


def test_quick_models_fill_their_time_and_slow_ones_end_at_the_cap() -> None:
    quick, slow = (to_frame([make_profile(latency_p50_s=latency)]) for latency in (0.001, 100.0))
    spec = make_spec(["resnet18.a1_in1k"], min_seconds=5.0, cap_s=10.0)
    assert seconds(spec, quick) == pytest.approx(2 * (5.0 + 0.008 + 0.7))
    assert seconds(spec, slow) == pytest.approx(2 * (10.0 + 800 + 0.7))


def test_a_batch_takes_as_much_longer_as_it_is_large() -> None:
    measured = to_frame([make_profile(latency_p50_s=0.8, batch_size=8)])
    assert seconds(make_spec(["resnet18.a1_in1k"], batch_size=4), measured) == pytest.approx(2 * (40 * 0.4 + 0.7))


def test_a_larger_image_takes_longer_by_its_area() -> None:
    measured = to_frame([make_profile(latency_p50_s=0.1)])
    assert seconds(make_spec(["resnet18.a1_in1k"], img_size=448), measured) == pytest.approx(2 * (40 * 0.4 + 0.7))
    small, large = (seconds(make_spec(["vgg16.tv_in1k"], img_size=size)) for size in (224, 448))
    assert (large - 1.4) == pytest.approx(4 * (small - 1.4), rel=0.01)


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the measuring job's worker sleep instead, so that the job is soon at work and stays so."""
    sleeping = replace(kinds.MEASURE, module="tests.workers.sleeper")
    start = jobs_manager.start_job
    monkeypatch.setattr(
        "bakeoff_core.profiling.request.start_job", lambda kind, spec: start(sleeping, {**spec, "seconds": 60})
    )


def test_a_measurement_stops_what_would_spoil_it_and_leaves_the_rest_alone(asleep: None) -> None:
    spoiling, other = (
        jobs_manager.start_job(replace(kind, module="tests.workers.sleeper"), {"seconds": 60})
        for kind in (kinds.ANATOMY, kinds.DOWNLOAD)
    )
    measuring = start_measuring(make_spec(["resnet18"]))
    try:
        states = [jobs_manager.read_job(job.job_id).state for job in (spoiling, other, measuring)]
        assert states[0] == "stopped" and all(state in jobs_records.ACTIVE for state in states[1:])
    finally:
        for job in (other, measuring):
            jobs_manager.stop_job(job.job_id)


def test_a_spec_becomes_a_measuring_job_that_holds_the_machine(asleep: None) -> None:
    job = start_measuring(make_spec(["resnet18"], img_size=160))
    try:
        assert (job.kind, job.spec["models"], job.spec["img_size"]) == ("measure", ["resnet18"], 160)
        assert locks.machine_holder() == job.job_id
    finally:
        jobs_manager.stop_job(job.job_id)


def test_rows_are_measured_again_in_their_setting_those_of_one_size_together() -> None:
    rows = [CandidateRef("a", 224), CandidateRef("b", 160), CandidateRef("c", 224)]
    here = deployment_of(make_spec(["a"]))
    setting = Setting("0123456789ab", "cpu", 1, 4)
    spec = repeating(rows, setting, here, None)
    assert (spec.models, spec.img_size, spec.threads, spec.batch_size, spec.force) == (("a", "c"), 224, 1, 4, True)
    assert repeating([], setting, here, None) is None


def test_what_another_version_measured_or_what_cannot_be_asked_for_is_not_measured_again() -> None:
    rows, here = [CandidateRef("a", 224)], deployment_of(make_spec(["a"]))
    assert repeating(rows, Setting("0123456789ab", "cpu", 1, 1), replace(here, backend_version="0"), None) is None
    assert repeating(rows, Setting("0123456789ab", "cpu", 100_000, 1), here, None) is None
    assert repeating([CandidateRef(" ", 224)], Setting("0123456789ab", "cpu", 1, 1), here, None) is None
