"""Which of many images are the same file, or nearly the same picture: in time and memory that grow with their number.

Files are the same byte for byte. Pictures are nearly the same where one comes from the other by saving it anew, at
another size or quality: their perceptual hashes (Zauner 2010, "Implementation and benchmarking of perceptual image hash
functions"; the package `imagehash`) differ in few bits, and so do their miniatures. One that was cropped, turned,
mirrored or made brighter is another picture here. Nothing is compared with everything: what shares a band of the hash's
bits is a candidate, in the order of brightness.

Only workers use it, since they open every image in any case. Not covered: what follows for a data set
(`datasets.copies`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image

REDUCING_GAP = 8.0
"""How many times larger than asked for an image is when it stops being shrunk by plain means, which are quicker."""
HASH_SIDE = 32
"""Side in pixels of the picture whose hash is taken; what `imagehash` itself makes of a larger one."""
MINIATURE_SIDE = 16
"""Side in pixels of the miniature that candidates are compared by."""
MOST_BITS = 8
"""Of 64 by which the hashes of nearly the same pictures differ at most."""
BANDS = (11, 11, 11, 11, 10, 10)
"""Bits of each band of a hash. Two hashes that differ in fewer bits than there are bands share one whole; those that
differ in a few more usually do."""
NEIGHBOURS = 16
"""Candidates that follow in the order of brightness and are compared; more would only matter among blank pictures."""
MOST_DIFFERENCE = 0.05
"""Root mean square difference of the miniatures, over the deviation of the paler one. Saving 200 solar cells and
flowers anew (JPEG of quality 50; half and three quarters of the size) led to 0.047 at most; the nearest two of 2,624
different solar cells differ by 0.067."""
LEAST_DEVIATION = 8.0
"""Of 255; with less, a picture is as good as blank, and noise would count."""
CHUNK = 4096
"""Pairs that are compared in one go; more would only need more memory."""
MOST_PICTURES = 200_000
"""Pictures whose miniatures are held, some 900 bytes each; any after them are only compared byte for byte."""


@dataclass(frozen=True)
class Groups:
    """Images that belong together; each group has two at least, in the order in which they were added."""

    identical: tuple[tuple[Path, ...], ...] = ()
    """The same bytes."""
    alike: tuple[tuple[Path, ...], ...] = ()
    """The same bytes or nearly the same picture."""


class Fingerprints:
    """What is needed of each image, taken while it is open."""

    def __init__(self) -> None:
        """Begin without any."""
        self._paths: list[Path] = []
        self._hashes: list[int] = []
        self._shapes: list[float] = []
        self._miniatures: list[np.ndarray] = []
        self._same_so_far: dict[tuple[int, int, bytes], list[int]] = {}

    def add(self, path: Path, image: Image.Image) -> None:
        """Take the fingerprint of an image that was opened.

        Args:
            path: Its file.
            image: In RGB.
        """
        at = len(self._paths)
        small = _resized(image, HASH_SIDE)
        bits = np.packbits(imagehash.phash(small).hash)
        miniature = np.asarray(_resized(image, MINIATURE_SIDE)).ravel()
        self._paths.append(path)
        self._hashes.append(int(bits.view(">u8")[0]))
        self._shapes.append(image.width / image.height)
        if at < MOST_PICTURES:
            self._miniatures.append(miniature)
        # Files of the same bytes have the same size and give the same picture: only those have to be read once more.
        key = (_size(path), self._hashes[at], hashlib.blake2b(miniature.tobytes(), digest_size=8).digest())
        self._same_so_far.setdefault(key, []).append(at)

    def groups(self) -> Groups:
        """Return which of the images belong together."""
        identical = [group for alike in self._same_so_far.values() if len(alike) > 1 for group in self._by_bytes(alike)]
        pairs = [(group[0], other) for group in identical for other in group[1:]]
        alike = _connected([*pairs, *self._similar()], len(self._paths))
        return Groups(
            *(tuple(tuple(self._paths[at] for at in group) for group in sorted(found)) for found in (identical, alike))
        )

    def _by_bytes(self, candidates: Sequence[int]) -> Iterator[list[int]]:
        by_digest: dict[str, list[int]] = {}
        for at in candidates:
            try:
                with self._paths[at].open("rb") as file:
                    digest = hashlib.file_digest(file, "blake2b").hexdigest()
            except OSError:  # gone since
                continue
            by_digest.setdefault(digest, []).append(at)
        return (group for group in by_digest.values() if len(group) > 1)

    def _similar(self) -> Iterator[tuple[int, int]]:
        """Pairs that are nearly the same picture."""
        count = len(self._miniatures)
        if count < 2:
            return
        hashes = np.array(self._hashes[:count], np.uint64)
        shapes = np.array(self._shapes[:count])
        miniatures = np.stack(self._miniatures)
        brightness = miniatures.mean(1, dtype=np.float32)
        shift = 0
        for number, width in enumerate(BANDS):
            band = (hashes >> np.uint64(shift)) & np.uint64(2**width - 1)
            shift += width
            order = np.lexsort((brightness, band))
            for step in range(1, min(NEIGHBOURS, count - 1) + 1):
                one, other = order[:-step], order[step:]
                bits = np.bitwise_count(hashes[one] ^ hashes[other])
                near = (band[one] == band[other]) & (bits <= MOST_BITS)
                if number:  # the same hash is the same in every band; once is enough
                    near &= bits > 0
                near &= np.abs(np.log(shapes[one] / shapes[other])) < MOST_DIFFERENCE
                for first, second in _in_chunks(one[near], other[near]):
                    same = _are_same(miniatures[first], miniatures[second])
                    yield from zip(first[same].tolist(), second[same].tolist(), strict=True)


def _in_chunks(one: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(one), CHUNK):
        yield one[start : start + CHUNK], other[start : start + CHUNK]


def _are_same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether each miniature is nearly the other in its place; both of shape (pairs, values)."""
    first, second = one.astype(np.float32), other.astype(np.float32)
    contrast = np.maximum(LEAST_DEVIATION, np.minimum(first.std(1), second.std(1)))
    return np.sqrt(np.square(first - second).mean(1)) <= MOST_DIFFERENCE * contrast


def _connected(pairs: Sequence[tuple[int, int]], count: int) -> list[list[int]]:
    """The groups that pairs make."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not pairs:
        return []
    one, other = np.array(pairs).T
    graph = coo_array((np.ones(len(pairs), bool), (one, other)), shape=(count, count))
    members: dict[int, list[int]] = {}
    _, group_of = connected_components(graph, directed=False)
    for at in sorted({*one.tolist(), *other.tolist()}):
        members.setdefault(int(group_of[at]), []).append(at)
    return list(members.values())


def _resized(image: Image.Image, side: int) -> Image.Image:
    return image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=REDUCING_GAP)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
