"""What the Explore page shows of published machines, read once and shared until a file changes.

As in `common.cache`, tables are shared between sessions and runs: treat them as read-only.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue import published_store
from bakeoff_core.catalogue.published import JoinCount, count_joins
from bakeoff_core.selection import landscape
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.system.files import FileStamp, stamp_of
from bakeoff_core.system.paths import own_accuracy_path, published_path
from pages.parts.common import cache
from pages.parts.common.cache import Version


def tables() -> list[tuple[str, str]]:
    """Return the tables of published machines, as machine and part.

    Raises:
        StoreError: Their file can't be used.
    """
    return published_store.list_tables(_rows(stamp_of(published_path())))


def counts() -> tuple[JoinCount, ...]:
    """Return what joined of each published table, and what did not; exceptions as for `tables`."""
    return _counts(stamp_of(published_path()))


def published_points(machine: str, part: str) -> pd.DataFrame:
    """Return the points of a published table; see `selection.landscape.published_points`."""
    return _published_points(machine, part, (stamp_of(published_path()), stamp_of(own_accuracy_path())))


def measured_points(measured: MeasuredSetting) -> pd.DataFrame:
    """Return the points of a setting measured here; see `selection.landscape.measured_points`."""
    return _measured_points(measured, cache.version())


def catalogue_points() -> pd.DataFrame:
    """Return the points of the catalogue; see `selection.landscape.catalogue_points`."""
    return _catalogue_points(stamp_of(own_accuracy_path()))


# The stamps below are part of the cache's keys.


@st.cache_resource(max_entries=2, show_spinner=False)
def _rows(file: FileStamp) -> pd.DataFrame:
    return published_store.read_published_frame(Path(file.path))


@st.cache_resource(max_entries=2, show_spinner=False)
def _counts(file: FileStamp) -> tuple[JoinCount, ...]:
    return count_joins(published_store.read_published(Path(file.path)))


@st.cache_resource(max_entries=16, show_spinner=False)
def _published_points(machine: str, part: str, files: tuple[FileStamp, FileStamp]) -> pd.DataFrame:
    rows = _rows(stamp_of(published_path()))
    return landscape.published_points(rows, machine, part, cache.accuracies())


@st.cache_resource(max_entries=16, show_spinner=False)
def _measured_points(measured: MeasuredSetting, files: Version) -> pd.DataFrame:
    return landscape.measured_points(cache.candidates_of(measured), cache.accuracies())


@st.cache_resource(max_entries=2, show_spinner=False)
def _catalogue_points(file: FileStamp) -> pd.DataFrame:
    return landscape.catalogue_points(cache.accuracies())
