"""What whoever gets a fine-tuned model must know of it, as Markdown.

No torch, no files. Not covered: the model itself (`finetuning.export`).
"""

from __future__ import annotations

from typing import Any

from bakeoff_core.datasets.metrics.sentences import hidden_class, score_text
from bakeoff_core.finetuning.request import CLASS_WEIGHTS, NO_BALANCE, OPENING
from bakeoff_core.formatting import counted, markdown_text, percent
from bakeoff_core.schema.metrics import ACCURACY, METRICS, Difference, parse_scores

LOADING = """\
import runpy

import timm

open_rgb = runpy.run_path("model/image_opening.py")["open_rgb"]
model = timm.create_model("local-dir:model", pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
scores = model(transform(open_rgb("photo.jpg"))[None]).softmax(-1)[0]
print(model.pretrained_cfg["label_names"][scores.argmax()], f"{scores.max():.1%}")
"""
"""How to use an exported model with timm alone; stands in its card, and a test runs it."""


def model_card(results: dict[str, Any]) -> str:
    """Return what whoever gets the model must know, as Markdown, from a run's results."""
    text = markdown_text
    accuracy, low, high = (results[f"test_accuracy{end}"] for end in ("", "_low", "_high"))
    classes = ", ".join(text(name) for name in results["classes"])
    lines = [
        f"# {text(results['model_name'])}, fine-tuned on {text(results['dataset_title'])}",
        "",
        f"{accuracy:.2f} % of {counted(results['test_images'], 'test image')} "
        f"{'is' if results['test_images'] == 1 else 'are'} classified rightly "
        f"(95 % interval {low:.2f} to {high:.2f} %), at {results['img_size']} px.",
        "",
        *_hidden(results),
        *_scores(results),
        f"- Recipe: {_recipe(results)}",
        f"- Started from: {text(results['weights'])}",
        f"- Trained on {counted(results['train_images'], 'image')}, validated on {results['val_images']:,}; licence of "
        f"the images: {text(results['licence'])}",
        *(f"- {text(note)}" for note in results["notes"]),
        f"- {len(results['classes'])} classes: {classes}",
        f"- Made with torch {text(results['machine']['torch_version'])} and timm "
        f"{text(results['machine']['timm_version'])}",
        "",
        "The weights are `model.safetensors`; labels and preprocessing stand in `config.json`. To use them, from the "
        "folder that holds `model/`, with timm (HEIC needs `pillow-heif`, too):",
        "",
        "```python",
        LOADING.rstrip(),
        "```",
        "",
        f"`{OPENING}` opens an image as it was opened to train: turned as its EXIF says, transparency laid over white, "
        "more than 8 bits scaled by one range for all images. Opened otherwise, a picture may get another answer.",
        "",
        "It knows these classes and nothing else: shown anything else, it names one of them all the same.",
    ]
    return "\n".join(lines) + "\n"


def _hidden(results: dict[str, Any]) -> list[str]:
    """What accuracy hides, as a paragraph, where it and balanced accuracy differ beyond noise."""
    said = hidden_class(
        parse_scores(results["scores"]),
        Difference(**results["accuracy_over_balanced"]),
        results["by_class"],
        markdown_text,
    )
    return [said, ""] if said else []


def _scores(results: dict[str, Any]) -> list[str]:
    """Every other metric of the test, a line each, and which one decided."""
    scores, matters = parse_scores(results["scores"]), results["positive_class"]
    of = f" of {markdown_text(matters)}" if matters is not None else ""
    lines = [
        f"- {metric.title[0].upper()}{metric.title[1:]}{of if metric.is_binary else ''}: {score_text(scores[name])}"
        for name, metric in METRICS.items()
        if name != ACCURACY and name in scores
    ]
    value, step = results["val_scores"].get(results["metric"]), results["best_step"]
    weights = f"the weights are those after step {step:,}"
    if value is not None:
        weights += f", which had the best of the validations ({percent(value)})"
    return [*lines, f"- Decided by: {METRICS[results['metric']].title}; {weights}"]


def _recipe(results: dict[str, Any]) -> str:
    """How it was trained, in a clause."""
    spec, made, planned = results["spec"], results["steps"], results["planned_steps"]
    steps = f"{made:,} of {counted(planned, 'planned step')}" if results["stopped_early"] else counted(made, "step")
    parts = [
        markdown_text(results["recipe"]["title"]),
        f"{steps} of {counted(spec['batch_size'], 'image')}",
        f"seed {spec['seed']}",
    ]
    if results["stopped_early"]:
        parts.append(f"ended early after {counted(spec['patience'], 'validation')} without a better one")
    if results["balance"] != NO_BALANCE:
        weighed = results["balance"] == CLASS_WEIGHTS
        parts.append("classes weighted by their rarity" if weighed else "every class drawn alike")
    return ", ".join(parts)
