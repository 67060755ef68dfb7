"""The contract: what records refuse, and that every column exists once."""

import pandas as pd
import pytest

from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS
from bakeoff_core.schema.candidate import (
    DEPLOYMENT_COLUMNS,
    CandidateRef,
    Deployment,
    candidate_label,
    candidate_refs,
)
from bakeoff_core.schema.checks import require_choice, require_count
from bakeoff_core.schema.decision import COST_COLUMNS, LIMIT_COLUMNS, Limits
from bakeoff_core.schema.profile import (
    DEVICES,
    KEY_COLUMNS,
    PROFILE_COLUMNS,
    SETTING_COLUMNS,
    MeasurementWarning,
    Setting,
)
from tests.support.examples import make_profile

SETTING = {
    "machine_id": "0123456789ab",
    "device": "cpu",
    "threads": 2,
    "batch_size": 1,
}
DEPLOYMENT = {
    "backend": "pytorch",
    "backend_version": "2.13.0",
    "precision": "float32",
    "timm_version": "1.0.31",
}


def test_a_profile_knows_the_setting_it_was_measured_in_and_what_ran_the_model() -> None:
    assert make_profile().setting == Setting(**SETTING)
    assert make_profile().deployment == Deployment(**DEPLOYMENT)


def test_the_key_is_the_model_its_size_the_setting_and_the_deployment() -> None:
    assert ("model_name", "img_size", *SETTING, *DEPLOYMENT) == KEY_COLUMNS
    assert {*SETTING_COLUMNS, *DEPLOYMENT_COLUMNS} < set(PROFILE_COLUMNS)


def test_a_deployment_refuses_a_precision_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="`precision` must be one of float32, bfloat16, float16. Got 'int7'."):
        Deployment(**{**DEPLOYMENT, "precision": "int7"})


def test_the_same_model_in_another_deployment_is_another_candidate() -> None:
    rows = [
        {"model_name": "a.b", "img_size": 224.0, **DEPLOYMENT, **changes} for changes in ({}, {"precision": "bfloat16"})
    ]
    eager, half = candidate_refs(pd.DataFrame(rows))
    assert eager != half and eager.undeployed == half.undeployed == CandidateRef("a.b", 224)
    assert (eager.deployment, half.deployment.precision) == (Deployment(**DEPLOYMENT), "bfloat16")


def test_what_was_not_measured_has_no_deployment() -> None:
    rows = [{"model_name": "a.b", "img_size": None, **DEPLOYMENT, "backend_version": None}]
    assert candidate_refs(pd.DataFrame(rows)) == [CandidateRef("a.b", None)]
    assert candidate_refs(pd.DataFrame(rows)[["model_name", "img_size"]]) == [CandidateRef("a.b", None)]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("device", "tpu", "`device` must be one of cpu, cuda. Got 'tpu'."),
        ("threads", 0, "`threads` must be an integer >= 1. Got 0."),
        ("batch_size", 1.0, "`batch_size` must be an integer >= 1. Got 1.0."),
        ("batch_size", True, "`batch_size` must be an integer >= 1. Got True."),
    ],
)
def test_a_setting_refuses_what_cannot_be_and_says_what_must_hold(field: str, value: object, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        Setting(**{**SETTING, field: value})
    assert str(caught.value) == words


def test_a_warning_has_a_known_code() -> None:
    assert MeasurementWarning("load", 0.9).value == 0.9
    with pytest.raises(ValueError, match="`code` must be one of load, .* Got 'slow'"):
        MeasurementWarning("slow")


@pytest.mark.parametrize("value", [0, 100, 76.1])
def test_a_percentage_from_0_to_100_is_a_limit(value: float) -> None:
    assert Limits(min_top1=value).min_top1 == value


@pytest.mark.parametrize("value", [-0.1, 100.1, float("nan"), float("inf")])
def test_no_other_number_is_an_accuracy_limit(value: float) -> None:
    with pytest.raises(ValueError, match="`min_top1` must be a percentage from 0 to 100"):
        Limits(min_top1=value)


@pytest.mark.parametrize("name", ["max_latency_s", "max_memory_bytes", "max_param_count"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_cost_limit_is_greater_than_0(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"`{name}` must be greater than 0"):
        Limits(**{name: value})


def test_every_cost_and_every_limit_bounds_a_column_that_exists() -> None:
    columns = {*PROFILE_COLUMNS, *ACCURACY_COLUMNS}
    assert {*COST_COLUMNS.values(), *LIMIT_COLUMNS.values()} <= columns
    assert set(LIMIT_COLUMNS) == set(vars(Limits()))


def test_a_candidate_is_labelled_with_its_size_where_it_is_known() -> None:
    assert candidate_label("resnet50.a1_in1k", 224) == "resnet50.a1_in1k @ 224"
    assert candidate_label("resnet51", None) == "resnet51"


def test_the_checks_hand_back_what_they_were_given() -> None:
    assert require_count("n", 3) == 3
    assert require_choice("device", "cuda", DEVICES) == "cuda"
