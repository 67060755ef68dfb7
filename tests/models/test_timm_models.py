"""Real timm models: names, sizes, devices, and failures in words."""

import pytest
import torch

from bakeoff_core.catalogue.accuracies import read_catalogue
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels
from bakeoff_core.errors import BakeoffError
from bakeoff_core.models import timm_models
from bakeoff_core.models.timm_models import create_backbone, describe_failure
from tests.support.rounds import TINY


@pytest.fixture(scope="module")
def listed() -> dict[str, TimmModel]:
    """Every name of the installed timm."""
    return {model.model_name: model for model in timm_models.list_timm_models()}


def test_a_model_built_for_one_size_is_built_for_the_size_asked_for() -> None:
    vit = create_backbone(TINY, 96)
    assert vit(torch.zeros(1, 3, 96, 96)).shape == (1, 1000)
    assert vit.patch_embed.img_size == (96, 96)


def test_a_model_is_ready_for_use_and_has_its_classifier() -> None:
    model = create_backbone("test_byobnet.r160_in1k", 64)
    assert not model.training
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 1000)


def test_a_name_that_timm_does_not_know_is_refused() -> None:
    with pytest.raises(BakeoffError, match=r"resnet51 can't be run\. The reason given: Unknown model \(resnet51\)"):
        create_backbone("resnet51", 224)


def test_every_weights_tag_is_listed_with_its_sizes(listed: dict[str, TimmModel]) -> None:
    assert listed["resnet50.a1_in1k"] == TimmModel("resnet50.a1_in1k", 224, 288, False, True)
    assert listed["resnet50.tv_in1k"].is_default_tag is False
    assert listed["vit_small_patch14_dinov2.lvd142m"].img_size == 518
    assert listed["vit_small_patch14_dinov2.lvd142m"].fixed_img_size


def test_an_architecture_without_weights_is_listed_by_its_bare_name(listed: dict[str, TimmModel]) -> None:
    assert listed["test_mambaout"].is_default_tag
    assert "test_mambaout" in {model.architecture for model in listed.values()}


def test_every_architecture_has_exactly_one_default_tag(listed: dict[str, TimmModel]) -> None:
    defaults = [model.architecture for model in listed.values() if model.is_default_tag]
    assert len(defaults) == len(set(defaults))
    assert set(defaults) == {model.architecture for model in listed.values()}


def test_the_catalogue_names_and_sizes_are_timms(listed: dict[str, TimmModel]) -> None:
    rows = read_catalogue()
    assert set(rows["model_name"]) <= set(listed)
    sizes = dict(zip(rows["model_name"], rows["default_img_size"], strict=True))
    assert sizes == {name: listed[name].img_size for name in sizes}
    known = TimmModels("installed", tuple(listed.values()))
    for shortlist in SHORTLISTS.values():
        assert [known.find(name).model_name for name in shortlist.models] == list(shortlist.models)


def test_cuda_is_refused_where_torch_cannot_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert timm_models.pick_device("auto") == timm_models.pick_device("cpu") == "cpu"
    with pytest.raises(RuntimeError, match="torch cannot use CUDA on this machine. Measure with `--device cpu`"):
        timm_models.pick_device("cuda")


def test_auto_takes_cuda_where_torch_can_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [timm_models.pick_device(d) for d in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


@pytest.mark.parametrize(
    ("err", "words"),
    [
        (
            RuntimeError("[enforce fail] can't allocate memory:\n 9 bytes"),
            "Out of memory: [enforce fail] can't allocate",
        ),
        (MemoryError(), "Out of memory: MemoryError"),
        (torch.cuda.OutOfMemoryError("CUDA out of memory"), "Out of memory: CUDA out of memory"),
        (AssertionError(), "AssertionError"),
        (ValueError("two\n  lines"), "two lines"),
    ],
)
def test_a_failure_is_one_line_that_names_memory_where_it_ran_out(err: Exception, words: str) -> None:
    assert describe_failure(err).startswith(words)
    assert "\n" not in describe_failure(err)


def test_a_failure_of_any_length_is_cut() -> None:
    assert len(describe_failure(ValueError("x" * 10_000))) == 300
