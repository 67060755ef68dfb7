"""What a training keeps and restores, without images."""

import json
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader

from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.trainer import BEST, CHECKPOINT, Training
from bakeoff_core.finetuning.validations import Validations
from bakeoff_core.models.pretrained import create_for_transfer

STEPS = 6


def training(folder: Path) -> Training:
    torch.manual_seed(0)
    model = create_for_transfer("test_resnet", None, 2, 32)
    images = [(torch.randn(3, 32, 32), at % 2) for at in range(8)]
    loader = DataLoader(images, batch_size=4, shuffle=True, drop_last=True)
    validations = Validations("accuracy", patience=2)
    return Training(Accelerator(cpu=True), model, loader, RECIPES["full"], STEPS, folder, "content", validations)


def go_to(found: Training, step: int) -> dict[str, torch.Tensor]:
    for _ in found.run():
        if found.number == step:
            break
    return weights(found.bare)


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def are_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def validated(found: Training, value: float) -> None:
    if found.validations.note(found.number, {"accuracy": value}):
        found.note_best()


def test_the_weights_at_the_end_are_the_best_validations_also_of_a_resumed_run(tmp_path: Path) -> None:
    first = training(tmp_path)
    best = go_to(first, 2)
    validated(first, 80.0)
    cut_off = go_to(first, 4)
    validated(first, 70.0)
    first.keep()
    assert not are_equal(best, cut_off)

    resumed = training(tmp_path)
    assert resumed.restore()
    assert resumed.number == 4 and are_equal(weights(resumed.bare), cut_off)
    assert (resumed.validations.best_step, resumed.validations.last_step) == (2, 4)
    go_to(resumed, STEPS)
    validated(resumed, 75.0)
    assert resumed.validations.has_ended
    resumed.keep()
    resumed.take_best()
    assert are_equal(weights(resumed.bare), best)


def test_the_last_weights_stay_where_they_are_the_best_or_nothing_was_validated(tmp_path: Path) -> None:
    for value in (None, 80.0):
        found = training(tmp_path / str(value))
        last = go_to(found, 2)
        if value is not None:
            validated(found, value)
        found.keep()
        assert (found._folder / CHECKPOINT / BEST).exists() is (value is not None)
        found.take_best()
        assert are_equal(weights(found.bare), last)


def test_a_checkpoint_of_before_the_best_was_kept_is_gone_on_with(tmp_path: Path) -> None:
    found = training(tmp_path)
    last = go_to(found, 2)
    found.keep()
    file = tmp_path / CHECKPOINT / "step.json"
    state = json.loads(file.read_text())
    del state["validations"]
    file.write_text(json.dumps(state))
    resumed = training(tmp_path)
    assert resumed.restore() and resumed.number == 2
    assert resumed.validations.best_step is None and resumed.validations.last_step is None
    resumed.keep()
    resumed.take_best()
    assert are_equal(weights(resumed.bare), last)
