"""Which operators of a traced pass multiply and accumulate, how many times, and which are known to count nothing.

fvcore has handles for the usual ones and passes over the rest in silence, so a model whose weights are used by another
operator looks cheaper than it is. Here every operator is one of three: counted by a handle, known to count nothing
(`counts_nothing`), or unknown, and then the model's count is unknown too.

Counts nothing, by the convention of fvcore, timm and the papers: arithmetic element by element (biases, activations,
scales of layers, gates), reductions, softmax, whatever only moves numbers, and resizing and norms that fvcore has no
handle for. A product element by element counts nothing either, unless it is a product of matrices written out.

Not covered: tracing and adding up (`models.counting`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from fvcore.nn.jit_analysis import _IGNORED_OPS
from fvcore.nn.jit_handles import Handle, get_shape
from torch.utils.flop_counter import FlopCounterMode

CONVOLUTIONS = {
    "aten::_convolution": 8,
    "aten::_convolution_mode": 6,
    "aten::convolution": 8,
    **dict.fromkeys(("aten::conv1d", "aten::conv2d", "aten::conv3d"), 6),
    **dict.fromkeys(("aten::conv_transpose1d", "aten::conv_transpose2d", "aten::conv_transpose3d"), 6),
}
"""Where convolutions take their number of groups; the first three inputs are image, filters and bias.
`_convolution_mode` is what a padding in words ("same", "valid") is traced as."""

RECURRENT = ("aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu")
"""Layers that apply all their matrices at every step of a sequence."""

LINEAR, FUSED_ATTENTION, EINSUM = "aten::linear", "aten::scaled_dot_product_attention", "aten::einsum"

PRODUCTS = {
    **dict.fromkeys(("aten::matmul", "aten::bmm", "aten::mm", "aten::mv", "aten::dot", "aten::vdot", "aten::inner"), 0),
    "aten::tensordot": 0,
    **dict.fromkeys(("aten::addmm", "aten::addmm_", "aten::baddbmm", "aten::baddbmm_", "aten::addbmm"), 1),
    **dict.fromkeys(("aten::addmv", "aten::addmv_"), 1),
}
"""Products of two matrices or vectors, and where the first of them is among the inputs: some add something first."""

ELEMENTWISE_PRODUCTS = ("aten::mul", "aten::mul_", "aten::multiply", "aten::multiply_")

_MOVES = """
    Bool Float FloatImplicit IntImplicit affine_grid_generator alpha_dropout argsort atleast_1d atleast_2d atleast_3d
    block_diag broadcast_tensors bucketize cartesian_prod channel_shuffle col2im column_stack combinations complex
    concat concatenate __contains__ dense_dim device diag diag_embed diff dim dropout_ dstack embedding empty_like eye
    feature_alpha_dropout feature_dropout fill fill_ flip fliplr flipud __getitem__ hstack im2col index_add index_add_
    index_copy index_fill index_put index_select is_complex is_floating_point is_nonzero isclose item len linspace
    logspace masked_fill_ masked_scatter masked_select meshgrid native_channel_shuffle new_ones nonzero_numpy normal_
    __not__ numel one_hot ones_like _pack_padded_sequence pad _pad_packed_sequence pixel_shuffle pixel_unshuffle put_
    rand rand_like randint randn randn_like randperm range reflection_pad1d reflection_pad2d repeat repeat_interleave
    replication_pad1d replication_pad2d requires_grad_ resize_ rot90 scalar_tensor scatter scatter_ scatter_add
    scatter_add_ searchsorted set_ _shape_as_tensor sort split_copy squeeze_ storage_offset stride sum_to_size
    swapaxes_ t_ take take_along_dim tensor tile topk transpose_ tril tril_ tril_indices triu triu_ triu_indices
    unique_consecutive unsafe_chunk unsafe_split unsafe_split_with_sizes _unsafe_view vander vstack warn zero zero_
    """
"""What moves, selects, repeats or makes numbers, or asks about them."""

_ELEMENTWISE = """
    absolute bernoulli bernoulli_ divide divide_ feature_dropout_ floor_divide_ gelu_ glu hardswish hardswish_ isreal
    log_sigmoid multiply multiply_ negative negative_ prelu relu6_ rrelu_ subtract subtract_ threshold_
    """
"""Arithmetic element by element that torch does not tag as such."""

_REDUCTIONS = """
    adaptive_avg_pool1d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d avg_pool1d
    avg_pool2d avg_pool3d cummax cummin cumprod cumsum cumsum_ frobenius_norm kthvalue linalg_norm log_softmax
    logcumsumexp max_pool1d max_pool2d max_pool2d_with_indices max_pool3d median mode norm_except_dim nuclear_norm
    quantile softmax special_log_softmax special_logsumexp special_softmax
    """
"""Sums, means, pooling and what is made of them."""

_NORMS_AND_RESIZING = """
    rms_norm upsample_bicubic2d _upsample_bicubic2d_aa _upsample_bilinear2d_aa upsample_linear1d upsample_nearest1d
    upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d upsample_trilinear3d _weight_norm
    """
"""Norms and resizing that fvcore has no rough estimate of; neither do timm's figures hold them."""

COUNT_NOTHING = frozenset(
    _IGNORED_OPS | {f"aten::{name}" for name in (_MOVES + _ELEMENTWISE + _REDUCTIONS + _NORMS_AND_RESIZING).split()}
)
"""Operators that are known to count nothing, beside those that torch itself tells (see `counts_nothing`)."""

_SUMS = ("aten::sum", "aten::mean", "aten::nansum", "aten::cumsum")
_RESHAPES = tuple(
    f"aten::{name}"
    for name in ("view", "reshape", "flatten", "permute", "transpose", "movedim", "squeeze", "unsqueeze")
)

_SCRIPTED = ("prim::PythonOp", "prim::CallFunction", "prim::CallMethod")
"""Code that the tracer did not look into."""


def counts_nothing(node: torch._C.Node) -> bool:
    """Tell whether an operation without a handle is known to count nothing; `False` means that nobody knows.

    What torch tags as pointwise or as a reduction, and what returns a view, is known by torch's own word.
    """
    kind = node.kind()
    if kind.startswith("prim::"):
        return kind not in _SCRIPTED and not list(node.blocks())
    if kind in ELEMENTWISE_PRODUCTS:
        return not _is_written_out(node)
    if kind in COUNT_NOTHING or _is_plain(kind):
        return True
    return not any(_holds_tensors(value) for value in node.outputs())


@cache
def _is_plain(kind: str) -> bool:
    """Tell whether torch says of an operator that it works element by element, reduces, or returns a view."""
    namespace, _, name = kind.partition("::")
    packet = getattr(torch.ops.aten, name, None) if namespace == "aten" else None
    if packet is None:
        return False
    overloads = [getattr(packet, overload) for overload in packet.overloads()]
    if any(torch.Tag.pointwise in one.tags or torch.Tag.reduction in one.tags for one in overloads):
        return True
    returned = [value.alias_info for one in overloads for value in one._schema.returns]
    return bool(returned) and all(alias is not None and not alias.is_write for alias in returned)


def _holds_tensors(value: torch._C.Value) -> bool:
    return "Tensor" in str(value.type())


def _is_written_out(node: torch._C.Node) -> bool:
    """Tell whether a product element by element is one of matrices, written out: products that are added up at once.

    They are of matrices where each of one side meets each of the other, so that there are more of them than numbers on
    either side, and where the image meets a weight of two or more axes. Gates that are summed up are neither.
    """
    sides, output = list(node.inputs())[:2], next(node.outputs())
    shapes, written = [get_shape(side) for side in sides], get_shape(output)
    if written is None or None in shapes or not _is_added_up(output):
        return False
    image = [_comes_from_image(side) for side in sides]
    if all(math.prod(written) > math.prod(shape) for shape in shapes):
        return any(image)
    return sum(image) == 1 and sum(size > 1 for size in shapes[image.index(False)]) > 1


def _is_added_up(value: torch._C.Value) -> bool:
    """Tell whether a sum or mean is taken of a value as it is, or as it is once reshaped."""
    users = [use.user for use in value.uses()]
    reshaped = [user for user in users if user.kind() in _RESHAPES]
    return any(user.kind() in _SUMS for user in users) or any(_is_added_up(next(user.outputs())) for user in reshaped)


def _comes_from_image(value: torch._C.Value) -> bool:
    """Tell whether a value depends on the pass's input, which is the graph's first."""
    todo, seen = [value], set()
    while todo:
        given = todo.pop()
        if given.debugName() in seen:
            continue
        seen.add(given.debugName())
        node = given.node()
        if node.kind() != "prim::Param":
            todo.extend(node.inputs())
        elif given.debugName() == next(node.outputs()).debugName():
            return True
    return False


# --- handles: given an operation's inputs and outputs, each returns its multiply-accumulates -------------------------


def recurrent_weights(inputs: Sequence[Any]) -> list[Any]:
    """Return the weights and biases of a recurrent layer: the last of its lists of tensors."""
    lists = [value for value in inputs if str(value.type()) == "List[Tensor]"]
    return list(lists[-1].node().inputs())


def einsum_operands(inputs: Sequence[Any]) -> list[Any]:
    """Return what an einsum multiplies: the tensors in its list."""
    return list(inputs[1].node().inputs())


def _convolution_macs(inputs: list, outputs: list) -> int:
    """Each number written takes one filter's weights: (channels in a group) × (the kernel's size)."""
    return math.prod(get_shape(outputs[0])) * math.prod(get_shape(inputs[1])[1:])


def _transposed_convolution_macs(inputs: list, outputs: list) -> int:
    """As of the convolution whose gradient it is: each number read takes one filter's weights."""
    return math.prod(get_shape(inputs[0])) * math.prod(get_shape(inputs[1])[1:])


def _any_convolution_macs(inputs: list, outputs: list) -> int:
    """For the general operator, which says in its seventh input whether it is transposed."""
    transposed = inputs[6].toIValue()
    return (_transposed_convolution_macs if transposed else _convolution_macs)(inputs, outputs)


def _recurrent_macs(inputs: list, outputs: list) -> int:
    """Every matrix, of the input and of the state before, is applied at every step of every sequence.

    The documentation of `torch.nn.LSTM`, `GRU` and `RNN` gives the products (Hochreiter and Schmidhuber, 1997,
    doi:10.1162/neco.1997.9.8.1735); gates act element by element and count nothing. Layers, directions and projections
    have matrices of their own in the list; biases have one axis.
    """
    steps = math.prod(get_shape(inputs[0])[:-1])
    shapes = (get_shape(weight) for weight in recurrent_weights(inputs))
    return steps * sum(math.prod(shape) for shape in shapes if len(shape) == 2)


def _linear_macs(inputs: list, outputs: list) -> int:
    """One row of the weight for each number written."""
    return math.prod(get_shape(outputs[0])) * get_shape(inputs[0])[-1]


def _product_macs(inputs: list, outputs: list) -> int:
    """One row times one column for each number written; broadcasting shows in the output alone."""
    return math.prod(get_shape(outputs[0])) * get_shape(inputs[0])[-1]


def _added_product_macs(inputs: list, outputs: list) -> int:
    """The product of the second and third input; what is added to it counts nothing."""
    return math.prod(get_shape(outputs[0])) * get_shape(inputs[1])[-1]


def _added_products_macs(inputs: list, outputs: list) -> int:
    """`addbmm` adds the products of a whole batch up."""
    return math.prod(get_shape(inputs[1])) * get_shape(inputs[2])[-1]


def _tensordot_macs(inputs: list, outputs: list) -> int:
    """One product for each number written and each place along the axes that are contracted."""
    shape, axes = get_shape(inputs[0]), (value.toIValue() for value in inputs[2].node().inputs())
    return math.prod(get_shape(outputs[0])) * math.prod(shape[axis] for axis in axes)


def _einsum_macs(inputs: list, outputs: list) -> int:
    """Those of the products that torch makes of it, in torch's order (`torch.utils.flop_counter`, on shapes alone)."""
    operands = [torch.empty(get_shape(value), device="meta") for value in einsum_operands(inputs)]
    with FlopCounterMode(display=False) as counter:
        torch.einsum(inputs[0].toIValue(), *operands)
    return counter.get_total_flops() // 2


def _attention_macs(inputs: list, outputs: list) -> int:
    """Those of softmax(QKᵀ)V for query (…, L, E), key (…, S, E) and value (…, S, Ev); the output is (…, L, Ev).

    As fvcore counts the two products where they are written out; softmax and scaling are not counted in either form.
    """
    query, key, value = (get_shape(v) for v in inputs[:3])
    return math.prod(get_shape(outputs[0])[:-1]) * key[-2] * (query[-1] + value[-1])


HANDLES: dict[str, Handle] = {
    **dict.fromkeys(CONVOLUTIONS, _convolution_macs),
    **dict.fromkeys([name for name in CONVOLUTIONS if "transpose" in name], _transposed_convolution_macs),
    **dict.fromkeys(("aten::_convolution", "aten::convolution"), _any_convolution_macs),
    **dict.fromkeys(RECURRENT, _recurrent_macs),
    LINEAR: _linear_macs,
    **{name: (_product_macs, _added_product_macs)[first] for name, first in PRODUCTS.items()},
    "aten::addbmm": _added_products_macs,
    "aten::tensordot": _tensordot_macs,
    EINSUM: _einsum_macs,
    FUSED_ATTENTION: _attention_macs,
}
"""The handles of our own, by operator. They give what fvcore's give where it has one, and hold where those fail: inputs
without a batch, vectors, products that broadcast, einsums of any form (fvcore's are rounded to four digits)."""
