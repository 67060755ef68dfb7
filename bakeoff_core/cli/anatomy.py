"""The command `anatomy`: where the cost of a model sits."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.timm_names import read_timm_models
from bakeoff_core.cli.console import follow, print_json
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import count, significant
from bakeoff_core.profiling.anatomy.records import KINDS, QUANTITIES, Anatomy, to_json
from bakeoff_core.profiling.anatomy.store import Wanted, failure_of, read_anatomy, require_size, start_dissecting
from bakeoff_core.reporting.text.anatomy import describe_anatomy
from bakeoff_core.system.paths import timm_models_path


def anatomy(arguments: argparse.Namespace) -> int:
    """Print where a model's parameters, MACs and activations sit: by kind of layer and by stage."""
    found = take_anatomy(Wanted(arguments.model, arguments.img_size))
    if arguments.json:
        print_json(to_json(found))
        return 0
    print(f"{found.label}: {found.layers} layers")
    print()
    print(anatomy_table(found))
    print()
    for sentence in describe_anatomy(found):
        print(sentence)
    return 0


def take_anatomy(wanted: Wanted) -> Anatomy:
    """Return the anatomy of a model: the one that is kept, or a new one from a job that is waited for.

    Raises:
        BakeoffError: timm has no such model, or it can't be taken apart; the words say why.
        ValueError: The size is out of range.
    """
    require_size(wanted.img_size)
    known = read_timm_models(timm_models_path())
    if known is not None:
        name = resolve_model_name(wanted.model_name, known)
        kept = read_anatomy(name, wanted.img_size or known.find(name).img_size)
        if kept is not None:
            return kept
    job = follow(start_dissecting([wanted]))
    failure = failure_of(job, wanted)
    if failure is not None:
        raise BakeoffError(failure)
    *_, name, size = job.status["found"][0]
    found = read_anatomy(name, size)
    if found is None:
        raise BakeoffError(f"The anatomy of {name} was taken and is gone again. Ask once more.")
    return found


def anatomy_table(found: Anatomy) -> str:
    """Return an anatomy as aligned text: totals by kind, then by stage."""
    lines = [("", "layers", *(title for heading in QUANTITIES.values() for title in (heading, "share")))]
    lines += [(KINDS[kind].title, *_cells(found, kind=kind)) for kind in found.kinds]
    lines += [("all", *_cells(found)), ("",)]
    lines += [(stage.title, *_cells(found, stage=at)) for at, stage in enumerate(found.stages)]
    widths = [max(len(line[at]) for line in lines if at < len(line)) for at in range(len(lines[0]))]
    rows = []
    for line in lines:
        first, *rest = (
            cell.ljust(w) if at == 0 else cell.rjust(w) for at, (cell, w) in enumerate(zip(line, widths, strict=False))
        )
        rows.append("  ".join([first, *rest]).rstrip())
    return "\n".join(rows)


def _cells(found: Anatomy, **where: object) -> list[str]:
    cells = [str(found.total("layers", **where))]
    for quantity in QUANTITIES:
        total = found.total(quantity, **where)
        cells += [count(total), f"{significant(100 * total / (found.total(quantity) or 1), 2)} %"]
    return cells


def add(commands: argparse._SubParsersAction, command: Callable, add_json: Callable) -> None:
    """Add the command to a parser; `command` and `add_json` are those of `__main__`."""
    parser = command(commands, "anatomy", anatomy)
    parser.add_argument("model", metavar="MODEL", help="timm name; a plain one means timm's default weights tag")
    parser.add_argument(
        "--img-size", type=int, help="height and width of the input in pixels (default: the model's own)"
    )
    add_json(parser)
