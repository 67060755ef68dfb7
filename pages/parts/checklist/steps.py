"""The seven steps of the checklist: what is asked, and beside it what follows from the answers so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from bakeoff_core.formatting import html_text, markdown_text
from bakeoff_core.reporting.figures.checklist import shortlist_figure
from bakeoff_core.reporting.text.checklist import (
    explain_dispute,
    explain_entry,
    explain_mixture,
    explain_recipe,
    explain_set_aside,
    numbers,
)
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.checklist.advice import Advice, SetAside, ShortlistEntry
from bakeoff_core.selection.checklist.rules import Caution, ChecklistStep, Remark, read_rules
from pages.parts.checklist import sourced_text
from pages.parts.checklist.answers import choose, number
from pages.parts.common import links, plotly_chart

CHART_PX = (330, 340)
"""As small as it gets: on a phone."""
BADGES = {
    "pick": "start here",
    "ahead": "beats a favourite",
    "measured": "measured",
    "published": "not measured yet",
    "unknown": "no figures here",
    "next": "next by the figures",
}
"""What `selection.checklist.advice.STANDINGS` are called on the page."""


def draw(place: int, step: ChecklistStep, advice: Advice, shown: MeasuredSetting | None) -> None:
    """Draw one step.

    Args:
        place: Its number, from 1.
        step: The step.
        advice: What follows from the answers so far.
        shown: The setting whose figures it rests on; `None` where nothing is measured.
    """
    ask = _QUESTIONS.get(step.name)
    with st.container(border=True):
        asking, finding = st.columns([6, 7], gap="medium") if ask else (st.container(), st.container())
        with asking:
            st.markdown(f"#### :blue-badge[{place}] {markdown_text(step.title)}")
            st.html(f"<p class='lead'>{html_text(step.text)}{sourced_text.sources(step.sources)}</p>{_STYLE}")
            if ask is not None:
                ask()
        with finding:
            _FINDINGS[step.name](advice, shown)
            _draw_disputes(step.name, advice)


def _ask_limits() -> None:
    choose("task", "What is it for?")
    choose("target", "Where will it run?")
    latency, floor = st.columns(2, vertical_alignment="bottom")
    with latency:
        number(
            "latency_ms",
            "Latency, at most (ms)",
            step=1.0,
            help="Median time of one forward pass, as measured on the machine shown at the side.",
        )
    with floor:
        number(
            "min_top1",
            "Top-1, at least (%)",
            step=0.5,
            help="Published accuracy on ImageNet: it stands in for the accuracy on your images until you fine-tune.",
        )
    with st.popover("More limits", width="stretch"):
        number("max_memory_mb", "Peak memory, at most (MB)", step=10.0)
        number("max_params_m", "Parameters, at most (millions)", step=1.0, help="Four bytes each in float32.")
        number(
            "max_gmacs",
            "Computation, at most (G MACs)",
            step=0.5,
            help="Multiply-accumulates of one image; papers call them FLOPs. For a target that can't be measured yet.",
        )


def _ask_priority() -> None:
    choose("priority", "What matters most within the limits?", help="Quick trials: many ideas a day, short trainings.")


def _ask_images() -> None:
    number("labelled", "Labelled images to train on", placeholder="not known yet", step=100)
    choose(
        "domain",
        "Your images are",
        help="Natural photographs are what cameras see in daily life. X-rays, satellite pictures, microscopes and "
        "close-ups of surfaces are of another kind.",
    )


def _find_limits(advice: Advice, shown: MeasuredSetting | None) -> None:
    if advice.additions:
        needed = "Look here instead" if not advice.is_about_backbones else "Besides the backbone it needs"
        _draw_remarks(needed, advice.additions)
    if not advice.is_about_backbones:
        return
    decision = advice.decision
    kind = "measured models" if advice.is_measured else "published architectures"
    if decision is not None:
        clear = len(advice.judged) - len(decision.rejections)
        st.html(f"<p class='head'>{clear} of {len(advice.judged)} {kind} clear the limits</p>")
    elif advice.answers.limits == Limits():
        st.caption("Say how accurate it must be, or what it may cost, and models drop out here.")
    figure = shortlist_figure(advice, dark=plotly_chart.is_dark(), size_px=CHART_PX)
    if figure is not None:
        plotly_chart.draw(figure, key="checklist-chart", height=CHART_PX[1])
    if not advice.is_measured:
        st.caption("Nothing is measured here yet, so limits on time and memory can't be judged.")


def _find_defaults(advice: Advice, shown: MeasuredSetting | None) -> None:
    holding = [rule for rule in read_rules().nominations if rule.when.holds(advice.answers)]
    st.html(
        f"<p class='head'>What guides and papers name for this</p>"
        f"{sourced_text.remarks((', '.join(rule.models), rule.why, rule.sources) for rule in holding)}"
    )


def _find_shortlist(advice: Advice, shown: MeasuredSetting | None) -> None:
    if not advice.shortlist:
        st.markdown("**No model is left.** Relax a limit in step 1, as said at the top, or measure more models.")
    entries = "".join(_entry(place, entry, advice) for place, entry in enumerate(advice.shortlist, start=1))
    st.html(f"<div class='entries'>{entries}</div>")
    if advice.set_aside:
        with st.expander(f"Named by guides and set aside ({len(advice.set_aside)})", icon=":material/block:"):
            st.html("".join(_aside(other, advice) for other in advice.set_aside))


def _find_recipe(advice: Advice, shown: MeasuredSetting | None) -> None:
    point = explain_recipe(advice)
    if point is None:
        st.caption("Say how many labelled images there are, and the recipe stands here.")
        return
    title, _, summary = point.text.partition(". ")
    st.html(
        f"<p class='head'>{html_text(title)}</p><p class='lead'>{html_text(summary)}</p>"
        f"{sourced_text.reasons(point.parts)}"
    )
    st.page_link(links.FINETUNE, label="Fine-tune it", icon=":material/model_training:")


def _find_measured(advice: Advice, shown: MeasuredSetting | None) -> None:
    missing = advice.to_measure
    where = f"on {markdown_text(shown.machine_name)}" if shown else "here"
    if not missing:
        st.markdown(f":material/check_circle: The whole shortlist is measured {where}.")
    else:
        names = ", ".join(f"`{name}`" for name in missing)
        st.markdown(f"**{len(missing)} of {len(advice.shortlist)}** not measured {where} yet: {names}.")
        st.caption("The button at the top measures them. The answer may change when they are in.")
    if advice.answers.target == "mobile":
        st.caption(
            "A phone can't run this app. The order of models here is a hint; the times on the phone have to be taken "
            "on the phone."
        )
    elif advice.answers.target == "edge":
        st.caption("Is this machine the edge box? If not, measure there and import the profiles on the Measure page.")


def _find_mixture(advice: Advice, shown: MeasuredSetting | None) -> None:
    st.markdown(markdown_text(explain_mixture(advice)))


def _find_next(advice: Advice, shown: MeasuredSetting | None) -> None:
    not_yet, then = st.columns(2, gap="large")
    with not_yet:
        _draw_remarks("Not yet", advice.cautions)
    with then:
        if advice.next_steps:
            _draw_remarks("Once it is chosen", advice.next_steps)
        else:
            st.caption("Say where it will run in step 1, and what comes next stands here.")


def _draw_remarks(title: str, remarks: Iterable[Remark | Caution]) -> None:
    listed = sourced_text.remarks((remark.what, remark.why, remark.sources) for remark in remarks)
    st.html(f"<p class='head'>{html_text(title)}</p>{listed}")


def _draw_disputes(step: str, advice: Advice) -> None:
    for weighed in advice.disputes:
        if weighed.dispute.step == step:
            point = explain_dispute(weighed, advice)
            with st.expander(f"Sources differ: {point.text}", icon=":material/balance:"):
                st.html(sourced_text.reasons(point.parts))


def _entry(place: int, entry: ShortlistEntry, advice: Advice) -> str:
    ref = entry.candidate
    size = f" <span class='px'>{ref.img_size} px</span>" if ref.img_size else ""
    return f"""<div class="entry {entry.standing}">
  <div class="who"><span>{place}. <b>{html_text(ref.model_name)}</b>{size}</span>
    <span class="badge">{BADGES[entry.standing]}</span></div>
  <div class="figures">{html_text(numbers(ref, advice))}</div>
  {sourced_text.reasons(explain_entry(entry, advice), shown=sourced_text.SHOWN)}
</div>"""


def _aside(aside: SetAside, advice: Advice) -> str:
    ref = aside.candidate
    return (
        f"<div class='entry'><b>{html_text(ref.model_name)}</b> "
        f"<span class='figures'>{html_text(numbers(ref, advice))}</span>"
        f"{sourced_text.reasons([explain_set_aside(aside, advice)])}</div>"
    )


_QUESTIONS: dict[str, Callable[[], None]] = {
    "limits": _ask_limits,
    "pretrained": _ask_priority,
    "adapt": _ask_images,
}
_FINDINGS: dict[str, Callable[[Advice, MeasuredSetting | None], None]] = {
    "limits": _find_limits,
    "pretrained": _find_defaults,
    "frontier": _find_shortlist,
    "adapt": _find_recipe,
    "measure": _find_measured,
    "recipes": _find_mixture,
    "exotic": _find_next,
}

_STYLE = """<style>
.lead {font-size: .92rem; opacity: .9; margin: 0; line-height: 1.5}
.head {font-weight: 600; margin: 0 0 .3rem}
.entries {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: .3rem 2rem}
.entry {padding: .4rem 0 .5rem; border-top: 1px solid rgba(128,138,148,.3)}
.entry .who {display: flex; justify-content: space-between; gap: .6rem; flex-wrap: wrap; overflow-wrap: anywhere}
.entry .px, .entry .figures {font-size: .85rem; opacity: .85}
.entry .badge {font-size: .74rem; border-radius: .3rem; padding: .05rem .4rem; white-space: nowrap; height: fit-content;
  border: 1px solid rgba(128,138,148,.5)}
.entry.pick .badge {background: #0072B2; border-color: #0072B2; color: #fff}
</style>"""
