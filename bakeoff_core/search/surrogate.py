"""A Gaussian process that predicts what every row of a search costs here from the few that were measured.

The log of a cost is what is published of it, plus an unknown factor for this machine, a linear part in the features, a
smooth part, and what is peculiar to families, within them, to architectures and to single rows: a sum of independent
Gaussian processes (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, chapters 2 and 5,
http://gaussianprocess.org/gpml). How large each part is is learned from the measurements, beginning with what held on
published machines. Without measurements the published figures are the prediction, and very unsure.

Not covered: what the rows' numbers are (`search.features`), and what follows from predictions (`search.outlook`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bakeoff_core.search.features import Features

MACHINE_SD = 2.0
"""Of the log of how much slower or faster than published everything is here: within a factor of 50 for 95 %. Between
one image on a laptop's CPU and one of hundreds on a large GPU lies a factor of 150."""
MEMORY_SD = 0.7
"""The same of the peak memory, beside what weights and activations take: within a factor of 4."""
PARTS = {"smooth": 0.05, "rough": 0.02, "family": 0.03, "within_family": 0.02, "architecture": 0.01, "row": 0.003}
"""Variance of each part of the log cost before anything is measured: what is learned from two hundred rows of each of
timm's three tables lies within a factor of ten of these."""
LINEAR_VARIANCE = 0.1
"""The same for the slope of each feature."""
GUESSED_VARIANCE = 0.02
"""The same for rows whose features were guessed: they are as far off as the guess."""
FREEDOM = 2.0
"""Degrees of freedom of the draws before anything is measured; every second measurement adds one. The sizes of the
parts are learned too, from few measurements badly, so that predictions have the tails of Student's t (Rasmussen and
Williams 2006, section 9.9)."""
_PART_SD = 1.5
"""Of the log of these variances: how far a machine may differ from those."""
_LENGTHS_2 = {"smooth": 4.0, "rough": 0.5, "within_family": 1.0}
"""Squared lengths over which each part changes, in deviations of the features."""
_MOST_LEARNED_FROM = 160
"""Measurements that the sizes of the parts are learned from; more change them little and cost their cube in time."""
_ITERATIONS = 15
_JITTER = 1e-6
"""Added to variances (of logs) so that rounding leaves them positive."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """Covariances of the log costs of rows, as a sum of parts."""

    features: Features
    log_variances: np.ndarray
    """float[d + 7]: of the slopes, of `PARTS` in their order, and of guesses."""
    machine_sd: float
    """Of what all rows share."""

    def parts(self, one: np.ndarray, other: np.ndarray) -> list[np.ndarray]:
        """Return the parts of variance 1 but the linear ones, each of shape (len(one), len(other))."""
        f = self.features
        x, y = f.values[one], f.values[other]
        distance = np.maximum((x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T, 0.0)
        near = {name: np.exp(distance / (-2 * length)) for name, length in _LENGTHS_2.items()}
        family = (f.family[one][:, None] == f.family[other]).astype(float)
        same = one[:, None] == other
        architecture = (f.architecture[one][:, None] == f.architecture[other]).astype(float)
        guessed = (same & f.guessed[other]).astype(float)
        return [
            near["smooth"],
            near["rough"],
            family,
            family * near["within_family"],
            architecture,
            same.astype(float),
            guessed,
        ]

    def between(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return the covariances of some rows with others, float[len(one), len(other)]."""
        variances = np.exp(self.log_variances)
        x, y = self.features.values[one], self.features.values[other]
        total = (x * variances[: x.shape[1]]) @ y.T + self.machine_sd**2
        for variance, part in zip(variances[x.shape[1] :], self.parts(one, other), strict=True):
            total += variance * part
        return total

    def variance(self) -> np.ndarray:
        """Return the variance of each row, float[n]."""
        variances = np.exp(self.log_variances)
        slopes = self.features.values**2 @ variances[: self.features.values.shape[1]]
        rest = variances[self.features.values.shape[1] :]
        return self.machine_sd**2 + slopes + rest[:-1].sum() + rest[-1] * self.features.guessed


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of the log of a cost of every row, after the measurements."""

    mean: np.ndarray
    """float[n]: natural logarithm."""
    sd: np.ndarray
    """float[n]: its standard deviation, for a measured row too: what was measured is not yet the truth."""
    kernel: Kernel
    """Covariances before the measurements."""
    solved: np.ndarray
    """float[measured, n]: what the measurements take from them, as the factor of that matrix."""

    def draw(self, rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the log costs of some rows together, as they belong together.

        Args:
            rows: int[m], their places.
            count: Of draws.
            rng: What draws.

        Returns:
            float[m, count].
        """
        from scipy.linalg import cholesky

        half = self.solved[:, rows]
        covariance = self.kernel.between(rows, rows) - half.T @ half
        covariance[np.diag_indices_from(covariance)] += _JITTER
        freedom = FREEDOM + len(self.solved) / 2
        scale = np.sqrt(freedom / rng.chisquare(freedom, count))
        return (
            self.mean[rows, None] + cholesky(covariance, lower=True) @ rng.standard_normal((len(rows), count)) * scale
        )


def learn(
    features: Features, prior: np.ndarray, logs: np.ndarray, sds: np.ndarray, machine_sd: float = MACHINE_SD
) -> Posterior:
    """Return what the measurements tell of every row.

    Args:
        features: Of n rows.
        prior: float[n], the log of the cost as it is guessed without measurements; NaN where nothing tells, for which
            the mean of the others is taken.
        logs: float[n], the log of the measured cost; NaN: not measured.
        sds: float[n], the standard deviation of its error, where measured.
        machine_sd: How unsure the guess is as a whole: `MACHINE_SD` of latencies, `MEMORY_SD` of memory.
    """
    from scipy.linalg import cho_factor, solve_triangular

    start = np.log([LINEAR_VARIANCE] * features.values.shape[1] + [*PARTS.values(), GUESSED_VARIANCE])
    told = prior[~np.isnan(prior)]
    base = np.where(np.isnan(prior), told.mean() if told.size else 0.0, prior)
    measured = np.flatnonzero(~np.isnan(logs))
    if not measured.size:
        kernel = Kernel(features, start, machine_sd)
        return Posterior(base, np.sqrt(kernel.variance()), kernel, np.zeros((0, len(base))))
    beside, noise = (logs - base)[measured], sds[measured] ** 2 + _JITTER
    some = np.arange(measured.size)
    if measured.size > _MOST_LEARNED_FROM:
        some = np.argsort(logs[measured])[np.linspace(0, measured.size - 1, _MOST_LEARNED_FROM).astype(int)]
    before = Kernel(features, start, machine_sd)
    variances = _learn_variances(before, measured[some], beside[some], noise[some])
    kernel = Kernel(features, variances, machine_sd)
    covariance = kernel.between(measured, measured)
    covariance[np.diag_indices_from(covariance)] += noise
    lower = np.tril(cho_factor(covariance, lower=True)[0])
    solved = solve_triangular(lower, kernel.between(measured, np.arange(len(base))), lower=True)
    mean = base + solved.T @ solve_triangular(lower, beside, lower=True)
    sd = np.sqrt(np.maximum(kernel.variance() - (solved**2).sum(axis=0), _JITTER))
    return Posterior(mean, sd, kernel, solved)


def _learn_variances(start: Kernel, rows: np.ndarray, beside: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return the log variances that are likeliest after the measurements, those of `start` being the likeliest before.

    Args:
        start: What is believed before.
        rows: int[m], the measured rows.
        beside: float[m], what was measured, less what was guessed.
        noise: float[m], variance of the measurements' errors.
    """
    from scipy.linalg import cho_factor, cho_solve
    from scipy.optimize import minimize

    x, parts = start.features.values[rows], start.parts(rows, rows)

    def badness(log_variances: np.ndarray) -> tuple[float, np.ndarray]:
        variances = np.exp(log_variances)
        covariance = (x * variances[: x.shape[1]]) @ x.T + start.machine_sd**2
        for variance, part in zip(variances[x.shape[1] :], parts, strict=True):
            covariance += variance * part
        covariance[np.diag_indices_from(covariance)] += noise
        factor = cho_factor(covariance, lower=True)
        weights = cho_solve(factor, beside)
        slope = cho_solve(factor, np.eye(len(rows))) - np.outer(weights, weights)
        slopes = [*((slope @ x) * x).sum(axis=0), *(np.vdot(slope, part) for part in parts)]
        off = (log_variances - start.log_variances) / _PART_SD
        value = beside @ weights / 2 + np.log(np.diag(factor[0])).sum() + off @ off / 2
        return value, variances * slopes / 2 + off / _PART_SD

    options = {"maxiter": _ITERATIONS}
    bounds = [(value - 4 * _PART_SD, value + 4 * _PART_SD) for value in start.log_variances]
    return minimize(badness, start.log_variances, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
