"""The section of the decision report on doubtful measurements: one line a kind, and every single one folded below."""

from __future__ import annotations

import math

import pandas as pd

from bakeoff_core.formatting import is_unknown, listed, markdown_code
from bakeoff_core.reporting.text.warnings import explain_warning
from bakeoff_core.schema.candidate import CandidateRef, candidate_refs
from bakeoff_core.schema.profile import WARNING_CODES, MeasurementWarning

NAMES_IN_A_LINE = 5
"""Models named in the line of a kind; of more, the rest is counted."""


def warnings_section(candidates: pd.DataFrame) -> list[str]:
    """Return the section as lines of Markdown with their heading; every text from the table is escaped.

    Args:
        candidates: With `warnings`, tuples of `MeasurementWarning`.
    """
    found: dict[str, list[tuple[CandidateRef, MeasurementWarning]]] = {}
    for ref, warnings in zip(candidate_refs(candidates), candidates["warnings"], strict=True):
        for warning in warnings if isinstance(warnings, tuple | list) else ():
            found.setdefault(warning.code, []).append((ref, warning))
    if not found:
        return ["## Warnings", "", "No measurement carries a warning."]
    kinds = [found[code] for code in WARNING_CODES if code in found]
    single = [
        f"- {markdown_code(ref.label)}: {explain_warning(warning)}" for of_kind in kinds for ref, warning in of_kind
    ]
    lines = ["## Warnings", "", *(f"- {_line(of_kind)}" for of_kind in kinds)]
    if len(single) == len(kinds):  # each kind once: its line says it all
        return lines
    return [*lines, "", f"<details><summary>All {len(single):,}, one by one</summary>", "", *single, "", "</details>"]


def _line(of_kind: list[tuple[CandidateRef, MeasurementWarning]]) -> str:
    """One kind: the models, and the words of the worst of them."""
    worst = max(of_kind, key=lambda pair: _gravity(pair[1]))
    names = [markdown_code(ref.label) for ref, _ in of_kind[:NAMES_IN_A_LINE]]
    if len(of_kind) > NAMES_IN_A_LINE:
        names.append(f"{len(of_kind) - NAMES_IN_A_LINE:,} more")
    at_worst = "" if len(of_kind) == 1 else f"at worst {markdown_code(worst[0].label)}: "
    return f"{listed(names)}: {at_worst}{explain_warning(worst[1])}"


def _gravity(warning: MeasurementWarning) -> float:
    """How bad a warning is among those of its kind; the farther from 1 the graver where it is a ratio of paces."""
    if is_unknown(warning.value):
        return -math.inf
    if warning.code == "drift":
        return abs(math.log(warning.value)) if warning.value > 0 else math.inf
    return -warning.value if warning.code in ("few_passes", "too_fast") else warning.value
