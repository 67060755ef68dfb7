"""Broken files of every kind that is read are kept or refused in words; `benchmarks.image_fuzz` tries many more."""

import random

from benchmarks.image_fuzz import BY_DECODER, BY_HEADER, ESCAPED, KEPT, damaged, fuzz
from tests.support.odd_images import KINDS

FILES = 2000


def test_no_damaged_file_ends_a_pass() -> None:
    escapes: list[str] = []
    outcomes = fuzz(FILES, escapes.append)
    assert escapes == []
    assert set(outcomes) == {".jpg", ".png", ".webp", ".bmp", ".tif", ".gif", ".avif", ".heic", ".mpo"}
    together = sum(outcomes.values(), start=type(outcomes[".jpg"])())
    assert together.total() == FILES and together[ESCAPED] == 0
    assert min(together[KEPT], together[BY_HEADER], together[BY_DECODER]) > FILES // 20


def test_the_damage_is_the_same_every_time_and_never_none() -> None:
    for name, make in list(KINDS.items())[::9]:
        content = make()
        found = [damaged(content, random.Random(seed)) for seed in range(20)]
        assert found == [damaged(content, random.Random(seed)) for seed in range(20)], name
        assert sum(one != content for one in found) >= 18, name
