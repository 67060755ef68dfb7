"""What a ranking would cost, from rankings written as the worker writes them."""

from pathlib import Path

import pytest

from bakeoff_core.datasets.registry import read_dataset, without_damaged
from bakeoff_core.profiling.request import FALLBACK_MACS_PER_SECOND
from bakeoff_core.ranking.estimate import CHECK_S, FALLBACK_IMAGES_PER_SECOND, MODEL_S, START_S, estimate_ranking
from bakeoff_core.ranking.records import RankRow
from bakeoff_core.system.machine import this_machine
from tests.support.image_folders import fill_classes
from tests.support.ranking_folders import write_ranking
from tests.support.rankings import make_row

LITE0, LITE0_MACS = "tf_efficientnet_lite0.in1k", 396_000_000


def write_here(number: int, *rows: RankRow, **changes: object) -> None:
    """Write a ranking that this machine has done; those with higher numbers are newer."""
    write_ranking(number, *rows, **{"machine_name": this_machine().machine_name, **changes})


@pytest.fixture
def images(tmp_path: Path) -> Path:
    fill_classes(tmp_path / "own", 50)
    return tmp_path / "own"


def test_a_machine_without_rankings_goes_by_macs(images: Path) -> None:
    cost = estimate_ranking(("tf_efficientnet_lite0", "my_own_net"), read_dataset("folder", images))
    expected = {
        "tf_efficientnet_lite0": pytest.approx(MODEL_S + 100 * LITE0_MACS / FALLBACK_MACS_PER_SECOND, rel=0.05),
        "my_own_net": MODEL_S + 100 / FALLBACK_IMAGES_PER_SECOND,
    }
    assert cost.by_model == expected
    assert cost.seconds == pytest.approx(START_S + 100 * CHECK_S + sum(cost.by_model.values()))
    assert (cost.kept, cost.measured) == ((), ())


def test_the_newest_pace_on_this_machine_counts_and_tells_that_of_others(images: Path) -> None:
    write_here(1, make_row(LITE0, 150, images_per_second=10.0))
    write_here(2, make_row(LITE0, 150, images_per_second=50.0))
    write_here(3, make_row(LITE0, 150, images_per_second=1.0), machine_name="Another machine")
    cost = estimate_ranking(("tf_efficientnet_lite0", "resnet50"), read_dataset("folder", images))
    assert cost.by_model["tf_efficientnet_lite0"] == pytest.approx(3.5 + 100 / 50)
    assert cost.by_model["resnet50"] == pytest.approx(3.5 + 100 / 50 * 4_089_184_256 / LITE0_MACS, rel=0.05)
    assert cost.measured == ("tf_efficientnet_lite0",)


def test_features_kept_of_the_same_images_cost_no_pass_and_known_images_no_check(images: Path) -> None:
    dataset = without_damaged(read_dataset("folder", images))
    write_here(1, make_row(LITE0, 150), content_key=dataset.content_key())
    cost = estimate_ranking(("tf_efficientnet_lite0",), dataset)
    assert cost.kept == ("tf_efficientnet_lite0",)
    assert cost.seconds == pytest.approx(START_S + 3.5)
