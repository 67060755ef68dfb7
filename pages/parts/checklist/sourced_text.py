"""Sentences with what they rest on, as HTML: their sources in small print behind them, linked where they can be."""

from __future__ import annotations

from collections.abc import Iterable

from bakeoff_core.formatting import html_text
from bakeoff_core.reporting.text.checklist import Reason
from bakeoff_core.selection.checklist.rules import Source

SHOWN = 2
"""Sentences about a model that are seen without asking for more."""


def reasons(sentences: Iterable[Reason], *, shown: int | None = None) -> str:
    """Return a list of sentences; their texts are escaped here.

    Args:
        sentences: What is said, each with its sources.
        shown: How many are seen at once; the others unfold. `None` shows all.
    """
    items = [f"<li>{html_text(reason.text)}{sources(reason.sources)}</li>" for reason in sentences]
    if not items:
        return ""
    first, rest = items[:shown], items[len(items[:shown]) :]
    more = f"<details><summary>{len(rest)} more</summary>{_list(rest)}</details>" if rest else ""
    return f"{_list(first)}{more}{STYLE}"


def remarks(pairs: Iterable[tuple[str, str, Iterable[Source]]]) -> str:
    """Return a list of what and why, the former in bold; both are escaped here."""
    items = (f"<li><b>{html_text(what)}.</b> {html_text(why)}{sources(by)}</li>" for what, why, by in pairs)
    return f"{_list(items)}{STYLE}"


def sources(cited: Iterable[Source]) -> str:
    """Return what a sentence rests on, in small print."""
    return "".join(f" {_source(source)}" for source in dict.fromkeys(cited))


def _list(items: Iterable[str]) -> str:
    return f"<ul class='sourced'>{''.join(items)}</ul>"


def _source(source: Source) -> str:
    title, short = html_text(source.title), html_text(source.short)
    if source.where is None:
        return f"<span class='src' title='{title}'>{short}</span>"
    return f"<a class='src' title='{title}' href='{html_text(source.where)}' target='_blank' rel='noopener'>{short}</a>"


STYLE = """<style>
.sourced {margin: 0; padding-left: 1.1em; font-size: .92rem; line-height: 1.5}
.sourced li {margin-bottom: .35em}
.src {font-size: .74rem; opacity: .8; white-space: nowrap; border: 1px solid rgba(128,138,148,.45);
  border-radius: .3rem; padding: 0 .32rem; margin-left: .15rem; text-decoration: none; color: inherit}
details {font-size: .88rem} summary {cursor: pointer; opacity: .8; padding-left: .2em}
a.src:hover {opacity: 1; border-color: currentColor}
</style>"""
