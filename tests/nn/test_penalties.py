"""Penalties cost what they say, and leave alone what they do not name."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import RatePenalty, WeightPenalty


def test_weight_penalty_is_the_mean_square_of_each_weight_array():
    parameters = {"cell.W": np.full((2, 3), 2.0), "readout.V": np.full((1, 4), 3.0), "cell.bias": np.ones(5)}
    cost, gradients, grad_rates = WeightPenalty(0.5)(parameters, np.ones((3, 2, 2)))
    assert cost == pytest.approx(0.5 * (4.0 + 9.0))
    assert set(gradients) == {"cell.W", "readout.V"}
    np.testing.assert_allclose(gradients["cell.W"], 2 * 0.5 * 2.0 / 6)
    assert grad_rates is None


def test_rate_penalty_does_not_depend_on_the_number_of_times_or_sequences():
    rates = np.random.default_rng(1).normal(size=(4, 3, 2))
    cost, gradients, grad_rates = RatePenalty(2.0)({}, rates)
    twice, _, _ = RatePenalty(2.0)({}, np.concatenate([rates, rates]))
    assert cost == pytest.approx(2.0 * np.mean(rates**2))
    assert twice == pytest.approx(cost)
    assert gradients == {}
    np.testing.assert_allclose(grad_rates, 4.0 * rates / 24)


@pytest.mark.parametrize("penalty", [WeightPenalty, RatePenalty])
def test_negative_strength_is_refused(penalty):
    with pytest.raises(InputError, match="strength"):
        penalty(-1.0)
