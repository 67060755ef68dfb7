"""Sizes of images that models take, and the words where one is asked for that they don't."""

import pytest
import torch
from torch import nn

from bakeoff_core.errors import BakeoffError, reason_of
from bakeoff_core.models.sizes import explained, require_runs, working_sizes
from bakeoff_core.models.timm_models import create_backbone
from bakeoff_core.profiling.round import measure_round
from tests.support.rounds import TINY, request


@pytest.mark.parametrize(
    ("model_name", "img_size", "sizes"),
    [
        (TINY, 225, (224, 240, 208, 160)),
        ("levit_128s.fb_dist_in1k", 225, (224, 240, 208, 256)),
        ("maxvit_nano_rw_256.sw_in1k", 300, (288, 320, 256, 352)),
        ("xcit_nano_12_p16_224.fb_in1k", 100, (96, 112, 80, 224)),
    ],
)
def test_the_sizes_that_a_model_takes_are_named_nearest_first(
    model_name: str, img_size: int, sizes: tuple[int, ...]
) -> None:
    assert working_sizes(model_name, img_size) == sizes


def test_a_round_at_a_size_that_a_model_does_not_take_fails_with_those_that_it_takes() -> None:
    words = (
        r"test_vit.r160_in1k can't take images of 225 pixels\. Sizes that it takes, nearest first: 224, 240, 208 and "
        r"160\. The reason given: Input height \(225\) should be divisible by patch size \(16\)\."
    )
    with pytest.raises(BakeoffError, match=words):
        measure_round(request(img_size=225))


def test_images_that_grow_are_tried_at_every_size_they_have() -> None:
    model = create_backbone(TINY, 160).train()
    require_runs(model, TINY, 160, lambda size: (size,))
    with pytest.raises(
        BakeoffError, match=r"can't take images of 100 pixels that grow \(50, 100\)\. Sizes that it takes"
    ):
        require_runs(model, TINY, 100, lambda size: (size // 2, size))
    assert model.training


def test_an_error_without_words_is_told_by_the_line_that_raised_it() -> None:
    class Silent(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            raise AssertionError

    model = Silent()
    with pytest.raises(BakeoffError) as refused:
        require_runs(model, TINY, 160, lambda size: (size,))
    assert "The reason given: AssertionError at `raise AssertionError` (test_sizes.py, line " in str(refused.value)
    assert reason_of(KeyError()) == "KeyError, without a reason"


def test_a_lack_of_memory_is_not_taken_for_a_wrong_size() -> None:
    for err in (MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried")):
        assert explained(err, TINY, 225) is err
