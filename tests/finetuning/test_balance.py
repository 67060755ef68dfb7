"""Rare classes: weights in the loss, and every class drawn alike."""

import numpy as np
import pytest
import torch
from accelerate.data_loader import prepare_data_loader, skip_first_batches
from torch.nn import functional
from torch.utils.data import DataLoader

from bakeoff_core.finetuning.linear_probe import ProbeTraining
from bakeoff_core.finetuning.optimization import class_weighted_loss, class_weights, create_mixup
from bakeoff_core.finetuning.recipes import RECIPES
from bakeoff_core.finetuning.request import BALANCED_SAMPLING, BALANCES, CLASS_WEIGHTS, NO_BALANCE
from bakeoff_core.models.image_loaders import BalancedSampler

LABELS = np.array([0] * 90 + [2] * 10)
"""Of three classes, of which one has no image."""


# --- class weights ---------------------------------------------------------------------------------------------------


def test_a_class_weighs_by_its_rarity_and_one_without_images_is_no_error() -> None:
    weights = class_weights(LABELS, 3)
    assert weights.tolist() == pytest.approx([100 / (2 * 90), 0, 100 / (2 * 10)])
    assert weights[torch.from_numpy(LABELS)].mean().item() == pytest.approx(1)


def test_without_weights_the_loss_is_the_plain_one() -> None:
    logits, labels = torch.randn(8, 3), torch.tensor([0, 2] * 4)
    assert class_weighted_loss(logits, labels, None) == functional.cross_entropy(logits, labels)


def test_weights_count_in_a_batch_of_one_class_too() -> None:
    """Divided by the sum of the batch's weights, as PyTorch does, a rare image alone would weigh like any other."""
    logits, rare, weights = torch.zeros(1, 3), torch.tensor([2]), class_weights(LABELS, 3)
    assert class_weighted_loss(logits, rare, weights).item() == pytest.approx(5 * np.log(3))


def test_mixups_shares_are_weighed_as_labels_are() -> None:
    logits, labels, weights = torch.randn(4, 3), torch.tensor([0, 2, 2, 0]), class_weights(LABELS, 3)
    shares = functional.one_hot(labels, 3).float()
    assert class_weighted_loss(logits, shares, weights).item() == pytest.approx(
        class_weighted_loss(logits, labels, weights).item()
    )
    _, mixed = create_mixup(0.4, 3)(torch.randn(4, 3, 2, 2), labels)
    by_hand = -(mixed * weights * logits.log_softmax(-1)).sum() / 4
    assert class_weighted_loss(logits, mixed, weights).item() == pytest.approx(by_hand.item())


# --- balanced sampling -----------------------------------------------------------------------------------------------


def drawn(epoch: int, seed: int = 0) -> list[int]:
    sampler = BalancedSampler(LABELS, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_classes_are_drawn_alike_and_each_pass_anew() -> None:
    rare = sum(sum(LABELS[at] == 2 for at in drawn(epoch)) for epoch in range(50))
    assert 2300 < rare < 2700  # of 5,000: seven standard deviations to either side
    assert drawn(1) == drawn(1) != drawn(2)
    assert drawn(1, seed=7) != drawn(1)


def batches(index: int, processes: int, skipped: int = 0) -> list[list[int]]:
    """A process's batches of the fourth pass, as Accelerate hands them out."""
    loader = DataLoader(range(100), batch_size=8, sampler=BalancedSampler(LABELS, 0), drop_last=True)
    ours = prepare_data_loader(
        loader,
        num_processes=processes,
        process_index=index,
        split_batches=True,
        even_batches=False,
        use_seedable_sampler=True,
        put_on_device=False,
    )
    ours.set_epoch(3)
    return [batch.tolist() for batch in (skip_first_batches(ours, skipped) if skipped else ours)]


def test_a_resumed_pass_goes_on_where_it_was() -> None:
    whole = batches(0, 1)
    assert [at for batch in whole for at in batch] == drawn(3)[: 8 * len(whole)]
    assert batches(0, 1, skipped=5) == whole[5:]


def test_several_processes_share_one_draw() -> None:
    shares = zip(batches(0, 2), batches(1, 2), strict=True)
    assert [one + other for one, other in shares] == batches(0, 1)


# --- the probe -------------------------------------------------------------------------------------------------------


def found_of_the_rare(balance: str) -> float:
    """The share of a rare class that a short probe finds, where the classes overlap."""
    generator = np.random.default_rng(0)
    labels = np.array([0] * 180 + [1] * 20)
    features = (generator.standard_normal((200, 4)) + labels[:, None]).astype(np.float32)
    training = ProbeTraining(features, labels, 2, RECIPES["linear-probe"], 60, 32, 0, balance)
    for number in range(1, 61):
        training.step(number)
    return float((training.head().logits(features).argmax(1)[labels == 1] == 1).mean())


def test_a_probe_finds_more_of_a_rare_class_by_either_balance() -> None:
    shares = {balance: found_of_the_rare(balance) for balance in BALANCES}
    assert shares[CLASS_WEIGHTS] > shares[NO_BALANCE] < shares[BALANCED_SAMPLING]
    assert found_of_the_rare(BALANCED_SAMPLING) == shares[BALANCED_SAMPLING]
