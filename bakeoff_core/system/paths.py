"""Where state lives: one folder, named by `BAKEOFF_HOME`, and the files in it.

Not covered: what is in any of them (see `profiling.store`, `jobs.manager`, `catalogue.accuracies`).
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

import platformdirs

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import path_text
from bakeoff_core.system.files import require_folder


def home() -> Path:
    """Return the folder that holds the state; it may not exist yet.

    `BAKEOFF_HOME` if set and not empty, else the platform's user data folder.

    Raises:
        BakeoffError: It begins with `~` and the name of a user that the system does not know, or is relative to a
            folder that is gone.
    """
    named = os.environ.get("BAKEOFF_HOME")
    if not named:
        return Path(platformdirs.user_data_dir("backbone-bakeoff"))
    try:
        return Path(named).expanduser().absolute()
    except (RuntimeError, OSError) as err:  # of a user that the system does not know; beside a folder that is gone
        raise BakeoffError(f"BAKEOFF_HOME must be a folder. Got {path_text(named)}: {err}") from err


def require_home() -> None:
    """Look whether the state can be used, before anything is made of it.

    Raises:
        BakeoffError: The folder of the state, or that of its jobs, is there but is no folder or may not be read; the
            words say what to do.
    """
    require_folder(home())
    require_folder(jobs_path())


def profiles_path() -> Path:
    """Return the path of the profile store."""
    return home() / "profiles.parquet"


def jobs_path() -> Path:
    """Return the folder that holds one folder a job."""
    return home() / "jobs"


def features_path() -> Path:
    """Return the folder that keeps features of images under frozen backbones."""
    return home() / "features"


def looks_path() -> Path:
    """Return the folder that keeps what backbones found alike within an image (see `features.patches.store`)."""
    return home() / "looks"


def datasets_path() -> Path:
    """Return the folder that holds data sets that were put there or downloaded."""
    return home() / "datasets"


def uploads_path() -> Path:
    """Return the folder that holds images that came as uploads (see `datasets.uploads`)."""
    return home() / "uploads"


def checks_path() -> Path:
    """Return the folder that keeps which images of a data set could be decoded."""
    return home() / "checks"


def own_accuracy_path() -> Path:
    """Return the path of the user's own accuracies, an optional CSV (see docs/catalogue.md)."""
    return home() / "accuracy.csv"


def published_path() -> Path:
    """Return the path of what others published of their machines (see `catalogue.published_store`)."""
    return home() / "published.parquet"


def timm_models_path() -> Path:
    """Return the path of timm's list of names for the installed version of timm."""
    return home() / f"timm-{metadata.version('timm')}.json"


def anatomy_path(model_name: str, img_size: int) -> Path:
    """Return where the anatomy of a model at a size is kept, for the installed version of timm."""
    # A name may hold anything, since it may come from an imported file.
    return home() / "anatomy" / f"timm-{metadata.version('timm')}" / f"{quote(model_name, safe='')}@{img_size}.json"
