"""Which model to fine-tune, and where its weights are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import streamlit as st

from bakeoff_core.catalogue.accuracies import resolve_model_name
from bakeoff_core.catalogue.weights import HUB_HOST, PACKAGED, Weights, find_weights, is_hub_reachable
from bakeoff_core.datasets.records import expanded
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import markdown_code, markdown_text
from bakeoff_core.reporting.text.starting_model import explain_starting_model
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.starting_model import choose_starting_model
from pages.parts.common import cache, server_paths, sidebar, timm_names_job
from pages.parts.common.session import last_question

KINDS = {
    "packaged": "weights here (packaged)",
    "cached": "weights here (cached)",
    "file": "your weights",
    "download": "needs a download",
}
WANTED = "model-wanted"
"""Session key: the model to show next."""


@dataclass(frozen=True)
class ModelChoice:
    """A model to fine-tune."""

    model_name: str
    """timm's `arch.tag`."""
    weights_file: str | None
    """The user's own weights."""
    img_size: int | None
    """The size it was measured at, in pixels; `None` where it was not measured, or at several sizes."""


def draw() -> ModelChoice | None:
    """Draw the choice, the pick chosen first, and where the weights come from; `None` while it can't be used."""
    can_download = is_hub_reachable()
    shown = sidebar.shown()
    question = last_question()
    criteria = question.criteria
    table = decision = None
    if shown is not None:
        table = cache.candidates_of(shown, replace(criteria.unrestricted, cost=cache.BY_DEFAULT.cost))
        table = table[table["error"].isna()]
        decision = decide(table, question.limits, rule=question.rule, cost=criteria.cost)
    start = choose_starting_model(decision, table, can_download=can_download)
    names = list(dict.fromkeys([start.model_name, *PACKAGED, *(table["model_name"] if table is not None else ())]))
    # The pick follows the limits until the user chooses another model here.
    key = f"model-{start.model_name}"
    if wanted := st.session_state.pop(WANTED, None):
        st.session_state[key] = wanted
    name = st.selectbox(
        "Model",
        names,
        format_func=lambda model: f"{model} · {KINDS[find_weights(model).kind]}",
        key=key,
        persist_state="session",
        accept_new_options=True,
        help="Measured candidates first; any other name that timm knows can be typed.",
    )
    if name is None:
        st.info("Choose a model.")
        return None
    try:
        name = resolve_model_name(name, cache.timm_models())
    except BakeoffError as err:
        st.error(markdown_text(err))
        return None
    timm_names_job.look_up([name])
    sentences = explain_starting_model(start)
    if name == start.model_name:
        st.caption(markdown_text(" ".join(sentences)))
    else:
        reason = sentences[-1][:1].lower() + sentences[-1][1:]
        st.caption(f"Suggested is {markdown_code(start.model_name)}: {markdown_text(reason)}")
    with st.popover("Own weights", disabled=not server_paths.are_offered()):
        path = st.text_input(
            "A file of weights for this architecture",
            key="weights_file",
            persist_state="session",
            placeholder="none",
            help="On the machine that runs this app: safetensors, or a PyTorch checkpoint (.pth, .bin) of plain "
            "tensors. The whole backbone must be in it; the head is made anew. What can run code when it is opened is "
            "not accepted.",
        ).strip()
    try:
        file = expanded(Path(path)).absolute() if path else None  # the worker looks from another folder
        if file is not None:
            server_paths.require_allowed(file)
        weights = find_weights(name, file)
    except BakeoffError as err:
        st.error(markdown_text(err))
        return None
    _describe(weights, can_download, name)
    size = start.img_size if name == start.model_name else None
    return ModelChoice(name, str(file) if file else None, size or _only_size(table, name))


def _only_size(table: pd.DataFrame | None, name: str) -> int | None:
    """Return the size a candidate was measured at, unless there are several."""
    sizes = [] if table is None else table.loc[table["model_name"] == name, "img_size"].dropna().unique()
    return int(sizes[0]) if len(sizes) == 1 else None


def _describe(weights: Weights, can_download: bool, name: str) -> None:
    if weights.is_here:
        st.caption(f":material/check_circle: Starts from {markdown_text(weights.text)}; no network is needed.")
    elif can_download:
        st.caption(f":material/cloud_download: Its weights will be fetched from {HUB_HOST} first.")
    else:
        st.warning(
            f"Its weights are not on this machine, and {HUB_HOST} does not answer. Choose a model whose weights are "
            f"here, or bring the file `model.safetensors` of {markdown_text(f'timm/{name}')} from another machine and "
            "name it under “Own weights”. From scratch needs none."
        )
