"""Decision reports to read and to replay."""

from __future__ import annotations

import dataclasses

from bakeoff_core.reporting.documents.record import DecisionRecord, read_record
from bakeoff_core.reporting.documents.report import decision_report
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.decision import Decision
from tests.support.candidate_tables import decided, measured

CELLS = AccuracySource(
    "elpv-1a2b3c4d", "Solar cells (ELPV)", "Solar cells, fine-tuned here", 656, "1a2b3c4d5e6f7a8b", 3
)

RANKED = dataclasses.replace(CELLS, key="elpv-1a2b3c4d-ranked-trainval", train_on="train+val")
PRECISE = dataclasses.replace(
    RANKED, key=f"{RANKED.key}-average-precision", metric="average-precision", positive_class="defective"
)
BALANCED = dataclasses.replace(CELLS, key=f"{CELLS.key}-balanced-accuracy", metric="balanced-accuracy")


def record_of(decision: Decision) -> DecisionRecord:
    """The record of a report on the usual table."""
    return read_record(written(decision=decision))


def written(frame=None, decision=None, **changes) -> str:
    """The text of a report; of the usual table and decision unless told otherwise."""
    arguments = {"created_at": "2026-01-02 03:04 UTC", "product_version": "0.1.0", **changes}
    return decision_report(
        measured() if frame is None else frame, decided() if decision is None else decision, **arguments
    )
