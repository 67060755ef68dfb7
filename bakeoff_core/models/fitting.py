"""Whether a state dict is that of a model's backbone: counted entry by entry, before anything is loaded.

timm loads what fits and leaves the rest at random without a word wherever the head differs, so it is looked at here.
The head does not count: it is made anew for other classes. Only workers use it. Not covered: reading files
(`models.checkpoints`), and what timm renames and resamples on the way (its own filters do, before the look).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.modules.module import register_module_module_registration_hook

from bakeoff_core.errors import BakeoffError
from bakeoff_core.models.checkpoints import named

HEADS = ("aux_head", "classifier", "fc", "head", "head_dist", "heads", "last_linear")
"""What networks call their classifiers, of which one more or less in a file means nothing to the backbone."""
TRAINING_ONLY = ("mask_token",)
"""What a backbone learns with and is used without."""
AVERAGE = re.compile(r"(^|[._])ema([._]|$)")
"""In names of a moving average, which trainings keep beside the weights."""


class MisfitError(BakeoffError):
    """Weights are not those of a model's backbone.

    Attributes:
        fit: What was found.
    """

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        super().__init__(fit.problem or "")


@dataclass(frozen=True)
class Fit:
    """What of a model's backbone is in a state dict; entries are those that hold learned numbers."""

    entries: int
    """Of the backbone."""
    param_count: int
    """Numbers in them."""
    missing: tuple[str, ...]
    """Entries of the backbone that are not there."""
    left_over: tuple[str, ...]
    """Entries that are there and that the backbone has not."""
    reshaped: tuple[str, ...]
    """Entries of another shape, each with both shapes."""
    no_numbers: tuple[str, ...]
    """Entries with values that are not finite, or no floating-point numbers."""
    found_param_count: int
    """Numbers found in the shape they are needed in."""

    @property
    def problem(self) -> str | None:
        """Why it can't be used, in a sentence; `None` where it can."""
        found = self.entries - len(self.missing) - len(self.reshaped)
        counted = (
            f"{found:,} of the backbone's {self.entries:,} entries were found in it "
            f"({self.found_param_count:,} of {self.param_count:,} numbers)"
        )
        faults = [
            f"{_counted(self.missing, 'is', 'are')} missing ({named(self.missing)})" if self.missing else "",
            f"{_counted(self.reshaped, 'has', 'have')} another shape ({named(self.reshaped)})" if self.reshaped else "",
            f"{_counted(self.left_over, 'entry of its own is', 'of its own are')} left over ({named(self.left_over)})"
            if self.left_over
            else "",
        ]
        if any(faults):
            return f"{counted}; {'; '.join(filter(None, faults))}."
        if self.no_numbers:
            return (
                f"{found:,} of the backbone's {self.entries:,} entries were found in it, but the values of "
                f"{len(self.no_numbers):,} are not finite floating-point numbers ({named(self.no_numbers)})."
            )
        return None


def fit_of(model: nn.Module, state: Mapping[str, torch.Tensor], *, keeps_more: bool = False) -> Fit:
    """Compare a state dict with what a model's backbone needs.

    Args:
        model: May be on the meta device: only its names and shapes count.
        state: By name.
        keeps_more: Whether entries that the backbone has not are of no account, as where the file is timm's own.
    """
    own, heads = model.state_dict(), head_prefixes(model)
    needed = {name: t for name, t in own.items() if t.is_floating_point() and not name.startswith(heads)}
    there = {name: tensor for name, tensor in state.items() if name in needed}
    shaped = {name: tensor for name, tensor in there.items() if tensor.shape == needed[name].shape}
    return Fit(
        entries=len(needed),
        param_count=sum(tensor.numel() for tensor in needed.values()),
        missing=tuple(name for name in needed if name not in there),
        left_over=() if keeps_more else _left_over(state, own, needed, heads),
        reshaped=tuple(
            f"{name}: {_shape(tensor)} in the file, {_shape(needed[name])} in the model"
            for name, tensor in there.items()
            if name not in shaped
        ),
        no_numbers=tuple(
            name for name, t in shaped.items() if not t.is_floating_point() or _is_spoilt(t, needed[name])
        ),
        found_param_count=sum(tensor.numel() for tensor in shaped.values()),
    )


def head_prefixes(model: nn.Module) -> tuple[str, ...]:
    """Return what the names of the head's entries begin with: of what timm calls a model's classifiers, with a dot."""
    listed = (getattr(model, "pretrained_cfg", None) or {}).get("classifier") or ()
    found = model.get_classifier()
    modules = found if isinstance(found, tuple | list) else (found,)
    names = {name for name, module in model.named_modules() if name and any(module is head for head in modules)}
    return tuple(f"{name}." for name in sorted(names | {listed} if isinstance(listed, str) else names | {*listed}))


def without_prefix(model: nn.Module, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
    """Return the part of a state dict under the prefix that holds most of a model's backbone, without the prefix.

    Args:
        model: May be on the meta device.
        state: As it was read.

    Returns:
        What is under `model.` or `backbone.`, say, or whatever else a training called the network it was part of.
        `None` where no prefix holds more of it than there is without one. Of equals the one that is no average.
    """
    heads = head_prefixes(model)
    needed = [n for n, t in model.state_dict().items() if t.is_floating_point() and not n.startswith(heads)]
    anchors = [name for name in needed if "." in name][:MOST_ANCHORS]
    prefixes = dict.fromkeys(name.removesuffix(a) for name in state for a in anchors if name.endswith(f".{a}"))
    covered = {prefix: sum(prefix + name in state for name in needed) for prefix in ("", *prefixes)}
    best = max(covered, key=lambda prefix: (covered[prefix], not AVERAGE.search(prefix)))
    if not best or covered[best] == covered[""]:
        return None
    return {name.removeprefix(best): tensor for name, tensor in state.items() if name.startswith(best)}


MOST_ANCHORS = 4
"""Entries of a backbone whose names are looked for behind a prefix."""


@contextlib.contextmanager
def loading_is_judged(*, keeps_more: bool) -> Iterator[list[Fit]]:
    """Judge every state dict that is loaded into a whole model which is made meanwhile, after timm's filters.

    Yields:
        What was found, one for each that was loaded.

    Raises:
        MisfitError: From within the loading, where something is missing, left over, of another shape, or no number.
    """
    found: list[Fit] = []
    handles, watched = [], set()

    def judge(module: nn.Module, state: dict, prefix: str, *_: object) -> None:
        if prefix or not hasattr(module, "get_classifier"):
            return
        found.append(fit_of(module, state, keeps_more=keeps_more))
        if found[-1].problem:
            raise MisfitError(found[-1])
        # What differs by now is the head's, what is computed and not learned, or of no use to the backbone.
        own = module.state_dict()
        for name in [*state]:
            if name not in own or state[name].shape != own[name].shape or _is_spoilt(state[name], own[name]):
                del state[name]
        state.update({name: tensor for name, tensor in own.items() if name not in state})

    def watch(parent: nn.Module, name: str, child: nn.Module | None) -> None:
        if parent not in watched:
            watched.add(parent)
            handles.append(parent.register_load_state_dict_pre_hook(judge))

    handles.append(register_module_module_registration_hook(watch))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _left_over(
    state: Mapping[str, torch.Tensor],
    own: Mapping[str, torch.Tensor],
    needed: Mapping[str, torch.Tensor],
    heads: tuple[str, ...],
) -> tuple[str, ...]:
    """The learned entries that the model has not, but for heads, averages and copies of the backbone."""
    copies = {prefix for prefix in _prefixes(state, next(iter(needed), "")) if all(prefix + n in state for n in needed)}
    harmless = (*heads, *(f"{head}." for head in HEADS), *copies)
    return tuple(
        name
        for name, tensor in state.items()
        if name not in own
        and tensor.is_floating_point()
        and tensor.ndim
        and not name.startswith(harmless)
        and not AVERAGE.search(name)
        and name.rpartition(".")[2] not in TRAINING_ONLY
    )


def _prefixes(state: Mapping[str, torch.Tensor], entry: str) -> set[str]:
    return {name.removesuffix(entry) for name in state if entry and name.endswith(f".{entry}")}


def _is_spoilt(tensor: torch.Tensor, own: torch.Tensor) -> bool:
    """Tell whether floating-point values are not finite as the float32 that a model is made of.

    Some models keep bounds that are infinite by design (Gemma 4's encoder); such are infinite in a new model as well.
    """
    if not tensor.is_floating_point() or tensor.is_meta or torch.isfinite(tensor.float()).all():
        return False
    is_bound = not own.is_meta and bool(torch.isinf(own).any())
    return not is_bound or bool(torch.isnan(tensor).any())


def _counted(names: tuple[str, ...], one: str, many: str) -> str:
    return f"{len(names):,} {one if len(names) == 1 else many}"


def _shape(tensor: torch.Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"
