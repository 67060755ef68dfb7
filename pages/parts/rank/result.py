"""A ranking: the finding in words, the picture, the table."""

from __future__ import annotations

import streamlit as st

from bakeoff_core.formatting import counted, markdown_text
from bakeoff_core.ranking.records import Ranking
from bakeoff_core.ranking.request import find_in
from bakeoff_core.reporting.figures.ranking import ranking_figure
from bakeoff_core.reporting.text.metrics import metric_meaning
from bakeoff_core.reporting.text.ranking import how_measured, interval_of, other_notes, ranking_sentences
from bakeoff_core.schema.metrics import ACCURACY, METRICS
from pages.parts.common import cache, copies, links, plotly_chart


def draw(ranking: Ranking, key: str) -> None:
    """Draw everything that a ranking says; it has at least one row."""
    findings = find_in(ranking, cache.accuracies())
    first, *more = ranking_sentences(ranking, findings, markdown_text)
    with st.container(border=True):
        st.markdown(f"**{first}**")
        if more:
            st.markdown("\n".join(f"- {sentence}" for sentence in more))
        st.caption(markdown_text(how_measured(ranking)))
    if ranking.ranked():
        figure = ranking_figure(ranking, findings, dark=plotly_chart.is_dark())
        plotly_chart.draw_static(figure, key=f"bars-{key}")
        told = "" if ranking.metric == ACCURACY else " · circles: accuracy, which counts frequent classes most"
        st.caption(f"★ pick by your images · ◇ best by published ImageNet accuracy · whiskers: 95 % intervals{told}")
    draw_table(ranking, key=f"table-{key}")
    if ranking.ranked():
        st.page_link(
            links.FRONTIER,
            label="Show it on the frontier",
            icon=":material/show_chart:",
            help=f"The probes' {METRICS[ranking.metric].title} against latency, for every model ranked so on these "
            "images and measured.",
            query_params=links.to_ranking(ranking),
        )
    notes = [*other_notes(ranking), f"Licence of the images: {ranking.licence}."]
    if ranking.skipped_images:
        are = "is" if ranking.skipped_images == 1 else "are"
        notes.append(f"{counted(ranking.skipped_images, 'file')} could not be used and {are} left out.")
    st.caption(" ".join(markdown_text(note) for note in notes))
    if ranking.copies is not None:
        copies.draw(ranking.copies)


def draw_table(ranking: Ranking, key: str) -> None:
    """Draw a ranking's rows, the best first, those without a result last."""
    published = dict(find_in(ranking, cache.accuracies()).published)
    decides = _decides(ranking)
    others = [name for name in METRICS if name != ranking.metric and any(name in row.scores for row in ranking.rows)]
    rows = [
        {
            "#": place,
            "model": row.model_name,
            decides: ranking.value(row),
            "95 % interval": interval_of(ranking, row),
            **{_column(name): score.value if (score := row.score(name)) else None for name in others},
            "size (px)": row.img_size,
            "k-NN (%)": row.knn_accuracy,
            "ImageNet (%)": published.get(row.model_name),
            "images/s": row.images_per_second,
            "head": row.head_param_count,
            "LogME": row.logme,
        }
        for place, row in enumerate(ranking.ranked(), 1)
    ]
    rows += [{"model": row.model_name, "95 % interval": "no result"} for row in ranking.failed()]
    columns = {**_COLUMNS, **{_column(name): _configured(name, ranking) for name in others}}
    columns[decides] = _configured(ranking.metric, ranking)
    st.dataframe(rows, hide_index=True, width="stretch", key=key, column_config=columns, placeholder="—")


def _decides(ranking: Ranking) -> str:
    """The column that the rows are ordered by; what it is of stands in the sentence above."""
    return "probe (%)" if ranking.metric == ACCURACY else _column(ranking.metric)


def _column(metric: str) -> str:
    return f"{METRICS[metric].title} (%)"


def _configured(metric: str, ranking: Ranking) -> object:
    """How a metric's column is shown; its help says what it is of."""
    of_class = ranking.positive_class if METRICS[metric].is_binary else None
    told = f"Of a linear classifier of the frozen features (linear probe): {metric_meaning(metric, of_class)}"
    return st.column_config.NumberColumn(format="%.2f", help=markdown_text(told))


_COLUMNS = {
    "#": st.column_config.NumberColumn(width=36, help="Place by the probe on the test images, by what decides"),
    "model": st.column_config.TextColumn(width=160),  # what decides stands beside it on a phone
    "95 % interval": st.column_config.TextColumn(help="Of the column before it"),
    "k-NN (%)": st.column_config.NumberColumn(
        format="%.2f", help="Test images that the most similar training images have right by their vote"
    ),
    "ImageNet (%)": st.column_config.NumberColumn(format="%.2f", help="Published top-1 of these weights at this size"),
    "LogME": st.column_config.NumberColumn(
        format="%.3f",
        help="Advisory: how well the labels follow from the training images' features by a linear model, without "
        "training a classifier (You et al. 2021). Higher is better; nothing is picked by it",
    ),
    "images/s": st.column_config.NumberColumn(
        format="%.1f", help="Through the frozen backbone when its features were computed, decoding included"
    ),
    "head": st.column_config.NumberColumn(help="Parameters of the linear classifier"),
}
