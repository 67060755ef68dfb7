"""What is published about each weights tag at each image size, and what a model name stands for.

An accuracy belongs to a weights tag **and** an image size: timm's `resnet50` alone spans 76 to 81 % over
its tags, so nothing here carries a figure from one tag or size to another. The built-in table
(`catalogue.csv`, see docs/catalogue.md) can be extended and overridden by a CSV of the user's own.

Not covered: measuring, downloading weights, and asking timm anything (see `catalogue.timm_names`).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bakeoff_core.catalogue.shortlists import SHORTLISTS, Shortlist
from bakeoff_core.catalogue.timm_names import (
    TimmModel,
    TimmModels,
    architecture_of,
    read_timm_models,
    write_timm_models,
)
from bakeoff_core.errors import BakeoffError, UnknownModelError
from bakeoff_core.schema.records import ACCURACY_COLUMNS, IMAGENET_VALIDATION_IMAGES
from bakeoff_core.stats import wilson_interval

# Callers have one place to ask about models; the lists and names are modules of their own for their size.
__all__ = ["SHORTLISTS", "Shortlist", "TimmModel", "TimmModels", "read_timm_models", "write_timm_models"]
__all__ += ["CATALOGUE_TIMM_VERSION", "attach_accuracy", "read_catalogue"]
__all__ += ["resolve_model_name", "search_models"]

CATALOGUE_TIMM_VERSION = "1.0.31"
"""The timm whose default tags, default sizes, parameters and MACs stand in `catalogue.csv`."""

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
_LARGEST = 1_000_000_000  # nothing counted in the user's file comes near it, and it fits every column
_OWN_REQUIRED = ("model_name", "img_size", "top1")
_OWN_OPTIONAL = ("top5", "family", "source", "test_images")


def read_catalogue(own_accuracy: Path | None = None) -> pd.DataFrame:
    """Return what is published: one row per weights tag and image size, the user's own figures included.

    An own row overrides the accuracy of the built-in row for the same tag and size as a whole: its empty
    `top5` is unknown then, not the built-in one. A plain architecture name the table knows means its
    default tag, as everywhere. Columns: those of `catalogue.csv` (docs/catalogue.md), `source` being called
    `accuracy_source`, and

    - `test_images`: images the accuracy was measured on; null where an own row does not say,
    - `top1_low`, `top1_high`: 95 % interval of `top1` that these images allow; null with `test_images`.

    Args:
        own_accuracy: CSV with the columns model_name, img_size, top1 and optionally top5, family, source,
            test_images; accuracies in percent. `None`, or a file that does not exist, adds nothing.

    Raises:
        BakeoffError: The own file cannot be used; the text names file, line and what must hold.
    """
    rows = {(row["model_name"], row["img_size"]): row for row in _built_in_rows()}
    if own_accuracy is not None:
        tag_facts = {row["model_name"]: row for row in _built_in_rows()}
        families = {architecture_of(name): row["family"] for name, row in tag_facts.items()}
        for own in _read_own_accuracy(own_accuracy):
            key = (own["model_name"], own["img_size"])
            known = tag_facts.get(own["model_name"], {})
            base = rows.get(key) or {column: known.get(column) for column in _TAG_COLUMNS}
            family = own["family"] or base["family"] or families.get(architecture_of(own["model_name"]))
            rows[key] = {**base, **own, "family": family}
    table = pd.DataFrame(list(rows.values()), columns=list(_COLUMN_TYPES)).astype(_COLUMN_TYPES)
    low, high = wilson_interval(table["top1"], table["test_images"])
    return table.assign(top1_low=low, top1_high=high)


def attach_accuracy(profiles: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """Return the profiles with `schema.records.ACCURACY_COLUMNS` added, rows, order and index as they are.

    Accuracy is joined on tag and image size together, and stays null where that pair is not published.
    The family belongs to the architecture and is filled in wherever any of its tags is known; the recipe belongs to
    the tag and is filled in at the sizes whose accuracy is not known.

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
    recipes = dict(zip(catalogue["model_name"], catalogue["recipe"], strict=True))
    is_unheard_of = joined["accuracy_source"].isna()
    joined.loc[is_unheard_of, "recipe"] = joined.loc[is_unheard_of, "model_name"].map(recipes).astype("str")
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


def _read_own_accuracy(path: Path) -> list[dict[str, object]]:
    """Read the user's own CSV; refuse it as a whole where a row cannot be trusted."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, skipinitialspace=True)
            _require_columns(path, reader.fieldnames or ())
            rows: dict[tuple[object, object], dict[str, object]] = {}
            for cells in reader:
                where = f"{path}, line {reader.line_num}"
                row = _own_row(where, cells)
                key = (row["model_name"], row["img_size"])
                if key in rows:
                    raise BakeoffError(f"{where}: {key[0]} at {key[1]} px must stand only once. Remove one row.")
                rows[key] = row
    except FileNotFoundError:
        return []
    except (UnicodeDecodeError, csv.Error) as err:
        raise BakeoffError(f"{path} must be a comma-separated text file in UTF-8. It is not: {err}.") from err
    except OSError as err:
        raise BakeoffError(f"{path} must be a file that can be read. It is not: {err.strerror}.") from err
    return list(rows.values())


def _require_columns(path: Path, given: Sequence[str]) -> None:
    missing = [name for name in _OWN_REQUIRED if name not in given]
    unknown = [name for name in given if name not in _OWN_REQUIRED + _OWN_OPTIONAL]
    if missing or unknown or len(set(given)) != len(given):
        found = ", ".join(repr(name) for name in given) or "an empty file"
        raise BakeoffError(
            f"{path}, line 1: the columns must be {', '.join(_OWN_REQUIRED)} and may be "
            f"{', '.join(_OWN_OPTIONAL)}, separated by commas. Got {found}."
        )


def _own_row(where: str, cells: dict[str | None, str | None]) -> dict[str, object]:
    """Check one row of the user's file; `where` begins every message."""
    if None in cells or None in cells.values():
        raise BakeoffError(f"{where}: a row must have as many cells as the first line has columns.")
    text = {name: cell.strip() for name, cell in cells.items()}
    if not text["model_name"]:
        raise BakeoffError(f"{where}: `model_name` must be the tag as the app shows it. It is empty.")
    top1, top5 = _percentage(where, "top1", text["top1"]), None
    if text.get("top5"):
        top5 = _percentage(where, "top5", text["top5"])
        if top5 < top1:
            raise BakeoffError(f"{where}: `top5` must be at least `top1`. Got {top5:g} and {top1:g}.")
    images = text.get("test_images")
    return {
        "model_name": resolve_model_name(text["model_name"], None),
        "img_size": _whole_number(where, "img_size", text["img_size"]),
        "top1": top1,
        "top5": top5,
        "family": text.get("family") or None,
        "accuracy_source": text.get("source") or "own evaluation",
        "test_images": _whole_number(where, "test_images", images) if images else None,
    }


def _percentage(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 100:
        raise BakeoffError(f"{where}: `{name}` must be a percentage from 0 to 100. Got {text!r}.")
    if 0 < value <= 1:
        raise BakeoffError(
            f"{where}: `{name}` must be in percent, and {text} looks like a fraction. Write {value * 100:g}."
        )
    return value


def _whole_number(where: str, name: str, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= _LARGEST:
        raise BakeoffError(f"{where}: `{name}` must be an integer from 1 to {_LARGEST}. Got {text!r}.")
    return value
