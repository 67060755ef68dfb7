"""Nearest neighbours and the probe, on features made up so that the right answer is known."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bakeoff_core.features import classifiers
from bakeoff_core.features.classifiers import STRENGTHS, fit_probe, predict_by_neighbours


def blobs(count: int, classes: int, spread: float, channels: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Clouds around a direction a class, scattered by so much."""
    centres = np.random.default_rng(1).standard_normal((classes, channels))
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    scatter = spread * generator.standard_normal((count, channels))
    return (centres[labels] + scatter).astype(np.float32), labels


# --- neighbours ------------------------------------------------------------------------------------------------------


def test_neighbours_vote_by_nearness_in_angle_and_not_in_length() -> None:
    # One neighbour at 0 degrees outweighs two at 60; the length of a vector says nothing.
    features = np.array([[9, 0], [0.5, 0.87], [0.5, -0.87]], np.float32)
    assert predict_by_neighbours(features, np.array([1, 0, 0]), np.array([[0.1, 0]], np.float32)).tolist() == [1]


def test_the_vote_is_that_of_wu_and_others(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = blobs(90, 3, 2.0)
    asked, _ = blobs(40, 3, 2.0, seed=5)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = asked / np.linalg.norm(asked, axis=1, keepdims=True) @ unit.T
    nearest = np.argsort(-cosine, axis=1)[:, : classifiers.NEIGHBOURS]
    votes = np.exp(np.take_along_axis(cosine, nearest, 1) / classifiers.TEMPERATURE)
    expected = [np.bincount(labels[near], vote, 3).argmax() for near, vote in zip(nearest, votes, strict=True)]
    assert predict_by_neighbours(features, labels, asked).tolist() == expected
    monkeypatch.setattr(classifiers, "CHUNK", 7)
    assert predict_by_neighbours(features, labels, asked).tolist() == expected


def test_fewer_images_than_neighbours_all_vote() -> None:
    features, labels = blobs(6, 3, 0.01)
    assert predict_by_neighbours(features, labels, features).tolist() == labels.tolist()


# --- the probe -------------------------------------------------------------------------------------------------------


def test_the_probe_is_logistic_regression_on_standardised_features(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = blobs(120, 3, 1.5)
    asked, _ = blobs(50, 3, 1.5, seed=5)
    probe = fit_probe(features, labels, blobs(60, 3, 1.5, seed=9))
    probability, predicted = probe.predict(asked)
    # Scaling by the root of the width is a strength divided by the width.
    scaler = StandardScaler().fit(features)
    reference = LogisticRegression(C=probe.choice.strength / 16, tol=1e-8, max_iter=5000)
    reference.fit(scaler.transform(features), labels)
    expected = reference.predict_proba(scaler.transform(asked))
    assert (predicted == expected.argmax(1)).mean() > 0.97
    assert probability == pytest.approx(expected.max(1), abs=0.01)
    monkeypatch.setattr(classifiers, "CHUNK", 7)
    assert probe.predict(asked)[1].tolist() == predicted.tolist()


def test_noise_gets_a_strong_penalty_and_clear_classes_any() -> None:
    features, labels = blobs(60, 3, 12.0, channels=200)
    noisy = fit_probe(features, labels, blobs(300, 3, 12.0, channels=200, seed=9)).choice
    assert noisy.strength < STRENGTHS[-1]
    assert noisy.chosen_on == "validation"
    features, labels = blobs(60, 3, 0.1)
    clear = fit_probe(features, labels, blobs(60, 3, 0.1, seed=9)).choice
    assert clear.accuracy == 100
    assert clear.strength == STRENGTHS[0] and clear.at_edge  # of equals the strongest


def test_the_accuracy_of_the_choice_is_that_of_a_fit_at_its_strength() -> None:
    features, labels = blobs(120, 4, 2.5)
    held_out, truth = blobs(80, 4, 2.5, seed=9)
    probe = fit_probe(features, labels, (held_out, truth))
    assert probe.choice.accuracy == pytest.approx(100 * (probe.predict(held_out)[1] == truth).mean(), abs=2.6)


def test_the_strength_is_the_one_that_is_best_by_the_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    # The strongest has the frequent class alone right, the next one more of both, but fewer in all.
    truth = np.array([0] * 8 + [1] * 2)
    answers = {STRENGTHS[0]: np.zeros(10, int), STRENGTHS[1]: np.array([0] * 5 + [1] * 5)}
    sure = {STRENGTHS[0]: np.linspace(0.6, 0.9, 10), STRENGTHS[1]: np.linspace(0.9, 0.6, 10)}

    def scripted(self: object, strength: float) -> tuple[np.ndarray, ...]:
        at = min(strength, STRENGTHS[1])
        return truth, answers[at], sure[at]

    monkeypatch.setattr(classifiers._Path, "answers_at", scripted)
    features, labels = blobs(40, 2, 1.0)
    found = {
        metric: fit_probe(features, labels, (features, labels), metric=metric, positive=1).choice
        for metric in ("accuracy", "balanced-accuracy", "average-precision")
    }
    assert found["accuracy"].strength == STRENGTHS[0] and found["accuracy"].accuracy == 80
    assert found["balanced-accuracy"].strength == STRENGTHS[1]
    assert found["balanced-accuracy"].values["balanced-accuracy"] == pytest.approx((62.5 + 100) / 2)
    assert found["average-precision"].strength == STRENGTHS[1]


def test_average_precision_of_a_cross_validation_is_that_of_all_answers_together() -> None:
    features, labels = blobs(60, 2, 2.0)
    one, other = (fit_probe(features, labels, None, metric="average-precision", positive=at).choice for at in (0, 1))
    assert one.chosen_on == "cross-validation"
    assert 50 < one.values["average-precision"] <= 100
    assert set(one.values) >= {"accuracy", "recall"} and one.values != other.values


def test_without_images_held_back_the_strength_is_cross_validated_alike_each_time() -> None:
    features, labels = blobs(60, 3, 2.0)
    first, second = (fit_probe(features, labels, None, seed=3).choice for _ in range(2))
    assert first == second
    assert first.chosen_on == "cross-validation" and 0 < first.accuracy < 100


def test_one_image_a_class_leaves_nothing_to_choose_by() -> None:
    features, labels = blobs(4, 4, 0.1)
    probe = fit_probe(features, labels, None)
    assert (probe.choice.chosen_on, probe.choice.accuracy, probe.choice.at_edge) == ("nothing", None, False)
    assert probe.predict(features)[1].tolist() == labels.tolist()


def test_a_rare_class_and_a_dead_channel_do_no_harm() -> None:
    features, labels = blobs(60, 3, 0.5)
    features[:, 3] = 7
    labels[labels == 2] = 1
    labels[5] = 2
    probe = fit_probe(features, labels, None)
    assert np.isfinite(probe.predict(features)[0]).all()


def test_labels_need_not_all_be_asked_for() -> None:
    features, labels = blobs(60, 3, 0.1)
    held_out, truth = blobs(30, 3, 0.1, seed=9)
    probe = fit_probe(features, labels, (held_out[truth == 1], truth[truth == 1]))
    assert probe.choice.accuracy == 100
