"""Counting real timm models: published counts, attention, sizes, bytes."""

import pytest
import torch
from torch import nn

from bakeoff_core.models import counting
from bakeoff_core.models.counting import count_macs
from bakeoff_core.models.timm_models import create_backbone
from tests.support.rounds import TINY


def test_resnet18_has_its_published_parameters_and_macs() -> None:
    model = create_backbone("resnet18.a1_in1k", 224)
    assert sum(p.numel() for p in model.parameters()) == 11_689_512
    assert count_macs(model, 224) == 1_819_065_856


def test_the_macs_of_a_transformer_include_its_attention() -> None:
    model = create_backbone("vit_tiny_patch16_224.augreg_in21k_ft_in1k", 224)
    fused = count_macs(model, 224)
    assert fused / 1e9 == pytest.approx(1.26, abs=0.005)  # timm's table; without attention it is 1.08
    for module in model.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = False
    assert count_macs(model, 224) == fused


@pytest.mark.parametrize(
    ("model_name", "macs"),
    [
        # LSTMs along rows and columns: 3.397 G of it.
        ("sequencer2d_s.in1k", 8_356_125_696),
        # 32 depthwise convolutions, 7×7 on 32×32, padded by a word: 1.233 G of it.
        ("convmixer_768_32.in1k", 20_779_874_304),
    ],
)
def test_macs_include_layers_that_fvcore_does_not_know(model_name: str, macs: int) -> None:
    assert count_macs(create_backbone(model_name, 224), 224) == macs


def test_macs_grow_with_the_image() -> None:
    assert count_macs(create_backbone("resnet18.a1_in1k", 288), 288) == 3_006_692_864


def test_counting_leaves_the_model_unchanged() -> None:
    model = create_backbone(TINY, 160)
    images = torch.randn(1, 3, 160, 160)
    before = model(images)
    count_macs(model, 160)
    assert torch.equal(model(images), before)
    assert not model.training


class WithBuffers(nn.Module):
    """1,000 parameters, 500 floats and 30 whole numbers beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1000))
        self.register_buffer("mean", torch.zeros(500))
        self.register_buffer("index", torch.zeros(30, dtype=torch.int64))


@pytest.mark.parametrize(("dtype", "size"), [(torch.float32, 4), (torch.bfloat16, 2), (torch.float16, 2)])
def test_bytes_of_weights_hold_buffers_and_follow_the_dtype(dtype: torch.dtype, size: int) -> None:
    assert counting.count_weights(WithBuffers(), dtype) == (1000, 1500 * size + 30 * 8)
