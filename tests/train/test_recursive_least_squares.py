from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.train.recursive_least_squares import RecursiveLeastSquares


@pytest.fixture
def samples():
    rng = np.random.default_rng(1)
    return rng.normal(size=(40, 6)), rng.normal(size=(40, 3)), rng.normal(size=(3, 6))


def learn(features, targets, weights, alpha):
    learner = RecursiveLeastSquares(weights, alpha=alpha)
    for x, y in zip(features, targets, strict=True):
        learner.update(x, learner.weights @ x - y)
    return learner


def test_the_weights_are_those_of_ridge_regression_towards_the_first_ones(samples):
    features, targets, first = samples
    learned = learn(features, targets, first, alpha=0.7).weights
    gram = features.T @ features + 0.7 * np.eye(6)
    expected = first + np.linalg.solve(gram, features.T @ (targets - features @ first.T)).T
    np.testing.assert_allclose(learned, expected, rtol=1e-10)


def test_the_inverse_correlation_is_that_of_all_samples(samples):
    features, targets, first = samples
    learned = learn(features, targets, first, alpha=0.7).inverse_correlation
    np.testing.assert_allclose(
        learned, np.linalg.inv(features.T @ features + 0.7 * np.eye(6)), rtol=1e-9, atol=1e-12
    )


def test_samples_of_a_linear_rule_are_reproduced_without_error_in_the_limit_of_no_ridge(samples):
    features, _, rule = samples
    learned = learn(features, features @ rule.T, np.zeros((3, 6)), alpha=1e-9).weights
    np.testing.assert_allclose(learned, rule, rtol=1e-8)


def test_the_first_weights_are_copied(samples):
    features, targets, first = samples
    kept = first.copy()
    learn(features, targets, first, alpha=1.0)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("alpha", [0.0, -1.0, np.nan])
def test_a_ridge_that_is_not_above_zero_is_refused(alpha):
    with pytest.raises(InputError, match="alpha"):
        RecursiveLeastSquares(np.zeros((1, 2)), alpha=alpha)


def test_weights_that_are_no_matrix_are_refused():
    with pytest.raises(InputError, match=r"weights.*\(output, feature\)"):
        RecursiveLeastSquares(np.zeros(3), alpha=1.0)
