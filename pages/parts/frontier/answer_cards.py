"""The two answers as cards, and the sentences behind them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bakeoff_core.formatting import count, html_text, markdown_code, megabytes, milliseconds, percent
from bakeoff_core.reporting.text.decision import explain_choice, explain_decision, explain_no_pick
from bakeoff_core.reporting.text.doubts import NOT_RELIED_ON, distrust_sentence
from bakeoff_core.reporting.text.names import CandidateNames, Terms
from bakeoff_core.reporting.text.stability import stability_sentence
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.decision import RULES, Choice, Decision
from bakeoff_core.selection.doubts import decisive_doubts
from bakeoff_core.selection.stability import stability_of

CHEAPEST_TITLE = "Cheapest that clears the limits"


def draw(cards: str, asked: str) -> None:
    """Draw both answers side by side.

    Args:
        cards: As `render` returns them.
        asked: What they answer; goes with them for whoever replaces them in the browser.
    """
    # One element: each costs the browser time.
    st.html(f'{_STYLE}<div class="answers" data-asked="{html_text(asked)}">{cards}</div>')


def render(decision: Decision, table: pd.DataFrame, source: AccuracySource) -> str:
    """Return both answers as cards, in HTML, the pick marked, and how sure it is."""
    names = CandidateNames(table, Terms(source))  # once for both cards: it reads the whole table
    distrust = distrust_sentence(decisive_doubts(table, decision), names)
    sure = stability_sentence(stability_of(decision, table), decision, names)
    answers = {"most-accurate": decision.most_accurate, "cheapest": decision.cheapest}
    return "\n".join(_card(answers[rule], rule, decision, names, distrust, sure) for rule in RULES)


def draw_reasons(decision: Decision, table: pd.DataFrame, source: AccuracySource) -> None:
    """Draw why the pick is the pick, or why there is none, and what would change it."""
    with st.expander("Why, and what would change it", icon=":material/help:"):
        names = CandidateNames(table, Terms(source, markdown_code))
        distrust = distrust_sentence(decisive_doubts(table, decision), names)
        sure = stability_sentence(stability_of(decision, table), decision, names)
        told = [f"**{distrust}**" if distrust else None, sure]
        sentences = [*(sentence for sentence in told if sentence), *explain_decision(decision, names)]
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))  # one element: each costs the browser time


def _card(
    choice: Choice | None,
    rule: str,
    decision: Decision,
    names: CandidateNames,
    distrust: str | None,
    sure: str | None,
) -> str:
    source = names.terms.source
    is_pick = rule == decision.rule
    name = html_text(choice.candidate.model_name) if choice else "none"
    name_tag = f'<strong id="pick">{name}</strong>' if is_pick else f"<strong>{name}</strong>"
    badge = '<span class="badge">★ the pick</span>' if is_pick else ""
    if is_pick and distrust:
        badge += f' <span class="badge doubt" title="{html_text(distrust)}">{NOT_RELIED_ON}</span>'
    return f"""<div class="answer{" picked" if is_pick else ""}{"" if source.is_imagenet else " long"}">
  <div class="title">{_title(rule, source)} {badge}</div>
  <div class="name">{name_tag}</div>
  <div class="numbers">{_numbers(choice, names)}</div>
  {f'<div class="sure">{html_text(sure or "")}</div>' if is_pick else ""}
  <div class="why">{_why(choice, decision, names)}</div>
</div>"""


def _title(rule: str, source: AccuracySource) -> str:
    if rule == "cheapest":
        return CHEAPEST_TITLE
    words = Terms(source).rule(rule)
    return f"{words[0].upper()}{words[1:]}"


def _numbers(choice: Choice | None, names: CandidateNames) -> str:
    if choice is None:
        return "No model clears every limit."
    source = names.terms.source
    ref = choice.candidate
    low, high, p90 = (names.value(ref, f"latency_{name}_s") for name in ("p50_low", "p50_high", "p90"))
    parts = [
        f"<b>{percent(names.value(ref, 'top1'))}</b> {Terms(source, html_text).accuracy_unit}",
        f"<b>{milliseconds(names.value(ref, 'latency_p50_s'))}</b> "
        f"(p90 {milliseconds(p90)}, 95&nbsp;% {milliseconds(low)} to {milliseconds(high)})",
        f"{count(names.value(ref, 'macs'))} MACs",
        f"{count(names.value(ref, 'param_count'))} params",
        f"{megabytes(names.value(ref, 'peak_memory_bytes'))} peak",
        f"{ref.img_size} px",
    ]
    # What other images than ImageNet's are called can be wider than a phone.
    whole = parts if source.is_imagenet else parts[1:]
    return " · ".join([*parts[: len(parts) - len(whole)], *(_unbroken(part) for part in whole)])


def _unbroken(part: str) -> str:
    return f'<span style="white-space:nowrap">{part}</span>'


def _why(choice: Choice | None, decision: Decision, names: CandidateNames) -> str:
    if choice is None:
        return html_text(" ".join(explain_no_pick(decision, names)[1:]))
    sentences = explain_choice(choice, decision, names)
    ties = [s for s in sentences[1:] if s.startswith("Tie")]
    return html_text((ties or sentences)[0])


_STYLE = """<style>
.answers {display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2rem}
.answer {border: 1px solid rgba(128,138,148,.4); border-left-width: 5px; border-radius: .5rem; padding: .55rem .8rem;
  font-size: .86rem; line-height: 1.4; --lines: 5}
.answer.picked {border-left-color: #0072B2; --lines: 3}
.answer .title {opacity: .85}
.answer .badge {color: #fff; background: #0072B2; border-radius: .3rem; padding: 0 .4rem; font-size: .75rem;
  white-space: nowrap}
.answer .badge.doubt {color: #000; background: #E69F00}
.answer .name {font-size: 1.15rem; overflow-wrap: anywhere}
/* Every line has its place whether it is filled or not: the chart below stays put while a limit is dragged. */
.answer .numbers {min-height: 2.8em}
.answer .sure {height: 2.8em; overflow: hidden; font-weight: 600}
.answer .why {opacity: .85; margin-top: .15rem; height: calc(var(--lines) * 1.4em); overflow: hidden;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: var(--lines)}
/* What other images are called takes a line of the numbers, and the reasons give it. */
.answer.long {--lines: 4} .answer.long .numbers {min-height: 4.2em}
.answer.long.picked {--lines: 2}
@media (max-width: 640px) {
  .answers {grid-template-columns: minmax(0, 1fr)}
  .answer, .answer.long {--lines: 7}
  .answer.picked, .answer.long.picked {--lines: 4}
  .answer .sure {height: 4.2em}
  .answer .numbers {min-height: 4.2em}
}
</style>"""
