"""The user's own accuracies: a CSV with the columns model_name, img_size, top1 and optionally more, in percent.

Not covered: what the rows add to the catalogue (`catalogue.accuracies`).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from bakeoff_core.catalogue.separators import named_columns
from bakeoff_core.errors import BakeoffError

REQUIRED_COLUMNS = ("model_name", "img_size", "top1")
OPTIONAL_COLUMNS = ("top5", "family", "source", "test_images")

_LARGEST = 1_000_000_000  # nothing counted in the file comes near it, and it fits every column


def read_own_accuracies(path: Path, full_name: Callable[[str], str]) -> list[dict[str, object]]:
    """Read the user's own CSV; refuse it as a whole where a row cannot be trusted.

    Args:
        path: The file; one that does not exist holds no rows.
        full_name: Returns the weights tag that a name in the file stands for.

    Returns:
        One row a tag and size, with the keys model_name, img_size, top1, top5, family, accuracy_source and
        test_images; what a row does not say is `None`.

    Raises:
        BakeoffError: The file cannot be used; the text names file, line and what must hold.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, skipinitialspace=True)
            reader.fieldnames = named_columns(reader.fieldnames or ())
            _require_columns(path, reader.fieldnames)
            rows: dict[tuple[object, object], dict[str, object]] = {}
            for cells in reader:
                if not any((cell or "").strip() for name, cell in cells.items() if name is not None):
                    continue  # spreadsheets leave such lines below a table
                if not any(cell.strip() for cell in cells.get(None, ())):
                    cells.pop(None, None)  # likewise beside it
                where = f"{path}, line {reader.line_num}"
                row = _row(where, cells, full_name)
                key = (row["model_name"], row["img_size"])
                if key in rows:
                    raise BakeoffError(f"{where}: {key[0]} at {key[1]} px must stand only once. Remove one row.")
                rows[key] = row
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as err:
        raise BakeoffError(f"{path} must be text in UTF-8. It is not. Save it as CSV in UTF-8.") from err
    except csv.Error as err:
        raise BakeoffError(
            f"{path} must hold cells that are separated by commas, and quotes that are closed. It does not: {err}."
        ) from err
    except OSError as err:
        raise BakeoffError(f"{path} must be a file that can be read. It is not: {err.strerror}.") from err
    return list(rows.values())


def _require_columns(path: Path, given: Sequence[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in given]
    unknown = [name for name in given if name not in REQUIRED_COLUMNS + OPTIONAL_COLUMNS]
    if missing or unknown or len(set(given)) != len(given):
        found = ", ".join(repr(name) for name in given) or "an empty file"
        raise BakeoffError(
            f"{path}, line 1: the columns must be {', '.join(REQUIRED_COLUMNS)} and may be "
            f"{', '.join(OPTIONAL_COLUMNS)}, separated by commas. Got {found}."
        )


def _row(where: str, cells: dict[str | None, str | None], full_name: Callable[[str], str]) -> dict[str, object]:
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
        "model_name": full_name(text["model_name"]),
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
        point = " Write a point before decimals." if "," in text else ""
        raise BakeoffError(f"{where}: `{name}` must be a percentage from 0 to 100. Got {text!r}.{point}")
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
