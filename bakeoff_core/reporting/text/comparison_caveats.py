"""What a reader of a comparison must know to judge its numbers, and what its runs are called.

Not covered: what the numbers say (`reporting.text.comparison`).
"""

from __future__ import annotations

from bakeoff_core.finetuning.comparison.records import FULL, PROBE, SCRATCH, Comparison
from bakeoff_core.formatting import counted, listed
from bakeoff_core.schema.metrics import ACCURACY, METRICS

NAMES = {PROBE: "the linear probe", FULL: "the full fine-tune", SCRATCH: "the run from scratch"}
"""What the runs are called in a sentence."""

_SETTINGS = {
    "learning_rate": "peak learning rate",
    "weight_decay": "weight decay",
    "layer_decay": "decay of the rate from layer to layer",
    "augmentation": "augmentation",
}


def caveats(comparison: Comparison) -> list[str]:
    """Return what a reader must know to judge a comparison's numbers, a sentence each."""
    found = []
    if comparison.metric != ACCURACY:
        found.append(
            f"What is compared are accuracies; {METRICS[comparison.metric].title} decided which weights each run kept, "
            "and which run stands for transfer."
        )
    found += [
        f"{start(NAMES[part.recipe])} ended early, after {counted(part.steps, 'step')}, as its validations got no "
        "better."
        for part in comparison.parts
        if part.stopped_early and part.steps is not None
    ]
    differing = comparison.differences()
    if differing:
        order = [part.recipe for part in comparison.parts if part.settings]
        named = [
            f"{_SETTINGS.get(name, name)} {listed([_value(values[recipe]) for recipe in order])}"
            for name, values in differing.items()
        ]
        runs = listed([NAMES[recipe] for recipe in order])
        found.append(f"Beside their start, {runs} differ in this: {'; '.join(named)}.")
    probe = comparison.part(PROBE)
    if probe is not None and probe.features_computed is False:
        found.append(
            f"{start(NAMES[PROBE])} found its features on the disk; its seconds leave out the time to compute them."
        )
    if comparison.train_on == "train+val":
        found.append("All labelled images were trained on, so there are no validation curves to compare.")
    return found


def start(text: str) -> str:
    """Begin a sentence with a text."""
    return text[0].upper() + text[1:]


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
