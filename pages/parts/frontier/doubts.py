"""Doubt where the decision is taken: how many measurements are doubtful, by what, and one button that repeats them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from bakeoff_core.catalogue.timm_names import TimmModels
from bakeoff_core.profiling.request import MeasureSpec, deployment_of, make_spec
from bakeoff_core.reporting.text.doubts import doubts_sentence
from bakeoff_core.schema.candidate import CandidateRef
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.doubts import find_doubts
from bakeoff_core.system import locks
from pages.parts.common import cache, measuring


def draw(shown: MeasuredSetting) -> None:
    """Draw the line above the answers; nothing where no measurement of the setting is doubtful."""
    doubts = find_doubts(cache.candidates_of(shown))
    sentence = doubts_sentence(doubts)
    if sentence is None:
        return
    spec = again(shown, doubts.rows)
    text, button = st.columns([4.2, 1.8], vertical_alignment="center") if spec else (st.container(), None)
    text.caption(f":material/warning: {sentence}")
    if button is not None and button.button(
        "Measure these again",
        key="measure-doubtful",
        width="stretch",
        icon=":material/timer:",
        disabled=bool(locks.machine_holder()),
        help="In the same setting, when nothing else has the machine.",
    ):
        measuring.start(spec)


def again(shown: MeasuredSetting, rows: Sequence[CandidateRef]) -> MeasureSpec | None:
    """Return the job that measures doubtful rows again; `None` where this machine, as it is now, is not the setting's.

    A job has one size for all, or each model's own: of several sizes the one of most rows comes first, and the others
    are there to be measured after it.
    """
    setting = shown.setting
    common = {
        "batch_size": setting.batch_size,
        "threads": setting.threads,
        "device": setting.device,
        "dtype": shown.deployment.precision,
        "force": True,
    }
    names = cache.timm_models()
    sizes = {ref: _asked_size(ref, names) for ref in rows}
    if not shown.is_this_machine or not rows:
        return None
    size, _ = Counter(sizes.values()).most_common(1)[0]
    spec = make_spec([ref.model_name for ref in rows if sizes[ref] == size], img_size=size, **common)
    return spec if deployment_of(spec) == shown.deployment else None


def _asked_size(ref: CandidateRef, names: TimmModels | None) -> int | None:
    """The size to ask for; `None` for the model's own."""
    known = names.find(ref.model_name) if names else None
    return None if known is not None and known.img_size == ref.img_size else ref.img_size
