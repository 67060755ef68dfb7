"""Tables that nobody writes to any more: what is derived from one of them is derived once.

A dragged slider asks for one decision after another on the same table, and reading a thousand rows anew takes longer
than deciding on them. Whoever shares a table says so with `freeze`; all others are read anew every time, so that a
table that changes is never mistaken for what it was.

Not covered: which tables are shared (the pages' cache), and what is derived from them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.candidate import CandidateRef

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(eq=False)
class _Frozen:
    """One table, which this does not keep alive, and what was derived from it."""

    table: weakref.ref[pd.DataFrame]
    derived: dict[Hashable, Any] = field(default_factory=dict)


_frozen: dict[int, _Frozen] = {}
"""By the id of the table; an entry ends with its table."""


def freeze(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table after promising that nobody writes to it from now on; copies of it are free to change."""
    if _of(table) is None:
        key = id(table)
        _frozen[key] = _Frozen(weakref.ref(table, lambda gone: _forget(key, gone)))
    return table


def once(
    derive: Callable[Concatenate[pd.DataFrame, P], T], table: pd.DataFrame, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Return `derive(table, ...)`, from the last time where the table is frozen.

    Args:
        derive: A module's function without effects, whose result is read only and does not hold the table itself.
        table: What to derive it from.
        *args: Further arguments, hashable.
        **kwargs: The same by name.
    """
    frozen = _of(table)
    if frozen is None:
        return derive(table, *args, **kwargs)
    key = (derive, args, tuple(kwargs.items()))
    if key not in frozen.derived:
        frozen.derived[key] = derive(table, *args, **kwargs)
    return frozen.derived[key]


def values_of(table: pd.DataFrame, column: str) -> pd.api.extensions.ExtensionArray:
    """Return a column without its index; one value of it is had much faster than through the table."""
    return once(_array, table, column)


def rows_of(table: pd.DataFrame, ref: CandidateRef) -> tuple[int, ...]:
    """Return the places of the rows of a model at a size, whatever runs it; empty where there is none."""
    return once(_places, table).get((ref.model_name, ref.img_size), ())


def _array(table: pd.DataFrame, column: str) -> pd.api.extensions.ExtensionArray:
    return table[column].array


def _places(table: pd.DataFrame) -> dict[tuple[str, int | None], tuple[int, ...]]:
    places: dict[tuple[str, int | None], tuple[int, ...]] = {}
    for at, (name, size) in enumerate(zip(table["model_name"].tolist(), table["img_size"].tolist(), strict=True)):
        key = (name, None if is_unknown(size) else int(size))
        places[key] = (*places.get(key, ()), at)
    return places


def _of(table: pd.DataFrame) -> _Frozen | None:
    known = _frozen.get(id(table))
    return known if known is not None and known.table() is table else None


def _forget(key: int, gone: weakref.ref[pd.DataFrame]) -> None:
    if key in _frozen and _frozen[key].table is gone:  # and not another table's, which took its place
        del _frozen[key]
