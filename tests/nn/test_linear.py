"""The linear readout is y = V r + c over any leading axes."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Linear, Workspace


def test_outputs_are_weighted_sums_plus_bias():
    rng = np.random.default_rng(1)
    readout = Linear(4, 3)
    parameters = {"weights": rng.normal(size=(3, 4)), "bias": rng.normal(size=3)}
    rates = rng.normal(size=(6, 2, 4))
    outputs, _ = readout.read(parameters, rates, Workspace().empty)
    expected = np.einsum("ou,tbu->tbo", parameters["weights"], rates) + parameters["bias"]
    np.testing.assert_allclose(outputs, expected, atol=1e-14)


def test_initial_weights_keep_the_variance_of_the_rates():
    weights = Linear(300, 200).initial_parameters(rng=2)["weights"]
    assert weights.var() * 300 == pytest.approx(1.0, rel=0.03)


def test_no_outputs_are_refused():
    with pytest.raises(InputError, match="n_outputs"):
        Linear(3, 0)
