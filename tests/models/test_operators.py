"""What each operator counts, what counts nothing, and what nobody knows, on single layers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from bakeoff_core.models import operators
from bakeoff_core.models.counting import MacAnalysis, count_macs

SIZE = 8
TOKENS = SIZE * SIZE


class Net(nn.Module):
    """A function of an image, with a layer or a weight at hand."""

    def __init__(self, run: Callable, layer: nn.Module | None = None, weight: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.run, self.layer = run, layer
        self.weight = None if weight is None else nn.Parameter(torch.ones(weight))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.run(images, self.layer if self.layer is not None else self.weight)


def tokens(images: torch.Tensor) -> torch.Tensor:
    """(1, 3, 8, 8) as (1, 64, 3)."""
    return images.flatten(2).transpose(1, 2)


def over_tokens(layer: nn.Module) -> Net:
    return Net(lambda x, layer: layer(tokens(x))[0], layer)


def over_images(layer: nn.Module) -> Net:
    return Net(lambda x, layer: layer(x), layer)


def packed(images: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    return layer(nn.utils.rnn.pack_padded_sequence(tokens(images), [TOKENS], batch_first=True))[0][0]


COUNTED = {
    # 4 gates of 5 numbers from 3 of the token and 5 of the state.
    "lstm": (over_tokens(nn.LSTM(3, 5, batch_first=True)), TOKENS * 4 * 5 * (3 + 5)),
    # Two directions; the second layer reads 2 × 5 numbers.
    "bidirectional lstm": (
        over_tokens(nn.LSTM(3, 5, 2, batch_first=True, bidirectional=True)),
        TOKENS * 2 * 4 * 5 * ((3 + 5) + (10 + 5)),
    ),
    # The state is projected to 2 numbers by one more matrix.
    "lstm with a projection": (
        over_tokens(nn.LSTM(3, 5, batch_first=True, proj_size=2)),
        TOKENS * (4 * 5 * (3 + 2) + 2 * 5),
    ),
    "lstm on a packed sequence": (Net(packed, nn.LSTM(3, 5, batch_first=True)), TOKENS * 4 * 5 * (3 + 5)),
    "gru": (over_tokens(nn.GRU(3, 5, batch_first=True)), TOKENS * 3 * 5 * (3 + 5)),
    "gru without a batch": (Net(lambda x, gru: gru(tokens(x)[0])[0], nn.GRU(3, 5)), TOKENS * 3 * 5 * (3 + 5)),
    "plain recurrent layer": (over_tokens(nn.RNN(3, 5, nonlinearity="relu", batch_first=True)), TOKENS * 5 * (3 + 5)),
    "one step of an lstm": (Net(lambda x, cell: cell(tokens(x)[:, 0])[0], nn.LSTMCell(3, 5)), 4 * 5 * (3 + 5)),
    "depthwise, same padding": (over_images(nn.Conv2d(3, 3, 5, padding="same", groups=3)), TOKENS * 3 * 25),
    "even kernel, same padding": (over_images(nn.Conv2d(3, 6, 4, padding="same")), TOKENS * 6 * 3 * 16),
    "dilated, same padding": (over_images(nn.Conv2d(3, 6, 3, padding="same", dilation=2)), TOKENS * 6 * 3 * 9),
    "valid padding": (over_images(nn.Conv2d(3, 6, 5, padding="valid")), 4 * 4 * 6 * 3 * 25),
    "along one axis": (
        Net(lambda x, conv: conv(x.flatten(2)), nn.Conv1d(3, 6, 5, padding="same")),
        TOKENS * 6 * 3 * 5,
    ),
    "along three axes": (
        Net(lambda x, conv: conv(x[:, None]), nn.Conv3d(1, 6, 3, padding="same")),
        3 * TOKENS * 6 * 27,
    ),
    "grouped": (over_images(nn.Conv2d(3, 6, 1, groups=3)), TOKENS * 6),
    "transposed": (over_images(nn.ConvTranspose2d(3, 6, 2, stride=2)), TOKENS * 3 * 6 * 4),
    "without a batch": (Net(lambda x, conv: conv(x[0]), nn.Conv2d(3, 6, 3, padding=1)), TOKENS * 6 * 3 * 9),
    "linear": (over_tokens(nn.Linear(3, 7)), TOKENS * 3 * 7),
    "weight times vector": (Net(lambda x, w: w @ x.flatten(), weight=(7, 192)), 7 * 192),
    "vector times weight": (Net(lambda x, w: x.flatten() @ w, weight=(192, 7)), 7 * 192),
    "mv": (Net(lambda x, w: torch.mv(w, x.flatten()), weight=(7, 192)), 7 * 192),
    "dot": (Net(lambda x, w: torch.dot(w, x.flatten()), weight=(192,)), 192),
    "mm": (Net(lambda x, w: torch.mm(tokens(x)[0], w), weight=(3, 7)), TOKENS * 3 * 7),
    "addmm": (Net(lambda x, w: torch.addmm(w[0], tokens(x)[0], w), weight=(3, 7)), TOKENS * 3 * 7),
    "baddbmm": (Net(lambda x, w: torch.baddbmm(w[:, :1], x[0], w), weight=(3, 8, 5)), 3 * 8 * 8 * 5),
    "addbmm": (Net(lambda x, w: torch.addbmm(w[0], x[0], w), weight=(3, 8, 5)), 3 * 8 * 8 * 5),
    # One image meets 5 matrices: the batch of the second side counts.
    "broadcast product": (Net(lambda x, w: tokens(x)[:, None] @ w, weight=(5, 3, 7)), 5 * TOKENS * 3 * 7),
    "tensordot": (Net(lambda x, w: torch.tensordot(x, w, dims=([1], [0])), weight=(3, 5)), TOKENS * 3 * 5),
    "einsum": (Net(lambda x, w: torch.einsum("bchw,cd->bdhw", x, w), weight=(3, 1237)), TOKENS * 3 * 1237),
    "einsum of any axes": (Net(lambda x, w: torch.einsum("...hw,wk->...hk", x, w), weight=(8, 5)), 3 * 8 * 8 * 5),
    "attention": (
        Net(lambda x, _: functional.scaled_dot_product_attention(*[tokens(x)[:, None]] * 3)),
        TOKENS * TOKENS * (3 + 3),
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_layer_counts_what_its_weights_are_multiplied_with(name: str) -> None:
    net, macs = COUNTED[name]
    assert count_macs(net.eval(), SIZE) == macs


FREE = {
    "embedding": over_images(nn.Embedding(4, 5)),
    "scale of a layer": Net(lambda x, w: x * w, weight=(3, 1, 1)),
    "gate at every place": Net(lambda x, w: x * w, weight=(3, 8, 8)),
    "gates summed up": Net(lambda x, w: (x * torch.sigmoid(x.mean((2, 3), keepdim=True))).sum(1)),
    "position embedding": Net(lambda x, w: x + w, weight=(3, 8, 8)),
    "activation": over_images(nn.PReLU(3)),
    "pooling": over_images(nn.MaxPool2d(2)),
    "resized weight": Net(
        lambda x, w: x + functional.interpolate(w, size=(8, 8), mode="bicubic"),
        weight=(1, 3, 4, 4),
    ),
}


@pytest.mark.parametrize("name", FREE)
def test_arithmetic_element_by_element_and_moving_numbers_count_nothing(name: str) -> None:
    net = FREE[name].eval()
    if name == "embedding":
        net.run = lambda x, layer: layer((x > 0).long())
    assert count_macs(net, SIZE) == 0


def unfolded(images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A depthwise convolution, written out: each 3×3 window times the filter, added up."""
    return (functional.unfold(images, 3, padding=1).view(1, 3, 9, TOKENS) * weight).sum(2)


@torch.jit.script
def scripted(images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Code that the tracer does not look into."""
    return images @ weight if bool(images.sum() >= 0) else images


class Custom(torch.autograd.Function):
    """Nor into this."""

    @staticmethod
    def forward(ctx: object, images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return images @ weight


UNKNOWN = {
    "aten::bilinear": Net(lambda x, layer: layer(tokens(x), tokens(x)), nn.Bilinear(3, 3, 5)),
    "aten::fft_rfft2": Net(lambda x, w: torch.fft.rfft2(x).abs() * w, weight=(3, 8, 5)),
    "aten::cdist": Net(lambda x, w: torch.cdist(tokens(x), w), weight=(7, 3)),
    "aten::linalg_multi_dot": Net(lambda x, w: torch.linalg.multi_dot([x[0, 0], w, w]), weight=(8, 8)),
    "aten::kron": Net(lambda x, w: torch.kron(x[0, 0], w), weight=(8, 8)),
    "aten::_native_multi_head_attention": Net(
        lambda x, layer: layer(x[0]), nn.TransformerEncoderLayer(SIZE, 2, 16, batch_first=True)
    ),
    "prim::CallFunction": Net(scripted, weight=(8, 8)),
    "prim::PythonOp.Custom": Net(Custom.apply, weight=(8, 8)),
}


@pytest.mark.parametrize("operator", UNKNOWN)
def test_a_model_that_multiplies_in_a_way_nobody_knows_has_no_count(
    operator: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert count_macs(UNKNOWN[operator].eval(), SIZE) is None
    assert "MACs of this model are unknown: it uses operators whose multiply-accumulates are not known here: " in (
        caplog.text
    )
    assert operator in caplog.text


@pytest.mark.parametrize(
    "net",
    [
        Net(lambda x, w: (tokens(x).unsqueeze(2) * w).sum(-1), weight=(5, 3)),
        Net(lambda x, w: (tokens(x).unsqueeze(2) * w).transpose(2, 3).mean(2), weight=(5, 3)),
        Net(unfolded, weight=(1, 3, 9, 1)),
        Net(lambda x, _: (tokens(x).unsqueeze(2) * tokens(x).unsqueeze(1)).sum(-1)),
    ],
    ids=["linear layer", "linear layer, transposed", "convolution", "attention"],
)
def test_a_product_of_matrices_that_is_written_out_is_no_free_one(net: Net) -> None:
    assert count_macs(net.eval(), SIZE) is None


def test_what_counts_nothing_is_not_counted_elsewhere_and_exists_in_torch() -> None:
    existing = {schema.name for schema in torch._C._jit_get_all_schemas()}
    ours = operators.COUNT_NOTHING - operators._IGNORED_OPS
    assert ours <= existing and set(operators.HANDLES) <= existing
    handles = MacAnalysis(nn.Identity(), torch.zeros(1))._op_handles
    assert not operators.COUNT_NOTHING & set(handles)


@pytest.mark.parametrize("part", ["mm", "matmul", "conv", "dot", "linear", "lstm", "gru", "rnn", "mv", "attention"])
def test_no_operator_named_after_a_product_passes_for_one_that_counts_nothing(part: str) -> None:
    others = ("gamma", "upsample", "cumm")
    named = {
        schema.name
        for schema in torch._C._jit_get_all_schemas()
        if schema.name.startswith("aten::") and part in schema.name and not any(o in schema.name for o in others)
    }
    assert named and not {name for name in named if name in operators.COUNT_NOTHING or operators._is_plain(name)}
