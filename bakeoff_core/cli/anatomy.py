"""Print where a model's parameters, MACs and activations sit: by kind of layer and by stage."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bakeoff_core.cli.options.limits import number
from bakeoff_core.cli.options.shared import add_json
from bakeoff_core.cli.output.console import print_json
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import count, significant
from bakeoff_core.profiling.anatomy.records import LAYER_KINDS, QUANTITIES, Anatomy, to_json

if TYPE_CHECKING:
    from bakeoff_core.profiling.anatomy.request import Wanted


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command's parser."""
    parser.add_argument("model", metavar="MODEL", help="timm name; a plain one means timm's default weights tag")
    parser.add_argument(
        "--img-size", type=number(int), help="height and width of the input in pixels (default: the model's own)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command.

    Raises:
        BakeoffError: timm has no such model, or it can't be taken apart; the words say why.
        ValueError: The size is out of range.
    """
    from bakeoff_core.profiling.anatomy.request import Wanted  # loads pandas
    from bakeoff_core.reporting.text.anatomy import describe_anatomy

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


def take_anatomy(model: Wanted) -> Anatomy:
    """Return the anatomy of a model: the one that is there, or a new one from a job that is waited for.

    Raises:
        BakeoffError: timm has no such model, or it can't be taken apart; the words say why.
        ValueError: The size is out of range.
    """
    from bakeoff_core.catalogue.accuracies import resolve_model_name  # loads pandas
    from bakeoff_core.catalogue.timm_names import read_timm_models
    from bakeoff_core.cli.output.progress import follow
    from bakeoff_core.profiling.anatomy.request import failure_of, require_size, start_dissecting
    from bakeoff_core.profiling.anatomy.store import read_anatomy
    from bakeoff_core.system.paths import timm_models_path

    require_size(model.img_size)
    known = read_timm_models(timm_models_path())
    if known is not None:
        name = resolve_model_name(model.model_name, known)
        cached = read_anatomy(name, model.img_size or known.find(name).img_size)
        if cached is not None:
            return cached
    job = follow(start_dissecting([model]))
    failure = failure_of(job, model)
    if failure is not None:
        raise BakeoffError(failure)
    *_, name, size = job.status["found"][0]
    found = read_anatomy(name, size)
    if found is None:
        raise BakeoffError(f"The anatomy of {name} was taken and is gone again. Ask once more.")
    return found


def anatomy_table(found: Anatomy) -> str:
    """Return an anatomy as aligned text: totals by kind, then by stage."""
    from bakeoff_core.cli.output.tables import text_table

    titles = ("", "layers", *(title for heading in QUANTITIES.values() for title in (heading, "share")))
    rows = [(LAYER_KINDS[kind].title, *_cells(found, kind=kind)) for kind in found.kinds]
    rows += [("all", *_cells(found)), ()]
    rows += [(stage.title, *_cells(found, stage=at)) for at, stage in enumerate(found.stages)]
    return text_table(titles, rows, numbers=titles[1:])


def _cells(found: Anatomy, **where: object) -> list[str]:
    cells = [str(found.total("layers", **where))]
    for quantity in QUANTITIES:
        total = found.total(quantity, **where)
        cells += [count(total), f"{significant(100 * total / (found.total(quantity) or 1), 2)} %"]
    return cells
