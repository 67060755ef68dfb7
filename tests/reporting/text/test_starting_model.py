"""Sentences about the model to fine-tune first."""

import pytest

from bakeoff_core.reporting.text.starting_model import explain_starting_model
from bakeoff_core.selection.starting_model import StartingModel

WAITS = (
    "The pick, large, has to wait: its weights are not on this machine, and the site they come from does not answer."
)
NO_PICK = "No model clears the limits of the Frontier page."
BEST_HERE = "This is the best one within the limits whose weights are here."
PACKAGED = "This one comes with the product."
UNMEASURED = "Nothing was measured on this machine yet, so there is no pick; this model comes with the product."


@pytest.mark.parametrize(
    ("basis", "obstacle", "pick", "sentences"),
    [
        ("pick", None, None, ["It is the pick of the Frontier page."]),
        ("best-here", "no-weights", "large", [WAITS, BEST_HERE]),
        ("packaged", "no-weights", "large", [WAITS, PACKAGED]),
        ("packaged", "no-pick", None, [NO_PICK, PACKAGED]),
        ("packaged", "not-measured", None, [UNMEASURED]),
    ],
)
def test_the_obstacle_is_said_before_what_speaks_for_the_model(basis, obstacle, pick, sentences):
    assert explain_starting_model(StartingModel("small", basis, obstacle, pick)) == sentences
