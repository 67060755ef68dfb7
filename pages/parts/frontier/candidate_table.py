"""The table behind the chart: sortable, and to download."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue.pretraining import PRETRAINING_CLASSES
from bakeoff_core.formatting import is_unknown, markdown_text
from bakeoff_core.reporting.text.metrics import metric_meaning
from bakeoff_core.reporting.text.names import origin_verb
from bakeoff_core.reporting.text.warnings import warning_line
from bakeoff_core.schema.accuracy import AccuracySource
from bakeoff_core.selection.candidates import MeasuredSetting
from bakeoff_core.selection.remeasuring import is_surely_dominated
from pages.parts.common import cache
from pages.parts.common.session import Criteria
from pages.parts.frontier import pretraining_switch


def draw(shown: MeasuredSetting, criteria: Criteria) -> None:
    """Draw every candidate of the setting, failed ones and those without an accuracy included."""
    st.markdown("**All candidates**, measured in the setting shown at the side")
    counts = cache.pretraining_counts(shown, criteria)
    criteria = replace(criteria, pretraining_class=pretraining_switch.current(counts))
    source = criteria.source
    table, csv = _prepared(shown, criteria, cache.version(), cache.candidates_of(shown, criteria))
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        placeholder="—",
        column_config={
            "model": st.column_config.TextColumn(pinned=True, width="medium"),
            _accuracy_column(source): st.column_config.NumberColumn(format="%.2f", help=_accuracy_help(source)),
            "recipe": st.column_config.TextColumn(help="How the published weights were trained; see Match recipes"),
            "latency (ms)": st.column_config.NumberColumn(format="%.2f", help="Median of one forward pass"),
            "± low (ms)": st.column_config.NumberColumn(format="%.2f", help="Lower end of the median's 95 % interval"),
            "± high (ms)": st.column_config.NumberColumn(format="%.2f", help="Upper end of the median's 95 % interval"),
            "p90 (ms)": st.column_config.NumberColumn(format="%.2f"),
            "images/s": st.column_config.NumberColumn(format="%.1f"),
            "MACs (G)": st.column_config.NumberColumn(format="%.3f", help="Multiply-accumulates of one image"),
            "params (M)": st.column_config.NumberColumn(format="%.2f"),
            "peak memory (MB)": st.column_config.NumberColumn(format="%.1f", help="Above the idle process"),
        },
    )
    st.download_button(
        "Download as CSV",
        csv,
        "candidates.csv",
        "text/csv",
        icon=":material/download:",
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _prepared(
    measured: MeasuredSetting, criteria: Criteria, version: cache.Version, _candidates: pd.DataFrame
) -> tuple[pd.DataFrame, bytes]:
    """The table and its CSV, made once for each table of candidates."""
    table = display_table(_candidates, criteria.source)
    return table, table.to_csv(index=False).encode()


def _accuracy_column(source: AccuracySource) -> str:
    return "top-1 (%)" if source.is_published else f"{source.told.title} (%)"


def _accuracy_help(source: AccuracySource) -> str:
    if source.is_published:
        return f"Published {source.name} top-1 of this weights tag at this size"
    images = f"{source.test_images:,} test images of {markdown_text(source.name)}"
    if not source.is_accuracy:
        meaning = metric_meaning(source.metric, source.positive_class, markdown_text)
        whose = "a linear classifier of the frozen model's features (linear probe)"
        if not source.is_ranked:
            whose = "the fine-tuned model; of several runs, the best validated one by it"
        return f"On the {images}, by the answers of {whose}: {meaning}"
    if source.is_ranked:
        return f"Share of the {images} that a linear classifier of the frozen model's features got right (linear probe)"
    return f"Share of the {images} that the fine-tuned model got right; of several runs, the best validated one"


def display_table(table: pd.DataFrame, source: AccuracySource) -> pd.DataFrame:
    """Return candidates with the columns and units people read; numbers stay numbers, so that they sort."""
    origin = {} if source.is_published else {f"{origin_verb(source)} by": table["accuracy_source"]}
    return pd.DataFrame(
        {
            "model": table["model_name"],
            "size (px)": table["img_size"].astype("Int64"),
            "place": [_place(row, source) for row in table.to_dict("records")],
            _accuracy_column(source): table["top1"],
            "recipe": [PRETRAINING_CLASSES[key].title if key in PRETRAINING_CLASSES else "" for key in table["recipe"]],
            "latency (ms)": table["latency_p50_s"] * 1e3,
            "± low (ms)": table["latency_p50_low_s"] * 1e3,
            "± high (ms)": table["latency_p50_high_s"] * 1e3,
            "p90 (ms)": table["latency_p90_s"] * 1e3,
            "images/s": table["throughput"],
            "MACs (G)": table["macs"] / 1e9,
            "params (M)": table["param_count"] / 1e6,
            "peak memory (MB)": table["peak_memory_bytes"] / 1e6,
            **origin,
            "warnings": ["; ".join(warning_line(w) for w in warnings) for warnings in table["warnings"]],
        }
    )


def _place(row: dict, source: AccuracySource) -> str:
    """Where a candidate stands on latency and accuracy, in a few words."""
    if row["error"]:
        return f"not measured: {row['error']}"
    if is_unknown(row["top1"]):
        if not source.is_published:
            return f"not {origin_verb(source)} on this data set"
        named = "accuracy" if source.is_imagenet else f"accuracy on {source.name}"
        return f"no published {named} for this tag at this size"
    if not row["dominated_by"]:
        return "on the frontier"
    place = "dominated by" if is_surely_dominated(row) else "can't be told apart from"
    return f"{place} {row['dominated_by']}"
