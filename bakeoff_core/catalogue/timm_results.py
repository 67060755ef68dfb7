"""Read timm's result tables: accuracies, and speeds of inference or training, in the layouts of any year.

timm publishes them as CSV files in `results/` of its repository (github.com/huggingface/pytorch-image-models,
Apache-2.0). Columns are found by name, so their order and number do not matter. Not covered: what a speed has to do
with an accuracy (see `catalogue.published`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from bakeoff_core.catalogue.separators import (
    DECIMALS,
    THOUSANDS,
    UNCLEAR,
    comma_means,
    commas_mean,
    is_numeric,
    named_columns,
)
from bakeoff_core.errors import BakeoffError

PARTS = {"inference": "infer", "training": "train"}
"""What a speed can be of, and the word timm's columns begin with."""

MAX_BYTES = 20_000_000
"""Largest file that is read; timm's largest table has 0.2 MB."""
MAX_ERROR_CHARS = 200

_NAME = re.compile(r"[\w.+:/@-]{1,120}", re.ASCII)
_NUMBER = re.compile(r"(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class PublishedAccuracy:
    """One row of an accuracy table."""

    model_name: str
    """As the table says: `arch.tag`, or an older name without a tag."""
    img_size: int
    """Height and width in pixels the accuracy holds at."""
    top1: float
    """ImageNet-1k validation accuracy in percent."""
    top5: float | None
    """The same for the five likeliest classes; `None` where the table has none."""


@dataclass(frozen=True)
class PublishedSpeed:
    """One row of a speed table, or one half of a row that holds inference and training."""

    part: str
    """One of `PARTS`."""
    model_name: str
    """As the table says: an architecture, or an older name of one of its tags."""
    img_size: int | None
    """Height and width in pixels; `None` only in a row without a speed."""
    throughput: float | None
    """Images a second; `None` where the row holds an error, or nothing."""
    batch_size: int | None
    """Images in one step."""
    param_count: int | None
    """Parameters, to the ten thousand that the table gives; no table's 0 is one, here and in the next two."""
    macs: int | None
    """Multiply-accumulates of one image, as rounded by the table."""
    activations: int | None
    """Outputs of all layers for one image, as rounded by the table."""
    error: str | None = None
    """What the row says in place of a speed."""


def read_results(path: Path) -> tuple[PublishedAccuracy, ...]:
    """Read a table of ImageNet-1k accuracies; rows without an accuracy are left out.

    Raises:
        BakeoffError: It can't be used; the text names file, line and what must hold.
    """
    found: dict[tuple[str, int], tuple[int, PublishedAccuracy]] = {}
    for line in _lines(path, _require_results_columns):
        top1 = line.number("top1", most=100)
        if top1 is None:
            continue
        size = line.count("img_size")
        if size is None:
            raise line.error("`img_size` must be the image size in pixels. It is empty.")
        row = PublishedAccuracy(line.model_name, size, top1, line.number("top5", most=100))
        known = found.setdefault((row.model_name, row.img_size), (line.at, row))
        if known[1] != row:
            raise line.error(
                f"{row.model_name} at {size} px has {row.top1:g} % here and {known[1].top1:g} % on line {known[0]}. "
                "Remove the row that does not hold."
            )
    if not found:
        raise BakeoffError(f"{path.name} holds no accuracy.")
    return tuple(row for _, row in found.values())


def read_speeds(path: Path) -> tuple[PublishedSpeed, ...]:
    """Read a table of speeds of inference, of training or of both, in the order of the file.

    Rows that say why there is no speed, and rows that hold a name alone, come back with their `error`.

    Raises:
        BakeoffError: It can't be used; the text names file, line and what must hold.
    """
    rows = []
    for line in _lines(path, _require_speed_columns):
        rows += [_speed(line, part, word) for part, word in PARTS.items() if f"{word}_samples_per_sec" in line.cells]
    if not any(row.throughput for row in rows):
        raise BakeoffError(f"{path.name} holds no speed.")
    return tuple(rows)


def _speed(line: _Line, part: str, word: str) -> PublishedSpeed:
    failure = line.cells.get("error") or ""
    speed = line.cells[f"{word}_samples_per_sec"]
    if not failure and not (is_numeric(speed) or _is_float(speed)):
        failure = speed  # some runners put the failure where the figure would be
    if failure or speed.lower() in ("", "nan"):
        error = " ".join(failure.split())[:MAX_ERROR_CHARS] or "no speed given"
        size = line.cells.get(f"{word}_img_size", "")
        img_size = line.count(f"{word}_img_size") if _is_number(size) else None
        return PublishedSpeed(part, line.model_name, img_size, None, None, None, None, None, error)
    throughput, img_size = line.number(f"{word}_samples_per_sec"), line.count(f"{word}_img_size")
    if not throughput:
        raise line.error(f"`{word}_samples_per_sec` must be greater than 0. Got {speed!r}.")
    if img_size is None:
        raise line.error(f"`{word}_img_size` must be the image size in pixels. It is empty.")
    return PublishedSpeed(
        part,
        line.model_name,
        img_size,
        throughput,
        line.count(f"{word}_batch_size"),
        _whole(line.number("param_count"), 1e6),
        _whole(line.number(f"{word}_gmacs"), 1e9),
        _whole(line.number(f"{word}_macts"), 1e6),
    )


def _whole(value: float | None, scale: float) -> int | None:
    return round(value * scale) or None if value is not None else None  # a 0 is too small to be told, or not known


@dataclass(frozen=True)
class _Line:
    """One line of a table, its cells by the names of their columns."""

    file_name: str
    at: int
    cells: dict[str, str]
    commas: dict[str, str] = field(default_factory=dict)
    """What they mean in each column that has some; see `catalogue.separators`."""

    @property
    def model_name(self) -> str:
        name = self.cells["model"]
        if not _NAME.fullmatch(name):
            raise self.error(f"`model` must be one of timm's names. Got {name[:80]!r}.")
        return name

    def number(self, column: str, most: float = 1e12, *, whole: bool = False) -> float | None:
        """Return a cell's number, `None` of an empty cell or a column that is not there.

        Args:
            column: Its name.
            most: The largest that it may be.
            whole: Whether it counts something: then a comma before three digits separates thousands.
        """
        text = self.cells.get(column, "")
        if not text or text.lower() == "nan":
            return None
        if "," in text and is_numeric(text):
            self._require_thousands(column, text, THOUSANDS if whole else self.commas[column])
        value = float(text.replace(",", "")) if _is_number(text) else -1.0
        if not 0 <= value <= most:
            raise self.error(f"`{column}` must be a number from 0 to {most:g}. Got {text[:80]!r}.")
        return value

    def _require_thousands(self, column: str, text: str, commas: str) -> None:
        """Refuse a number whose comma may mean, or means, something else than thousands."""
        meaning = comma_means(text, commas)
        if meaning == UNCLEAR:
            readings = f"{text.replace(',', '')} or {text.replace(',', '.')}"
            raise self.error(
                f"`{column}` may be {readings}: its column does not show what a comma means. Got {text!r}. Write "
                "numbers without separators of thousands, and with a point before decimals."
            )
        if meaning == DECIMALS:
            raise self.error(
                f"`{column}` must be written without separators of thousands, and with a point before its decimals. "
                f"Got {text[:80]!r}."
            )

    def count(self, column: str) -> int | None:
        """Return a cell's whole number, which may be written as 224.0."""
        value = self.number(column, most=1e6, whole=True)
        if value is not None and (value < 1 or value != int(value)):
            raise self.error(f"`{column}` must be a whole number of at least 1. Got {self.cells[column]!r}.")
        return None if value is None else int(value)

    def error(self, text: str) -> BakeoffError:
        return BakeoffError(f"{self.file_name}, line {self.at}: {text}")


def _is_float(text: str) -> bool:
    """Tell whether a cell is any number at all, also one that no figure of a table can be, like -1."""
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    """Tell whether a cell is a number, with separators of thousands or without."""
    return bool(_NUMBER.fullmatch(text)) and text[:1] not in "eE" and text != "."


def _lines(path: Path, require_columns: Callable[[str, list[str]], None]) -> Iterator[_Line]:
    """Yield the lines of a table that hold anything; refuse what is no table."""
    text = _text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = []
    try:
        names = named_columns(next(reader, []))
        require_columns(path.name, names)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            while len(cells) > len(names) and not cells[-1].strip():
                cells.pop()
            line = _Line(path.name, reader.line_num, dict(zip(names, (c.strip() for c in cells), strict=False)))
            if len(cells) != len(names):
                raise line.error(
                    f"there are {len(cells)} cells for the {len(names)} columns that line 1 names. Numbers with a "
                    "separator of thousands must stand in quotes."
                )
            lines.append(line)
    except csv.Error as err:
        raise BakeoffError(
            f"{path.name}, line {reader.line_num}: the cells must be separated by commas, and quotes closed. {err}."
        ) from err
    commas = {name: commas_mean(line.cells[name] for line in lines) for name in names}
    yield from (replace(line, commas=commas) for line in lines)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BakeoffError(
                f"{path.name} must have at most {MAX_BYTES / 1e6:.0f} MB; timm's tables are far smaller."
            )
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = content[: err.start].count(b"\n") + 1
        raise BakeoffError(
            f"{path.name}, line {line}: the file must be text in UTF-8. It is not. Save it as CSV in UTF-8."
        ) from err
    except (OSError, ValueError) as err:  # a null character in the path is a ValueError
        why = err.strerror if isinstance(err, OSError) else err
        raise BakeoffError(f"{path} must be a file that can be read. It is not: {why}.") from err


def _require_results_columns(file_name: str, names: list[str]) -> None:
    _require(file_name, names, ("model", "img_size", "top1"), "a table of accuracies")
    if "top1_diff" in names:
        raise BakeoffError(
            f"{file_name}, line 1: the column 'top1_diff' shows that these are accuracies on another test set than "
            "ImageNet's. Give timm's results-imagenet.csv."
        )


def _require_speed_columns(file_name: str, names: list[str]) -> None:
    parts = [word for word in PARTS.values() if f"{word}_samples_per_sec" in names]
    needed = [f"{word}_{what}" for word in parts or ["infer"] for what in ("samples_per_sec", "img_size")]
    _require(file_name, names, ("model", *needed), "a table of speeds")


def _require(file_name: str, names: list[str], needed: tuple[str, ...], what: str) -> None:
    missing = [name for name in needed if name not in names]
    if missing or len(set(names)) != len(names):
        found = ", ".join(repr(name[:40]) for name in names[:20]) or "an empty file"
        raise BakeoffError(
            f"{file_name}, line 1: {what} must have the columns {', '.join(needed)}, each once, separated by commas. "
            f"Got {found}."
        )
