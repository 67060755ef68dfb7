"""The machine-readable record of a decision: what was asked, where, and what came out.

It travels in the report as one HTML comment, so that a report can be replayed against other data.
Not covered: the report's text (`reporting.documents.report`), and deciding again (`reporting.documents.replay`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import is_unknown
from bakeoff_core.reporting.text.names import CandidateNames
from bakeoff_core.reporting.text.settings import group_json, read_group, rename_columns
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef, Deployment
from bakeoff_core.schema.checks import require_choice
from bakeoff_core.schema.decision import COST_COLUMNS, RULES, Choice, Decision, Limits
from bakeoff_core.schema.limits import MOST_COUNTED
from bakeoff_core.schema.metrics import ACCURACY
from bakeoff_core.schema.parsing import parse_record
from bakeoff_core.schema.profile import GROUP_COLUMNS, Setting

FORMAT_VERSION = 5
"""Version of the record below. Raise it with every change, keep reading the older: 1 knew ImageNet's accuracy only,
2 no recipe class, 3 no accuracy of ranked models, and 4 no other metric than accuracy. What 4 can hold is written so,
that versions of before can replay it."""
ACCURACY_FORMAT = 4
"""Version that a record by accuracy is written in."""
_BY_METRIC = ("metric", "positive_class")
"""Fields of a source that `ACCURACY_FORMAT` does not have."""

_RECORD = re.compile(r"<!--\s*bakeoff-report\s+(.*?)\s*-->", re.DOTALL)

ANSWER_NUMBERS = ("top1", "latency_p50_s", "latency_p50_low_s", "latency_p50_high_s", *COST_COLUMNS.values())
"""Numbers kept of each answer."""


@dataclass(frozen=True)
class AnswerRecord:
    """One answer as the report gave it."""

    candidate: CandidateRef
    """The answer."""
    tied_with: tuple[CandidateRef, ...]
    """Whom the report declared it could not be told apart from."""
    numbers: Mapping[str, float]
    """What was known of `ANSWER_NUMBERS`, in base units."""


@dataclass(frozen=True)
class DecisionRecord:
    """All that is needed to ask the same question again."""

    product_version: str
    """Version of the product that wrote the report."""
    created_at: str
    """When, ISO 8601 in UTC."""
    setting: Setting | None
    """Where everything was measured; `None` for a report on published figures alone."""
    deployment: Deployment | None
    """What ran the models; `None` likewise."""
    machine_name: str | None
    """The hardware in words."""
    limits: Limits
    """What was asked."""
    rule: str
    """One of `RULES`."""
    cost: str
    """Key of `COST_COLUMNS`."""
    cheapest: AnswerRecord | None
    """The answer by lowest cost; `None` when nothing cleared the limits."""
    most_accurate: AnswerRecord | None
    """The answer by highest accuracy; `None` when nothing cleared the limits."""
    source: AccuracySource = IMAGENET
    """What the accuracies were of."""
    chosen: tuple[str, ...] = ()
    """Ids of the runs that the user chose to go by."""
    pretraining_class: str | None = None
    """Recipe class the candidates were restricted to; `None` for no restriction."""

    @property
    def pick(self) -> AnswerRecord | None:
        """The answer the rule called for."""
        return self.cheapest if self.rule == "cheapest" else self.most_accurate


def make_record(
    candidates: pd.DataFrame,
    decision: Decision,
    *,
    created_at: str,
    product_version: str,
    source: AccuracySource = IMAGENET,
    chosen: Iterable[str] = (),
    pretraining_class: str | None = None,
) -> DecisionRecord:
    """Take from a decision and its table what a replay needs.

    Raises:
        ValueError: The candidates come from more than one setting.
    """
    row = setting_row(candidates)
    names = CandidateNames(candidates)

    def answer(choice: Choice | None) -> AnswerRecord | None:
        if choice is None:
            return None
        known = {column: names.value(choice.candidate, column) for column in ANSWER_NUMBERS}
        return AnswerRecord(
            candidate=choice.candidate,
            tied_with=choice.tie.rivals if choice.tie else (),
            numbers={column: float(value) for column, value in known.items() if value is not None},
        )

    name = None if row is None else row.get("machine_name")
    setting, deployment = (None, None) if row is None else read_group(rename_columns(row))
    return DecisionRecord(
        product_version=product_version,
        created_at=created_at,
        setting=setting,
        deployment=deployment,
        machine_name=None if is_unknown(name) else str(name),
        limits=_finite(decision.limits),
        rule=decision.rule,
        cost=decision.cost,
        cheapest=answer(decision.cheapest),
        most_accurate=answer(decision.most_accurate),
        source=source,
        chosen=tuple(chosen),
        pretraining_class=pretraining_class,
    )


def _finite(limits: Limits) -> Limits:
    """An infinite limit excludes nothing and JSON cannot hold it: it is no limit."""
    values = asdict(limits)
    return Limits(**{name: None if value == math.inf else value for name, value in values.items()})


def setting_row(candidates: pd.DataFrame) -> dict[str, Any] | None:
    """Return a row that stands for where the table was measured, or `None` if it was not.

    Raises:
        ValueError: The candidates come from more than one setting; a decision never does.
    """
    columns = list(GROUP_COLUMNS)
    measured = candidates[candidates[columns].notna().all(axis="columns")]
    settings = len(measured[columns].drop_duplicates())
    if settings > 1:
        raise ValueError(f"`candidates` must come from one setting. Got {settings}.")
    return None if measured.empty else measured.iloc[0].to_dict()


def write_record(record: DecisionRecord) -> str:
    """Return a record as one HTML comment that no text in them can end.

    Whatever could close a comment or open a tag is written as a JSON escape, which reads back as itself.
    """
    fields = {"format": ACCURACY_FORMAT if record.source.is_accuracy else FORMAT_VERSION, **asdict(record)}
    if record.source.is_accuracy:
        fields["source"] = {name: value for name, value in fields["source"].items() if name not in _BY_METRIC}
    fields["recipe"] = fields.pop("pretraining_class")
    del fields["deployment"]  # the format has its fields in those of the setting, and one for all candidates
    if record.setting is not None and record.deployment is not None:
        fields["setting"] = group_json(record.setting, record.deployment)
    for answer in filter(None, (fields["cheapest"], fields["most_accurate"])):
        for candidate in (answer["candidate"], *answer["tied_with"]):
            del candidate["deployment"]
    text = json.dumps(fields, indent=1, ensure_ascii=True, allow_nan=False)
    # Two hyphens in a row stand in strings only, so this touches no number.
    for raw in ("<", ">", "&", "--"):
        text = text.replace(raw, "".join(f"\\u{ord(character):04x}" for character in raw))
    return f"<!-- bakeoff-report\n{text}\n-->"


def without_record(markdown: str) -> str:
    """Return a report as people read it: for a preview that would show an HTML comment as text."""
    return f"{_RECORD.sub('', markdown).rstrip()}\n"


def read_record(markdown: str) -> DecisionRecord:
    """Read the record out of a report's text.

    Args:
        markdown: The whole report, as downloaded or as it came through a ticket.

    Raises:
        BakeoffError: It is not one report of this product, is damaged, or comes from a newer version.
    """
    found = _RECORD.findall(markdown)
    if not found:
        raise BakeoffError(
            "This is not a decision report of Backbone Bake-off: the record to replay is missing. "
            "Give the report.md as it was downloaded."
        )
    if len(found) > 1:
        raise BakeoffError(f"This text holds {len(found)} decision reports. Give one report at a time.")
    try:
        fields = json.loads(found[0])
        version = fields["format"]
        if not isinstance(version, int) or version < 1:
            raise ValueError(f"no such format: {version!r}")
        if version > FORMAT_VERSION:
            raise BakeoffError(
                f"This report comes from a newer version of Backbone Bake-off (format {version}; this one "
                f"reads up to {FORMAT_VERSION}). Update Backbone Bake-off and replay it again."
            )
        return _record(fields, version)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as err:
        raise BakeoffError(
            "The record in this report is damaged and can't be replayed. Download the report again."
        ) from err


def _record(fields: Mapping[str, Any], version: int) -> DecisionRecord:
    setting, deployment = (None, None) if fields["setting"] is None else read_group(fields["setting"])
    of_deployment = {"deployment": deployment and asdict(deployment)}
    content = dict(fields) | of_deployment | {"setting": setting and asdict(setting)}
    content |= {key: _with(fields[key], of_deployment) for key in ("cheapest", "most_accurate")}
    if version >= 3:
        content["pretraining_class"] = fields["recipe"]
    if version in (2, 3):
        content["source"] = {**fields["source"], "train_on": None}
    if version in (2, 3, 4):
        content["source"] = {**content["source"], "metric": ACCURACY, "positive_class": None}
    if setting is not None and max(setting.threads, setting.batch_size) > MOST_COUNTED:
        raise ValueError(f"no setting has so many threads or images: {setting}")
    require_choice("rule", fields["rule"], RULES)
    require_choice("cost", fields["cost"], tuple(COST_COLUMNS))
    return parse_record(DecisionRecord, content)


def _with(answer: Mapping[str, Any] | None, of_deployment: Mapping[str, Any]) -> dict[str, Any] | None:
    """An answer whose candidates are in the one deployment that formats up to 5 know."""
    if answer is None:
        return None
    tied_with = [{**rival, **of_deployment} for rival in answer["tied_with"]]
    return {**answer, "candidate": {**answer["candidate"], **of_deployment}, "tied_with": tied_with}
