"""What the tests of a search share."""

from collections.abc import Iterator

import pytest
import scipy.linalg  # noqa: F401  before the limit, which holds for libraries that are loaded
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Keep small matrix products on one thread, as `look_ahead` does."""
    with threadpool_limits(1):
        yield
