"""Penalties cost what they say, and leave alone what they do not name."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Leaky, Linear, Network, RatePenalty, Vanilla, WeightPenalty
from motorsim.nn.penalties import SmoothnessPenalty


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


CELLS = {
    f"{kind} {activation}": (
        Vanilla(2, 4, activation=activation)
        if kind == "vanilla"
        else Leaky(2, 4, dt_s=0.01, tau_s=0.05, activation=activation)
    )
    for kind in ("vanilla", "leaky")
    for activation in ("tanh", "sigmoid", "relu", "softplus", "linear")
}


@pytest.mark.parametrize("name", CELLS)
def test_smoothness_penalty_is_the_mean_square_of_the_recurrent_jacobian(name):
    cell, rng = CELLS[name], np.random.default_rng(1)
    parameters = {key: rng.normal(size=shape) for key, shape in cell.parameter_shapes.items()}
    states = [rng.normal(size=(3, 4))]
    inputs = rng.normal(size=(6, 3, 2))
    for now in inputs:
        states.append(cell.step(parameters, states[-1], now)[0])
    if isinstance(cell, Vanilla):
        rates, tau = np.stack(states[1:]), 1.0
        jacobians = [
            cell.jacobian(parameters, state, now) for state, now in zip(states, inputs, strict=False)
        ]
    else:
        # J of a step is (1 - leak) + leak W diag(f').
        rates, tau = np.stack([cell.rates(state) for state in states[1:]]), cell.tau_s / cell.dt_s
        jacobians = [tau * cell.jacobian(parameters, state, inputs[0]) for state in states[1:]]
        jacobians = [jacobian - (tau - 1.0) * np.eye(4) for jacobian in jacobians]
    expected = np.sum(np.square(jacobians)) / (6 * 3) / 4
    whole = {f"cell.{key}": array for key, array in parameters.items()}
    assert SmoothnessPenalty(0.7, cell)(whole, rates)[0] == pytest.approx(0.7 * expected, rel=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_gradients_of_the_smoothness_penalty(name, gradient_error, complex_step):
    cell, rng = CELLS[name], np.random.default_rng(2)
    weights, rates = rng.normal(size=(4, 4)), rng.uniform(0.1, 0.9, (6, 3, 4))
    penalty = SmoothnessPenalty(0.7, cell)

    def cost(weights, rates):
        kind = np.result_type(weights, rates)
        weights, rates = weights.astype(kind), rates.astype(kind)
        return penalty({"cell.recurrent_weights": weights}, rates)[0]

    _, gradients, grad_rates = penalty({"cell.recurrent_weights": weights}, rates)
    for gradient, function, array in (
        (gradients["cell.recurrent_weights"], lambda w: cost(w, rates), weights),
        (grad_rates, lambda r: cost(weights, r), rates),
    ):
        expected = complex_step(function, array)
        assert np.linalg.norm(gradient - expected) <= 1e-12 * np.linalg.norm(expected)
        if expected.any():
            assert gradient_error(gradient, function, array) < 1e-6
    assert set(gradients) == {"cell.recurrent_weights"}


def test_smoothness_of_a_silent_network_is_the_square_of_its_gain_whatever_its_size():
    for n_units in (100, 400):
        cell = Vanilla(2, n_units, gain=1.5)
        weights = cell.initial_parameters(rng=1)["recurrent_weights"]
        cost, _, grad_rates = SmoothnessPenalty(1.0, cell)(
            {"cell.recurrent_weights": weights}, np.zeros((3, 2, n_units))
        )
        assert cost == pytest.approx(1.5**2, rel=0.05)
        assert not grad_rates.any()


def test_smoothness_penalty_does_not_depend_on_the_number_of_times_or_sequences():
    cell, rng = CELLS["leaky tanh"], np.random.default_rng(3)
    weights, rates = {"cell.recurrent_weights": rng.normal(size=(4, 4))}, rng.uniform(-1, 1, (6, 3, 4))
    once, _, grad = SmoothnessPenalty(1.0, cell)(weights, rates)
    twice, _, grad_twice = SmoothnessPenalty(1.0, cell)(weights, np.concatenate([rates, rates], axis=1))
    assert twice == pytest.approx(once)
    np.testing.assert_allclose(2 * grad_twice[:, :3], grad)


@pytest.mark.parametrize("kind", ["penalty", "cell", "network"])
def test_what_smoothness_is_not_defined_for_is_refused(kind):
    cell = CELLS["vanilla tanh"]
    if kind == "penalty":
        with pytest.raises(InputError, match="strength"):
            SmoothnessPenalty(-1.0, cell)
    elif kind == "cell":
        with pytest.raises(InputError, match="cell: expected a Leaky or Vanilla cell, got Linear"):
            SmoothnessPenalty(1.0, Linear(4, 2))
    else:
        with pytest.raises(InputError, match="parameters: expected a network of the one cell given"):
            SmoothnessPenalty(1.0, cell)({"cell.0.recurrent_weights": np.eye(4)}, np.zeros((1, 1, 4)))


@pytest.mark.parametrize(
    "penalty",
    [
        WeightPenalty(np.float64(0.3)),
        RatePenalty(np.float64(0.3)),
        SmoothnessPenalty(np.float64(0.3), CELLS["leaky tanh"]),
    ],
)
def test_strength_of_double_precision_keeps_single_precision(penalty):
    weights = {"cell.recurrent_weights": np.ones((4, 4), np.float32)}
    cost, gradients, grad_rates = penalty(weights, np.full((2, 3, 4), 0.5, np.float32))
    assert cost.dtype == np.float32
    arrays = [*gradients.values(), *([] if grad_rates is None else [grad_rates])]
    assert {array.dtype for array in arrays} == {np.dtype("float32")}


@pytest.mark.parametrize("cell", [CELLS["vanilla tanh"], CELLS["leaky tanh"]])
def test_smoothness_of_a_gated_network_or_of_another_size_is_refused(cell):
    for shape in ((12, 4), (7, 7)):
        with pytest.raises(InputError, match=r"parameters: expected .* of shape \(4, 4\), got shape"):
            SmoothnessPenalty(1.0, cell)(
                {"cell.recurrent_weights": np.ones(shape)}, np.zeros((2, 3, shape[1]))
            )


@pytest.mark.parametrize("given", [RatePenalty(1.0), (RatePenalty,), "rates", 3, (1.0,)])
def test_what_is_no_sequence_of_penalties_is_refused(given):
    network = Network.initialise(CELLS["leaky tanh"], Linear(4, 2), rng=0)
    with pytest.raises(InputError, match="penalties: expected a sequence of penalties"):
        network.loss_and_gradients(np.zeros((2, 3, 2)), np.zeros((2, 3, 2)), penalties=given)
