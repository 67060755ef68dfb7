"""What becomes of broken image files: `python -m benchmarks.image_fuzz [FILES]`, by default 20,000.

Small images of every kind that is read (`tests.support.odd_images`) are damaged at random: bytes changed, cut out, put
in, doubled or zeroed, most of them at the beginning, where what describes the picture stands. Each file is looked at by
its header, decoded, checked and made small as the product does it. It may be kept or refused in words; anything else is
an escape, which would have ended a job. The same files every time. Takes some minutes.
"""

from __future__ import annotations

import random
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bakeoff_core.datasets.images import find_damaged, is_grey, open_rgb, read_header, thumbnail
from bakeoff_core.errors import ImageFileError
from tests.support.odd_images import KINDS

FILES = 20_000
MOST_MUTATIONS = 6
PNG = b"\x89PNG"
HEAD_BYTES = 300
"""Where most of what describes a picture stands in files as small as these."""
KEPT, BY_HEADER, BY_DECODER, ESCAPED = "kept", "refused by its header", "refused by the decoder", "ESCAPED"


def fuzz(files: int, tell: Callable[[str], None] = lambda words: None) -> dict[str, Counter[str]]:
    """Damage so many files and count what becomes of them, by the ending of their names.

    Args:
        files: How many; each kind is damaged as often as any other.
        tell: Told of each escape, with what repeats it.
    """
    contents = [(name, make()) for name, make in KINDS.items()]
    outcomes: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(files):
            name, content = contents[number % len(contents)]
            path = Path(folder) / name
            path.write_bytes(damaged(content, random.Random(number)))
            outcome, words = outcome_of(path)
            outcomes.setdefault(path.suffix, Counter())[outcome] += 1
            if outcome == ESCAPED:
                tell(f"file {number}, {name}: {words}")
            path.unlink()
    return outcomes


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return the content with a few random faults."""
    found = bytearray(content)
    for _ in range(chance.randint(1, MOST_MUTATIONS)):
        if not found:
            break
        end = min(len(found), HEAD_BYTES) if chance.random() < 0.7 else len(found)
        at, length = chance.randrange(end), chance.choice((1, 1, 2, 4, 12, 40))
        kind = chance.choice(("change", "change", "change", "bit", "cut", "put", "double", "zero", "ones", "end"))
        if kind == "change":
            found[at : at + length] = chance.randbytes(length)
        elif kind == "bit":
            found[at] ^= 1 << chance.randrange(8)
        elif kind == "cut":
            del found[at : at + length]
        elif kind == "put":
            found[at:at] = chance.randbytes(length)
        elif kind == "double":
            found[at:at] = found[at : at + length]
        elif kind in ("zero", "ones"):
            found[at : at + length] = (b"\0" if kind == "zero" else b"\xff") * length
        else:
            del found[max(at, 12) :]
    return _with_right_checksums(bytes(found)) if found[:4] == PNG and chance.random() < 0.8 else bytes(found)


def _with_right_checksums(content: bytes) -> bytes:
    """A PNG whose chunks pass for sound, so that faults reach what is behind the checksums."""
    found, at = bytearray(content), 8
    while at + 12 <= len(found):
        length = int.from_bytes(found[at : at + 4])
        end = at + 8 + length
        if end + 4 > len(found):
            break
        found[end : end + 4] = zlib.crc32(found[at + 4 : end]).to_bytes(4)
        at = end + 4
    return bytes(found)


def outcome_of(path: Path) -> tuple[str, str]:
    """Return what becomes of a file in every way that the product opens it, and the words for it."""
    try:
        try:
            read_header(path)
        except ImageFileError as err:
            return BY_HEADER, str(err)
        words = find_damaged([path])
        for call in _ways(path):
            try:
                call()
            except ImageFileError as err:
                words.setdefault(path, str(err))
    except Exception as err:
        return ESCAPED, f"{type(err).__name__}: {err}"
    return (BY_DECODER, words[path]) if words else (KEPT, "")


def _ways(path: Path) -> Iterator[Callable[[], object]]:
    yield lambda: open_rgb(path)
    yield lambda: thumbnail(path, 16)
    yield lambda: is_grey(path)


def main(files: int = FILES) -> int:
    """Print how many files of which kind were kept, refused and escaped; the exit code is 0 without an escape."""
    outcomes = fuzz(files, lambda words: print(words, flush=True))
    columns = (KEPT, BY_HEADER, BY_DECODER, ESCAPED)
    print(f"{'':8}{'files':>8}" + "".join(f"{name:>24}" for name in columns))
    for kind, counts in [*sorted(outcomes.items()), ("all", sum(outcomes.values(), Counter()))]:
        print(f"{kind:8}{counts.total():8,}" + "".join(f"{counts[name]:24,}" for name in columns))
    escaped = sum(counts[ESCAPED] for counts in outcomes.values())
    print("target: none escapes")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
