"""What the user calls a job, and notes of it: a file beside what its worker writes, for people alone.

Nothing is decided by it. Not covered: which jobs are worth a name (runs, comparisons and rankings are).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from bakeoff_core.errors import BakeoffError
from bakeoff_core.jobs.manager import read_job
from bakeoff_core.system.files import read_json, to_user_error, write_json

LABEL = "label.json"
MOST_NAME_CHARS = 80
MOST_NOTE_CHARS = 2_000
JOINERS = "\u200c\u200d\u200e\u200f"
"""What is not seen itself and belongs in texts: it joins emoji, parts Persian letters, and marks a direction."""


@dataclass(frozen=True)
class Label:
    """What the user says of a job."""

    name: str | None = None
    """What it is called, one line; `None` where it has no name."""
    note: str | None = None
    """What is to be remembered of it; `None` for nothing."""


def read_label(folder: Path) -> Label:
    """Return the label of the job in `folder`; an empty one where it has none, or none that can be read."""
    found = read_json(folder / LABEL)
    return Label(*(text if isinstance(text := found.get(field), str) and text else None for field in ("name", "note")))


def set_label(job_id: str, *, name: str | None = None, note: str | None = None) -> Label:
    """Name a job, or note something of it; what is `None` stays as it is, and an empty text takes it away.

    Returns:
        The label as it is then.

    Raises:
        BakeoffError: There is no such job, or its folder can't be written to.
        ValueError: A text is too long, or a name holds a line break or what can't be printed.
    """
    folder = read_job(job_id).folder
    before = read_label(folder)
    label = Label(
        before.name if name is None else _name(name),
        before.note if note is None else _note(note),
    )
    try:
        write_json(folder / LABEL, asdict(label))
    except OSError as err:
        raise to_user_error(err, f"The name of {job_id} could not be written", BakeoffError) from err
    return label


def _is_printable(text: str) -> bool:
    """Whether people can see a text as it is; marks that turn the order of what follows are no part of a name."""
    return "".join(c for c in text if c not in JOINERS).isprintable()


def _name(text: str) -> str | None:
    text = text.strip()
    if len(text) > MOST_NAME_CHARS or not _is_printable(text):
        raise ValueError(f"A name must be one line of at most {MOST_NAME_CHARS} printable characters.")
    return text or None


def _note(text: str) -> str | None:
    text = text.strip()
    if len(text) > MOST_NOTE_CHARS or not _is_printable(text.replace("\n", "").replace("\t", "")):
        raise ValueError(f"A note must have at most {MOST_NOTE_CHARS:,} printable characters.")
    return text or None
