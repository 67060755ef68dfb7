"""The stored list of timm's names: whole, or absent."""

import errno
import json
import os
from dataclasses import replace

import pytest

from bakeoff_core.catalogue.timm_names import TimmModels, read_timm_models, write_timm_models
from bakeoff_core.errors import NoSpaceError
from tests.support.timm_results import TIMM


def test_timms_list_survives_a_round_trip_and_leaves_no_other_file(tmp_path):
    path = tmp_path / "new" / "timm-1.0.31.json"
    write_timm_models(path, TIMM)
    assert read_timm_models(path) == TIMM
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("address", ["timm/", "hf-hub:timm/", "hf_hub:timm/"])
def test_a_name_with_the_hubs_address_before_it_is_found(address: str) -> None:
    assert TIMM.find(f"{address}resnet50.tv_in1k").model_name == "resnet50.tv_in1k"
    assert TIMM.find(f"{address}resnet50").model_name == "resnet50.a1_in1k"
    assert TIMM.find(f"{address}resnet50.nosuchtag") is None
    assert TIMM.nearest(f"{address.upper()}ResNet50.tv_in1k")[0] == "resnet50.tv_in1k"


def test_an_older_name_is_answered_with_todays() -> None:
    names = replace(TIMM, renamed={"tv_resnet50": "resnet50.tv_in1k", "gone": None})
    assert names.nearest("tv_resnet50") == ("resnet50.tv_in1k",)


def test_an_absent_list_is_none(tmp_path):
    assert read_timm_models(tmp_path / "absent.json") is None
    assert read_timm_models(tmp_path) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c | {"version": 999},
        lambda c: c | {"models": None},
        lambda c: c | {"models": ["resnet50"]},
        lambda c: c | {"models": [c["models"][0] | {"img_size": "224"}]},
        lambda c: c | {"models": [c["models"][0] | {"is_default_tag": 1}]},
        lambda c: c | {"models": [c["models"][0] | {"has_weights": "yes"}]},
        lambda c: c | {"renamed": {"old_net": ""}},
        lambda c: c | {"renamed": {"old_net": 3}},
        lambda c: c | {"renamed": ["old_net"]},
        lambda c: {k: v for k, v in c.items() if k != "renamed"},
        lambda c: {k: v for k, v in c.items() if k != "timm_version"},
        lambda c: [],
    ],
)
def test_a_list_of_another_version_or_shape_counts_as_absent(tmp_path, change):
    path = tmp_path / "timm.json"
    write_timm_models(path, TIMM)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    assert read_timm_models(path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_list_counts_as_absent(tmp_path, content):
    path = tmp_path / "timm.json"
    path.write_bytes(content)
    assert read_timm_models(path) is None


def test_a_full_disk_leaves_the_stored_list_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "timm.json"
    write_timm_models(path, TIMM)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpaceError, match="timm.json could not be written in .*: No space left"):
        write_timm_models(path, TimmModels("2.0", ()))
    assert read_timm_models(path) == TIMM
    assert [file.name for file in tmp_path.iterdir()] == ["timm.json"]
