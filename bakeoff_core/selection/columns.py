"""Columns of a table of candidates as plain arrays and lists, whatever dtypes a file brought."""

from __future__ import annotations

import numpy as np
import pandas as pd


def require_columns(candidates: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Check that a table has these columns.

    Raises:
        ValueError: It lacks some; the words name them.
    """
    missing = [name for name in dict.fromkeys(columns) if name not in candidates.columns]
    if missing:
        raise ValueError(f"`candidates` must have the columns {', '.join(missing)}. They are missing.")


def floats_of(column: pd.Series) -> np.ndarray:
    """Return a column of any dtype as float64; whatever is no number is NaN."""
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def known_floats(candidates: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as float64, all NaN where the table has none of that name."""
    return floats_of(candidates[name]) if name in candidates.columns else np.full(len(candidates), np.nan)


def names_of(candidates: pd.DataFrame) -> list[str]:
    """Return the model names as plain text."""
    return list(map(str, candidates["model_name"].to_numpy(dtype=object)))


def sizes_of(candidates: pd.DataFrame) -> list[int | None]:
    """Return the image sizes as plain integers, unknown ones as `None`."""
    sizes = floats_of(candidates["img_size"])
    return np.where(np.isnan(sizes), None, np.nan_to_num(sizes).astype(int)).tolist()
