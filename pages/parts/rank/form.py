"""What to rank on which images, what that will cost, and the button that starts it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.weights import HUB_HOST, PACKAGED, find_weights, is_hub_reachable
from bakeoff_core.datasets.records import TRAIN_ON, ImageDataset
from bakeoff_core.datasets.splits import limited
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import counted, duration, markdown_text
from bakeoff_core.ranking.estimate import RankCost, estimate_ranking
from bakeoff_core.ranking.request import MOST_MODELS, RankSpec, start_ranking
from bakeoff_core.system import locks
from pages.parts.common import actions, cache, dataset_card, metric_choice, model_choice, sidebar, timm_names_job


def draw() -> None:
    """Draw the form, the cost and the button."""
    shown = sidebar.shown()
    table = cache.candidates_of(shown) if shown else None
    with st.container(border=True):
        found = dataset_card.choose()
        chosen = _models(table)
        if found is None:
            return
        deciding = _deciding(found.dataset)
        train_on, limit = _settings(found.dataset)
    if not chosen:
        st.info("Choose the models to rank.")
        return
    try:
        spec = RankSpec(models=tuple(chosen), train_on=train_on, limit=limit or None, **deciding, **found.fields())
    except ValueError as err:
        st.error(markdown_text(err))
        return
    _draw_start(spec, found.dataset)


def _deciding(dataset: ImageDataset) -> dict[str, str | None]:
    """Draw what decides, as fields of `RankSpec`."""
    what, which = st.columns(2)
    metric = metric_choice.draw_metric(
        what,
        dataset,
        key="rank-metric",
        what_for="By it each probe's strength and the pick are chosen on images held back, and the backbones are put "
        "in order on the test images.",
    )
    positive = metric_choice.draw_positive(which, dataset, prefix="rank-") if len(dataset.classes) == 2 else None
    return {"metric": metric, "positive_class": positive}


def _models(table: pd.DataFrame | None) -> list[str]:
    """Draw the choice of models: measured ones and those that come packaged; those whose weights are here chosen."""
    measured = [] if table is None else table.loc[table["error"].isna(), "model_name"].tolist()
    options = list(dict.fromkeys([*measured, *PACKAGED]))
    here = [name for name in options if find_weights(name).is_here]
    names = st.multiselect(
        "Models",
        options,
        here,
        format_func=lambda name: name if name in here else f"{name} · {model_choice.KINDS[find_weights(name).kind]}",
        key="rank-models",
        persist_state="session",
        accept_new_options=True,
        max_selections=MOST_MODELS,
        help="Measured models and those that come with this product; any other name that timm knows can be typed.",
    )
    chosen = []
    for name in names:
        try:
            chosen.append(resolve_model_name(name, cache.timm_models()))
        except BakeoffError as err:
            st.error(markdown_text(err))
    timm_names_job.look_up(chosen)
    missing = [name for name in chosen if not find_weights(name).is_here]
    if missing and is_hub_reachable():
        st.caption(f":material/cloud_download: The weights of {len(missing)} will be fetched from {HUB_HOST} first.")
    elif missing:
        names = ", ".join(markdown_text(name) for name in missing)
        st.warning(
            f"{HUB_HOST} does not answer, and these weights are not here: {names}. They will be listed without a "
            "result, with how to get their weights; the others are ranked."
        )
    elif absent := len(options) - len(here):
        are, their = ("is", "its") if absent == 1 else ("are", "their")
        st.caption(
            f"{counted(absent, 'measured model')} {are} left out because {their} weights are not on this machine."
        )
    return chosen


def _settings(dataset: ImageDataset) -> tuple[str, int | None]:
    part, most = st.columns(2)
    train_on = part.selectbox(
        "Learn from",
        TRAIN_ON,
        format_func={"train": "training images", "train+val": "those and validation"}.get,
        key="rank-train_on",
        persist_state="session",
        help="The validation images choose how strongly the classifier is held back. Learning from them too, that is "
        "chosen by cross-validation, which takes longer.",
    )
    limit = most.number_input(
        "Images at most",
        min_value=len(dataset.classes) + 1,
        value=None,
        step=100,
        placeholder=f"all {sum(map(len, dataset.splits().values())):,}",
        key=f"rank-limit-{len(dataset.classes)}",
        persist_state="session",
        help="For a first look: so many images, drawn from every class.",
    )
    return train_on, limit


def _draw_start(spec: RankSpec, dataset: ImageDataset) -> None:
    """Draw what the ranking will cost, and the button that starts it."""
    holder = locks.machine_holder()
    try:
        cost = estimate_ranking(spec.models, limited(dataset, spec.limit) if spec.limit else dataset)
    except BakeoffError as err:
        st.error(markdown_text(err))
        return
    if holder:
        st.caption(
            "This machine is at work, as the sidebar says; two jobs at once would spoil both. Wait for it, or stop it."
        )
    else:
        _draw_cost(cost, len(spec.models))
    if st.button("Rank", icon=":material/leaderboard:", type="primary", disabled=bool(holder)):
        actions.attempt_and_redraw(lambda: start_ranking(spec))


def _draw_cost(cost: RankCost, models: int) -> None:
    st.markdown(f"About **{duration(cost.seconds)}** for {models} {'model' if models == 1 else 'models'}.")
    notes = []
    if cost.kept:
        notes.append(f"The features of {len(cost.kept)} are kept from an earlier ranking of these images.")
    if len(cost.measured) < models:
        notes.append("What was never run here is estimated from its MACs; the time left shows once it runs.")
    if notes:
        st.caption(" ".join(notes))
