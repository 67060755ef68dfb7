"""The request to download a data set: what is fetched from where, and starting the job.

Not covered: the download itself (`datasets.download.worker`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bakeoff_core.datasets.flowers102 import BASE_URL, IMAGE_COUNT, MD5S
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.manager import list_jobs, start_job
from bakeoff_core.jobs.records import Job


@dataclass(frozen=True)
class DownloadSpec:
    """What to fetch; everything but the name is for tests and mirrors."""

    dataset: str
    """Only `flowers102` can be downloaded."""
    base_url: str = BASE_URL
    """Where the files are, with a slash at the end."""
    md5s: Mapping[str, str] = field(default_factory=lambda: dict(MD5S))
    """Checksum of each file."""
    image_count: int = IMAGE_COUNT
    """How many images the archive must hold."""

    def __post_init__(self) -> None:
        if self.dataset != "flowers102":
            raise ValueError(f"`dataset` must be flowers102; others are not downloaded. Got {self.dataset!r}.")
        if not re.match(r"https?://.+/$", self.base_url):
            raise ValueError(f"`base_url` must begin with http and end with a slash. Got {self.base_url!r}.")


def start_download(dataset: str = "flowers102", **options: object) -> Job:
    """Start to download a data set, or return the job that does so already.

    It fails within 15 seconds where there is no connection; its message then names the files, where to put them, and
    what is available.

    Args:
        dataset: `flowers102`.
        **options: Other fields of `DownloadSpec`.

    Raises:
        NoSpaceError: The disk is full.
        ValueError: An option is out of range.
    """
    DownloadSpec(dataset, **options)  # type: ignore[arg-type]
    active = next((job for job in list_jobs(kinds.DOWNLOAD) if job.active), None)
    return active or start_job(kinds.DOWNLOAD, {"dataset": dataset, **options})
