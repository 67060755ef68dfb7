"""Take a timm model apart: which kind of layer, in which stage, holds its parameters, MACs and activations.

Runs in a process of its own a model, with random weights. One pass is traced, and every operation is counted by the
handles that the profile's MACs come from, so the totals are the same; a model that uses an operator which nobody knows
is not taken apart, since its shares would be of a part only. fvcore adds up by module and by operator; which
weights an operation reads, and whether both sides of a product come from the image, only the traced graph tells, so the
graph is walked here once more.

Not covered: what the kinds mean (see `profiling.anatomy.records`), and which models to take apart (see
`profiling.anatomy.worker`).
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from fvcore.nn.jit_analysis import _get_scoped_trace_graph
from fvcore.nn.jit_handles import get_shape
from torch import nn

from bakeoff_core.models.counting import MacAnalysis, describe_unknown
from bakeoff_core.models.operators import (
    CONVOLUTIONS,
    EINSUM,
    FUSED_ATTENTION,
    LINEAR,
    PRODUCTS,
    RECURRENT,
    counts_nothing,
    einsum_operands,
    recurrent_weights,
)
from bakeoff_core.models.sizes import explained
from bakeoff_core.models.timm_models import create_backbone, describe_failure
from bakeoff_core.profiling.anatomy.records import LAYER_KINDS, Anatomy, AnatomyPart, to_json
from bakeoff_core.profiling.anatomy.stages import Boundary, divide
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.memory import die_first_when_memory_runs_out

__all__ = ["describe_failure", "dissect"]

ADDMM = "aten::addmm"
WEIGHT_INPUTS = {
    **dict.fromkeys(CONVOLUTIONS, (1, 2)),
    LINEAR: (1, 2),
    ADDMM: (0, 2),
    "aten::batch_norm": (1, 2),
    "aten::instance_norm": (1, 2),
    "aten::layer_norm": (2, 3),
    "aten::group_norm": (2, 3),
}
"""Where operators take their weights; products have them on the side that does not come from the image."""

WEIGHTED = ("spatial", "grouped", "depthwise", "pointwise", "fully_connected")
"""Kinds of layers that are convolutions or linear layers."""

WRITERS = {*CONVOLUTIONS, *RECURRENT, *PRODUCTS, LINEAR, EINSUM, FUSED_ATTENTION}
"""Operators whose outputs are activations: those of fvcore's `ActivationCountAnalysis`, which timm's figures are from,
and what it does not know."""


@dataclass(frozen=True)
class Operation:
    """One node of the traced graph."""

    kind: str | None
    """Key of `KINDS`; `None` for one that is not counted."""
    macs: int
    activations: int
    reads: frozenset[int]
    """Parameters that it takes as its weights, or mixes with the image, by their place among the graph's inputs."""
    module: str
    """Full name of the module that runs it."""


def dissect(model_name: str, img_size: int) -> dict[str, Any]:
    """Take a model apart; call in a fresh process.

    Args:
        model_name: timm's `arch.tag`.
        img_size: Height and width of the input in pixels.

    Returns:
        What `profiling.anatomy.records.to_json` makes of it; plain, since the caller has no torch.

    Raises:
        BakeoffError: The model can't be built or traced; the words name sizes that it takes where that is why.
        RuntimeError: The model multiplies in a way that is not known here.
        Exception: Whatever torch raises for a model that does not fit into memory.
    """
    die_first_when_memory_runs_out()
    try:
        return to_json(take_apart(create_backbone(model_name, img_size), model_name, img_size))
    except Exception as err:  # whatever a model's own checks, the tracer and torch raise
        raise explained(err, model_name, img_size) from err


def take_apart(model: nn.Module, model_name: str, img_size: int) -> Anatomy:
    """Take apart a model that is there.

    Args:
        model: On the CPU, in float32 and eval mode.
        model_name: Its name.
        img_size: Height and width of the input in pixels.

    Raises:
        RuntimeError: It multiplies in a way that is not known here.
    """
    graph, handles = _trace(model, torch.zeros(1, 3, img_size, img_size))
    operations = _operations(graph, handles)
    weighted = [operation.kind in WEIGHTED for operation in operations]
    stages, stage_at = divide([operation.module for operation in operations], _boundaries(model), weighted)
    totals: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for stage, operation in zip(stage_at, operations, strict=True):
        if operation.kind is not None:
            for place, value in ((0, 1), (2, operation.macs), (3, operation.activations)):
                totals[stage, operation.kind][place] += value
    for stage, kind, size in _parameters(model, operations, stage_at):
        totals[stage, kind][1] += size
    cells = ((stage, kind) for stage in range(len(stages)) for kind in LAYER_KINDS if any(totals[stage, kind]))
    parts = tuple(AnatomyPart(stage, kind, *totals[stage, kind]) for stage, kind in cells)
    return Anatomy(model_name, img_size, this_machine().timm_version, stages, parts)


def _trace(model: nn.Module, images: torch.Tensor) -> tuple[torch._C.Graph, dict[str, Any]]:
    """Trace one pass as fvcore does; returns the graph and the handles that count its operators."""
    analysis = MacAnalysis(model, images)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        graph = _get_scoped_trace_graph(model, images, analysis._aliases)
    handles = analysis._op_handles
    unknown = {node.kind() for node in graph.nodes() if node.kind() not in handles and not counts_nothing(node)}
    if unknown:
        raise RuntimeError(f"This model cannot be taken apart: {describe_unknown(sorted(unknown))}.")
    return graph, handles


def _boundaries(model: nn.Module) -> list[Boundary]:
    """timm's list of where a model's features end; empty where it has none."""
    listed = getattr(model, "feature_info", None) or []
    entries = getattr(listed, "info", listed)
    return [Boundary(e["module"], int(e["reduction"])) for e in entries if e.get("module") and e.get("reduction")]


def _operations(graph: torch._C.Graph, handles: dict[str, Any]) -> list[Operation]:
    """Return every node of the graph in the order of running, counted where fvcore counts it."""
    names = [value.debugName() for value in graph.inputs()]
    from_image = {names[0]}
    sources = {name: frozenset({at}) for at, name in enumerate(names[1:])}

    def parameters_in(values: Iterable[Any]) -> frozenset[int]:
        """The parameters that values are made of, as far as the image has no part in them."""
        return frozenset().union(*(sources.get(value.debugName(), frozenset()) for value in values))

    found = []
    for node in graph.nodes():
        values = _operands(node)
        sides = [value for value in values if value.debugName() in from_image]
        taken = parameters_in(values)
        for value in node.outputs():
            if sides:
                from_image.add(value.debugName())
            else:
                sources[value.debugName()] = taken
        operator, kind, macs, activations = node.kind(), None, 0, 0
        if operator in handles:
            kind = _kind(operator, values, sides, next(node.outputs()))
            macs = _count(handles[operator], node)
            activations = _written(operator, values, next(node.outputs())) if operator in WRITERS else 0
        if operator in WEIGHT_INPUTS and kind is not None:
            taken = parameters_in(values[place] for place in WEIGHT_INPUTS[operator])
        elif not sides:
            taken = frozenset()  # works on weights alone, as their standardisation does: who uses the result reads them
        found.append(Operation(kind, macs, activations, taken, node.scopeName().rpartition("/")[2]))
    return found


def _operands(node: torch._C.Node) -> list[Any]:
    """What an operation works on; of an einsum the tensors in its list, of a recurrent layer its input and weights."""
    values = list(node.inputs())
    if node.kind() in RECURRENT:
        return [values[0], *recurrent_weights(values)]
    return einsum_operands(values) if node.kind() == EINSUM else values


def _count(handle: Any, node: torch._C.Node) -> int:
    """Multiply-accumulates by one of fvcore's handles, which return a number or a counter."""
    counted = handle(list(node.inputs()), list(node.outputs()))
    return int(sum(counted.values()) if hasattr(counted, "values") else counted)


def _kind(operator: str, values: Sequence[Any], sides: Sequence[Any], output: Any) -> str:
    """Tell the kind of a counted operation.

    Args:
        operator: Its name.
        values: Its operands.
        sides: Those of them that come from the image.
        output: What it writes.
    """
    if operator in CONVOLUTIONS:
        return _kind_of_convolution(operator, values, output)
    if operator == EINSUM or operator in PRODUCTS:
        first = PRODUCTS.get(operator, 0)
        factors = values if operator == EINSUM else values[first : first + 2]
        names = {value.debugName() for value in sides}
        moving = [value for value in factors if value.debugName() in names]
        return "attention" if len(moving) == len(factors) else _kind_of_linear((moving or factors)[0])
    if operator == LINEAR or operator in RECURRENT:
        return _kind_of_linear(values[0])
    if operator == FUSED_ATTENTION:
        return "attention"
    return "normalisation" if operator.endswith("_norm") else "other"


def _kind_of_convolution(operator: str, values: Sequence[Any], output: Any) -> str:
    inside, weight, outside = (get_shape(value) for value in (values[0], values[1], output))
    groups, kernel = values[CONVOLUTIONS[operator]].toIValue(), weight[2:]
    if groups > 1:
        return "depthwise" if inside[1] == groups else "grouped"
    if math.prod(outside[2:]) == 1 and list(inside[2:]) == list(kernel):
        return "fully_connected"
    return "pointwise" if math.prod(kernel) == 1 else "spatial"


def _kind_of_linear(value: Any) -> str:
    """Tell whether a matrix is applied to one vector or to many."""
    return "fully_connected" if math.prod(get_shape(value)[:-1]) == 1 else "pointwise"


def _written(operator: str, values: Sequence[Any], output: Any) -> int:
    """Numbers that an operation writes; of fused attention both products, as where they are written out."""
    written = math.prod(get_shape(output))
    if operator == FUSED_ATTENTION:
        query, key = (get_shape(value) for value in values[:2])
        written += math.prod(query[:-1]) * key[-2]
    return written


def _parameters(
    model: nn.Module, operations: Sequence[Operation], stage_at: Sequence[int]
) -> Iterator[tuple[int, str, int]]:
    """Yield the stage, the kind and the size of every parameter.

    A parameter belongs to the first convolution, linear layer, product or norm that reads it as its weight; else to the
    first operation that mixes it with the image. One that no operation reads lies where its neighbours do.
    """
    owner: dict[int, tuple[int, str]] = {}
    norms = {name for name, module in model.named_modules() if "norm" in type(module).__name__.lower()}
    for counted in (True, False):
        for at, operation in enumerate(operations):
            if (operation.kind is not None) == counted:
                fallback = "normalisation" if operation.module in norms else "other"
                for place in operation.reads:
                    owner.setdefault(place, (stage_at[at], operation.kind or fallback))
    # The graph's inputs after the image are these tensors, buffers among them, in this order.
    tensors = list(torch.jit._unique_state_dict(model, keep_vars=True).values())
    owner_of = {id(tensors[place]): found for place, found in owner.items()}
    modules = [operation.module for operation in operations]
    for name, parameter in model.named_parameters():
        stage, kind = owner_of.get(id(parameter)) or (stage_at[_nearest(name, modules)], "other")
        yield stage, kind, parameter.numel()


def _nearest(name: str, modules: Sequence[str]) -> int:
    """Return the place of the last operation whose module shares most of its name's parts with a parameter's."""
    parts = name.split(".")

    def shared(at: int) -> tuple[int, int]:
        pairs = zip(parts, modules[at].split("."), strict=False)
        return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)), at

    return max(range(len(modules)), key=shared)
