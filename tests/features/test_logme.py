"""LogME against the evidence written out, maximised by a general optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from bakeoff_core.features import logme
from bakeoff_core.features.logme import log_maximum_evidence


def written_out(features: np.ndarray, labels: np.ndarray) -> float:
    """The mean over classes of the log density of the targets under N(0, F F' / alpha + I / beta), at its largest."""
    images = len(features)
    found = []
    for name in np.unique(labels):
        target = (labels == name).astype(float)

        def minus(logs: np.ndarray, target: np.ndarray = target) -> float:
            alpha, beta = np.exp(logs)
            covariance = features @ features.T / alpha + np.eye(images) / beta
            _, determinant = np.linalg.slogdet(covariance)
            return 0.5 * (
                images * np.log(2 * np.pi) + determinant + float(target @ np.linalg.solve(covariance, target))
            )

        starts = [(0.0, 0.0), (3.0, 1.0), (-2.0, 3.0), (6.0, 2.0)]
        found.append(-min(minimize(minus, start, method="Nelder-Mead").fun for start in starts))
    return float(np.mean(found)) / images


def drawn(images: int, channels: int, classes: int, signal: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(images + channels)
    labels = random.integers(0, classes, images)
    features = random.standard_normal((images, channels)) + signal * random.standard_normal((classes, channels))[labels]
    return features, labels


@pytest.mark.parametrize(("images", "channels"), [(40, 5), (30, 30), (20, 50)])
def test_it_is_the_largest_evidence_however_wide_the_features(images: int, channels: int) -> None:
    features, labels = drawn(images, channels, 3, 1.0)
    assert log_maximum_evidence(features, labels) == pytest.approx(written_out(features, labels), abs=2e-3)


def test_features_that_tell_classes_apart_have_more() -> None:
    good, labels = drawn(200, 10, 4, 2.0)
    poor, _ = drawn(200, 10, 4, 0.0)
    assert log_maximum_evidence(good, labels) > log_maximum_evidence(poor, labels) + 0.1


def test_it_does_not_depend_on_the_blocks_nor_on_classes_without_images(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = drawn(100, 8, 3, 1.0)
    whole = log_maximum_evidence(features, labels)
    assert log_maximum_evidence(features.astype(np.float32), labels * 7) == pytest.approx(whole, abs=1e-5)
    monkeypatch.setattr(logme, "BLOCK_ROWS", 7)
    assert log_maximum_evidence(features, labels) == pytest.approx(whole, abs=1e-9)


def test_channels_that_say_nothing_or_the_same_twice_are_borne() -> None:
    features, labels = drawn(60, 6, 2, 1.0)
    doubled = np.concatenate([features, features[:, :3], np.zeros((60, 2))], 1)
    assert np.isfinite(log_maximum_evidence(doubled, labels))
    assert np.isfinite(log_maximum_evidence(np.zeros((10, 4)), np.arange(10) % 2))
    assert np.isfinite(log_maximum_evidence(np.eye(10)[np.arange(40) % 10], np.arange(40) % 10))  # told apart exactly


def test_images_and_labels_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="Got 3 and 2"):
        log_maximum_evidence(np.ones((3, 2)), np.array([0, 1]))
    with pytest.raises(ValueError, match="Got 0 and 0"):
        log_maximum_evidence(np.ones((0, 2)), np.array([], int))
