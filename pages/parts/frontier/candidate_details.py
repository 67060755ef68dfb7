"""Everything known about one candidate: its numbers, where they come from, and the doubts about them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from bakeoff_core.formatting import (
    count,
    html_text,
    images_per_second,
    is_unknown,
    markdown_code,
    markdown_text,
    megabytes,
    milliseconds,
    percent,
)
from bakeoff_core.reporting.text.catalogue import explain_weights
from bakeoff_core.reporting.text.names import Terms, interval_text
from bakeoff_core.reporting.text.rejections import explain_off_frontier
from bakeoff_core.reporting.text.warnings import explain_warning
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.schema.candidate import candidate_label
from pages.parts.common import cache, links
from pages.parts.common.session import Criteria
from pages.parts.frontier import weights_table


def draw(label: str, table: pd.DataFrame, criteria: Criteria, *, on_close: Callable[[], None]) -> None:
    """Draw the candidate with this label; nothing, if the table no longer holds it.

    Args:
        label: As `schema.candidate.candidate_label` makes it.
        table: The candidates, with `schema.decision.FRONTIER_COLUMNS`.
        criteria: What they are compared by.
        on_close: Called when the user closes the details.
    """
    row = _find(label, table)
    if row is not None:
        _draw(row, _find(row["dominated_by"], table), criteria, on_close)


def _find(label: str | None, table: pd.DataFrame) -> dict | None:
    for row in table.to_dict("records"):
        size = None if is_unknown(row["img_size"]) else int(row["img_size"])
        if candidate_label(row["model_name"], size) == label:
            return row
    return None


def _draw(row: dict, dominator: dict | None, criteria: Criteria, on_close: Callable[[], None]) -> None:
    with st.container(border=True):
        title, button = st.columns([5, 1], vertical_alignment="center")
        title.markdown(f"**{markdown_code(row['model_name'])}** at {int(row['img_size'])} px")
        button.button("Close", icon=":material/close:", on_click=on_close, width="stretch")
        low, high = milliseconds(row["latency_p50_low_s"]), milliseconds(row["latency_p50_high_s"])
        figures = {
            **_accuracy(row, criteria.source),
            "Latency, median": milliseconds(row["latency_p50_s"]),
            "95 % interval": f"{low} to {high}",
            "p90": milliseconds(row["latency_p90_s"]),
            "p99": milliseconds(row["latency_p99_s"]),
            "Interquartile range": milliseconds(row["latency_iqr_s"]),
            "Throughput": images_per_second(row["throughput"]),
            "Parameters": count(row["param_count"]),
            "MACs": count(row["macs"]),
            "Weights": megabytes(row["weight_bytes"]),
            "Peak memory": megabytes(row["peak_memory_bytes"]),
            "Passes": f"{count(row['passes'])} in {count(row['round_count'])} processes",
        }
        items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
        st.html(f"{_STYLE}<dl class='figures'>{items}</dl>")
        terms = Terms(criteria.source, markdown_code)
        lines = [explain_off_frontier(row, dominator, cost=criteria.cost, terms=terms)]
        origin = row["accuracy_source"]
        lines += [] if is_unknown(origin) else [f"{criteria.source.told.heading}: {markdown_text(origin)}."]
        weights = explain_weights(row["model_name"], cache.accuracies())
        lines += [] if weights is None else [markdown_text(weights)]
        lines += [f"Measured on {markdown_text(row['machine_name'])}, {row['measured_at']}."]
        st.caption("  \n".join(lines))
        weights_table.draw(row["model_name"], int(row["img_size"]))
        st.page_link(
            links.EXPLORE,
            label="Where its cost sits: by kind of layer and by stage",
            icon=":material/stacked_bar_chart:",
            query_params=links.to_anatomy(row["model_name"], int(row["img_size"])),
        )
        for warning in row["warnings"]:
            st.warning(markdown_text(explain_warning(warning)), icon=":material/warning:")


def _accuracy(row: dict, source: AccuracySource) -> dict[str, str]:
    """The accuracy, and its interval where a small test set makes that wide."""
    if source.is_imagenet:
        return {"Top-1 (published)": percent(row["top1"])}
    named = {f"{source.told.heading} on {html_text(source.name)}": percent(row["top1"])}
    low, high = row["top1_low"], row["top1_high"]
    if is_unknown(low) or is_unknown(high):
        return named
    return {**named, f"95 % of {source.test_images:,} images": interval_text("top1", low, high)}


_STYLE = """<style>
.figures {display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .5rem 1rem; margin: 0}
.figures dt {font-size: .78rem; opacity: .8; font-weight: 400}
.figures dd {margin: 0; font-size: .95rem}
</style>"""
