"""One architecture of every module of timm, counted twice: by our handles, and by torch on tensors without data.

Nothing that has weights and runs may count nothing. Of each module it is the smallest architecture (that needs no
download to be built), at a small image; transformers that come in one large size are cut to two blocks.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bakeoff_core.models.counting import MacAnalysis
from bakeoff_core.models.operators import HANDLES
from bakeoff_core.models.timm_models import timm
from tests.support.networks import built_to_be_counted

_SMALLEST = """
    beit_base_patch16_224 halonet_h1 test_byobnet cait_xxs24_224 coat_tiny convit_tiny convmixer_768_32
    test_convnext cpubone_nano crossvit_tiny_240 csatv2 cs3darknet_focus_s cspnext_tiny davit_tiny
    deepseek_vit_412m deit_tiny_patch16_224 densenet121 dla46x_c dpn48b edgenext_xx_small efficientformer_l1
    efficientformerv2_s0 test_efficientnet efficientvim_m1 efficientvit_b0 efficientvit_m0
    vit_tiny_patch16_dinov3_qkvb fasternet_t0 fastvit_t8 focalnet_tiny_srf gcvit_xxtiny gemma4_vit_167m
    ghostnet_050 hardcorenas_b hgnetv2_b0 hiera_tiny_224 sam2_hiera_tiny hrnet_w18_small iformer_t
    inception_next_atto inception_resnet_v2 inception_v3 inception_v4 lcnetv2_small levit_128s lowformer_b0
    test_mambaout test_coatnet poolformerv2_s12 gmlp_ti16_224 mobilenetv3_small_050 mobilenetv5_base mobilevit_xxs
    mvitv2_tiny naflexvit_base_patch16_parfac_gap nasnetalarge nest_tiny nextvit_small test_nfnet pit_ti_224
    pnasnet5large pvt_v2_b0 qwen3_vit_88m rdnet_tiny regnetx_002 repghostnet_050 repvit_m1 res2next50 resnest14d
    test_resnet resnetv2_18 rexnet_100 selecsls42 legacy_seresnet18 sequencer2d_s shvit_s1 skresnet18 starnet_s050
    swiftformer_xs swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 swinv2_cr_tiny_224 tiny_vit_5m_224
    tnt_s_legacy_patch16_224 tresnet_m twins_svt_small vgg11 visformer_tiny test_vit vit_tiny_r_s16_p8_224
    test_vit_relpos samvit_base_patch16_224 vitamin_small_224 volo_d1_224 ese_vovnet19b_slim_dw legacy_xception
    xception41p xcit_nano_12_p8_224
    """
SMALLEST = tuple(_SMALLEST.split())

IMG_SIZES = {
    **dict.fromkeys(("inception_resnet_v2", "inception_v3", "inception_v4"), 80),
    "crossvit_tiny_240": 72,
    "deepseek_vit_412m": 112,
    "efficientformer_l1": 224,
    "halonet_h1": 256,
}
"""Sizes of those that are built for no smaller one."""
IMG_SIZE = 64

SHORT = (
    *("beit_base_patch16_224", "deepseek_vit_412m", "gemma4_vit_167m", "naflexvit_base_patch16_parfac_gap"),
    *("qwen3_vit_88m", "samvit_base_patch16_224"),
)
"""Large in their smallest size; two of their equal blocks say as much."""

COUNTS_NOTHING = {
    "RelPosBias": "looks the biases of relative positions up and adds them",
}
"""Classes of modules whose weights of two or more axes multiply nothing, and what they do."""


def module_of(architecture: str) -> str:
    return timm.models.model_entrypoint(architecture).__module__.rpartition(".")[2]


def create(architecture: str, size: int) -> nn.Module:
    """As `create_backbone` does, but shorter where it says so above."""
    resized = timm.models.get_pretrained_cfg(architecture).fixed_input_size
    options = ({"img_size": size} if resized else {}) | ({"depth": 2} if architecture in SHORT else {})
    return timm.create_model(architecture, pretrained=False, **options).eval()


@pytest.fixture(scope="module", autouse=True)
def quickly() -> Iterator[None]:
    with built_to_be_counted():
        yield


@pytest.fixture(scope="module", params=SMALLEST)
def counted(request: pytest.FixtureRequest) -> tuple[nn.Module, MacAnalysis, int]:
    """A model, its analysis, and its image's size; one model at a time is held."""
    size = IMG_SIZES.get(request.param, IMG_SIZE)
    model = create(request.param, size)
    analysis = MacAnalysis(model, torch.zeros(1, 3, size, size))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analysis.total()
    return model, analysis, size


def axes(weight: torch.Tensor) -> int:
    """Axes along which a weight has more than one number: a scale of channels has one, whatever its shape."""
    return sum(size > 1 for size in weight.shape)


def test_every_module_of_timm_that_holds_models_is_here() -> None:
    assert sorted(map(module_of, SMALLEST)) == sorted({module_of(name) for name in timm.list_models()})


def test_no_module_with_weights_runs_and_counts_nothing(counted: tuple[nn.Module, MacAnalysis, int]) -> None:
    model, analysis, _ = counted
    assert analysis.unknown_operators() == []
    by_module, uncalled = analysis.by_module(), analysis.uncalled_modules()
    silent = [
        f"{name}: {type(module).__name__}"
        for name, module in model.named_modules()
        if name not in uncalled
        and by_module[name] == 0
        and any(axes(weight) > 1 for weight in module.parameters(recurse=False))
        and type(module).__name__ not in COUNTS_NOTHING
    ]
    assert silent == []


@pytest.mark.parametrize("counted", [*SMALLEST[::4], "convmixer_768_32", "sequencer2d_s"], indirect=True)
def test_the_count_is_torchs_own(counted: tuple[nn.Module, MacAnalysis, int]) -> None:
    """torch's counter sees what a pass comes down to, without a trace: of an LSTM its matrix products.

    Of every fourth module, and of those that were counted wrongly; `benchmarks/macs_agreement.py` asks timm's figures.
    """
    model, analysis, size = counted
    handled = {name.partition("::")[2] for name in HANDLES}
    ours = sum(macs for operator, macs in analysis.by_operator().items() if operator in handled)
    for module in model.modules():  # attention in one operator has no counter on tensors without data
        if hasattr(module, "fused_attn"):
            module.fused_attn = False
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.requires_grad_(False).to("meta")(torch.zeros(1, 3, size, size, device="meta"))
    assert ours == counter.get_total_flops() / 2
