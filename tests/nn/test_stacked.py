"""Stacked layers hand their rates upwards; what is dropped stays dropped for a sequence."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Bidirectional, Leaky, Linear, Network, Stacked, Vanilla
from motorsim.types import Draws


def _parameters(cell, rng):
    return {name: rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}


def test_each_layer_is_driven_by_the_rates_of_the_one_below(run):
    rng = np.random.default_rng(1)
    below, above = Leaky(3, 4, 0.01, 0.03), Vanilla(4, 2)
    stacked = Stacked((below, above))
    parameters = _parameters(stacked, rng)
    inputs, start = rng.normal(size=(8, 5, 3)), rng.normal(size=(5, 6))
    lower = {name[2:]: array for name, array in parameters.items() if name.startswith("0.")}
    upper = {name[2:]: array for name, array in parameters.items() if name.startswith("1.")}
    handed, _, states_below, _ = run(below, lower, start[:, :4], inputs)
    expected, _, states_above, _ = run(above, upper, start[:, 4:], handed)
    rates, _, states, _ = run(stacked, parameters, start, inputs)
    np.testing.assert_array_equal(rates, expected)
    np.testing.assert_array_equal(states, np.concatenate([states_below, states_above], axis=2))


def test_layers_of_one_kind_start_from_different_numbers():
    drawn = Stacked((Vanilla(3, 3), Vanilla(3, 3))).initial_parameters(rng=1)
    assert np.all(drawn["0.recurrent_weights"] != drawn["1.recurrent_weights"])


def test_what_is_dropped_stays_dropped_at_all_times_and_differs_between_sequences(run):
    linear = {"activation": "linear", "learn_initial_state": False}
    cell = Stacked((Vanilla(200, 200, **linear), Vanilla(200, 200, **linear)), dropout=0.25)
    eye, zero = np.eye(200), np.zeros((200, 200))
    layer = {"recurrent_weights": zero, "input_weights": eye, "bias": np.zeros(200)}
    parameters = {f"{i}.{name}": array for i in range(2) for name, array in layer.items()}
    inputs = np.ones((6, 10, 200))
    start = cell.initial_state(parameters, 10)
    rates = run(cell, parameters, start, inputs, draws=Draws.begin(np.random.default_rng(2)))[0]
    np.testing.assert_array_equal(rates, np.repeat(rates[:1], 6, axis=0))
    np.testing.assert_allclose(np.unique(rates), [0.0, 1 / 0.75])
    assert rates[0].mean() == pytest.approx(1.0, abs=0.05)
    assert np.any(rates[0, 0] != rates[0, 1])
    np.testing.assert_array_equal(run(cell, parameters, start, inputs)[0], inputs)


@pytest.mark.parametrize("rates", [{"dropout": 0.4}, {"input_dropout": 0.4}])
def test_gradients_with_dropout_equal_central_differences_of_the_same_drops(rates, gradient_error):
    cell = Stacked((Vanilla(3, 4), Vanilla(4, 3)), **rates)
    network = Network.initialise(cell, Linear(3, 2), rng=1)
    rng = np.random.default_rng(2)
    batch = rng.normal(size=(4, 6, 3)), rng.normal(size=(4, 6, 2))

    def value(name, array):
        changed = network.with_parameters({**network.parameters, name: array})
        return changed.loss_and_gradients(*batch, rng=np.random.default_rng(3))

    for name, array in network.parameters.items():
        gradient = value(name, array)[1][name]
        assert gradient_error(gradient, lambda moved, name=name: value(name, moved)[0], array) < 1e-6, name


def test_jacobian_is_block_triangular():
    cell = Stacked((Vanilla(3, 4), Vanilla(4, 2)))
    rng = np.random.default_rng(3)
    jacobian = cell.jacobian(_parameters(cell, rng), rng.normal(size=(1, 6)), rng.normal(size=(1, 3)))
    assert np.all(jacobian[0, :4, 4:] == 0.0)
    assert np.all(jacobian[0, 4:, :4] != 0.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stacked(()), "cells: expected at least one, got none"),
        (
            lambda: Stacked((Vanilla(3, 4), Vanilla(3, 2))),
            "cells: expected a layer of 4 inputs above one of 4 units, got one of 3",
        ),
        (lambda: Stacked((Vanilla(3, 4),), dropout=1.0), "dropout: expected a number from 0 to below 1"),
        (lambda: Stacked((Vanilla(3, 4),), input_dropout=-0.1), "input_dropout: expected a number"),
        (lambda: Stacked((Vanilla(3, 4),), dropout=0.3), "dropout: expected 0 with a single layer.*got 0.3"),
    ],
)
def test_layers_that_do_not_follow_each_other_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_stack_that_looks_ahead_has_no_step():
    cell = Stacked((Bidirectional(Vanilla(3, 2), Vanilla(3, 2)), Vanilla(4, 2)))
    parameters = _parameters(cell, np.random.default_rng(4))
    with pytest.raises(InputError, match="cells: expected layers that run forward in time only"):
        cell.step(parameters, cell.initial_state(parameters, 1), np.zeros((1, 3)))


def test_stack_within_a_stack_drops_other_units_than_the_stack_around_it(run):
    linear = Vanilla(300, 300, activation="linear", learn_initial_state=False)
    inner = Stacked((linear, linear), dropout=0.5, input_dropout=0.5)
    cell = Stacked((inner, linear), dropout=0.5, input_dropout=0.5)
    parameters = {name: np.zeros(shape) for name, shape in cell.parameter_shapes.items()}
    parameters |= {name: np.eye(300) for name in parameters if name.endswith("input_weights")}
    rates = run(
        cell,
        parameters,
        cell.initial_state(parameters, 20),
        np.ones((1, 20, 300)),
        draws=Draws.begin(np.random.default_rng(5)),
    )[0]
    # Four independent halves: the mean stays, and one unit in sixteen is left.
    assert rates.mean() == pytest.approx(1.0, abs=0.2)
    assert (rates > 0).mean() == pytest.approx(1 / 16, rel=0.2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stacked(("leaky", "gru")), r"cells\[0\]: expected a cell such as .*got 'leaky'"),
        (lambda: Stacked((Vanilla(3, 4), Vanilla)), r"cells\[1\]: expected a cell such as"),
        (lambda: Stacked(Vanilla(3, 4)), "cells: expected a tuple of cells, got Vanilla"),
        (lambda: Bidirectional("gru", Vanilla(3, 4)), "forward: expected a cell such as"),
        (lambda: Bidirectional(Vanilla(3, 4), "gru"), "backward: expected a cell such as"),
    ],
)
def test_what_is_no_cell_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
