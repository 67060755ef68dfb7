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


@functools.cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
