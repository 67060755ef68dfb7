"""The question of an earlier report asked again, on the data that are here now.

Not covered: the report's record (`reporting.documents.record`), and the sentences (`reporting.text.replay`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_core.catalogue.pretraining import with_pretraining_class
from bakeoff_core.reporting.documents.record import AnswerRecord, DecisionRecord
from bakeoff_core.reporting.text.replay import (
    explain_lost_runs,
    explain_no_accuracies,
    explain_no_class,
    explain_no_measurements,
    explain_other_answer_change,
    explain_pick_change,
)
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.schema.decision import RULES, Choice, Decision
from bakeoff_core.selection.accuracy_sources import accuracy_table, list_sources
from bakeoff_core.selection.candidates import candidates_of, read_accuracies, read_measured, read_own_results
from bakeoff_core.selection.decision import decide


@dataclass(frozen=True)
class Replay:
    """Whether a report's pick still follows."""

    same: bool
    """The very same pick; a tied one is another pick, and the sentences say so."""
    sentences: tuple[str, ...]
    """What was compared and what came out."""


def replay(record: DecisionRecord) -> Replay:
    """Decide again what a report decided, on the profiles that are here now.

    Args:
        record: From `reporting.documents.record.read_record`.

    Returns:
        Whether the same pick follows, and why or why not.
    """
    if record.setting is None or record.deployment is None:
        return compare_picks(record, None)
    results = read_own_results()
    source = next((s for s in list_sources(results) if _is_same(s, record.source)), None)
    if source is None:
        return Replay(False, tuple(explain_no_accuracies(record.source)))
    accuracies = accuracy_table(source, results, read_accuracies(), record.chosen)
    profiles, _ = read_measured()
    all_candidates = candidates_of(profiles, record.setting, record.deployment, accuracies)
    candidates = with_pretraining_class(all_candidates, record.pretraining_class)
    if len(all_candidates) and candidates.empty:
        return Replay(False, tuple(explain_no_class(record.pretraining_class)))
    decision = decide(candidates, record.limits, rule=record.rule, cost=record.cost) if len(candidates) else None
    outcome = compare_picks(record, decision)
    lost = sorted(set(record.chosen) - {result.run_id for result in results})
    return Replay(outcome.same, (*outcome.sentences, *explain_lost_runs(lost)))


def compare_picks(record: DecisionRecord, decision: Decision | None) -> Replay:
    """Say whether the pick of a report is that of another decision on the same question.

    Only the very same candidate counts as the same pick. One that the report, or the current data, declare
    tied with it is still another pick, and the sentences say that the difference is within the noise.

    Args:
        record: What the report asked and answered.
        decision: The answer to the same question from the current data; `None` where there are none in the
            report's setting.

    Raises:
        ValueError: `decision` answers another question than the report's.
    """
    if decision is None:
        return Replay(False, tuple(explain_no_measurements(record.setting, record.deployment, record.machine_name)))
    if (decision.limits, decision.rule, decision.cost) != (record.limits, record.rule, record.cost):
        raise ValueError("`decision` must answer the report's question: same limits, rule and cost.")
    other_rule = next(rule for rule in RULES if rule != record.rule)
    others = (record.cheapest, decision.cheapest)
    if other_rule == "most-accurate":
        others = (record.most_accurate, decision.most_accurate)
    was, now = _ref(record.pick), _ref(decision.pick)
    sentences = [
        *explain_pick_change(was, now, _declared_by(record.pick, decision.pick)),
        *explain_other_answer_change(other_rule, *map(_ref, others), record.source),
    ]
    return Replay(was == now, tuple(sentences))


def _declared_by(was: AnswerRecord | None, now: Choice | None) -> str | None:
    """Who declared two picks a tie: the report, the current data, or neither."""
    if was is None or now is None:
        return None
    if now.candidate in was.tied_with:
        return "report"
    return "data" if now.tie and was.candidate in now.tie.rivals else None


def _ref(answer: AnswerRecord | Choice | None) -> CandidateRef | None:
    return None if answer is None else answer.candidate


def _is_same(source: AccuracySource, other: AccuracySource) -> bool:
    """Tell whether accuracies are of the same images, metric and class; names and counts may change."""
    return _identity(source) == _identity(other)


def _identity(source: AccuracySource) -> tuple[str | None, ...]:
    return source.key, source.content_key, source.metric, source.positive_class
