"""Divide a model's operations, in their order of running, into a stem, stages and a head.

timm says of most models where features can be taken out, and at which resolution. A stage runs from one such place to
the next; places at the same resolution, such as the blocks of a vision transformer, are one stage. Not covered: what
the operations are (see `profiling.anatomy.trace`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff_core.profiling.anatomy.records import AnatomyStage

STEM_NAMES = ("stem", "patch_embed", "conv_stem")
"""What timm calls modules that bring an image to its first resolution."""


@dataclass(frozen=True)
class Boundary:
    """A place where timm says that features can be taken out."""

    module: str
    """Full name of the module whose output they are."""
    reduction: int
    """Pixels of the input for each step of them."""


@dataclass(frozen=True)
class _Span:
    """Operations that belong together."""

    end: int
    """Place after the last one."""
    depth: int
    """Parts of a module's name that tell it from its neighbours."""
    reduction: int | None
    is_stem: bool = False


def divide(
    modules: Sequence[str], boundaries: Sequence[Boundary], weighted: Sequence[bool]
) -> tuple[tuple[AnatomyStage, ...], list[int]]:
    """Divide operations into stages.

    Args:
        modules: Full name of the module that runs each operation; empty for the model itself.
        boundaries: timm's, in any order; those whose module does not run are left out.
        weighted: Whether each operation is a convolution or a linear layer.

    Returns:
        The stages, and for each operation the place of its stage among them. Where timm names no boundary, each
        module directly under the model is a stage by its own name.
    """
    spans = _spans(modules, boundaries, weighted)
    if not spans:
        return _by_child(modules)
    stages, stage_at, start, number = [], [], 0, 0
    for at, span in enumerate(spans):
        is_head = at == len(spans) - 1 and span.reduction is None and at > 0
        number += not (span.is_stem or is_head)
        title = "Stem" if span.is_stem else "Head" if is_head else f"Stage {number}"
        stages.append(AnatomyStage(title, _names(modules[start : span.end], span.depth), span.reduction))
        stage_at += [at] * (span.end - start)
        start = span.end
    return tuple(stages), stage_at


def _spans(modules: Sequence[str], boundaries: Sequence[Boundary], weighted: Sequence[bool]) -> list[_Span]:
    ends = sorted((_end(modules, b.module), b.reduction, b.module) for b in boundaries if _end(modules, b.module))
    spans: list[_Span] = []
    for end, reduction, module in ends:
        depth = module.count(".") + 1
        last = spans[-1] if spans else None
        if last is None:
            spans.append(_Span(end, depth, reduction))
        elif reduction == last.reduction or not any(weighted[last.end : end]):  # a pooling alone is no stage
            spans[-1] = _Span(max(end, last.end), max(depth, last.depth), last.reduction)
        elif end > last.end:
            spans.append(_Span(end, depth, reduction))
    if not spans:
        return []
    first, child = spans[0], ends[0][2].partition(".")[0]
    start = next((at for at, name in enumerate(modules) if name.partition(".")[0] == child), 0)
    if child in STEM_NAMES or sum(weighted[start : first.end]) <= (0 if any(weighted[:start]) else 1):
        spans[0] = _Span(first.end, 1 if start else first.depth, first.reduction, is_stem=True)
    elif any(weighted[:start]):
        spans.insert(0, _Span(start, 1, None, is_stem=True))
    if spans[-1].end < len(modules):
        spans.append(_Span(len(modules), 1, None))
    return spans


def _end(modules: Sequence[str], module: str) -> int:
    """Return the place after the last operation inside a module; 0 where it never runs."""
    inside = f"{module}."
    return next(
        (at + 1 for at in reversed(range(len(modules))) if modules[at] == module or modules[at].startswith(inside)), 0
    )


def _by_child(modules: Sequence[str]) -> tuple[tuple[AnatomyStage, ...], list[int]]:
    """Make a stage of each module directly under the model; what the model does itself goes with what ran before."""
    titles: list[str] = []
    stage_at = []
    now = 0
    for name in modules:
        child = name.partition(".")[0]
        if child and child not in titles:
            titles.append(child)
        now = titles.index(child) if child else now
        stage_at.append(now)
    return tuple(AnatomyStage(title, title, None) for title in titles or ["Model"]), stage_at


def _names(modules: Sequence[str], depth: int) -> str:
    """Return the first and the last module that run, so many levels deep: `"blocks.0 to blocks.11"`."""
    named = [".".join(name.split(".")[:depth]) for name in modules if name]
    if not named:
        return ""
    return named[0] if named[0] == named[-1] else f"{named[0]} to {named[-1]}"
