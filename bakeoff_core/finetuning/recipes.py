"""How a backbone is adapted to other images: what each recipe trains, at which rates, and which suits how many labels.

The table of recipes by the number of labels is the common one of transfer-learning practice (few labels: train the
head alone; thousands: everything, the early layers slowest). The rates follow fine-tuning practice for AdamW with
layer-wise decay (Bao et al. 2021, arXiv 2106.08254, and Howard and Ruder 2018, arXiv 1801.06146, for discriminative
rates and gradual unfreezing). Not covered: doing it (see `finetuning.worker`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_core.formatting import counted

AUGMENTATIONS = ("none", "light")
"""What is done to training images, by name: nothing but the evaluation's crop; random crops, mirroring and a little
change of colour. Growing images bring RandAugment of their own (`GROWING`)."""


@dataclass(frozen=True)
class Phase:
    """A part of the training in which the same layers train."""

    until: float
    """Share of all steps at which it ends; 1 for the last."""
    trained: float
    """Share of the backbone's layer groups that train, counted from the head; 0 for the head alone, 1 for all."""


@dataclass(frozen=True)
class Recipe:
    """One way to train."""

    name: str
    """Key on the command line."""
    title: str
    """Name on the page."""
    summary: str
    """What it does and when it is right, in a sentence."""
    pretrained: bool
    """Whether it starts from pretrained weights."""
    phases: tuple[Phase, ...]
    """What trains when."""
    learning_rate: float
    """Peak rate of the head for batches of `RATE_BATCH_SIZE`."""
    weight_decay: float
    """AdamW's, for matrices; biases and norms have none."""
    layer_decay: float
    """Factor of the rate from each layer to the one before it; 1 for equal rates."""
    augmentation: str
    """One of `AUGMENTATIONS`."""
    epochs: int
    """Passes over the training images where nothing else is asked for."""

    @property
    def uses_features(self) -> bool:
        """Whether the backbone never changes, so that its features need computing only once."""
        return all(phase.trained == 0 for phase in self.phases)


@dataclass(frozen=True)
class GrowingStage:
    """A part of a training whose images and regularisation grow."""

    until: float
    """Share of all steps at which it ends; 1 for the last."""
    size_share: float
    """Side of the images as a share of the run's own."""
    magnitude: int
    """RandAugment's, of 30."""
    mixup: float
    """Alpha of mixup; 0 for none."""


GROWING = (GrowingStage(1 / 3, 1 / 2, 5, 0.0), GrowingStage(2 / 3, 3 / 4, 10, 0.2), GrowingStage(1.0, 1.0, 15, 0.4))
"""Progressive training: small, lightly changed images first (Tan and Le 2021, arXiv 2104.00298, section 4.2: image
size, RandAugment and mixup grow together, since small images need less regularisation)."""

SIZE_STEP = 32
"""Sizes of stages are multiples of it, as the strides of most backbones want."""


def stage_size(stage: GrowingStage, img_size: int) -> int:
    """Return the side of a stage's images in pixels; the last stage's is the run's own, whatever it is."""
    if stage.size_share == 1:
        return img_size
    return min(img_size, max(SIZE_STEP, round(stage.size_share * img_size / SIZE_STEP) * SIZE_STEP))


RATE_BATCH_SIZE = 32
"""Batch size that the learning rates are for; others scale them by the square root of the ratio."""

WARMUP_SHARE = 0.1
"""Share of the steps in which the rate rises; after it, it falls along a cosine."""

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "linear-probe",
            "Linear probe",
            "Trains a new head on the frozen backbone's features. Seconds to minutes, and hard to get wrong.",
            pretrained=True,
            phases=(Phase(1.0, 0.0),),
            learning_rate=1e-1,
            weight_decay=5e-2,
            layer_decay=1.0,
            augmentation="none",
            epochs=100,
        ),
        Recipe(
            "top-layers",
            "Top layers",
            "Trains the head and the last third of the backbone; the early layers stay as they were learned.",
            pretrained=True,
            phases=(Phase(1.0, 1 / 3),),
            learning_rate=2e-3,
            weight_decay=5e-2,
            layer_decay=0.85,
            augmentation="light",
            epochs=15,
        ),
        Recipe(
            "full",
            "Full fine-tune",
            "Trains everything, the early layers slowest. The most accurate with thousands of labels.",
            pretrained=True,
            phases=(Phase(1.0, 1.0),),
            learning_rate=2e-3,
            weight_decay=5e-2,
            layer_decay=0.85,
            augmentation="light",
            epochs=20,
        ),
        Recipe(
            "progressive",
            "Progressive unfreezing",
            "Trains the head first, then the last stage with it, then everything, so that a raw head spoils nothing.",
            pretrained=True,
            phases=(Phase(0.2, 0.0), Phase(0.5, 1 / 5), Phase(1.0, 1.0)),
            learning_rate=2e-3,
            weight_decay=5e-2,
            layer_decay=0.85,
            augmentation="light",
            epochs=20,
        ),
        Recipe(
            "scratch",
            "From scratch",
            "Starts from random weights. For comparison, to see what transfer was worth; rarely for use.",
            pretrained=False,
            phases=(Phase(1.0, 1.0),),
            learning_rate=2e-3,
            weight_decay=5e-2,
            layer_decay=1.0,
            augmentation="light",
            epochs=20,
        ),
    )
}


@dataclass(frozen=True)
class RecipeAdvice:
    """A recommended recipe."""

    recipe: str
    """Key of `RECIPES`."""
    reason: str
    """Why, in a sentence or two."""


def recommend_recipe(labelled_images: int, class_count: int | None = None) -> RecipeAdvice:
    """Recommend a recipe for a number of labelled training images.

    Args:
        labelled_images: Images to train on, at least 1.
        class_count: Classes among them; `None` where nobody said.

    Raises:
        ValueError: One of them is below 1.
    """
    if labelled_images < 1 or (class_count is not None and class_count < 1):
        raise ValueError(f"There must be an image and a class at least. Got {labelled_images} and {class_count}.")
    per_class = counted(labelled_images, "labelled image")
    if class_count is not None:
        per_class += f", about {max(1, round(labelled_images / class_count))} a class"
    if labelled_images < 100:
        return RecipeAdvice(
            "linear-probe",
            f"{per_class}: with fewer than 100 labels anything more than a new head would learn them by heart.",
        )
    if labelled_images < 1_000:
        return RecipeAdvice(
            "top-layers",
            f"{per_class}: enough to adapt the last layers, too few to move the early ones without overfitting.",
        )
    if labelled_images < 10_000:
        return RecipeAdvice(
            "full",
            f"{per_class}: enough to adapt the whole backbone, with lower rates for its early layers. "
            "Run the linear probe first: it takes a minute and says whether the rest is worth it.",
        )
    if labelled_images <= 100_000:
        return RecipeAdvice(
            "full", f"{per_class}: plenty for the whole backbone; a higher rate and more epochs can pay off as well."
        )
    return RecipeAdvice(
        "full",
        f"{per_class}: so many that training from scratch may do as well; starting from pretrained weights "
        "rarely hurts and is quicker, so compare the two.",
    )
