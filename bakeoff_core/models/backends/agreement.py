"""Whether a model that a backend built gives the answers of the model it was built from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bakeoff_core.models.backends.base import Runner

SEED = 0
"""Of the images that are compared."""


@dataclass(frozen=True)
class Agreement:
    """How far two runners' outputs are apart on the same images."""

    largest_difference: float
    """As a share of the reference's largest output; not a number where an output is none."""
    same_answers: float
    """Share of the images whose largest output is the same one, 0 to 1."""


def random_images(count: int, input_size: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two different batches of random images: one to build with, and one to compare on.

    What a converter took for a constant shows only in images that it has not seen.
    """
    random = torch.Generator().manual_seed(SEED)
    first, second = (torch.randn(count, *input_size, generator=random) for _ in range(2))
    return first, second


def compare(reference: Runner, runner: Runner, images: torch.Tensor) -> Agreement:
    """Run the same images through both.

    Args:
        reference: Whose outputs count as right.
        runner: Whose outputs are judged.
        images: Of shape (n, 3, height, width).
    """
    found, expected = runner.run(images), reference.run(images)
    flat = [outputs.reshape(len(images), -1) for outputs in (found, expected)]
    return Agreement(
        largest_difference=float(np.abs(found - expected).max() / np.abs(expected).max()),
        same_answers=float(np.mean(flat[0].argmax(1) == flat[1].argmax(1))),
    )
