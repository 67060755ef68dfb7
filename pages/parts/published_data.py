"""What the Explore page shows of published machines, read once and shared until a file changes.

As in `data`, tables are shared between sessions and runs: treat them as read-only.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from bakeoff_core import explore, published_store
from bakeoff_core.home import own_accuracy_path, published_path
from bakeoff_core.published_counts import JoinCount, count_joins
from bakeoff_core.records import Setting
from pages.parts import data
from pages.parts.data import Stamp, Version


def tables() -> list[tuple[str, str]]:
    """Return the tables of published machines, as machine and part.

    Raises:
        StoreError: Their file can't be used.
    """
    return published_store.list_tables(_rows(str(published_path()), data.stamp(published_path())))


def counts() -> tuple[JoinCount, ...]:
    """Return what joined of each published table, and what did not; exceptions as for `tables`."""
    return _counts(str(published_path()), data.stamp(published_path()))


def published_points(machine: str, part: str) -> pd.DataFrame:
    """Return the points of a published table; see `explore.published_points`."""
    return _published_points(machine, part, (data.stamp(published_path()), data.stamp(own_accuracy_path())))


def measured_points(setting: Setting) -> pd.DataFrame:
    """Return the points of a setting measured here; see `explore.measured_points`."""
    return _measured_points(setting, data.version())


def catalogue_points() -> pd.DataFrame:
    """Return the points of the catalogue; see `explore.catalogue_points`."""
    return _catalogue_points(data.stamp(own_accuracy_path()))


# The stamps below are part of the cache's keys.


@st.cache_resource(max_entries=2, show_spinner=False)
def _rows(path: str, version: Stamp) -> pd.DataFrame:
    return published_store.read_published_frame(Path(path))


@st.cache_resource(max_entries=2, show_spinner=False)
def _counts(path: str, version: Stamp) -> tuple[JoinCount, ...]:
    return count_joins(published_store.read_published(Path(path)))


@st.cache_resource(max_entries=16, show_spinner=False)
def _published_points(machine: str, part: str, files: tuple[Stamp, Stamp]) -> pd.DataFrame:
    rows = _rows(str(published_path()), data.stamp(published_path()))
    return explore.published_points(rows, machine, part, data.accuracies())


@st.cache_resource(max_entries=16, show_spinner=False)
def _measured_points(setting: Setting, files: Version) -> pd.DataFrame:
    return explore.measured_points(data.candidates_of(setting, "latency"), data.accuracies())


@st.cache_resource(max_entries=2, show_spinner=False)
def _catalogue_points(version: Stamp) -> pd.DataFrame:
    return explore.catalogue_points(data.accuracies())
