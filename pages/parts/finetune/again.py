"""Asking for a run again, with something changed: its request is put into the form, where it can be looked at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from bakeoff_core.datasets.uploads import list_uploads
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.finetuning.results import FinishedRun
from bakeoff_core.schema.metrics import ACCURACY, BALANCED_ACCURACY
from pages.parts.common import dataset_card, image_upload, metric_choice, model_choice
from pages.parts.finetune import deciding, form


def draw_balanced(run: FinishedRun) -> None:
    """Offer to ask for a run again with class weights, decided by balanced accuracy where accuracy decided it."""
    metric = BALANCED_ACCURACY if run.spec.metric == ACCURACY else run.spec.metric
    spec = replace(run.spec, model_name=run.model_name, balance="class-weights", metric=metric)
    st.button(
        "Train again with class weights",
        icon=":material/balance:",
        key=f"again-{run.run_id}",
        on_click=_fill,
        args=(spec, run.results.get("classes") or ()),
        help="Fills in the form at the top: the same run, in which images of rare classes weigh more in the loss, "
        "decided by balanced accuracy unless another metric than accuracy did. Nothing starts yet.",
    )


def _fill(spec: FinetuneSpec, classes: Sequence[str]) -> None:
    """Set the form's widgets to a request."""
    by = "Steps" if spec.steps is not None else "Epochs"
    values = {
        **_image_values(spec),
        form.RECIPE_WANTED: spec.recipe,
        model_choice.WANTED: spec.model_name,
        "weights_file": spec.weights_file or "",
        "budget": by,
        f"length-{by}-{spec.recipe}": spec.steps or spec.epochs or RECIPES[spec.recipe].epochs,
        **{name: getattr(spec, name) for name in ("batch_size", "train_on", "seed", "learning_rate", "img_size")},
        **{name: getattr(spec, name) for name in ("growing", "any_way_up")},
        **{name: getattr(spec, name) for name in (deciding.METRIC, deciding.BALANCE, deciding.PATIENCE)},
    }
    if spec.positive_class in classes:
        values[metric_choice.positive_key(tuple(classes))] = spec.positive_class
    for name, value in values.items():
        st.session_state[name] = value
    st.toast("The form at the top asks for this run again, with class weights. Start it there.", icon=":material/tune:")


def _image_values(spec: FinetuneSpec) -> dict[str, object]:
    values = {
        "dataset": spec.dataset,
        dataset_card.TEST_KEY: spec.test_from,
        "leave_out_copies": spec.leave_out_copies,
    }
    if spec.data_dir is None:
        return values
    upload = next((up for up in list_uploads() if Path(spec.data_dir).is_relative_to(up)), None)
    if spec.dataset == "folder" and upload is not None:
        return {**values, "folder-way": dataset_card.UPLOAD, image_upload.NEXT: upload.name}
    return {**values, "folder-way": dataset_card.PATH, f"folder-{spec.dataset}": spec.data_dir}
