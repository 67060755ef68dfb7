"""What a model's card says of its metrics and its recipe, word by word."""

from typing import Any

from bakeoff_core.finetuning.model_card import model_card
from bakeoff_core.formatting import markdown_text


def score(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 3, "high": value + 3}


def results(**changes: Any) -> dict[str, Any]:
    """Results of a run that hides a class, chosen by its validations."""
    found = {
        "model_name": "resnet18.a1_in1k",
        "weights": "timm's resnet18.a1_in1k",
        "img_size": 224,
        "dataset_title": "Solar cells (ELPV)",
        "licence": "CC BY-NC-SA 4.0",
        "classes": ["functional", "defective"],
        "train_images": 1673,
        "val_images": 295,
        "test_images": 656,
        "notes": [],
        "test_accuracy": 80.18,
        "test_accuracy_low": 76.95,
        "test_accuracy_high": 83.06,
        "metric": "balanced-accuracy",
        "positive_class": "defective",
        "scores": {
            "accuracy": score(80.18),
            "balanced-accuracy": score(69),
            "macro-f1": score(72.5),
            "average-precision": score(75),
            "recall": score(39),
            "precision": score(93),
        },
        "val_scores": {"accuracy": 81.0, "balanced-accuracy": 70.25},
        "accuracy_over_balanced": {"points": 11.18, "low": 8.0, "high": 14.0},
        "by_class": [{"name": "functional", "accuracy": 99.0}, {"name": "defective", "accuracy": 39.0}],
        "balance": "none",
        "steps": 30,
        "planned_steps": 30,
        "best_step": 24,
        "stopped_early": False,
        "recipe": {"title": "Full fine-tune"},
        "spec": {"batch_size": 32, "seed": 0, "patience": None},
        "machine": {"torch_version": "2.13.0", "timm_version": "1.0.31"},
    }
    return {**found, **changes}


def test_every_metric_stands_with_its_interval_and_which_one_decided() -> None:
    lines = model_card(results()).splitlines()
    assert "- Balanced accuracy: 69 % (95 % interval 66 to 72 %)" in lines
    assert "- Macro F1: 72.5 % (95 % interval 69.5 to 75.5 %)" in lines
    assert "- Average precision of defective: 75 % (95 % interval 72 to 78 %)" in lines
    assert "- Recall of defective: 39 % (95 % interval 36 to 42 %)" in lines
    assert "- Precision of defective: 93 % (95 % interval 90 to 96 %)" in lines
    assert (
        "- Decided by: balanced accuracy; the weights are those after step 24, which had the best of the validations "
        "(70.25 %)" in lines
    )


def test_a_class_that_accuracy_hides_is_named_at_the_top() -> None:
    lines = model_card(results()).splitlines()
    assert lines[4] == (
        "Accuracy hides a class: it is 80.18 %, 11.18 points above the mean over the classes, 69 % (balanced "
        "accuracy). Of defective 39 % are found, of functional 99 %."
    )
    assert "hides" not in model_card(results(accuracy_over_balanced={"points": 2.0, "low": -1.0, "high": 5.0}))


def test_balance_and_an_early_end_belong_to_the_recipe() -> None:
    assert "- Recipe: Full fine-tune, 30 steps of 32 images, seed 0\n" in model_card(results())
    early = {"steps": 24, "stopped_early": True, "spec": {"batch_size": 32, "seed": 0, "patience": 1}}
    assert (
        "- Recipe: Full fine-tune, 24 of 30 planned steps of 32 images, seed 0, ended early after 1 validation without "
        "a better one, classes weighted by their rarity\n" in model_card(results(balance="class-weights", **early))
    )
    assert "seed 0, every class drawn alike\n" in model_card(results(balance="balanced-sampling"))


def test_of_several_classes_none_matters_and_without_validation_the_last_step_counts() -> None:
    scores = {name: score(80) for name in ("accuracy", "balanced-accuracy", "macro-f1")}
    card = model_card(results(positive_class=None, scores=scores, val_scores={}, metric="accuracy", best_step=30))
    assert "recision" not in card
    assert "- Decided by: accuracy; the weights are those after step 30\n" in card


def test_a_hostile_name_of_a_class_stays_text() -> None:
    card = model_card(results(positive_class="<b>a*b"))
    assert f"Recall of {markdown_text('<b>a*b')}: 39 %" in card and "<b>" not in card
