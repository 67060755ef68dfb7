"""Where the cost of a model sits: by kind of layer and by stage, alone or beside another model's."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.errors import UnknownModelError
from bakeoff_core.formatting import markdown_code, markdown_text
from bakeoff_core.profiling.anatomy.records import LAYER_KINDS, QUANTITIES, QUANTITY_HELP, Anatomy
from bakeoff_core.profiling.anatomy.request import Wanted
from bakeoff_core.profiling.request import MAX_IMG_SIZE
from bakeoff_core.profiling.throughput import Speed
from bakeoff_core.reporting.figures.anatomy import kinds_figure, kinds_of, largest_stage, legend_html, stages_figure
from bakeoff_core.reporting.text.anatomy import describe_anatomy, describe_speed
from bakeoff_core.schema.candidate import CandidateRef
from pages.parts.common import cache, plotly_chart
from pages.parts.common.links import ANATOMY, ANATOMY_OTHER, ANATOMY_SIZE
from pages.parts.explore import anatomy_job, throughput


def draw() -> None:
    """Draw the choice of one or two models, and their anatomies."""
    st.caption(
        "Which layers hold a model's parameters, do its multiply-accumulates (MACs) and write its activations. Three "
        "different places, often: that is why size, computation and time rank models differently."
    )
    _, measured = throughput.speeds_shown()
    chosen = _draw_choice(measured)
    anatomies = anatomy_job.get_or_start(
        [Wanted(ref.model_name, ref.img_size) for ref in chosen],
        [Wanted(ref.model_name, ref.img_size) for ref in throughput.disagreeing(measured)],
    )
    shown_here = [anatomy for anatomy in anatomies if anatomy is not None]
    if shown_here:
        _draw_anatomies(shown_here, measured)


def _draw_choice(measured: list[Speed]) -> list[CandidateRef]:
    """Draw the choice; returns the models whose name and size are known to be possible, at most two."""
    options = list(dict.fromkeys([*(s.ref.model_name for s in measured), *_suggested()]))
    left, middle, right = st.columns([4, 2, 4])
    first = left.selectbox(
        "Model",
        options,
        key=ANATOMY,
        bind="query-params",
        persist_state="session",
        accept_new_options=True,
        help="Measured models first. Any other name that timm knows can be typed.",
    )
    size = middle.number_input(
        "Image size (px)",
        1,
        MAX_IMG_SIZE,
        None,
        key=ANATOMY_SIZE,
        bind="query-params",
        persist_state="session",
        placeholder="own",
        help="Height and width; empty for each model's own. MACs and activations of a convolution grow with its "
        "square, parameters do not grow.",
    )
    second = right.selectbox(
        "Compare with",
        options,
        index=None,
        key=ANATOMY_OTHER,
        bind="query-params",
        persist_state="session",
        accept_new_options=True,
        placeholder="Nothing",
    )
    chosen = []
    for name in dict.fromkeys(name for name in (first, second) if name):
        ref = _resolved(name, size, measured)
        if ref is not None and ref not in chosen:
            chosen.append(ref)
    return chosen


def _suggested() -> list[str]:
    """Models to choose from where nothing is measured; with VGG-16, whose anatomy is worth seeing."""
    return ["vgg16.tv_in1k", *dict.fromkeys(model for shortlist in SHORTLISTS.values() for model in shortlist.models)]


def _resolved(name: str, size: int | None, measured: list[Speed]) -> CandidateRef | None:
    """Find what a name and a size mean; says what is wrong where they mean nothing."""
    known = cache.timm_models()
    try:
        full = resolve_model_name(name, known)
    except UnknownModelError as err:
        st.error(markdown_text(err))
        return None
    if size is not None:
        return CandidateRef(full, int(size))
    sizes = [speed.ref.img_size for speed in measured if speed.ref.model_name == full]
    if sizes:
        return CandidateRef(full, sizes[0])
    model = known.find(full) if known else None
    if model is None:
        rows = cache.accuracies()
        own = rows.loc[rows["model_name"] == full, "default_img_size"].dropna()
        if own.empty:
            st.info(f"The size of {markdown_code(full)} is not known until timm's names are read. Give one, or wait.")
            return None
        return CandidateRef(full, int(own.iloc[0]))
    return CandidateRef(full, model.img_size)


def _draw_anatomies(shown: list[Anatomy], measured: list[Speed]) -> None:
    dark = plotly_chart.is_dark()
    names = [f"**{letter}** " if len(shown) > 1 else "" for letter in "AB"]
    for anatomy, name in zip(shown, names, strict=False):
        sentences = [markdown_text(sentence) for sentence in describe_anatomy(anatomy)]
        here = [s for s in measured if s.ref.undeployed == CandidateRef(anatomy.model_name, anatomy.img_size)]
        if here:
            sentences.append(describe_speed(here[0], measured, lambda ref: markdown_code(ref.model_name)))
        with st.container(border=True):
            st.markdown(f"{name}{markdown_code(anatomy.model_name)} at {anatomy.img_size} px")
            st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    st.html(legend_html(kinds_of(shown)))
    plotly_chart.draw_static(kinds_figure(shown, dark=dark), key="anatomy-kinds")
    with st.expander("What counts as which kind"):
        st.markdown("\n".join(f"- **{kind.title}**: {markdown_text(kind.meaning)}" for kind in LAYER_KINDS.values()))
    unit = st.segmented_control(
        "By stage, from the input to the head",
        ("Shares", "Numbers"),
        default="Shares",
        required=True,
        key="anatomy_unit",
    )
    for column, quantity in zip(st.columns(3), QUANTITIES, strict=True):
        with column:
            st.markdown(f"**{QUANTITIES[quantity]}**", help=QUANTITY_HELP[quantity])
            absolute = unit == "Numbers"
            most = max(
                largest_stage(a, quantity) if absolute else 100 * largest_stage(a, quantity) / (a.total(quantity) or 1)
                for a in shown
            )
            for anatomy, name in zip(shown, names, strict=False):
                if name:
                    st.caption(f"{name}{markdown_text(anatomy.label)}")
                figure = stages_figure(anatomy, quantity, absolute=absolute, most=most, dark=dark)
                plotly_chart.draw_static(figure, key=f"anatomy-{quantity}-{anatomy.label}")
    for anatomy in shown:
        with st.expander(f"All numbers of {markdown_text(anatomy.label)}"):
            st.dataframe(display_table(anatomy), hide_index=True, width="stretch", column_config=_COLUMNS)


_COLUMNS = {
    "MACs (M)": st.column_config.NumberColumn(format="%.3f", help=QUANTITY_HELP["macs"]),
    "activations (M)": st.column_config.NumberColumn(format="%.3f", help=QUANTITY_HELP["activations"]),
    "parameters (M)": st.column_config.NumberColumn(format="%.4f", help=QUANTITY_HELP["param_count"]),
    "step (px)": st.column_config.NumberColumn(
        help="Pixels of the image for each step of the stage's output, both ways"
    ),
    **{f"{name} (%)": st.column_config.NumberColumn(format="%.2f") for name in ("parameters", "MACs", "activations")},
}


def display_table(anatomy: Anatomy) -> pd.DataFrame:
    """Return an anatomy with the columns and units people read; numbers stay numbers, so that they sort."""
    stages = [anatomy.stages[part.stage] for part in anatomy.parts]
    columns: dict[str, object] = {
        "stage": [stage.title for stage in stages],
        "timm's modules": [stage.modules for stage in stages],
        "step (px)": pd.array([stage.reduction for stage in stages], dtype="Int64"),
        "kind": [LAYER_KINDS[part.kind].title for part in anatomy.parts],
        "layers": [part.layers for part in anatomy.parts],
    }
    for quantity, name in (("param_count", "parameters"), ("macs", "MACs"), ("activations", "activations")):
        values = pd.Series([getattr(part, quantity) for part in anatomy.parts], dtype=float)
        columns[f"{name} (M)"] = values / 1e6
        columns[f"{name} (%)"] = 100 * values / (anatomy.total(quantity) or 1)
    return pd.DataFrame(columns)
