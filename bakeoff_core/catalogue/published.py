"""Join timm's published speeds with its published accuracies: what one published machine knows.

A speed belongs to an architecture and an image size, and so to each of its weights tags at that size. An accuracy
belongs to one tag at one size, and crosses neither. Tables of other years call models by other names; timm's own map
of renamed models leads to today's. What can't be joined is kept, with the reason, and counted.

These speeds were measured by others, mostly with hundreds of images at a time: they are seconds per image, one
over the throughput, and never a latency. Not covered: reading the tables (`catalogue.timm_results`), keeping the
outcome (`catalogue.published_store`), and saying what became of a table (`reporting.text.published`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bakeoff_core.catalogue.timm_names import TimmModels, architecture_of
from bakeoff_core.catalogue.timm_results import PARTS, PublishedAccuracy, PublishedSpeed
from bakeoff_core.errors import BakeoffError

REASONS = (
    "no_weights",
    "no_accuracy",
    "other_size",
    "removed",
    "unknown",
    "failed",
    "repeated",
    "other_row",
    "no_speed",
)
"""Why a row stands alone (docs/published.md), in the order in which reasons are counted. `no_speed` rows come from the
accuracy table."""

_NO_PAIR = ("repeated", "no_speed")
"""Reasons of rows that are no pair of the speed table, or not the first of it."""

MAX_NAME_CHARS = 80


@dataclass(frozen=True)
class PublishedRow:
    """One tag at one size with its speed and accuracy, or a row of a table that has no counterpart."""

    machine: str
    """The name the user gave; with `part` it identifies a table."""
    part: str
    """One of `catalogue.timm_results.PARTS`: what the speed is of."""
    listed_as: str
    """The model's name in the table."""
    architecture: str
    """The same as timm calls it today, without a tag."""
    model_name: str | None
    """The tag, `None` where the row stands alone."""
    img_size: int | None
    """Height and width in pixels."""
    seconds_per_image: float | None
    """One over the images a second."""
    batch_size: int | None
    """Images in one step."""
    param_count: int | None
    """See `catalogue.timm_results.PublishedSpeed`, as for the next two."""
    macs: int | None
    activations: int | None
    top1: float | None
    """ImageNet-1k accuracy of this tag at this size in percent."""
    top5: float | None
    reason: str | None
    """One of `REASONS`; `None` where speed and accuracy were joined."""
    detail: str | None = None
    """What the table says of a failure, or the sizes that have an accuracy."""


@dataclass(frozen=True)
class JoinCount:
    """What became of one table."""

    machine: str
    part: str
    listed: int
    """Pairs of a name and a size in the speed table."""
    joined: int
    """Those of them whose architecture has an accuracy at the size in the table of accuracies."""
    renamed: int
    """Those of `joined` that timm calls by another name today."""
    rows: int
    """Tags at a size with both. Each takes one speed: of two that join, the other is an `other_row`."""
    alone: dict[str, tuple[str, ...]]
    """For each of `REASONS` that occurs, the names and sizes it holds for."""


def require_machine_name(name: str) -> str:
    """Return a published machine's name without spaces around it.

    Raises:
        BakeoffError: It is empty, too long, or holds characters that don't print.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise BakeoffError(
            f"The machine's name must have 1 to {MAX_NAME_CHARS} printable characters. Got {name[:90]!r}."
        )
    return name


def name_from_file(file_name: str) -> str:
    """Return what to call the machine of one of timm's files: `benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv`
    becomes `rtx4090 · amp nhwc pt240 cu124`. Another file's name is returned without its ending."""
    stem = re.sub(r"\.csv$", "", file_name, flags=re.IGNORECASE)
    found = re.fullmatch(r"benchmark-(?:infer|train)-(.+?-pt\d+-(?:cpu|cu\d+))-(.+)", stem)
    name = f"{found[2].replace('-', ' ')} · {found[1].replace('-', ' ')}" if found else stem
    return name.strip()[:MAX_NAME_CHARS]


def join_tables(
    accuracies: Iterable[PublishedAccuracy], speeds: Iterable[PublishedSpeed], names: TimmModels, machine: str
) -> tuple[PublishedRow, ...]:
    """Attach each speed to the tags of its architecture at its size.

    Where a table lists an architecture at one size more than once, under names it had before, a tag takes the row
    that named it, then the row of the plain architecture, then the first.

    Args:
        accuracies: As `catalogue.timm_results.read_results` returns them.
        speeds: As `catalogue.timm_results.read_speeds` returns them.
        names: timm's names, for what was renamed and for the reasons.
        machine: What to call where the speeds were measured.

    Returns:
        Joined rows in the order of the speeds, then those that stand alone.

    Raises:
        BakeoffError: The machine's name can't be used.
    """
    machine = require_machine_name(machine)
    published = _by_architecture(accuracies, names)
    all_speeds = tuple(speeds)
    rows: list[PublishedRow] = []
    for part in PARTS:
        of_part = [speed for speed in all_speeds if speed.part == part]
        if of_part:
            rows += _join_part(published, of_part, names, machine)
    return tuple(rows)


def _by_architecture(
    accuracies: Iterable[PublishedAccuracy], names: TimmModels
) -> dict[str, list[tuple[str, PublishedAccuracy]]]:
    """Sort accuracies by the architecture that timm means by their name today, each with today's name."""
    found: dict[str, list[tuple[str, PublishedAccuracy]]] = {}
    for row in accuracies:
        today = names.renamed.get(row.model_name) or row.model_name
        found.setdefault(architecture_of(today), []).append((today, row))
    return found


def _join_part(
    published: dict[str, list[tuple[str, PublishedAccuracy]]],
    speeds: list[PublishedSpeed],
    names: TimmModels,
    machine: str,
) -> list[PublishedRow]:
    """Join the speeds of one part of one table."""
    usable, alone = _without_repeats(speeds)
    of_pair: dict[tuple[str, int], list[PublishedSpeed]] = {}
    for speed in usable:
        of_pair.setdefault((_architecture(speed, names), speed.img_size), []).append(speed)

    taken: dict[PublishedSpeed, list[tuple[str, PublishedAccuracy]]] = {}
    without_speed = []
    for architecture, tags in published.items():
        for today, accuracy in tags:
            rivals = of_pair.get((architecture, accuracy.img_size))
            if rivals is None:
                without_speed.append((today, accuracy))
                continue
            nearest = min(rivals, key=lambda speed: _distance(speed, today, names))
            taken.setdefault(nearest, []).append((today, accuracy))

    rows = []
    for speed in usable:
        rows += [_row(machine, speed, names, today, accuracy) for today, accuracy in taken.get(speed, ())]
        if speed not in taken:
            alone[speed] = _reason(speed, published, names)
    rows += [_row(machine, speed, names, reason=reason) for speed, reason in alone.items()]
    part = speeds[0].part
    return rows + [_accuracy_alone(machine, part, today, accuracy) for today, accuracy in without_speed]


def _without_repeats(speeds: list[PublishedSpeed]) -> tuple[list[PublishedSpeed], dict[PublishedSpeed, str]]:
    """Part rows with a speed, the fastest of each name and size, from those that can't be used."""
    best: dict[tuple[str, int | None], PublishedSpeed] = {}
    alone: dict[PublishedSpeed, str] = {}
    for speed in speeds:
        if speed.throughput is None:
            alone[speed] = "failed"
            continue
        key = (speed.model_name, speed.img_size)
        other = best.setdefault(key, speed)
        if other is not speed:
            best[key], slower = (speed, other) if speed.throughput > other.throughput else (other, speed)
            if slower != best[key]:
                alone[slower] = "repeated"
    return list(best.values()), alone


def _today(speed: PublishedSpeed, names: TimmModels) -> str:
    return names.renamed.get(speed.model_name) or speed.model_name


def _architecture(speed: PublishedSpeed, names: TimmModels) -> str:
    return architecture_of(_today(speed, names))


def _distance(speed: PublishedSpeed, tag: str, names: TimmModels) -> int:
    """How far a row's name is from a tag: it means it, is the architecture's, was it once, or means another."""
    today = _today(speed, names)
    if today == tag:
        return 0
    if "." in today:
        return 3
    return 1 if today == speed.model_name else 2


def _reason(speed: PublishedSpeed, published: dict[str, list[tuple[str, PublishedAccuracy]]], names: TimmModels) -> str:
    architecture = _architecture(speed, names)
    known = published.get(architecture, ())
    if any(accuracy.img_size == speed.img_size for _, accuracy in known):
        return "other_row"
    if known:
        return "other_size"
    if speed.model_name in names.renamed and names.renamed[speed.model_name] is None:
        return "removed"
    tags = names.tags_of(architecture)
    if tags is None:
        return "unknown"
    return "no_accuracy" if tags else "no_weights"


def _row(
    machine: str,
    speed: PublishedSpeed,
    names: TimmModels,
    today: str | None = None,
    accuracy: PublishedAccuracy | None = None,
    reason: str | None = None,
) -> PublishedRow:
    return PublishedRow(
        machine=machine,
        part=speed.part,
        listed_as=speed.model_name,
        architecture=_architecture(speed, names),
        model_name=today,
        img_size=speed.img_size,
        seconds_per_image=1 / speed.throughput if speed.throughput else None,
        batch_size=speed.batch_size,
        param_count=speed.param_count,
        macs=speed.macs,
        activations=speed.activations,
        top1=accuracy.top1 if accuracy else None,
        top5=accuracy.top5 if accuracy else None,
        reason=reason,
        detail=speed.error,
    )


def _accuracy_alone(machine: str, part: str, today: str, accuracy: PublishedAccuracy) -> PublishedRow:
    return PublishedRow(
        machine=machine,
        part=part,
        listed_as=accuracy.model_name,
        architecture=architecture_of(today),
        model_name=today,
        img_size=accuracy.img_size,
        seconds_per_image=None,
        batch_size=None,
        param_count=None,
        macs=None,
        activations=None,
        top1=accuracy.top1,
        top5=accuracy.top5,
        reason="no_speed",
    )


def count_joins(rows: Sequence[PublishedRow]) -> tuple[JoinCount, ...]:
    """Count what became of each table, in the order in which they come."""
    counts = []
    for machine, part in dict.fromkeys((row.machine, row.part) for row in rows):
        own = [row for row in rows if (row.machine, row.part) == (machine, part)]
        alone: dict[str, tuple[str, ...]] = {}
        for reason in REASONS:
            labels = tuple(_label(row) for row in own if row.reason == reason)
            if labels:
                alone[reason] = labels
        pairs = {(row.listed_as, row.img_size): row for row in own if row.reason not in _NO_PAIR}
        joined = [row for row in pairs.values() if row.reason in (None, "other_row")]
        renamed = sum(row.listed_as != row.architecture for row in joined)
        both = sum(row.reason is None for row in own)
        counts.append(JoinCount(machine, part, len(pairs), len(joined), renamed, both, alone))
    return tuple(counts)


def _label(row: PublishedRow) -> str:
    size = f" @ {row.img_size}" if row.img_size else ""
    detail = f" ({row.detail})" if row.detail else ""
    return f"{row.listed_as}{size}{detail}"
