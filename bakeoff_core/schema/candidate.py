"""One candidate of a table: how it is referred to, and its row.

Not covered: which columns a row has (`schema.records`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bakeoff_core.formatting import is_unknown
from bakeoff_core.schema.records import CandidateRef

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
"""One candidate by column name: a dict, or a row of the frame."""


def candidate_refs(candidates: pd.DataFrame) -> list[CandidateRef]:
    """Return the reference of each row, in order; a size that is unknown (a failed row) stays `None`.

    Args:
        candidates: Needs `model_name` and `img_size`.
    """
    return [
        CandidateRef(name, None if is_unknown(size) else int(size))
        for name, size in zip(candidates["model_name"], candidates["img_size"], strict=True)
    ]
