"""What settings and deployments are called, and that links and JSON hold what they always did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bakeoff_core.reporting.text.settings import (
    describe_setting,
    group_json,
    read_group,
    rename_columns,
    setting_description,
    setting_differences,
    setting_label,
)
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.system.machine import this_machine
from pages.parts.common.sidebar import key_of
from tests.support.candidate_tables import candidate
from tests.support.examples import make_profile

PROFILE = make_profile()
MEASURED = MeasuredSetting(PROFILE.setting, PROFILE.deployment, "Example CPU", False, 2, "2026-01-01T00:00:00Z")


def test_a_setting_is_described_by_all_that_affects_a_number():
    row = candidate("resnet50.a1_in1k")
    assert describe_setting(row) == (
        "AMD EPYC 7763, 2 cores, 24 GiB: cpu, 2 threads, batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31"
    )
    assert describe_setting({**row, "threads": None}) == "not measured"


def test_another_setting_is_named_by_what_differs():
    row = candidate("resnet50.a1_in1k")
    other = {**row, "machine_id": "m-9", "machine_name": "Raspberry Pi 5", "threads": 4, "precision": "bfloat16"}
    assert setting_differences(other, row) == "Raspberry Pi 5, 4 threads, bfloat16"
    assert setting_differences(row, row) == "same setting"


def test_another_backend_is_named_with_its_version():
    row = candidate("resnet50.a1_in1k")
    other = {**row, "backend": "openvino", "backend_version": "2026.4"}
    assert setting_differences(other, row) == "openvino, openvino 2026.4"
    assert describe_setting(other).endswith("batch 1, float32, openvino 2026.4, timm 1.0.31")


def test_a_label_leaves_the_usual_out():
    here = replace(
        PROFILE.deployment, backend_version=this_machine().torch_version, timm_version=this_machine().timm_version
    )
    assert setting_label(replace(MEASURED, deployment=here)) == "Example CPU · 2 threads"
    assert setting_label(replace(MEASURED, deployment=here, is_this_machine=True)) == "This machine · 2 threads"
    half = replace(here, precision="bfloat16", timm_version="0.9")
    setting = replace(MEASURED.setting, device="cuda", batch_size=8)
    assert setting_label(replace(MEASURED, setting=setting, deployment=half)) == (
        f"Example CPU · GPU · batch 8 · bfloat16 · torch {here.backend_version}, timm 0.9"
    )


def test_a_description_leaves_nothing_out():
    assert setting_description(MEASURED) == (
        "Example CPU: CPU with 2 threads, batch 1, float32, pytorch-eager, torch 2.13.0, timm 1.0.31. "
        "2 rows, the last of 2026-01-01 00:00:00 UTC."
    )


def test_a_time_that_is_not_known_is_not_told():
    assert setting_description(replace(MEASURED, last_measured_at="")).endswith("timm 1.0.31. 2 rows.")


def test_json_names_the_fields_as_it_always_did_and_they_read_back():
    fields = group_json(PROFILE.setting, PROFILE.deployment)
    assert fields == {
        "machine_id": "0123456789ab",
        "device": "cpu",
        "threads": 2,
        "batch_size": 1,
        "dtype": "float32",
        "runtime": "pytorch-eager",
        "torch_version": "2.13.0",
        "timm_version": "1.0.31",
    }
    assert read_group(fields) == (PROFILE.setting, PROFILE.deployment)
    assert rename_columns({"backend": "openvino", "precision": None}) == {"runtime": "openvino", "dtype": None}
    with pytest.raises(KeyError, match="dtype"):
        read_group({name: value for name, value in fields.items() if name != "dtype"})


def test_links_to_a_setting_of_an_earlier_version_still_lead_to_it():
    assert key_of(MEASURED) == "a6b7c2bc"
