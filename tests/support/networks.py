"""Networks that are built to be counted, not to be run: what makes that quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import nn


@contextmanager
def built_to_be_counted() -> Iterator[None]:
    """Leave weights as they are allocated, and work with one thread.

    Drawing weights takes longer than counting, which does not ask for them; threads that wait for work that is too
    small to share would take most of the time.
    """
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")]:
            patched.setattr(nn.init, name, lambda tensor, *_, **__: tensor)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
