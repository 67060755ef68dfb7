"""The checklist's answer as a card: which model to start from, how to adapt it, and what goes on from it."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.formatting import duration, html_text
from bakeoff_core.profiling.request import estimate, make_spec
from bakeoff_core.reporting.text.checklist import RECIPE_WORDS, explain_advice, headline, numbers
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.checklist.advice import Advice
from bakeoff_core.system import locks
from pages.parts.checklist import sourced_text
from pages.parts.common import cache, links, measuring
from pages.parts.components import frontier_limits


def draw(advice: Advice, shown: MeasuredSetting | None) -> None:
    """Draw the answer and its buttons.

    Args:
        advice: What was advised.
        shown: The setting whose figures it rests on; `None` where nothing is measured.
    """
    st.html(_card(advice))
    if not advice.is_about_backbones:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown is not None and st.button(
            "Show on the Frontier page",
            icon=":material/show_chart:",
            type="primary",
            help="Sets the limits there to these.",
        ):
            rule = advice.decision.rule if advice.decision else None
            st.switch_page(links.FRONTIER, query_params=frontier_limits.to_limits(advice.answers.limits, rule))
        _draw_measuring(advice, shown)


def _draw_measuring(advice: Advice, shown: MeasuredSetting | None) -> None:
    """Draw the button that measures what is missing, or say why there is nothing to measure."""
    names = advice.to_measure
    if not names:
        return
    if shown is not None and not shown.is_this_machine:
        st.caption("What is missing has to be measured on the machine shown, and imported here.")
        return
    same = (
        {
            "batch_size": shown.setting.batch_size,
            "threads": shown.setting.threads,
            "dtype": shown.deployment.precision,
        }
        if shown
        else {}
    )
    spec = make_spec(names, **same)
    seconds = estimate(spec, cache.accuracies(), cache.profiles()).seconds
    is_busy = bool(locks.machine_holder())
    what = f"{len(names)} missing model{'s' if len(names) != 1 else ''}" if shown else f"these {len(names)}"
    if st.button(
        f"Measure {what} · {duration(seconds)}",
        icon=":material/timer:",
        type="secondary" if shown else "primary",
        disabled=is_busy,
        help="This machine is at work; what is measured beside it would be wrong." if is_busy else None,
    ):
        measuring.start(spec)


def _card(advice: Advice) -> str:
    pick = advice.pick
    if pick is None:
        name, figures = html_text(headline(advice)), ""
    else:
        size = f" <span class='size'>{pick.candidate.img_size} px</span>" if pick.candidate.img_size else ""
        name = f"<b id='start'>{html_text(pick.candidate.model_name)}</b>{size}"
        figures = html_text(numbers(pick.candidate, advice))
    recipe = (pick and pick.recipe) or (advice.adaptation and advice.adaptation.recipe)
    adapted = f" · <span id='recipe'>{RECIPE_WORDS[recipe]}</span>" if pick and recipe else ""
    title = "Start from" if pick else "The answer"
    why = sourced_text.reasons(explain_advice(advice)[:4])
    return f"""{_STYLE}<div class="start">
  <div class="title">{title}</div><div class="name">{name}</div>
  <div class="figures">{figures}{adapted}</div>{why}
</div>"""


_STYLE = """<style>
.start {border: 1px solid rgba(128,138,148,.4); border-left: 5px solid #0072B2; border-radius: .5rem;
  padding: .7rem 1rem; line-height: 1.45}
.start .title {opacity: .8; font-size: .85rem}
.start .name {font-size: 1.35rem; overflow-wrap: anywhere}
.start .size {font-size: .85rem; opacity: .75}
.start .figures {margin-bottom: .4rem}
</style>"""
