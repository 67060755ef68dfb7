"""timm's names: what it can create, under which name and at which size, and what it called it before.

A worker that has timm loaded writes the list once per timm version, so nothing that reads it loads torch.
Not covered: asking timm, and what is published about a name (see `catalogue.accuracies`).
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import heapq
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff_core.schema.checks import require_count
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.system.files import read_json, to_user_error, write_text

FILE_VERSION = 2
"""Version of the stored list. Raise it with every change to the fields of `TimmModel` and `TimmModels`."""


REPOSITORIES = ("hf-hub:", "hf_hub:", "timm/")
"""What stands before timm's names where its weights are published, in this order."""


def architecture_of(model_name: str) -> str:
    """Return a model's name without its weights tag: `"resnet50"` of `"resnet50.a1_in1k"`."""
    return model_name.partition(".")[0]


def without_repository(name: str) -> str:
    """Return a name without the address that its weights are published at: `timm/`, with or without `hf-hub:`."""
    for repository in REPOSITORIES:
        name = name.removeprefix(repository)
    return name


@dataclass(frozen=True)
class TimmModel:
    """One name that timm can create."""

    model_name: str
    """`arch.tag`, or the bare architecture where timm has no weights for it."""
    img_size: int
    """Height and width in pixels it is used at when nobody asks for another."""
    test_img_size: int | None
    """Larger size its authors also evaluate at; `None` where there is none."""
    fixed_img_size: bool
    """Whether the weights fit this size only (the model must be built for any other)."""
    is_default_tag: bool
    """Whether the plain architecture name means this tag."""
    has_weights: bool = True
    """Whether timm knows where its weights are."""

    def __post_init__(self) -> None:
        if not isinstance(self.model_name, str) or not self.model_name:
            raise ValueError(f"`model_name` must be a name. Got {self.model_name!r}.")
        require_count("img_size", self.img_size)
        if self.test_img_size is not None:
            require_count("test_img_size", self.test_img_size)
        for name in ("fixed_img_size", "is_default_tag", "has_weights"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"`{name}` must be true or false. Got {getattr(self, name)!r}.")

    @property
    def architecture(self) -> str:
        """The name without its weights tag."""
        return architecture_of(self.model_name)


@dataclass(frozen=True)
class TimmModels:
    """Every name of one timm version."""

    timm_version: str
    """The version that was asked."""
    models: tuple[TimmModel, ...]
    """In timm's order."""
    renamed: Mapping[str, str | None] = field(default_factory=dict)
    """Names that older versions of timm used, and what each is called now: an architecture, or one of its tags.
    `None` where the model was removed without a successor."""

    def __post_init__(self) -> None:
        for old, new in self.renamed.items():
            if not old or not isinstance(old, str) or not (new is None or (new and isinstance(new, str))):
                raise ValueError(f"`renamed` must map names to names or to nothing. Got {old!r}: {new!r}.")

    def find(self, name: str) -> TimmModel | None:
        """Return the model a full name, or a plain architecture name (its default tag), stands for.

        What stands before it where its weights are published (`timm/resnet50.a1_in1k`) does not count.
        """
        return self._by_name.get(without_repository(name))

    def find_in_any_case(self, name: str) -> TimmModel | None:
        """Return what `find` does, and else the model whose name differs by capital letters alone."""
        return self.find(name) or self._by_folded_name.get(name.casefold())

    def tags_of(self, architecture: str) -> tuple[str, ...] | None:
        """Return the full names of an architecture's weights, none where timm has no weights for it.

        Returns:
            In timm's order; `None` where timm has no such architecture.
        """
        models = self._by_architecture.get(architecture)
        if models is None:
            return None
        return tuple(model.model_name for model in models if model.has_weights)

    def search(self, query: str, limit: int = 50) -> tuple[TimmModel, ...]:
        """Return the models whose names hold every word of the query, best first; no words find nothing.

        A name that is the query comes first (a plain architecture name: its default tag, then its other
        tags), then names that begin with it, then the rest; among equals the shorter name.

        Args:
            query: Words in any case and order, separated by spaces.
            limit: How many to return at most.
        """
        words = query.lower().split()
        if not words:
            return ()

        def rank(model: TimmModel) -> tuple[bool, bool, bool, int, str]:
            name, is_architecture = model.model_name.lower(), model.architecture.lower() == words[0]
            is_asked = name == words[0] or (is_architecture and model.is_default_tag)
            return (not is_asked, not is_architecture, not name.startswith(words[0]), len(name), name)

        found = (model for model in self.models if all(word in model.model_name.lower() for word in words))
        return tuple(heapq.nsmallest(limit, found, key=rank))

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Return the full names a user may have meant, best first.

        Where an older version of timm used the name, what it is called now; where the architecture exists, its nearest
        tags; else the nearest architectures, each with its nearest tag. Nearness is difflib's matching-blocks ratio
        (Ratcliff and Obershelp).
        """
        name = without_repository(name.lower())
        now = self._by_name.get(self.renamed.get(name) or "")
        if now is not None:
            return (now.model_name,)
        architecture, _, tag = name.partition(".")

        def distance(model: TimmModel) -> tuple[float, bool]:
            other = model.model_name.partition(".")[2]
            return -difflib.SequenceMatcher(None, tag, other).ratio(), not model.is_default_tag

        if architecture in self._by_architecture:
            same = sorted(self._by_architecture[architecture], key=distance)
            return tuple(model.model_name for model in same[:count])
        similar = difflib.get_close_matches(architecture, self._by_architecture, n=count)
        if not similar:  # a part of a name, such as "dinov2", is too short to be similar
            return tuple(model.model_name for model in self.search(architecture, limit=count))
        return tuple(min(self._by_architecture[other], key=distance).model_name for other in similar)

    @functools.cached_property
    def _by_name(self) -> dict[str, TimmModel]:
        plain = {model.architecture: model for model in self.models if model.is_default_tag}
        return plain | {model.model_name: model for model in self.models}

    @functools.cached_property
    def _by_folded_name(self) -> dict[str, TimmModel]:
        return {name.casefold(): model for name, model in self._by_name.items()}

    @functools.cached_property
    def _by_architecture(self) -> dict[str, list[TimmModel]]:
        groups: dict[str, list[TimmModel]] = {}
        for model in self.models:
            groups.setdefault(model.architecture, []).append(model)
        return groups


def read_timm_models(path: Path) -> TimmModels | None:
    """Return the stored list of timm's names, or `None` where there is none that can be used.

    A damaged list, or one of another file version, counts as absent: a worker can always write it anew.
    """
    try:
        content = read_json(path)
        is_whole = content.get("version") == FILE_VERSION and "renamed" in content
        return parse_record(TimmModels, content) if is_whole else None
    except ValueError:
        return None


def write_timm_models(path: Path, models: TimmModels) -> None:
    """Store the list of timm's names, whole or not at all.

    Raises:
        NoSpaceError: The disk is full; a list that was there before is unchanged.
        BakeoffError: The file cannot be written for another reason.
    """
    content = json.dumps({"version": FILE_VERSION, **dataclasses.asdict(models)})
    try:
        write_text(path, content, durable=True)
    except OSError as err:
        raise to_user_error(err, f"{path.name} could not be written in {path.parent}") from err
