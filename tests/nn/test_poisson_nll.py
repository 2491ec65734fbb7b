"""The Poisson loss is the likelihood of counts, and lowest where rates are the mean counts."""

import numpy as np
import pytest
from scipy.stats import poisson

from motorsim.checks import InputError
from motorsim.nn import PoissonNLL, poisson_nll
from motorsim.nn.poisson_nll import PoissonNLLOfLogRates, PoissonNLLOfSoftplusScores


def test_with_the_factorial_it_is_the_likelihood_itself():
    rng = np.random.default_rng(1)
    rates = rng.uniform(0.2, 5.0, (6, 3))
    counts = rng.poisson(rates).astype(float)
    value, _ = PoissonNLL(with_log_factorial=True)(rates, counts)
    assert value == pytest.approx(-np.mean(poisson.logpmf(counts, rates)), rel=1e-12)


def test_the_factorial_changes_no_gradient():
    rates, counts = np.full((2, 2), 1.5), np.array([[0.0, 3.0], [5.0, 1.0]])
    _, without = poisson_nll(rates, counts)
    _, whole = PoissonNLL(with_log_factorial=True)(rates, counts)
    np.testing.assert_array_equal(whole, without)


def test_the_best_rate_is_the_mean_count():
    counts = np.random.default_rng(2).poisson(2.0, (500, 1)).astype(float)
    _, gradient = poisson_nll(np.full((500, 1), counts.mean()), counts)
    assert gradient.sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("loss", "link"),
    [(PoissonNLLOfLogRates(), np.exp), (PoissonNLLOfSoftplusScores(), lambda z: np.log1p(np.exp(z)))],
)
def test_scores_cost_what_their_rates_cost(loss, link):
    rng = np.random.default_rng(3)
    scores, counts = rng.normal(size=(5, 4)), rng.poisson(1.0, (5, 4)).astype(float)
    assert loss(scores, counts)[0] == pytest.approx(poisson_nll(link(scores), counts)[0], rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_below_zero_a_softplus_rate_is_an_exponential_one(dtype):
    # Across the score from which the logarithm of the rate is taken to be the score itself.
    scores = np.linspace(-400.0, -20.0, 39, dtype=dtype)[:, None]
    counts = np.ones_like(scores)
    value, gradient = PoissonNLLOfSoftplusScores()(scores, counts)
    expected, expected_gradient = PoissonNLLOfLogRates()(scores, counts)
    assert value == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-6)


def test_rates_that_overflow_give_an_infinite_loss_and_no_warning():
    value, _ = PoissonNLLOfLogRates()(np.array([[1e4]], np.float32), np.ones((1, 1), np.float32))
    assert value == np.inf


@pytest.mark.parametrize(
    ("rates", "counts", "message"),
    [
        ([[1.0]], [[-1.0]], "targets: expected counts of at least 0, got a least of -1"),
        ([[1.0]], [[np.nan]], "targets: expected counts"),
        ([[-0.1]], [[1.0]], "outputs: expected rates of at least 0.*use the PoissonRate readout"),
    ],
)
def test_negative_counts_and_rates_are_refused(rates, counts, message):
    with pytest.raises(InputError, match=message):
        poisson_nll(np.array(rates), np.array(counts))


def test_a_switch_that_is_none_is_refused():
    with pytest.raises(InputError, match="with_log_factorial"):
        PoissonNLL(with_log_factorial=1)
