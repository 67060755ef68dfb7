"""Files that commands are given and can't use, made by code: the part of `benchmarks.bad_inputs` that needs files."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MUTATIONS = 60
"""Damaged copies of each good file."""

ODD_VALUES = ("null", "-1", "0", "1e999", "NaN", "true", '""', '"\\u0000"', "[]", "{}", '"x"', "9" * 400, "[[[]]]")
"""JSON in place of each value of a report's record."""

RUBBISH = {
    "empty": b"",
    "null": b"\0" * 100,
    "text": b"nothing of the kind\n",
    "utf16": "model,img_size,top1\nresnet50,224,80\n".encode("utf-16"),
    "not-utf8": b"\xff\xfe\xfd,\x80\n" * 3,
    "bom": b"\xef\xbb\xbf",
    "parquet-magic": b"PAR1PAR1",
    "quote": b'model,img_size,top1\n"resnet50,224,80\n',
    "deep": b"<!-- bakeoff-report\n" + b"[" * 100_000 + b"\n-->",
    "long-line": b"model,img_size,top1\n" + b"x" * 300_000 + b",224,80\n",
}
"""Contents that are no file of any kind."""

TABLES = {
    "semicolons": "model;infer_img_size;infer_samples_per_sec\nresnet18;224;1,5\n",
    "ambiguous": 'model,infer_img_size,infer_samples_per_sec\nresnet18,224,"123,456"\nresnet50,224,2000.5\n',
    "german": 'model,infer_img_size,infer_samples_per_sec\nresnet18,224,"1.234,56"\n',
    "infinite": "model,infer_img_size,infer_samples_per_sec\nresnet18,224,inf\n",
    "negative": "model,infer_img_size,infer_samples_per_sec\nresnet18,-224,10\n",
    "huge": "model,infer_img_size,infer_samples_per_sec\nresnet18,224," + "9" * 400 + "\n",
    "nbsp": "model,infer_img_size,infer_samples_per_sec\nresnet18,224,1\u00a0234\n",
    "percent": "model,infer_img_size,infer_samples_per_sec\nresnet18,224,50 %\n",
    "no-speed": "model,infer_img_size,infer_samples_per_sec\nresnet18,224,\n",
    "twice": "model,model,infer_img_size,infer_samples_per_sec\na,b,224,1\n",
    "ragged": "model,infer_img_size,infer_samples_per_sec\nresnet18,224\n",
}
"""Tables of speeds that must be refused."""


def names() -> Iterator[tuple[str, str]]:
    """Yield each command that takes a file with each bad one."""
    for name in (*RUBBISH, "folder", "loop", "pipe-like"):
        for command in ("import", "replay"):
            yield command, f"{name}.bad"
    for number in range(MUTATIONS):
        yield "import", f"profiles-{number}.parquet"
        yield "replay", f"report-{number}.md"
    for number in range(len(ODD_VALUES) * 40):
        yield "replay", f"record-{number}.md"


def tables() -> Iterator[tuple[str, str]]:
    """Yield pairs of a table of accuracies and one of speeds, of which at least one is bad."""
    for name in (*RUBBISH, "folder", "loop"):
        yield f"{name}.bad", "good-speeds.csv"
        yield "good-results.csv", f"{name}.bad"
    for name in TABLES:
        yield "good-results.csv", f"{name}.csv"


def write_all(folder: Path, profiles: bytes, report: str) -> None:
    """Write every bad file, and the two good tables that go with bad ones.

    Args:
        folder: Where to.
        profiles: A good profile file.
        report: A good report.
    """
    for name, content in RUBBISH.items():
        (folder / f"{name}.bad").write_bytes(content)
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "folder.bad").mkdir()
    (folder / "loop.bad").symlink_to("loop.bad")
    (folder / "pipe-like.bad").symlink_to("/dev/null")
    (folder / "good-results.csv").write_text("model,img_size,top1\nresnet18.a1_in1k,224,71.5\n")
    (folder / "good-speeds.csv").write_text("model,infer_img_size,infer_samples_per_sec\nresnet18,224,1000.5\n")
    draw = random.Random(0)
    for number in range(MUTATIONS):
        (folder / f"profiles-{number}.parquet").write_bytes(_damaged(profiles, draw))
        (folder / f"report-{number}.md").write_bytes(_damaged(report.encode(), draw))
    for number, text in enumerate(_records(report)):
        (folder / f"record-{number}.md").write_text(text)


def _damaged(content: bytes, draw: random.Random) -> bytes:
    """A copy that is cut, or has bytes changed, taken out or doubled."""
    at = draw.randrange(len(content))
    kind = draw.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + content[at + draw.randrange(1, 64) :]
    if kind == 2:
        return content[:at] + content[max(0, at - 40) :]
    changed = bytearray(content)
    for _ in range(draw.randrange(1, 20)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _records(report: str) -> Iterator[str]:
    """The report with each value of its record in turn replaced by each odd one; at most as many as `names` says."""
    record = json.loads(re.search(r"<!-- bakeoff-report\s+(.*?)\s*-->", report, re.DOTALL)[1])
    places = list(_places(record))
    step = max(1, len(places) // 40 + (len(places) % 40 > 0))
    for path in places[::step][:40]:
        for odd in ODD_VALUES:
            text = json.dumps(_with(record, path, "ODD")).replace('"ODD"', odd)
            yield f"# A report\n\n<!-- bakeoff-report\n{text}\n-->\n"


def _places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    if path:
        yield path
    items: Callable = value.items if isinstance(value, dict) else lambda: enumerate(value)
    if isinstance(value, (dict, list)):
        for key, inner in items():
            yield from _places(inner, (*path, key))


def _with(value: Any, path: tuple, new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy
