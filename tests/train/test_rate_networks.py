from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Dale, Dense, Leaky, Linear, Network, Sequential, Softmax, Stacked, Vanilla
from motorsim.train.rate_networks import check_rate_network, with_drive_inputs

CELL = Leaky(2, 4, 0.01, 0.1)


@pytest.mark.parametrize("cell", [CELL, Vanilla(2, 4, activation="relu")])
def test_rate_cells_with_a_linear_readout_pass(cell):
    check_rate_network(Network.initialise(cell, Linear(4, 1), rng=1))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Network.initialise(Stacked((CELL,)), Linear(4, 1), rng=1), "cell is Leaky or Vanilla, got Stacked"),
        (Network.initialise(CELL, Softmax(4, 2), rng=1), "readout is Linear, got Softmax"),
        (
            Network.initialise(CELL, Linear(4, 1), rng=1, encoder=Sequential((Dense(3, 2),))),
            "encoder Sequential",
        ),
        (
            Network.initialise(
                CELL,
                Linear(4, 1),
                rng=1,
                parametrisations={"cell.recurrent_weights": Dale(np.array([True, True, False, False]))},
            ),
            "cell.recurrent_weights",
        ),
        (CELL, "Network of Leaky or Vanilla and Linear, got Leaky"),
    ],
)
def test_everything_else_is_refused_by_name(network, message):
    with pytest.raises(InputError, match=message):
        check_rate_network(network)


def test_further_inputs_act_on_the_drive_through_their_weights():
    rng = np.random.default_rng(1)
    params, weights = CELL.initial_parameters(rng=1), rng.normal(size=(4, 3))
    state, inputs, further = rng.normal(size=(5, 4)), rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    wider, wider_params = with_drive_inputs(CELL, params, weights)
    plain, _ = CELL.step(params, state, inputs)
    driven, _ = wider.step(wider_params, state, np.concatenate([inputs, further], axis=1))
    np.testing.assert_allclose(driven - plain, CELL.leak(params) * further @ weights.T, atol=1e-14)
