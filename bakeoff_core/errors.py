"""The exceptions a caller of this package may want to catch.

A class stands here only where a caller reacts differently to it::

    BakeoffError                 anything a user can cause and can mend
    ├── UnknownModelError        no such timm model; carries the nearest names
    ├── StoreError               a profile file cannot be used
    │   ├── NotAProfileFileError damaged, or not written by this product
    │   └── NewerFileError       written by a newer version of this product
    ├── DatasetMissingError      a data set's files are not here; carries those that are
    ├── ImageFileError           a file can't be used as an image
    ├── NoSpaceError             the disk (or quota) that holds the state is full
    └── BusyError                another job is at work on this machine; carries its id

Programmer mistakes are `ValueError` or `TypeError`. A model that cannot be profiled
is a row with its `error`, and "nothing fits the limits" is a decision without a pick:
neither is an exception.
"""

from __future__ import annotations

import traceback
from pathlib import Path


class BakeoffError(Exception):
    """Anything that a user can cause and can mend; its text is meant for them."""


class UnknownModelError(BakeoffError):
    """No timm model has this name.

    Attributes:
        model_name: What was asked for.
        suggestions: The nearest names that exist, best first; may be empty.
    """

    def __init__(self, model_name: str, suggestions: tuple[str, ...] = ()) -> None:
        self.model_name = model_name
        self.suggestions = suggestions
        nearest = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"timm has no model named {model_name!r}.{nearest}")


class StoreError(BakeoffError):
    """A profile file cannot be used."""


class NotAProfileFileError(StoreError):
    """The file is damaged, or this product did not write it."""


class NewerFileError(StoreError):
    """The file was written by a newer version of this product."""


class DatasetMissingError(BakeoffError):
    """A data set's files are not on this machine.

    Attributes:
        available: The data sets that are, by name.
    """

    def __init__(self, message: str, available: tuple[str, ...] = ()) -> None:
        self.available = available
        super().__init__(message)


class ImageFileError(BakeoffError):
    """A file can't be used as an image; whoever reads many leaves it out and names it."""


class NoSpaceError(BakeoffError):
    """The disk that holds the state is full; nothing already stored was changed."""


class BusyError(BakeoffError):
    """Another job is at work on this machine.

    Attributes:
        job_id: The job that holds the machine, or `None` where it cannot be told.
    """

    def __init__(self, message: str, job_id: str | None = None) -> None:
        self.job_id = job_id
        super().__init__(message)


def reason_of(err: BaseException) -> str:
    """Return an error's own words in one line; of one that has none, its kind and the line of code that raised it."""
    text = " ".join(str(err).split())
    if text:
        return text
    frames = traceback.extract_tb(err.__traceback__)
    if not frames:
        return f"{type(err).__name__}, without a reason"
    where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"
    return f"{type(err).__name__} at `{frames[-1].line}` ({where})"
