"""Anatomies that were taken, and where they are kept.

An anatomy is the same on every machine and changes only with timm, so it is kept for good in one file a model, size and
timm version. The server reads these files; a short-lived worker (`profiling.anatomy.worker`) writes them.

Not covered: taking a model apart (`profiling.anatomy.trace`), and asking for it (`profiling.anatomy.request`).
"""

from __future__ import annotations

from bakeoff_core.profiling.anatomy.records import Anatomy, from_json, to_json
from bakeoff_core.profiling.recount import recounted
from bakeoff_core.system.files import FileStamp, read_json, stamp_of, to_user_error, write_json
from bakeoff_core.system.paths import anatomy_path


def read_anatomy(model_name: str, img_size: int) -> Anatomy | None:
    """Return the anatomy that is kept of a model, `None` where there is none that can be used.

    A damaged file, one of another version, or one whose MACs were counted wrongly then, counts as absent: a worker can
    always write it anew.
    """
    try:
        found = from_json(read_json(anatomy_path(model_name, img_size)))
    except ValueError:
        return None
    right = recounted(found.model_name, found.img_size, found.macs) == found.macs
    return found if right and (found.model_name, found.img_size) == (model_name, img_size) else None


def anatomy_stamp(model_name: str, img_size: int) -> FileStamp:
    """Return what changes when what `read_anatomy` returns may have."""
    return stamp_of(anatomy_path(model_name, img_size))


def write_anatomy(anatomy: Anatomy) -> None:
    """Keep an anatomy, whole or not at all.

    Raises:
        NoSpaceError: The disk is full.
        BakeoffError: The folder can't be written to.
    """
    path = anatomy_path(anatomy.model_name, anatomy.img_size)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, to_json(anatomy))
    except OSError as err:
        raise to_user_error(err, f"The anatomy of {anatomy.model_name} could not be kept in {path.parent}") from err
