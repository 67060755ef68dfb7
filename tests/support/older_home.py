"""A home that the version before the packages left: unpacked where a test wants it, asked, and what it answered then.

Knows files and the command line only, so that it stays true wherever the modules lie. The files are made by
`tests.data.make_home`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from bakeoff_core.cli.app import main

FIXTURE = Path(__file__).parents[1] / "data" / "home-before-packages"
HOME = "@HOME@"
"""Stands in the files for the folder that the home lies in."""
CHANGED_NS = 1_760_000_000 * 10**9
"""When the images count as changed, which is part of what their content is known by; git keeps no times."""
KEPT_LOOK = "looks/kept.npz"
"""The one look that is kept; its real name follows from the path of its image."""
NO_TEXT = {".parquet", ".npy", ".npz", ".safetensors", ".bin", ".pkl", ".jpg"}
"""Endings of the files that hold no text."""

_WRITTEN = re.compile(r"Written .+ by Backbone Bake-off .+\.$", re.MULTILINE)
_RECORDED = re.compile(r'^( "(?:created_at|product_version)": ).*$', re.MULTILINE)

_SURE = re.compile(
    r"^(Would be picked again|Measured again, nothing would) .*\n\n"
    r"|^- \*\*(Can't be told apart|Picked again)\*\*: .*\n(  .*\n)*",
    re.MULTILINE,
)
_DOUBTS = re.compile(
    r"^(\*\*Not to be relied on: |[0-9]+ of [0-9]+ measurements? (is|are) doubtful: ).+\n\n", re.MULTILINE
)
_WARNINGS = re.compile(r"^## Warnings\n.+?(?=^## )", re.MULTILINE | re.DOTALL)
"""Since these answers, a report begins with what is doubtful, and tells its warnings by their kinds."""
TOLD_SINCE = {
    *("name", "note", "metric", "positive_class", "scores", "best_step", "stopped_early"),
    *("trusted", "doubts", "stability", "latency_drift_sd"),
}
"""Fields of the JSON that have come since."""


def unpack(fixture: Path, home: Path) -> None:
    """Put the home of a fixture where it is wanted, with its own paths in its files."""
    shutil.copytree(fixture / "home", home)
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        if path.suffix not in NO_TEXT and HOME in (text := path.read_text(encoding="utf-8")):
            path.write_text(text.replace(HOME, str(home)), encoding="utf-8")
    for path in home.glob("jobs/*/images.parquet"):
        table = pd.read_parquet(path)
        table.assign(path=table["path"].str.replace(HOME, str(home), regex=False)).to_parquet(path)
    stamp(home / "images")
    (look,) = (json.loads(path.read_text())["spec"] for path in home.glob("jobs/*-look-*/spec.json"))
    (home / KEPT_LOOK).rename(home / "looks" / look_name(**look))


def stamp(images: Path) -> None:
    """Give the images the time of change that they had when they were learned from."""
    for path in images.rglob("*.jpg"):
        os.utime(path, ns=(CHANGED_NS, CHANGED_NS))


def look_name(model_name: str, features_key: str, image: str) -> str:
    """Return what the older version called the file of a look."""
    text = json.dumps([1, model_name, features_key, image, CHANGED_NS, Path(image).stat().st_size])
    return f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.npz"


def answer_to(arguments: Sequence[str], home: Path, out: Path, fixture: Path = FIXTURE) -> dict[str, Any]:
    """Ask the command line, in this process.

    Args:
        arguments: The command; `@OUT@`, `@FIXTURE@` and `@HOME@` stand for the other three.
        home: The state folder, which `BAKEOFF_HOME` must name.
        out: An empty folder for the file that the command may write.
        fixture: Where the files of the older version are.

    Returns:
        `exit_code`; `printed`, the JSON where that was asked for, else the lines; `remarks`, the lines on stderr where
        something went wrong; `written`, the text of a report or the rows of an export, else `None`. The home's path is
        `@HOME@` in them.
    """
    places = {"@OUT@": str(out), "@FIXTURE@": str(fixture), HOME: str(home)}
    real = list(arguments)
    for name, place in places.items():
        real = [argument.replace(name, place) for argument in real]
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as remarks:
        exit_code = main(real)
    said, remarked = (text.getvalue().replace(str(home), HOME) for text in (printed, remarks))
    return {
        "arguments": list(arguments),
        "exit_code": exit_code,
        "printed": json.loads(said) if "--json" in arguments and said else said.splitlines(),
        "remarks": remarked.splitlines() if exit_code else [],
        "written": _written(out, home),
    }


def _written(out: Path, home: Path) -> Any:
    for path in out.iterdir():
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            return {"columns": sorted(table.schema.names), "rows": json.loads(json.dumps(table.to_pylist()))}
        return path.read_text(encoding="utf-8").replace(str(home), HOME)
    return None


def keep_answer(name: str, answer: dict[str, Any], expected: Path) -> None:
    """Write an answer down; a report in a file of its own, which can be replayed."""
    kept = dict(answer)
    if isinstance(answer["written"], str):
        kept["written"] = f"{name}.md"
        (expected / f"{name}.md").write_text(answer["written"], encoding="utf-8")
    (expected / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def kept_answer(name: str, expected: Path = FIXTURE / "expected") -> dict[str, Any]:
    """Read an answer that was written down; an export, which is of schema 1, as today's schema has it."""
    answer = json.loads((expected / f"{name}.json").read_text(encoding="utf-8"))
    if isinstance(answer["written"], dict):
        answer["written"] = _of_schema_3(answer["written"])
    if isinstance(answer["written"], str):
        answer["written"] = (expected / answer["written"]).read_text(encoding="utf-8")
    return answer


def _of_schema_3(export: dict[str, Any]) -> dict[str, Any]:
    names = {"runtime": "backend", "torch_version": "backend_version", "dtype": "precision"}
    rows = [{names.get(name, name): value for name, value in row.items()} for row in export["rows"]]
    assert {row["backend"] for row in rows} == {"pytorch-eager"}
    columns = sorted([*(names.get(name, name) for name in export["columns"]), "latency_drift_sd"])
    return {"columns": columns, "rows": [row | {"backend": "pytorch", "latency_drift_sd": None} for row in rows]}


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """Take out what differs though nothing changed for who asked: times, versions, and what is told beside it since."""
    printed, written = answer["printed"], answer["written"]
    if isinstance(printed, dict):
        printed = {name: value for name, value in printed.items() if name not in TOLD_SINCE}
    elif "--json" in answer["arguments"]:
        printed = [{k: v for k, v in line.items() if k not in TOLD_SINCE} for line in printed]
    if isinstance(written, str):
        written = _RECORDED.sub(r"\1…", _WRITTEN.sub("Written.", written))
        written = _WARNINGS.sub("", _SURE.sub("", _DOUBTS.sub("", written)))
    return {**answer, "printed": printed, "written": written}
