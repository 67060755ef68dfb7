"""Which model to fine-tune first."""

from pathlib import Path

import pandas as pd

from bakeoff_core.catalogue.weights import Weights
from bakeoff_core.schema.decision import Limits
from bakeoff_core.selection.decision import decide
from bakeoff_core.selection.starting_model import choose_starting_model
from tests.support.bare_candidates import candidate, frame


class Found:
    """Weights that are here for some models only."""

    def __init__(self, *here: str) -> None:
        self.here = here

    def __call__(self, model_name: str) -> Weights:
        kind = "packaged" if model_name in self.here else "download"
        return Weights(kind, None if kind == "download" else Path(__file__), kind)


def table() -> pd.DataFrame:
    return frame(candidate("small", 70.0, 0.005), candidate("middle", 76.0, 0.010), candidate("large", 82.0, 0.020))


def start(limits: Limits, *here: str, can_download: bool = False):
    rows = table()
    return choose_starting_model(decide(rows, limits), rows, can_download=can_download, find=Found(*here))


def test_the_pick_is_the_start_where_its_weights_are_here() -> None:
    found = start(Limits(), "large")
    assert (found.model_name, found.basis, found.obstacle) == ("large", "pick", None)


def test_a_start_keeps_the_size_it_was_measured_at() -> None:
    rows = table().assign(img_size=288)
    for limits, here in ((Limits(), "large"), (Limits(), "small")):
        found = choose_starting_model(decide(rows, limits), rows, can_download=False, find=Found(here))
        assert (found.model_name, found.img_size) == (here, 288)
    assert start(Limits()).img_size is None


def test_the_pick_is_the_start_where_its_weights_can_be_fetched() -> None:
    assert start(Limits(), can_download=True).model_name == "large"


def test_the_best_one_within_the_limits_whose_weights_are_here_stands_in_for_the_pick() -> None:
    found = start(Limits(), "small", "middle")
    assert (found.model_name, found.basis) == ("middle", "best-here")
    assert (found.obstacle, found.pick) == ("no-weights", "large")


def test_without_weights_for_any_candidate_a_packaged_model_is_offered_and_the_pick_is_named() -> None:
    found = start(Limits())
    assert (found.model_name, found.basis) == ("tf_efficientnet_lite0.in1k", "packaged")
    assert (found.obstacle, found.pick) == ("no-weights", "large")


def test_limits_that_nothing_clears_lead_to_a_packaged_model() -> None:
    found = start(Limits(max_latency_s=0.001), "small")
    assert found.model_name == "tf_efficientnet_lite0.in1k"
    assert (found.basis, found.obstacle, found.pick) == ("packaged", "no-pick", None)


def test_a_machine_never_measured_starts_with_a_packaged_model() -> None:
    found = choose_starting_model(None, None, can_download=True)
    assert found.model_name == "tf_efficientnet_lite0.in1k"
    assert (found.basis, found.obstacle) == ("packaged", "not-measured")
