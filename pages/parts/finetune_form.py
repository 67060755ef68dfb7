"""What to fine-tune, on which images, how, and for how long; what that will cost; and the start of it."""

from __future__ import annotations

from dataclasses import asdict, fields

import streamlit as st

from bakeoff_core import jobs, runs
from bakeoff_core.datasets import ImageDataset
from bakeoff_core.errors import BakeoffError
from bakeoff_core.formatting import duration, images_per_second, markdown_text, megabytes
from bakeoff_core.recipes import RECIPES, recommend_recipe
from bakeoff_core.runs import FinetuneSpec
from pages.parts import dataset_card, model_choice


def draw() -> None:
    """Draw the form, and below it the cost and the buttons, once it asks for something that can be done."""
    with st.container(border=True):
        images, model = st.columns(2, gap="large")
        with model:
            chosen = model_choice.draw()
        with images:
            found = dataset_card.choose()
        if found is None or chosen is None:
            return
        dataset, folder = found
        recipe = _recipe(dataset)
        spec = _spec(chosen, dataset, folder, recipe)
    if spec is not None:
        _start(spec)


def _recipe(dataset: ImageDataset) -> str:
    """Draw the recipes, the one that suits the number of labels chosen, and why."""
    advice = recommend_recipe(len(dataset.train), len(dataset.classes))
    # Other images may want another recipe: the choice starts anew with them.
    recipe = st.segmented_control(
        "Recipe",
        tuple(RECIPES),
        format_func=lambda key: RECIPES[key].title + (" · suits you" if key == advice.recipe else ""),
        default=advice.recipe,
        required=True,
        key=f"recipe-{dataset.title}-{len(dataset.train)}",
        persist_state="session",
    )
    st.caption(RECIPES[recipe].summary)
    if recipe == advice.recipe:
        st.caption(f"Recommended for {markdown_text(advice.reason)}")
    else:
        st.caption(f"Recommended is {RECIPES[advice.recipe].title.lower()}. {markdown_text(advice.reason)}")
    return recipe


def _spec(model: model_choice.Chosen, dataset: ImageDataset, folder: str | None, recipe: str) -> FinetuneSpec | None:
    """Draw the budget and what few people change, and return what the form asks for."""
    unit, amount, batch, part = st.columns(4, vertical_alignment="bottom")
    by = unit.segmented_control(
        "Budget in", ("Epochs", "Steps"), default="Epochs", required=True, key="budget", persist_state="session"
    )
    is_epochs = by == "Epochs"
    length = amount.number_input(
        "Epochs" if is_epochs else "Steps",
        1,
        runs.MAX_EPOCHS if is_epochs else runs.MAX_STEPS,
        RECIPES[recipe].epochs if is_epochs else 60,
        key=f"length-{by}-{recipe}",
        persist_state="session",
        help="An epoch is a pass over the training images; a step is one batch.",
    )
    batch_size = batch.number_input(
        "Batch size", 1, runs.MAX_BATCH_SIZE, 32, key="batch_size", persist_state="session", help="Images in a step."
    )
    train_on = part.selectbox(
        "Train on",
        runs.TRAIN_ON,
        format_func={"train": "training images", "train+val": "those and validation"}.get,
        key="train_on",
        persist_state="session",
        help="With the validation images more is learned from, and none are left to watch the accuracy by.",
    )
    growing = any_way_up = False
    with st.expander("More settings", icon=":material/tune:"):
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
            *runs.IMG_SIZES,
            value=None,
            placeholder="the weights' own",
            key="img_size",
            persist_state="session",
            help="Side of the square that the network sees. Smaller is quicker, and usually less accurate.",
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
    try:
        return FinetuneSpec(
            model_name=model.model_name,
            dataset=dataset.name,
            recipe=recipe,
            data_dir=folder,
            weights_file=model.weights_file,
            steps=None if is_epochs else length,
            epochs=length if is_epochs else None,
            train_on=train_on,
            batch_size=batch_size,
            learning_rate=learning_rate or None,
            img_size=img_size,
            seed=chosen_seed,
            growing=growing,
            any_way_up=any_way_up,
        )
    except ValueError as err:
        st.error(markdown_text(err))
        return None


def _start(spec: FinetuneSpec) -> None:
    """Draw what the run will cost, as far as it is known, and the buttons."""
    holder = jobs.machine_holder()
    trial = runs.last_trial(spec)
    estimate = runs.read_estimate(trial) if trial else None
    if trial is not None and trial.job.state == "failed":
        st.error(f"The cost could not be worked out. {markdown_text(trial.job.status.get('message') or '')}")
    if estimate is not None:
        _draw_cost(estimate)
    elif holder:
        st.caption("This machine is at work; two jobs at once would spoil both. Wait for it, or stop it.")
    else:
        st.caption("What it costs is found by a trial of a few steps on this machine, in about 20 seconds.")
    with st.container(horizontal=True):
        if st.button(
            "Work out the cost" + (" again" if estimate else ""),
            icon=":material/timer:",
            disabled=bool(holder),
            type="secondary" if estimate else "primary",
        ):
            _launch(lambda: runs.start_run(spec, trial=True))
        if st.button(
            "Fine-tune",
            icon=":material/play_arrow:",
            disabled=bool(holder),
            type="primary" if estimate else "secondary",
        ):
            _launch(lambda: runs.start_run(spec))
        if st.button(
            "Compare with from scratch",
            icon=":material/compare_arrows:",
            disabled=bool(holder),
            help="Trains a linear probe, a full fine-tune and a run from scratch alike, one after the other, and says "
            "what transfer was worth. Takes about twice as long as the full fine-tune.",
        ):
            _launch(lambda: runs.start_comparison(_compared(spec)))


def _compared(spec: FinetuneSpec) -> runs.ComparisonSpec:
    """The comparison that differs from a run in nothing but the recipes.

    What belongs to the chosen recipe stays behind: its usual number of epochs, and a rate meant for another one.
    """
    shared = {field.name for field in fields(runs.ComparisonSpec)}
    values = {name: value for name, value in asdict(spec).items() if name in shared}
    if spec.epochs == RECIPES[spec.recipe].epochs:
        values["epochs"] = None
    if spec.recipe != "full":
        values["learning_rate"] = None
    return runs.ComparisonSpec(**values)


def _draw_cost(estimate: runs.Estimate) -> None:
    rate = f", {images_per_second(estimate.images_per_second)}" if estimate.images_per_second else ""
    st.markdown(
        f"About **{duration(estimate.seconds)}** and **{megabytes(estimate.peak_memory_bytes)}** of memory: "
        f"{estimate.steps:,} steps on {estimate.train_images:,} images{rate}."
    )
    longest = sorted(estimate.parts.items(), key=lambda part: -part[1])[:3]
    parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in longest if seconds >= 1)
    st.caption(f"Starts from {markdown_text(estimate.weights)}." + (f" Most of the time: {parts}." if parts else ""))


def _launch(start: object) -> None:
    """Start a job from a button's press; show why it can't be, where it can't."""
    try:
        start()
    except BakeoffError as err:
        st.error(markdown_text(err))
        return
    st.rerun()
