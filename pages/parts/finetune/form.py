"""What to fine-tune, on which images, how, and for how long."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bakeoff_core.datasets.records import TRAIN_ON, ImageDataset
from bakeoff_core.finetuning.recipes import RECIPES, recommend_recipe
from bakeoff_core.finetuning.request import IMG_SIZES, MAX_BATCH_SIZE, MAX_EPOCHS, MAX_STEPS, FinetuneSpec
from bakeoff_core.formatting import markdown_text
from pages.parts.common import dataset_card, model_choice
from pages.parts.common.dataset_card import ChosenImages
from pages.parts.common.model_choice import ModelChoice
from pages.parts.finetune import deciding

RECIPE_WANTED = "recipe-wanted"
"""Session key: the recipe to show next."""


def draw() -> FinetuneSpec | None:
    """Draw the form and return what it asks for; `None` while that can't be done, and it has said why."""
    with st.container(border=True):
        images, model = st.columns(2, gap="large")
        with model:
            chosen = model_choice.draw()
        with images:
            found = dataset_card.choose()
        if found is None or chosen is None:
            return None
        return _spec(chosen, found, _recipe(found.dataset))


def _recipe(dataset: ImageDataset) -> str:
    """Draw the recipes, the one that suits the number of labels chosen, and why."""
    advice = recommend_recipe(len(dataset.train), len(dataset.classes))
    # Other images may want another recipe: the choice starts anew with them.
    key = f"recipe-{dataset.title}-{len(dataset.train)}"
    if (wanted := st.session_state.pop(RECIPE_WANTED, None)) in RECIPES:
        st.session_state[key] = wanted
    recipe = st.segmented_control(
        "Recipe",
        tuple(RECIPES),
        format_func=lambda key: RECIPES[key].title + (" · suits you" if key == advice.recipe else ""),
        default=advice.recipe,
        required=True,
        key=key,
        persist_state="session",
    )
    st.caption(RECIPES[recipe].summary)
    if recipe == advice.recipe:
        st.caption(f"Recommended for {markdown_text(advice.reason)}")
    else:
        st.caption(f"Recommended is {RECIPES[advice.recipe].title.lower()}. {markdown_text(advice.reason)}")
    return recipe


def _spec(model: ModelChoice, images: ChosenImages, recipe: str) -> FinetuneSpec | None:
    """Draw the budget and what few people change, and return what the form asks for."""
    unit, amount, batch, part = st.columns(4, vertical_alignment="bottom")
    by = unit.segmented_control(
        "Budget in", ("Epochs", "Steps"), default="Epochs", required=True, key="budget", persist_state="session"
    )
    is_epochs = by == "Epochs"
    length = amount.number_input(
        "Epochs" if is_epochs else "Steps",
        1,
        MAX_EPOCHS if is_epochs else MAX_STEPS,
        RECIPES[recipe].epochs if is_epochs else 60,
        key=f"length-{by}-{recipe}",
        persist_state="session",
        help="An epoch is a pass over the training images; a step is one batch.",
    )
    batch_size = batch.number_input(
        "Batch size", 1, MAX_BATCH_SIZE, 32, key="batch_size", persist_state="session", help="Images in a step."
    )
    train_on = part.selectbox(
        "Train on",
        TRAIN_ON,
        format_func={"train": "training images", "train+val": "those and validation"}.get,
        key="train_on",
        persist_state="session",
        help="With the validation images more is learned from, and none are left to watch the accuracy by.",
    )
    with st.expander("More settings", icon=":material/tune:"):
        settings = _draw_more_settings(model, images.dataset, recipe)
        settings |= deciding.draw(images.dataset, is_validated=train_on == "train")
    deciding.advise(images.dataset, metric=settings["metric"], balance=settings["balance"])
    try:
        return FinetuneSpec(
            model_name=model.model_name,
            recipe=recipe,
            **images.fields(),
            weights_file=model.weights_file,
            steps=None if is_epochs else length,
            epochs=length if is_epochs else None,
            train_on=train_on,
            batch_size=batch_size,
            **settings,
        )
    except ValueError as err:
        st.error(markdown_text(err))
        return None


def _draw_more_settings(model: ModelChoice, dataset: ImageDataset, recipe: str) -> dict[str, Any]:
    """Draw what few people change, and return it as fields of `FinetuneSpec`."""
    growing = any_way_up = False
    rate, size, seed = st.columns(3)
    learning_rate = rate.number_input(
        "Learning rate of the new layer",
        min_value=0.0,
        value=None,
        format="%g",
        step=1e-4,
        placeholder="the recipe's",
        key="learning_rate",
        persist_state="session",
    )
    img_size = size.number_input(
        "Image size (px)",
        *IMG_SIZES,
        value=None,
        placeholder=f"{model.img_size}, as measured" if model.img_size else "the weights' own",
        key="img_size",
        persist_state="session",
        help="Side of the square that the network sees. Smaller is quicker, and usually less accurate. On the "
        "frontier the accuracy joins the model as measured at this size.",
    )
    chosen_seed = seed.number_input(
        "Seed",
        0,
        2**32 - 1,
        0,
        key="seed",
        persist_state="session",
        help="Fixes everything that is drawn at random: the same seed gives the same run.",
    )
    if not RECIPES[recipe].uses_features:
        growing = st.checkbox(
            "Let the images grow while it trains",
            key="growing",
            persist_state="session",
            help="Progressive training in three stages: small images first, then larger ones with stronger random "
            "changes (RandAugment, mixup).",
        )
        any_way_up = dataset.any_way_up or st.checkbox(
            "Images have no up and down",
            key="any_way_up",
            persist_state="session",
            help="As from above or through a microscope: training then shows them upside down as well.",
        )
    return {
        "learning_rate": learning_rate or None,
        "img_size": img_size or model.img_size,
        "seed": chosen_seed,
        "growing": growing,
        "any_way_up": any_way_up,
    }
