"""What became of an earlier report's pick, in sentences; plain text, nothing in it escaped.

Not covered: deciding again, and comparing (`reporting.documents.replay`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.reporting.text.names import Terms
from bakeoff_core.reporting.text.settings import describe_setting
from bakeoff_core.schema.accuracy import IMAGENET, AccuracySource
from bakeoff_core.schema.candidate import CandidateRef, Deployment
from bakeoff_core.schema.profile import Setting


def explain_pick_change(was: CandidateRef | None, now: CandidateRef | None, tie: str | None) -> list[str]:
    """Say whether the pick is the same, and where it is not, whether that is more than noise.

    Args:
        was: The pick of the report; `None` where nothing cleared its limits.
        now: The pick that follows from the current data; `None` alike.
        tie: Who declared the two a tie: `"report"`, `"data"`, or `None` where neither did.
    """
    if was is None and now is None:
        return ["As in the report, nothing clears every limit."]
    if was is None or now is None:
        return [f"The report picked {_label(was)}; now the pick is {_label(now)}."]
    if was == now:
        return [f"The same pick follows from the current data: {_label(now)}."]
    meaning = {
        "report": "The report declared the two a tie, so the change is within the noise it spoke of.",
        "data": "The current data declare the two a tie, so the change is within their noise.",
        None: "The two were not declared a tie: the data have changed.",
    }[tie]
    return [f"The report picked {_label(was)}; from the current data {_label(now)} follows.", meaning]


def explain_other_answer_change(
    rule: str, was: CandidateRef | None, now: CandidateRef | None, source: AccuracySource = IMAGENET
) -> list[str]:
    """Say how the answer by the other rule changed; nothing where it did not."""
    if was == now:
        return []
    return [f"The other answer ({Terms(source).rule(rule)}) was {_label(was)} and is now {_label(now)}."]


def explain_no_measurements(
    setting: Setting | None, deployment: Deployment | None, machine_name: str | None
) -> list[str]:
    """Say that nothing is measured in the setting of a report, and what to do."""
    columns = vars(setting) | vars(deployment) if setting and deployment else {}
    where = describe_setting({**columns, "machine_name": machine_name})
    missing = f"There are no measurements in the setting of this report ({where}) to replay it on."
    return [missing, "Import the profiles.parquet that came with it, or measure there."]


def explain_no_accuracies(source: AccuracySource) -> list[str]:
    """Say that no run or ranking here has the accuracies of a report, and what to do."""
    if source.is_accuracy:
        of = f"The report's accuracies are of {source.name}"
    else:
        of_class = "" if source.positive_class is None else f" of {source.positive_class}"
        of = f"The report goes by {source.told.title}{of_class} on {source.name}"
    if source.is_ranked:
        missing = f"{of}, by linear probes that learned from {source.train_on}; no ranking here has them."
        return [missing, "Replay it where the ranking is, or rank the models here on the same images."]
    missing = f"{of}, {'on which no run has finished here' if source.is_accuracy else 'which no run here has'}."
    return [missing, "Replay it where the runs are, or repeat them here on the same images."]


def explain_no_class(pretraining_class: str | None) -> list[str]:
    """Say that no candidate is of the only recipe class that a report compared."""
    known = PRETRAINING_CLASSES.get(pretraining_class or "")
    title = known.title if known else repr(pretraining_class)
    missing = f"The report compared only models of the recipe class {title}, and no candidate here is of it now."
    return [missing, "The models, or the catalogue's classes, have changed since."]


def explain_lost_runs(run_ids: Sequence[str]) -> list[str]:
    """Say which runs of those that a report went by are gone; nothing where none is."""
    if not run_ids:
        return []
    gone = f"The report went by the run {', '.join(run_ids)}, which is not here"
    return [f"{gone}; the best validated ones took its place."]


def _label(ref: CandidateRef | None) -> str:
    return "nothing" if ref is None else ref.label
