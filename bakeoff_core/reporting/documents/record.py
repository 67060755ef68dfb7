"""The machine-readable heart of a decision report: what was asked, where, and what came out.

It travels in the report as one HTML comment, so that a report can be replayed against other data.
Not covered: the report's text (`reporting.documents.report`), and deciding again (`selection.pareto`).
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import Escape, is_unknown
from bakeoff_core.reporting.text.names import RULE_WORDS, Wording, describe_setting
from bakeoff_core.schema.records import (
    COST_COLUMNS,
    IMAGENET,
    LIMIT_COLUMNS,
    RULES,
    SETTING_COLUMNS,
    AccuracySource,
    CandidateRef,
    Choice,
    Decision,
    Limits,
    Setting,
    candidate_label,
    require_choice,
)

FORMAT_VERSION = 4
"""Version of the record below. Raise it with every change, keep reading the older: 1 knew ImageNet's accuracy only,
2 no recipe class, and 3 no accuracy of ranked models."""

_RECORD = re.compile(r"<!--\s*bakeoff-report\s+(.*?)\s*-->", re.DOTALL)

NUMBER_COLUMNS = ("top1", "latency_p50_s", "latency_p50_low_s", "latency_p50_high_s", *COST_COLUMNS.values())
"""Numbers kept of each answer."""


@dataclass(frozen=True)
class AnswerFacts:
    """One answer as the report gave it."""

    candidate: CandidateRef
    """The answer."""
    tied_with: tuple[CandidateRef, ...]
    """Whom the report declared it could not be told apart from."""
    numbers: Mapping[str, float]
    """What was known of `NUMBER_COLUMNS`, in base units."""


@dataclass(frozen=True)
class ReportFacts:
    """All that is needed to ask the same question again."""

    product_version: str
    """Version of the product that wrote the report."""
    created_at: str
    """When, ISO 8601 in UTC."""
    setting: Setting | None
    """Where everything was measured; `None` for a report on published figures alone."""
    machine_name: str | None
    """The hardware in words."""
    limits: Limits
    """What was asked."""
    rule: str
    """One of `RULES`."""
    cost: str
    """Key of `COST_COLUMNS`."""
    cheapest: AnswerFacts | None
    """The answer by lowest cost; `None` when nothing cleared the limits."""
    most_accurate: AnswerFacts | None
    """The answer by highest accuracy; `None` when nothing cleared the limits."""
    source: AccuracySource = IMAGENET
    """What the accuracies were of."""
    chosen: tuple[str, ...] = ()
    """Ids of the runs that the user chose to go by."""
    recipe: str | None = None
    """Recipe class the candidates were restricted to; `None` for no restriction."""

    @property
    def pick(self) -> AnswerFacts | None:
        """The answer the rule called for."""
        return self.cheapest if self.rule == "cheapest" else self.most_accurate


@dataclass(frozen=True)
class Replay:
    """Whether a report's pick still follows."""

    same: bool
    """The very same pick; a tied one is another pick, and the sentences say so."""
    sentences: tuple[str, ...]
    """What was compared and what came out."""


def gather_facts(
    candidates: pd.DataFrame,
    decision: Decision,
    *,
    created_at: str,
    product_version: str,
    source: AccuracySource = IMAGENET,
    chosen: Iterable[str] = (),
    recipe: str | None = None,
) -> ReportFacts:
    """Take from a decision and its table what a replay needs.

    Raises:
        ValueError: The candidates come from more than one setting.
    """
    row = setting_row(candidates)
    words = Wording(candidates)

    def facts(choice: Choice | None) -> AnswerFacts | None:
        if choice is None:
            return None
        known = {column: words.value(choice.candidate, column) for column in NUMBER_COLUMNS}
        return AnswerFacts(
            candidate=choice.candidate,
            tied_with=choice.tie.rivals if choice.tie else (),
            numbers={column: float(value) for column, value in known.items() if value is not None},
        )

    name = None if row is None else row.get("machine_name")
    return ReportFacts(
        product_version=product_version,
        created_at=created_at,
        setting=None if row is None else _setting({column: row[column] for column in SETTING_COLUMNS}),
        machine_name=None if is_unknown(name) else str(name),
        limits=_finite(decision.limits),
        rule=decision.rule,
        cost=decision.cost,
        cheapest=facts(decision.cheapest),
        most_accurate=facts(decision.most_accurate),
        source=source,
        chosen=tuple(chosen),
        recipe=recipe,
    )


def _finite(limits: Limits) -> Limits:
    """An infinite limit excludes nothing and JSON cannot hold it: it is no limit."""
    values = dataclasses.asdict(limits)
    return Limits(**{name: None if value == math.inf else value for name, value in values.items()})


def setting_row(candidates: pd.DataFrame) -> dict[str, Any] | None:
    """Return a row that stands for where the table was measured, or `None` if it was not.

    Raises:
        ValueError: The candidates come from more than one setting; a decision never does.
    """
    columns = list(SETTING_COLUMNS)
    measured = candidates[candidates[columns].notna().all(axis="columns")]
    settings = len(measured[columns].drop_duplicates())
    if settings > 1:
        raise ValueError(f"`candidates` must come from one setting. Got {settings}.")
    return None if measured.empty else measured.iloc[0].to_dict()


def _setting(values: Mapping[str, Any]) -> Setting:
    counts = {name: int(values[name]) for name in ("threads", "batch_size")}
    return Setting(**{**{name: str(values[name]) for name in SETTING_COLUMNS}, **counts})


def write_record(facts: ReportFacts) -> str:
    """Return the facts as one HTML comment that no text in them can end.

    Whatever could close a comment or open a tag is written as a JSON escape, which reads back as itself.
    """
    record = {"format": FORMAT_VERSION, **dataclasses.asdict(facts)}
    text = json.dumps(record, indent=1, ensure_ascii=True, allow_nan=False)
    # Two hyphens in a row stand in strings only, so this touches no number.
    for raw in ("<", ">", "&", "--"):
        text = text.replace(raw, "".join(f"\\u{ord(character):04x}" for character in raw))
    return f"<!-- bakeoff-report\n{text}\n-->"


def without_record(markdown: str) -> str:
    """Return a report as people read it: for a preview that would show an HTML comment as text."""
    return f"{_RECORD.sub('', markdown).rstrip()}\n"


def read_facts(markdown: str) -> ReportFacts:
    """Read the facts out of a report's text.

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
        record = json.loads(found[0])
        version = record["format"]
        if not isinstance(version, int) or version < 1:
            raise ValueError(f"no such format: {version!r}")
        if version > FORMAT_VERSION:
            raise BakeoffError(
                f"This report comes from a newer version of Backbone Bake-off (format {version}; this one "
                f"reads up to {FORMAT_VERSION}). Update Backbone Bake-off and replay it again."
            )
        return _facts(record, version)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        raise BakeoffError(
            f"The record in this report is damaged ({type(err).__name__}). Download the report again."
        ) from err


def _facts(record: Mapping[str, Any], version: int) -> ReportFacts:
    later = {} if version < 2 else {"source": _source(record["source"], version), "chosen": _ids(record["chosen"])}
    if version >= 3:
        later["recipe"] = None if record["recipe"] is None else str(record["recipe"])
    limits = {name: record["limits"][name] for name in LIMIT_COLUMNS}
    return ReportFacts(
        product_version=str(record["product_version"]),
        created_at=str(record["created_at"]),
        setting=None if record["setting"] is None else _setting(record["setting"]),
        machine_name=None if record["machine_name"] is None else str(record["machine_name"]),
        limits=Limits(**limits),
        rule=require_choice("rule", record["rule"], RULES),
        cost=require_choice("cost", record["cost"], tuple(COST_COLUMNS)),
        cheapest=_answer(record["cheapest"]),
        most_accurate=_answer(record["most_accurate"]),
        **later,
    )


def _source(record: Mapping[str, Any], version: int) -> AccuracySource:
    content_key, models = record["content_key"], record["model_count"]
    train_on = record["train_on"] if version >= 4 else None
    return AccuracySource(
        **{name: str(record[name]) for name in ("key", "name", "title")},
        test_images=int(record["test_images"]),
        content_key=None if content_key is None else str(content_key),
        model_count=None if models is None else int(models),
        train_on=None if train_on is None else str(train_on),
    )


def _ids(record: list[Any]) -> tuple[str, ...]:
    if not isinstance(record, list):
        raise TypeError(f"a list was expected. Got {record!r}.")
    return tuple(map(str, record))


def _answer(record: Mapping[str, Any] | None) -> AnswerFacts | None:
    if record is None:
        return None
    return AnswerFacts(
        candidate=_ref(record["candidate"]),
        tied_with=tuple(_ref(rival) for rival in record["tied_with"]),
        numbers={str(name): float(value) for name, value in record["numbers"].items()},
    )


def _ref(record: Mapping[str, Any]) -> CandidateRef:
    size = record["img_size"]
    return CandidateRef(str(record["model_name"]), None if size is None else int(size))


def replay(facts: ReportFacts, decision: Decision | None, *, escape: Escape = str) -> Replay:
    """Say whether the pick of a report follows from the current data.

    Only the very same candidate counts as the same pick. One that the report, or the current data, declare
    tied with it is still another pick, and the sentences say that the difference is within the noise.

    Args:
        facts: What the report asked and answered.
        decision: The answer to the same question from the current data; `None` where there are none in the
            report's setting.
        escape: See `reporting.text.names`.

    Raises:
        ValueError: `decision` answers another question than the report's.
    """
    if decision is None:
        setting = dataclasses.asdict(facts.setting) if facts.setting else {}
        where = describe_setting({**setting, "machine_name": facts.machine_name}, escape)
        missing = f"There are no measurements in the setting of this report ({where}) to replay it on."
        return Replay(False, (missing, "Import the profiles.parquet that came with it, or measure there."))
    if (decision.limits, decision.rule, decision.cost) != (facts.limits, facts.rule, facts.cost):
        raise ValueError("`decision` must answer the report's question: same limits, rule and cost.")
    other_rule = next(rule for rule in RULES if rule != facts.rule)
    others = (facts.cheapest, decision.cheapest)
    if other_rule == "most-accurate":
        others = (facts.most_accurate, decision.most_accurate)
    same, sentences = _compare(facts.pick, decision.pick, escape)
    was, now = (_label(answer, escape) for answer in others)
    if was != now:
        sentences.append(f"The other answer ({RULE_WORDS[other_rule]}) was {was} and is now {now}.")
    return Replay(same, tuple(sentences))


def _compare(was: AnswerFacts | None, now: Choice | None, escape: Escape) -> tuple[bool, list[str]]:
    if was is None and now is None:
        return True, ["As in the report, nothing clears every limit."]
    if was is None or now is None:
        return False, [f"The report picked {_label(was, escape)}; now the pick is {_label(now, escape)}."]
    if was.candidate == now.candidate:
        return True, [f"The same pick follows from the current data: {_label(now, escape)}."]
    sentences = [f"The report picked {_label(was, escape)}; from the current data {_label(now, escape)} follows."]
    if now.candidate in was.tied_with:
        sentences.append("The report declared the two a tie, so the change is within the noise it spoke of.")
    elif now.tie and was.candidate in now.tie.rivals:
        sentences.append("The current data declare the two a tie, so the change is within their noise.")
    else:
        sentences.append("The two were not declared a tie: the data have changed.")
    return False, sentences


def _label(answer: AnswerFacts | Choice | None, escape: Escape) -> str:
    if answer is None:
        return "nothing"
    return escape(candidate_label(answer.candidate.model_name, answer.candidate.img_size))
