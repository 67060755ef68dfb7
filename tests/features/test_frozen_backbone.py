"""A frozen backbone gives the features that PyTorch gives, whatever runs it."""

import numpy as np
import pytest
import torch
from torch import nn

from bakeoff_core.features.frozen_backbone import FEATURE_BATCH, LEAST_IMAGES, PYTORCH, TOLERANCE, FrozenBackbone
from bakeoff_core.models.torchvision_compat import prepare_torchvision

prepare_torchvision()
import timm  # noqa: E402  (torchvision must be prepared first)

SIZE = (3, 64, 64)
CPU = torch.device("cpu")


class Colours(nn.Module):
    """A backbone of one layer, to be made worse."""

    head_hidden_size = 3

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images

    def forward_head(self, maps: torch.Tensor, pre_logits: bool) -> torch.Tensor:
        return maps.mean((2, 3))


class Noisy(Colours):
    """Adds what the next run would not add."""

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images + torch.rand(1)


class Moody(Colours):
    """Does with one image what tracing can't see in another."""

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images * float(images.flatten()[0])


class Unknown(Colours):
    """Calls an operator that no converter knows."""

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(images)


def images(count: int, size: tuple[int, int, int] = SIZE) -> torch.Tensor:
    return torch.randn(count, *size, generator=torch.Generator().manual_seed(7))


def by_pytorch(model: nn.Module, batch: torch.Tensor) -> np.ndarray:
    model.eval()
    with torch.inference_mode():
        return model.forward_head(model.forward_features(batch), pre_logits=True).numpy()


@pytest.mark.parametrize(
    ("name", "size"),
    [("test_efficientnet", 160), ("test_vit", 160), ("levit_128s", 224), ("convnext_atto", 64), ("mobilevit_xxs", 128)],
)
def test_a_converted_backbone_has_pytorchs_features(name: str, size: int) -> None:
    model = timm.create_model(name, pretrained=False)
    backbone = FrozenBackbone(model, (3, size, size), CPU, LEAST_IMAGES)
    batch = images(5, (3, size, size))
    found, expected = backbone.pooled(batch), by_pytorch(model, batch)
    assert backbone.runtime.startswith("OpenVINO 2") and backbone.remark is None
    assert found.shape == (5, backbone.channels) and found.dtype == np.float32
    assert np.abs(found - expected).max() < TOLERANCE / 10 * np.abs(expected).max()


def test_an_images_features_do_not_depend_on_those_beside_it() -> None:
    backbone = FrozenBackbone(timm.create_model("test_efficientnet"), (3, 160, 160), CPU, LEAST_IMAGES)
    batch = images(FEATURE_BATCH, (3, 160, 160))
    whole = backbone.pooled(batch)
    kept = whole.copy()
    alone = np.concatenate([backbone.pooled(batch[at : at + 1]) for at in (0, 31)])
    assert np.allclose(whole[[0, 31]], alone, atol=1e-5)
    assert np.array_equal(whole, kept)  # a later call writes over nothing


def test_a_backbone_in_train_mode_is_put_into_eval_mode() -> None:
    model = timm.create_model("test_efficientnet").train()
    found = FrozenBackbone(model, (3, 160, 160), CPU, LEAST_IMAGES).pooled(images(2, (3, 160, 160)))
    assert not model.training
    assert np.allclose(found, by_pytorch(model, images(2, (3, 160, 160))), atol=1e-4)


def test_for_few_images_nothing_is_converted() -> None:
    backbone = FrozenBackbone(Colours(), SIZE, CPU, LEAST_IMAGES - 1)
    assert np.allclose(backbone.pooled(images(3)), images(3).mean((2, 3)), atol=1e-6)
    assert backbone.runtime == PYTORCH and backbone.remark is None


@pytest.mark.parametrize(("model", "reason"), [(Noisy(), "differ"), (Moody(), "differ"), (Unknown(), "OpenVINO")])
def test_what_disagrees_or_cannot_be_converted_stays_with_pytorch(model: nn.Module, reason: str) -> None:
    backbone = FrozenBackbone(model, SIZE, CPU, LEAST_IMAGES)
    found = backbone.pooled(images(3))
    assert backbone.runtime == PYTORCH and reason in backbone.remark and "PyTorch does" in backbone.remark
    if not isinstance(model, Noisy):
        assert np.allclose(found, by_pytorch(model, images(3)))


def test_the_converter_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """`openvino.convert_model` reports each use to its maker; the parts used here do not."""
    import openvino_telemetry

    def tell(*args: object, **options: object) -> None:
        raise AssertionError("reported a conversion")

    for name in ("__init__", "send_event", "start_session"):
        monkeypatch.setattr(openvino_telemetry.Telemetry, name, tell)
    backbone = FrozenBackbone(Colours(), SIZE, CPU, LEAST_IMAGES)
    backbone.prepare()
    assert backbone.runtime != PYTORCH
