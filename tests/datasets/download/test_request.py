"""The request to download a data set; that it is served is tested with the worker."""

import pytest

from bakeoff_core.datasets.download.request import start_download


@pytest.mark.parametrize(
    ("spec", "words"), [({"dataset": "elpv"}, "must be flowers102"), ({"base_url": "file:///etc/"}, "begin with http")]
)
def test_what_cannot_be_downloaded_is_refused_before_it_starts(spec: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        start_download(**spec)
