"""The section of the decision report that says how to measure and decide the same again: commands to copy."""

from __future__ import annotations

import re
import shlex

import pandas as pd

from bakeoff_core.formatting import limit_number
from bakeoff_core.reporting.documents.record import DecisionRecord, setting_row
from bakeoff_core.reporting.text.commands import LIMIT_OPTIONS
from bakeoff_core.schema.candidate import candidate_refs
from bakeoff_core.schema.decision import LIMIT_COLUMNS, Decision

_MODEL_NAME = re.compile(r"\w[\w.:/-]*", re.ASCII)
"""What timm can be asked for. Nothing in it means anything to a shell, so it needs no quotes in a command."""


def reproduction_section(candidates: pd.DataFrame, decision: Decision, record: DecisionRecord) -> list[str]:
    """Return the section as lines of Markdown with their heading: measure the same models alike, decide, and compare.

    Args:
        candidates: The table that was decided on.
        decision: What followed from it.
        record: Of the decision.
    """
    row = setting_row(candidates)
    lines, left_out = [], 0
    models: dict[int | None, list[str]] = {}
    for ref in candidate_refs(candidates):
        if _MODEL_NAME.fullmatch(ref.model_name):
            models.setdefault(ref.img_size, []).append(ref.model_name)
        else:
            left_out += 1
    if row is not None:
        setting = (
            f"--batch-size {int(row['batch_size'])} --threads {int(row['threads'])} "
            f"--device {row['device']} --dtype {row['precision']}"
        )
        for size, names in models.items():
            at_size = "" if size is None else f"--img-size {size} "
            lines.append(f"python -m bakeoff_core profile {' '.join(names)} {at_size}{setting}")
    lines += [
        f"python -m bakeoff_core pick {_pick_options(decision, record)}",
        "python -m bakeoff_core replay report.md",
    ]
    intro = "On the same machine, with the versions above; `profile` keeps what is already measured."
    if left_out:
        intro += f" Rows whose names no timm model can have, and that cannot be measured again: {left_out}."
    return ["## How to reproduce", "", intro, "", "```sh", *lines, "```"]


def _pick_options(decision: Decision, record: DecisionRecord) -> str:
    limits = [
        f"{option} {limit_number(LIMIT_COLUMNS[limit], value)}"
        for limit, option in LIMIT_OPTIONS.items()
        if (value := getattr(record.limits, limit)) is not None
    ]
    accuracy = [] if record.source.is_imagenet else [f"--accuracy {record.source.key}"]
    accuracy += [f"--run {shlex.quote(run_id)}" for run_id in record.chosen]
    accuracy += [] if record.pretraining_class is None else [f"--match-recipes {record.pretraining_class}"]
    return " ".join([*limits, f"--rule {decision.rule}", f"--cost {decision.cost}", *accuracy])
