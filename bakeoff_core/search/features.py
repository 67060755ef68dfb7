"""What is known of each row of a search before it is measured, as numbers that its costs may depend on.

What is unknown of a row is guessed from rows that are alike: by a regression on what is known, then as its architecture
at other sizes, or its family, lies beside that regression. Not covered: learning from measurements
(`search.surrogate`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

COUNTS = ("macs", "activations", "param_count", "img_size")
"""Columns that say how much there is to compute and to move."""
PUBLISHED = ("cpu_seconds", "gpu_seconds")
"""Columns that say how long others' machines took."""
LEAST_KNOWN = 10
"""Rows that must know a number for it to be guessed elsewhere (of a few rows, half of them); of fewer it tells
nothing."""

_RIDGE = 1e-2
"""Added to the squares of a regression, so that numbers which say the same can both be in it."""


@dataclass(frozen=True, eq=False)
class Features:
    """The rows as a surrogate sees them; logarithms are natural."""

    prior_log_s: np.ndarray
    """float[n]: log seconds per image on the published CPU, guessed where unknown; by multiply-accumulates alone where
    no row tells."""
    prior_log_bytes: np.ndarray
    """float[n]: log of the bytes that weights and activations take in float32; NaN where neither is known."""
    values: np.ndarray
    """float[n, d]: log of the multiply-accumulates, and how the other numbers stand to them, each of mean 0 and
    deviation 1. Numbers that too few rows know, or that are all alike, are left out."""
    guessed: np.ndarray
    """bool[n]: some number of the row was guessed."""
    family: np.ndarray
    """int[n]: rows of one family share a number; a row without a family has one of its own."""
    architecture: np.ndarray
    """int[n]: likewise for architectures."""


_MACS_PER_S = 1e11
"""What one of today's desktop CPUs computes; where nothing else is known (i7-12700H, median of the published table)."""
_SECONDS = 0.03
"""What an image takes there in the middle of that table; where nothing is known of any row."""
_BYTES = 4.0
"""Of a number in float32."""


def describe(space: pd.DataFrame) -> Features:
    """Return the features of the rows of a search.

    Args:
        space: As `search.space.search_space` returns it; any number may be NaN.
    """
    family, architecture = _codes(space["family"]), _codes(space["architecture"])
    numbers = space[[*COUNTS, *PUBLISHED]].to_numpy(dtype=np.float64, na_value=np.nan)
    logs = np.log(np.where(numbers > 0, numbers, np.nan))
    known = ~np.isnan(logs)
    usable = known.sum(axis=0) >= min(LEAST_KNOWN, (len(space) + 1) // 2)
    filled = _fill(np.where(usable, logs, np.nan), family, architecture)
    macs = filled[:, 0]
    if usable[len(COUNTS)]:
        published = filled[:, len(COUNTS)]
    else:
        published = macs - np.log(_MACS_PER_S) if usable[0] else np.full(len(space), np.log(_SECONDS))
    others = [filled[:, column] - macs for column in (1, 2, 4, 5) if usable[column]]
    values = np.column_stack([macs, filled[:, 3], *others])
    values = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    values = values[:, deviation > 1e-6] / deviation[deviation > 1e-6]
    weights = np.nansum(_BYTES * numbers[:, [1, 2]], axis=1)
    bytes_ = np.log(np.where(weights > 0, weights, np.nan))
    guessed = ~known[:, usable].all(axis=1)
    return Features(published, bytes_, values, guessed, family, architecture)


def _codes(column: pd.Series) -> np.ndarray:
    """Number the texts of a column; each unknown one gets a number of its own."""
    codes, texts = pd.factorize(column)
    return np.where(codes < 0, len(texts) + np.arange(len(codes)), codes)


def _fill(logs: np.ndarray, family: np.ndarray, architecture: np.ndarray) -> np.ndarray:
    """Guess what is NaN from what rows with the same gaps know; columns without a number become 0.

    Args:
        logs: Shape (n, d).
        family: Shape (n,).
        architecture: Shape (n,).
    """
    known = ~np.isnan(logs)
    filled = np.where(known, logs, 0.0)
    for pattern in np.unique(known, axis=0):
        alike = (known == pattern).all(axis=1)
        for column in np.flatnonzero(~pattern & known.any(axis=0)):
            told = np.flatnonzero(pattern)
            rows = known[:, [*told, column]].all(axis=1)
            if rows.sum() < LEAST_KNOWN:  # what these rows know, too few others know beside the column
                told, rows = told[:0], known[:, column]
            others = np.column_stack([np.where(rows[:, None] | alike[:, None], logs[:, told], 0.0), np.ones(len(logs))])
            squares = others[rows].T @ others[rows] + _RIDGE * np.eye(others.shape[1])
            fit = others @ np.linalg.solve(squares, others[rows].T @ logs[rows, column])
            beside = np.where(rows, logs[:, column] - fit, 0.0)
            filled[alike, column] = (fit + _like(beside, rows, family, architecture))[alike]
    return filled


def _like(beside: np.ndarray, rows: np.ndarray, family: np.ndarray, architecture: np.ndarray) -> np.ndarray:
    """Return the mean distance from the fit of each row's family, then of its architecture beside the family's."""
    found = np.zeros(len(beside))
    for group in (family, architecture):
        total = np.bincount(group, np.where(rows, beside - found, 0.0))
        found = found + (total / (np.bincount(group, rows) + 1.0))[group]  # one more: few rows say little
    return found
