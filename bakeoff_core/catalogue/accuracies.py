"""What is published about each weights tag at each image size, and what a model name stands for.

An accuracy belongs to a weights tag **and** an image size: timm's `resnet50` alone spans 76 to 81 % over
its tags, so nothing here carries a figure from one tag or size to another. The built-in table
(`catalogue.csv`, see docs/catalogue.md) can be extended and overridden by a CSV of the user's own.

Not covered: reading the user's file (`catalogue.own_accuracies`), measuring, downloading weights, and asking timm
anything (see `catalogue.timm_names`).
"""

from __future__ import annotations

import csv
import difflib
import functools
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from bakeoff_core.catalogue.own_accuracies import read_own_accuracies
from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels, architecture_of, read_timm_models
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.schema.accuracy import ACCURACY_COLUMNS, IMAGENET_VALIDATION_IMAGES
from bakeoff_core.stats import wilson_interval
from bakeoff_core.system.paths import timm_models_path

CATALOGUE_TIMM_VERSION = "1.0.31"
"""The timm whose default tags, default sizes, parameters and MACs stand in `catalogue.csv`."""

_RESEMBLANCE = 0.9
"""Ratio of matching blocks (Ratcliff and Obershelp) from which on a name looks like a slip of another."""

_CATALOGUE_PATH = Path(__file__).parent / "data" / "catalogue.csv"
_COLUMN_TYPES = {
    "model_name": "str",
    "family": "str",
    "year": "Int64",
    "img_size": "int64",
    "top1": "float64",
    "top5": "float64",
    "param_count": "Int64",
    "macs": "Int64",
    "pretraining": "str",
    "supervision": "str",
    "recipe": "str",
    "licence": "str",
    "default_img_size": "Int64",
    "is_default_tag": "boolean",
    "fixed_img_size": "boolean",
    "note": "str",
    "accuracy_source": "str",
    "test_images": "Int64",
}
# What an own row at another size takes over from the built-in rows of its tag.
_TAG_COLUMNS = (
    *("family", "year", "pretraining", "supervision", "recipe", "licence"),
    *("default_img_size", "is_default_tag", "fixed_img_size"),
)


def read_catalogue(own_accuracy: Path | None = None) -> pd.DataFrame:
    """Return what is published: one row per weights tag and image size, the user's own figures included.

    An own row overrides the accuracy of the built-in row for the same tag and size as a whole: its empty
    `top5` is unknown then, not the built-in one. A plain architecture name the table knows means its
    default tag, as everywhere, and capital letters do not count. Columns: those of `catalogue.csv`
    (docs/catalogue.md), `source` being called `accuracy_source`, and

    - `test_images`: images the accuracy was measured on; null where an own row does not say,
    - `top1_low`, `top1_high`: 95 % interval of `top1` that these images allow; null with `test_images`.

    Args:
        own_accuracy: The user's file, see `catalogue.own_accuracies`. `None`, or a file that does not exist, adds
            nothing.

    Raises:
        BakeoffError: The own file cannot be used; the text names file, line and what must hold.
    """
    rows = {(row["model_name"], row["img_size"]): row for row in _built_in_rows()}
    if own_accuracy is not None:
        tag_facts = {row["model_name"]: row for row in _built_in_rows()}
        families = {architecture_of(name): row["family"] for name, row in tag_facts.items()}
        for own in read_own_accuracies(own_accuracy, full_name_of):
            key = (own["model_name"], own["img_size"])
            known = tag_facts.get(own["model_name"], {})
            base = rows.get(key) or {column: known.get(column) for column in _TAG_COLUMNS}
            family = own["family"] or base["family"] or families.get(architecture_of(own["model_name"]))
            rows[key] = {**base, **own, "family": family}
    table = pd.DataFrame(list(rows.values()), columns=list(_COLUMN_TYPES)).astype(_COLUMN_TYPES)
    low, high = wilson_interval(table["top1"], table["test_images"])
    return table.assign(top1_low=low, top1_high=high)


def attach_accuracy(profiles: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Return the profiles with `schema.accuracy.ACCURACY_COLUMNS` added, rows, order and index as they are.

    Accuracy is joined on tag and image size together, and stays null where that pair is not published.
    The family belongs to the architecture and is filled in wherever any of its tags is known; the class of
    pre-training belongs to the tag and is filled in at the sizes whose accuracy is not known.

    Args:
        profiles: Any table with `model_name` and `img_size` (null where unknown).
        catalogue: As `read_catalogue` returns it.
    """
    keys = ["model_name", "img_size"]
    # Sizes are compared as floats: a store's column may hold nulls, and every size is exact as a float.
    types = {"model_name": "str", "img_size": "float64"}
    published = catalogue[[*keys, *ACCURACY_COLUMNS]].astype(types)
    joined = profiles[keys].astype(types).merge(published, how="left", on=keys, validate="many_to_one")
    named = catalogue.dropna(subset="family")
    families = dict(zip(named["model_name"].map(architecture_of), named["family"], strict=True))
    architectures = joined["model_name"].map(architecture_of, na_action="ignore")
    joined["family"] = joined["family"].fillna(architectures.map(families).astype("str"))
    classes = dict(zip(catalogue["model_name"], catalogue["recipe"], strict=True))
    is_unheard_of = joined["accuracy_source"].isna()
    joined.loc[is_unheard_of, "recipe"] = joined.loc[is_unheard_of, "model_name"].map(classes).astype("str")
    return profiles.assign(**{column: joined[column].array for column in ACCURACY_COLUMNS})


def resolve_model_name(name: str, models: TimmModels | None) -> str:
    """Return the full `arch.tag` a name stands for; a plain architecture name means timm's default tag.

    Args:
        name: As typed by the user; spaces around it do not count.
        models: timm's names. `None` where they are not listed yet: names the catalogue knows are resolved
            then, and any other is returned as it is, for the worker that loads timm to judge.

    Raises:
        UnknownModelError: timm has no such name; carries up to three nearest ones.
    """
    name = name.strip()
    found = (models or _catalogue_models()).find(name)
    if found is not None:
        return found.model_name
    if models is None:
        return name
    raise UnknownModelError(name, models.nearest(name))


def full_name_of(name: str) -> str:
    """Return the full `arch.tag` that a name in the user's own file stands for, in whatever case it is written.

    A name that neither the catalogue nor timm's list, where there is one, knows is returned as it is.
    """
    found = _catalogue_models().find_in_any_case(name)
    if found is None and (models := read_timm_models(timm_models_path())) is not None:
        found = models.find_in_any_case(name)
    return name if found is None else found.model_name


def misspelt_own_names(own_accuracy: Path, measured: Collection[str]) -> dict[str, list[str]]:
    """Return the models of the user's own file that nothing here has heard of, but that are nearly called as others.

    A name that resembles no other is one of the user's own.

    Args:
        own_accuracy: The file; see `read_catalogue`.
        measured: Names of the models that were measured, here or elsewhere.

    Returns:
        Each name as it is written, and the nearest that exist, best first.

    Raises:
        BakeoffError: As for `read_catalogue`.
    """
    listed = read_timm_models(timm_models_path())
    known = {model.model_name for models in (_catalogue_models(), listed) if models for model in models.models}
    known.update(measured)
    names = {row["model_name"] for row in read_own_accuracies(own_accuracy, full_name_of)} - known
    nearest = {name: difflib.get_close_matches(name, known, n=2, cutoff=_RESEMBLANCE) for name in sorted(names)}
    return {name: others for name, others in nearest.items() if others}


def search_models(query: str, models: TimmModels | None, limit: int = 50) -> tuple[TimmModel, ...]:
    """Return the models whose names hold every word of the query, best first (see `TimmModels.search`).

    Args:
        query: Words in any case and order, separated by spaces.
        models: timm's names. `None` where they are not listed yet searches those the catalogue knows.
        limit: How many to return at most.
    """
    return (models or _catalogue_models()).search(query, limit)


@functools.cache
def _built_in_rows() -> tuple[dict[str, object], ...]:
    """Read `catalogue.csv`; callers must not change the rows, they are shared."""
    with _CATALOGUE_PATH.open(encoding="utf-8", newline="") as file:
        return tuple(_built_in_row(cells) for cells in csv.DictReader(file))


def _built_in_row(cells: dict[str, str]) -> dict[str, object]:
    numbers = {name: int(cells[name]) for name in ("year", "img_size", "param_count", "macs", "default_img_size")}
    return {
        **cells,
        **numbers,
        "top1": float(cells["top1"]),
        "top5": float(cells["top5"]) if cells["top5"] else None,
        "licence": cells["licence"] or None,
        "is_default_tag": cells["is_default_tag"] == "true",
        "fixed_img_size": cells["fixed_img_size"] == "true",
        "note": cells["note"] or None,
        "accuracy_source": cells["source"],
        "test_images": IMAGENET_VALIDATION_IMAGES,
    }


@functools.cache
def _catalogue_models() -> TimmModels:
    """Return the names of the built-in table, for use until timm's own list has been written."""
    sizes: dict[str, set[int]] = {}
    tags = {row["model_name"]: row for row in _built_in_rows()}
    for row in _built_in_rows():
        sizes.setdefault(row["model_name"], set()).add(row["img_size"])
    models = (
        TimmModel(
            model_name=name,
            img_size=row["default_img_size"],
            # The table holds every size a tag is published at, so a second, larger one is its test size.
            test_img_size=max(sizes[name]) if max(sizes[name]) > row["default_img_size"] else None,
            fixed_img_size=row["fixed_img_size"],
            is_default_tag=row["is_default_tag"],
        )
        for name, row in tags.items()
    )
    return TimmModels(CATALOGUE_TIMM_VERSION, tuple(models))
