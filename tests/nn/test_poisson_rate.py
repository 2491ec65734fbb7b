"""Poisson outputs are expected counts: never negative."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import PoissonRate, Workspace


@pytest.mark.parametrize(("link", "function"), [("exp", np.exp), ("softplus", lambda z: np.log1p(np.exp(z)))])
def test_outputs_are_the_link_of_the_scores(link, function):
    rng = np.random.default_rng(1)
    parameters = {"weights": rng.normal(size=(3, 4)), "bias": rng.normal(size=3)}
    rates = rng.normal(size=(5, 2, 4))
    outputs, _ = PoissonRate(4, 3, link=link).read(parameters, rates, Workspace().empty)
    np.testing.assert_allclose(outputs, function(rates @ parameters["weights"].T + parameters["bias"]))


def test_a_softplus_rate_grows_linearly_where_an_exponential_one_overflows():
    parameters = {"weights": np.ones((1, 1), np.float32), "bias": np.zeros(1, np.float32)}
    rates = np.array([[1e4], [-1e4]], np.float32)
    linear, _ = PoissonRate(1, 1, link="softplus").read(parameters, rates, Workspace().empty)
    overflown, _ = PoissonRate(1, 1).read(parameters, rates, Workspace().empty)
    np.testing.assert_array_equal(linear, [[1e4], [0.0]])
    np.testing.assert_array_equal(overflown, [[np.inf], [0.0]])


def test_another_link_is_refused():
    with pytest.raises(InputError, match="link: expected one of exp, softplus, got 'log'"):
        PoissonRate(2, 2, link="log")
