"""Recipes as data, and the advice by the number of labels."""

import pytest

from bakeoff_core.finetuning.recipes import AUGMENTATIONS, RECIPES, recommend_recipe


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_every_recipe_trains_to_its_end_in_rising_phases(recipe) -> None:
    ends = [phase.until for phase in recipe.phases]
    assert ends == sorted(set(ends)) and ends[-1] == 1
    assert all(0 <= phase.trained <= 1 for phase in recipe.phases)
    assert recipe.augmentation in AUGMENTATIONS


def test_only_the_probe_leaves_the_backbone_as_it_is_and_only_scratch_starts_at_random() -> None:
    assert [name for name, recipe in RECIPES.items() if recipe.uses_features] == ["linear-probe"]
    assert [name for name, recipe in RECIPES.items() if not recipe.pretrained] == ["scratch"]


@pytest.mark.parametrize(
    ("images", "recipe"),
    [(1, "linear-probe"), (99, "linear-probe"), (100, "top-layers"), (999, "top-layers"), (1000, "full")],
)
def test_the_more_labels_the_more_trains(images: int, recipe: str) -> None:
    advice = recommend_recipe(images, 2)
    assert advice.recipe == recipe
    assert f"{images:,} labelled image{'' if images == 1 else 's'}, about" in advice.reason


def test_with_very_many_labels_a_comparison_with_scratch_is_advised() -> None:
    assert "from scratch may do as well" in recommend_recipe(200_000, 10).reason


@pytest.mark.parametrize(("images", "classes"), [(0, 2), (10, 0), (-1, 1)])
def test_no_images_or_classes_are_refused(images: int, classes: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        recommend_recipe(images, classes)
