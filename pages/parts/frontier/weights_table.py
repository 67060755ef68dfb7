"""All weights of one architecture with their accuracies: why two figures of one name differ."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.catalogue.weight_tags import TagAccuracy, tag_accuracies
from bakeoff_core.formatting import html_text, markdown_text, percent
from bakeoff_core.reporting.text.catalogue import explain_tag_accuracies
from pages.parts.common import cache
from pages.parts.frontier import pretraining_switch


def draw(model_name: str, img_size: int) -> None:
    """Draw the weights of a model's architecture at a size; the other sizes are folded away below.

    Args:
        model_name: The candidate that is looked at, tag included.
        img_size: The size it was measured at, in pixels.
    """
    everything = tag_accuracies(model_name, cache.accuracies())
    here = [figure for figure in everything if figure.img_size == img_size]
    elsewhere = [figure for figure in everything if figure.img_size != img_size]
    shown = next((figure for figure in here if figure.model_name == model_name), None)
    if here:
        st.markdown("**Which weights each figure belongs to**")
        st.markdown(" ".join(markdown_text(sentence) for sentence in explain_tag_accuracies(here, shown)))
        st.html(_STYLE + _table(here, model_name))
    if elsewhere:
        with st.expander(f"The same at other sizes than {img_size} px ({len(elsewhere)})"):
            st.html(_STYLE + _table(elsewhere, model_name, sizes=True))
    pretraining_switch.draw_meanings([figure.pretraining_class for figure in everything if figure.pretraining_class])


def _table(figures: list[TagAccuracy], model_name: str, *, sizes: bool = False) -> str:
    """The figures as rows, the lowest first, each with a dot where its accuracy lies between the lowest and highest."""
    low, high = figures[0].top1, figures[-1].top1
    rows = "".join(_row(figure, figure.model_name == model_name, low, high, sizes) for figure in figures)
    size = "<th>Size</th>" if sizes else ""
    head = f"<tr><th>Weights</th>{size}<th>ImageNet top-1</th><th class='scale'></th><th>Recipe</th></tr>"
    return f"<table class='weights'><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _row(figure: TagAccuracy, is_shown: bool, low: float, high: float, sizes: bool) -> str:
    at = 50.0 if high == low else (figure.top1 - low) / (high - low) * 100
    quoted = "".join(
        f"<div class='quiet' title='{html_text(q.quoted_by)}'>{html_text(q.speaker)} says {percent(q.top1, 3)}</div>"
        for q in figure.quotes
    )
    pretraining = PRETRAINING_CLASSES.get(figure.pretraining_class or "")
    title = f"<b>{html_text(pretraining.title)}</b>" if pretraining else ""
    origin = "" if figure.is_timms else f"<div class='quiet'>{html_text(figure.source)}</div>"
    size = f"<td>{figure.img_size} px</td>" if sizes else ""
    return f"""<tr{" class='shown'" if is_shown else ""}>
<td class='tag'>{"▸ " if is_shown else ""}{html_text(figure.tag)}</td>{size}
<td>{percent(figure.top1, 3)}{origin}{quoted}</td>
<td class='scale'><div><i style='left:{at:.1f}%'></i></div></td>
<td>{title} <span class='quiet'>{html_text(figure.note or "")}</span></td></tr>"""


_STYLE = """<style>
.weights {border-collapse: collapse; width: 100%; font-size: .84rem; line-height: 1.35}
.weights th {text-align: left; font-weight: 400; opacity: .8; font-size: .78rem}
.weights td, .weights th {padding: .2rem .6rem .2rem .2rem; vertical-align: top;
  border-bottom: 1px solid rgba(128,138,148,.25)}
.weights .tag {overflow-wrap: anywhere; min-width: 6.2rem} .weights .shown {background: rgba(0,114,178,.14)}
.weights .shown .tag {font-weight: 600}
.weights .quiet {opacity: .8; font-size: .78rem}
.weights .scale {width: 22%} .weights .scale div {position: relative; height: 1.1rem; margin: 0 .5rem}
.weights .scale div::before {content: ""; position: absolute; left: 0; right: 0; top: .55rem;
  border-top: 1px solid rgba(128,138,148,.5)}
.weights .scale i {position: absolute; top: .22rem; width: .65rem; height: .65rem; margin-left: -.33rem;
  border-radius: 50%; background: #0072B2}
@media (max-width: 640px) {.weights .scale {display: none}}
</style>"""
