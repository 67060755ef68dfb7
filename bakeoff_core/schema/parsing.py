"""Records made of JSON that this product wrote, checked against the types of their fields.

Checking is pydantic's, on the same dataclasses; it is loaded with the first record, not before. Not covered: what users
give (`schema.checks`, whose words are for them), and reading files (`system.files`).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Le, Predicate

from bakeoff_core.errors import BakeoffError
from bakeoff_core.schema.checks import is_key, is_told

Record = TypeVar("Record")

Text = Annotated[str, Predicate(is_told)]
"""A text that says something."""
Key = Annotated[str, Predicate(is_key)]
"""A name of a data set or of its content; it means nothing to a shell, a link or Markdown."""
Whole = Annotated[int, Ge(0)]
"""A whole number, not negative."""
Count = Annotated[int, Ge(1)]
"""A whole number of at least 1."""
Percent = Annotated[float, Ge(0), Le(100)]
"""A number from 0 to 100."""


def parse_record(kind: type[Record], content: Mapping[str, Any]) -> Record:
    """Make a record of a JSON object; fields that it does not know are passed over.

    Args:
        kind: A dataclass; nested ones, tuples of them and `None` are understood by its annotations.
        content: The object, as `json` returns it.

    Raises:
        ValueError: A field is missing or of another type; a text is never taken for a number.
    """
    return _adapter(kind).validate_json(json.dumps(content), strict=True)


def parse_kept(kind: type[Record], content: Mapping[str, Any], version: int, what: str, again: str) -> Record:
    """Make a record of a file that holds its fields and, as `format`, the version of them.

    Args:
        kind: As for `parse_record`.
        content: The file's object.
        version: The only one that is read.
        what: What the file holds: `"ranking"`.
        again: What to do where it can't be read: `"rank again"`.

    Raises:
        BakeoffError: It was written by another version of this product, or is damaged.
    """
    if content.get("format") != version:
        raise BakeoffError(
            f"This {what} has the format {content.get('format')!r}; this version of the product reads {version}. "
            f"Read it with the version that made it, or {again}."
        )
    try:
        return parse_record(kind, content)
    except ValueError as err:
        raise BakeoffError(f"This {what}'s file is damaged; {again}.") from err


@functools.cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
