"""Taking models apart: totals are those of the profile, and every layer is of the kind that it works as."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
import torch
from fvcore.nn import ActivationCountAnalysis
from torch import nn
from torch.nn import functional

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.isolation import call, fork_server
from bakeoff_core.models.counting import count_macs
from bakeoff_core.models.timm_models import create_backbone
from bakeoff_core.profiling.anatomy.records import Anatomy, from_json
from bakeoff_core.profiling.anatomy.trace import dissect, take_apart
from tests.support.networks import built_to_be_counted
from tests.support.places import DATA

TABLE = DATA / "timm-results" / "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv"

ARCHITECTURES = (
    ("resnet18", 96),
    ("resnetv2_50x1_bit", 96),  # weights that are standardised before they are used
    ("vgg11", 224),
    ("densenet121", 96),
    ("regnetx_002", 96),
    ("mobilenetv3_small_100", 96),
    ("efficientnet_b0", 96),
    ("ghostnet_100", 96),
    ("convnextv2_atto", 96),
    ("vit_tiny_patch16_224", 224),
    ("vit_small_patch14_dinov2", 224),
    ("beit_base_patch16_224", 224),  # weights that are used without calling their module
    ("swin_tiny_patch4_window7_224", 224),
    ("swinv2_cr_tiny_ns_224", 224),
    ("maxvit_rmlp_pico_rw_256", 256),
    ("coatnet_nano_rw_224", 224),
    ("levit_128s", 224),
    ("efficientvit_b0", 96),
    ("efficientvit_m0", 224),
    ("fastvit_t8", 256),
    ("mixer_s32_224", 224),
    ("xcit_nano_12_p16_224", 224),
)
"""Networks whose activations fvcore counts as well: it knows neither LSTMs nor padding in words."""


@pytest.fixture(scope="module", autouse=True)
def quickly() -> Iterator[None]:
    with built_to_be_counted():
        yield


def parameters_of(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("architecture", "img_size"), ARCHITECTURES)
def test_totals_are_those_of_the_profile(architecture: str, img_size: int) -> None:
    model = create_backbone(architecture, img_size)
    found = take_apart(model, architecture, img_size)
    assert found.macs == count_macs(model, img_size)
    assert found.param_count == parameters_of(model)
    assert found.macs > 0 and found.activations > 0 and len(found.stages) > 1
    for module in model.modules():  # fvcore knows attention where it is written out
        if hasattr(module, "fused_attn"):
            module.fused_attn = False
    written = ActivationCountAnalysis(model, torch.zeros(1, 3, img_size, img_size))
    written.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    assert found.activations == written.total()


def test_a_fresh_process_takes_apart_what_another_has_profiled() -> None:
    context = fork_server(["bakeoff_core.profiling.anatomy.trace"])
    found = from_json(call(context, "bakeoff_core.profiling.anatomy.trace:dissect", "test_vit.r160_in1k", 160))
    request = {"img_size": 160, "batch_size": 1, "threads": 1, "device": "cpu", "precision": "float32", "passes": 1}
    timing = {"min_seconds": 0, "cap_s": 30.0, "count": True}
    profile = {"model_name": "test_vit.r160_in1k", **request, **timing}
    _, counts = call(context, "bakeoff_core.profiling.round:measure_round", profile)
    assert (found.param_count, found.macs) == (counts["param_count"], counts["macs"]) == (371_240, 38_055_488)


@pytest.mark.parametrize("architecture", ["vit_tiny_patch16_224", "resnet18", "mobilenetv3_small_100", "levit_128s"])
def test_activations_are_those_that_timm_publishes(architecture: str) -> None:
    if not TABLE.is_file():
        pytest.skip(f"timm's table is not here: {TABLE}. Name its folder's parent in BAKEOFF_TEST_DATA.")
    with TABLE.open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["model"] == architecture]
    size = 224
    (row,) = [row for row in rows if int(row["infer_img_size"]) == size]
    found = take_apart(create_backbone(architecture, size), architecture, size)
    assert round(found.activations / 1e6, 2) == pytest.approx(float(row["infer_macts"]), abs=0.011)


@pytest.fixture(scope="module")
def vgg16() -> Anatomy:
    return from_json(dissect("vgg16.tv_in1k", 224))


def test_the_first_fully_connected_layer_of_vgg16_counts_as_one_though_timm_convolves(vgg16: Anatomy) -> None:
    assert vgg16.total("param_count", kind="fully_connected") == 102_764_544 + 16_781_312 + 4_097_000
    assert vgg16.total("layers", kind="fully_connected") == 3
    assert vgg16.share("param_count", "fully_connected") > 0.89
    assert vgg16.share("macs", "fully_connected") < 0.01
    assert vgg16.share("macs", "spatial") > 0.99


def test_vgg16_has_five_stages_and_keeps_its_parameters_in_the_head(vgg16: Anatomy) -> None:
    assert [stage.title for stage in vgg16.stages] == [*(f"Stage {n}" for n in range(1, 6)), "Head"]
    assert [vgg16.total("layers", kind="spatial", stage=at) for at in range(5)] == [2, 2, 3, 3, 3]
    assert vgg16.total("param_count", stage=5) == vgg16.total("param_count", kind="fully_connected")


def test_at_a_larger_image_the_same_layer_is_a_convolution() -> None:
    found = take_apart(create_backbone("vgg11.tv_in1k", 320), "vgg11.tv_in1k", 320)
    assert found.total("layers", kind="fully_connected") == 1  # the classifier, after pooling


def test_attention_holds_no_parameters_and_its_products_are_counted() -> None:
    found = take_apart(create_backbone("vit_tiny_patch16_224", 224), "vit_tiny_patch16_224", 224)
    tokens, width, depth = 197, 192, 12
    assert found.total("macs", kind="attention") == depth * 2 * tokens * tokens * width
    assert found.total("param_count", kind="attention") == 0
    assert found.total("activations", kind="attention") == depth * (3 * tokens * tokens + tokens * width)
    # Embeddings of positions and of the class stand where they are added, in the stem.
    assert found.total("param_count", kind="other", stage=0) == (tokens + 1) * width


class Small(nn.Module):
    """Layers of every kind, and weights that are hard to place."""

    def __init__(self) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 16, 3, padding=1, groups=8)
        self.grouped = nn.Conv2d(16, 16, 3, padding=1, groups=4)
        self.pointwise = nn.Conv2d(16, 8, 1)
        self.uncalled = nn.Linear(8, 8)
        self.scale = nn.Parameter(torch.ones(8))
        self.unused = nn.Parameter(torch.ones(7))
        self.covering = nn.Conv2d(8, 5, 4)
        self.squeeze = nn.Conv2d(5, 5, 1)
        self.classifier = nn.Linear(5, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = self.norm(functional.conv2d(images, self.spatial.weight * 2, padding=1))
        x = self.pointwise(self.grouped(self.depthwise(x)))
        tokens = x.flatten(2).transpose(1, 2)
        tokens = functional.linear(tokens, self.uncalled.weight, self.uncalled.bias) * self.scale
        mixed = (tokens @ tokens.transpose(1, 2)) @ tokens
        x = mixed.transpose(1, 2).reshape(x.shape)
        return self.classifier(self.squeeze(self.covering(x)).flatten(1))


@pytest.mark.parametrize(
    ("kind", "parameters", "macs", "activations"),
    [
        ("spatial", 216, 16 * 216, 8 * 16),
        ("normalisation", 16, 2 * 8 * 16, 0),
        ("depthwise", 16 * 9 + 16, 16 * 16 * 9, 16 * 16),
        ("grouped", 16 * 4 * 9 + 16, 16 * 16 * 4 * 9, 16 * 16),
        ("pointwise", 128 + 8 + 64 + 8, 16 * (128 + 64), 16 * (8 + 8)),
        ("attention", 0, 2 * 16 * 16 * 8, 16 * 16 + 16 * 8),
        ("fully_connected", 5 * 128 + 5 + 30 + 12, 5 * 128 + 25 + 10, 5 + 5 + 2),
        ("other", 8 + 7, 0, 0),
    ],
)
def test_a_layer_is_of_the_kind_that_it_works_as(kind: str, parameters: int, macs: int, activations: int) -> None:
    found = take_apart(Small().eval(), "small", 4)
    assert found.total("param_count", kind=kind) == parameters
    assert found.total("macs", kind=kind) == macs
    assert found.total("activations", kind=kind) == activations


class Unusual(nn.Module):
    """Convolutions padded by a word, an LSTM over the tokens, and a product that something is added to."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(3, 3, 5, padding="same", groups=3)
        self.spatial = nn.Conv2d(3, 8, 3, padding="same")
        self.recurrent = nn.LSTM(8, 5, batch_first=True, bidirectional=True)
        self.matrix = nn.Parameter(torch.ones(1, 10, 2))
        self.shift = nn.Parameter(torch.ones(1, 1, 2))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.spatial(self.depthwise(images)).flatten(2).transpose(1, 2)
        return torch.baddbmm(self.shift, self.recurrent(tokens)[0], self.matrix)


@pytest.mark.parametrize(
    ("kind", "layers", "parameters", "macs", "activations"),
    [
        ("depthwise", 1, 3 * 25 + 3, 16 * 3 * 25, 16 * 3),
        ("spatial", 1, 8 * 3 * 9 + 8, 16 * 8 * 3 * 9, 16 * 8),
        # A matrix at every token: 2 directions of 4 gates of 5 numbers from 8 of the token and 5 of the state.
        (
            "pointwise",
            2,
            2 * 4 * 5 * (8 + 5 + 2) + 10 * 2 + 2,
            16 * (2 * 4 * 5 * (8 + 5) + 10 * 2),
            16 * (10 + 2),
        ),
        ("attention", 0, 0, 0, 0),
        ("other", 0, 0, 0, 0),
    ],
)
def test_layers_that_fvcore_does_not_know_are_counted_and_hold_their_parameters(
    kind: str, layers: int, parameters: int, macs: int, activations: int
) -> None:
    model = Unusual().eval()
    found = take_apart(model, "unusual", 4)
    quantities = ("layers", "param_count", "macs", "activations")
    assert tuple(found.total(name, kind=kind) for name in quantities) == (layers, parameters, macs, activations)
    assert found.macs == count_macs(model, 4)


def test_sequencers_parameters_are_where_its_macs_are() -> None:
    found = take_apart(create_backbone("sequencer2d_s", 224), "sequencer2d_s", 224)
    assert (found.param_count, found.macs) == (27_651_688, 8_356_125_696)
    assert found.share("param_count", "other") == 0
    assert found.share("macs", "pointwise") > 0.95


def test_a_model_with_an_unknown_operator_is_not_taken_apart() -> None:
    class Spectral(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.fft.rfft2(images).abs()

    with pytest.raises(
        RuntimeError,
        match="^This model cannot be taken apart: it uses operators whose multiply-accumulates are not known here: "
        "aten::fft_rfft2.$",
    ):
        take_apart(Spectral(), "spectral", 4)


def test_a_weight_that_two_layers_share_is_counted_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 3, 1, bias=False)
            self.second = nn.Conv2d(3, 3, 1, bias=False)
            self.second.weight = self.first.weight

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(images))

    found = take_apart(Tied().eval(), "tied", 4)
    assert (found.param_count, found.macs, found.layers) == (9, 2 * 9 * 16, 2)


def test_a_model_that_does_not_exist_or_fit_an_image_fails_with_the_reason() -> None:
    with pytest.raises(BakeoffError, match="Unknown model"):
        dissect("resnet51", 224)
    words = r"can't take images of 1 pixel\. Sizes that it takes, nearest first: 32, .* Kernel size can't be greater"
    with pytest.raises(BakeoffError, match=words):
        dissect("swin_tiny_patch4_window7_224.ms_in1k", 1)
