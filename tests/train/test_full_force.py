"""full-FORCE teaches every unit the current of a network that is told the target."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Leaky, Linear, Network, Vanilla
from motorsim.train.full_force import full_force
from motorsim.train.recursive_least_squares import RecursiveLeastSquares

DT_S, PERIOD_S = 0.02, 1.2


def chaotic_network(n_units=60, n_outputs=1, seed=1):
    cell = Leaky(1, n_units, DT_S, 0.1, gain=1.4)
    drawn = Network.initialise(cell, Linear(n_units, n_outputs), rng=seed)
    start = np.random.default_rng(seed).normal(size=n_units)
    return drawn.with_parameters(drawn.to_arrays() | {"cell.initial_state": start})


def sines(n_periods):
    times_s = DT_S * np.arange(round(n_periods * PERIOD_S / DT_S))
    phase = 2 * np.pi * times_s / PERIOD_S
    return (np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase))[None, :, None]


def nothing(targets):
    return np.zeros((*targets.shape[:2], 1))


def relative_error(network, inputs, targets):
    outputs = network.forward(inputs).outputs
    return np.sqrt(np.mean((outputs - targets) ** 2) / np.mean(targets**2))


def test_the_network_generates_a_sum_of_sines_alone_and_beyond_the_time_it_was_trained_for():
    targets = sines(8)
    network = chaotic_network(100)
    fit = full_force(network, nothing(targets), targets, rng=2, feedback=2.0, alpha=0.1, every=1)
    longer = sines(16)
    assert relative_error(network, nothing(longer), longer) > 0.9
    assert relative_error(fit.network, nothing(longer), longer) < 0.05


def test_units_follow_those_of_the_network_that_is_told_the_target():
    targets = sines(8)
    network = chaotic_network(100)
    fit = full_force(network, nothing(targets), targets, rng=2, feedback=2.0, alpha=0.1, every=1)
    own = network.to_arrays()
    told = Network(
        Leaky(1, 100, DT_S, 0.1),
        network.readout,
        own | {"cell.input_weights": fit.feedback},
    )
    delayed = np.concatenate([np.zeros((1, 1, 1)), targets[:, :-1]], axis=1)
    expected = told.forward(delayed).hidden
    found = fit.network.forward(nothing(targets)).hidden
    assert np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)) < 0.1


def test_all_recurrent_weights_change_and_input_weights_do_not():
    targets = sines(1)
    network = chaotic_network(20)
    fit = full_force(network, nothing(targets), targets, rng=2, n_rounds=1)
    change = fit.network.parameters["cell.recurrent_weights"] - network.parameters["cell.recurrent_weights"]
    assert np.linalg.matrix_rank(change) > 5
    for name in ("cell.input_weights", "cell.initial_state"):
        np.testing.assert_array_equal(fit.network.parameters[name], network.parameters[name])


def test_a_network_that_already_does_what_it_is_told_is_left_as_it_is():
    network = chaotic_network(20)
    inputs = np.random.default_rng(3).normal(size=(2, 30, 1))
    targets = network.forward(inputs).outputs
    fit = full_force(network, inputs, targets, rng=1, feedback=np.zeros((20, 1)))
    for name, array in fit.network.parameters.items():
        np.testing.assert_allclose(array, network.parameters[name], atol=1e-9)
    assert fit.training_loss.max() < 1e-20


def test_hints_drive_the_network_that_is_told_and_no_other():
    targets = sines(1)
    hints = np.concatenate([targets, targets**2], axis=2)
    fit = full_force(chaotic_network(20), nothing(targets), targets, rng=1, hints=hints, n_rounds=1)
    assert fit.feedback.shape == (20, 3)
    assert fit.network.cell.n_inputs == 1
    plain = full_force(
        chaotic_network(20), nothing(targets), targets, rng=1, feedback=fit.feedback[:, :1], n_rounds=1
    )
    assert not np.allclose(
        fit.network.parameters["cell.recurrent_weights"], plain.network.parameters["cell.recurrent_weights"]
    )


def test_hints_of_another_length_and_unknown_targets_are_refused():
    targets = sines(1)
    with pytest.raises(InputError, match="hints"):
        full_force(chaotic_network(20), nothing(targets), targets, rng=1, hints=targets[:, 1:])
    with pytest.raises(InputError, match=r"targets.*finite"):
        full_force(chaotic_network(20), nothing(targets), np.full_like(targets, np.nan), rng=1)


def test_other_cells_are_refused():
    other = Network.initialise(Vanilla(1, 5), Linear(5, 1), rng=1)
    with pytest.raises(InputError, match="Leaky, got Vanilla"):
        full_force(other, nothing(sines(1)), sines(1), rng=1)


def test_first_errors_are_those_of_the_definition(monkeypatch):
    """Under a huge ridge nothing is learned, and each error is that of the network as it was."""
    told = []

    class Watched(RecursiveLeastSquares):
        def update(self, features, error):
            told.append((features.copy(), error.copy()))
            super().update(features, error)

    monkeypatch.setattr(sys.modules["motorsim.train.full_force"], "RecursiveLeastSquares", Watched)
    rng, network = np.random.default_rng(5), chaotic_network(8, n_outputs=2)
    params = network.to_arrays() | {"cell.bias": rng.normal(size=8), "readout.bias": rng.normal(size=2)}
    inputs, targets, feedback = (
        rng.normal(size=(1, 9, 1)),
        rng.normal(size=(1, 9, 2)),
        rng.normal(size=(8, 2)),
    )
    full_force(
        network.with_parameters(params),
        inputs,
        targets,
        rng=1,
        feedback=feedback,
        alpha=1e15,
        every=1,
        n_rounds=1,
    )
    weights, by_input, bias = (
        params[f"cell.{name}"] for name in ("recurrent_weights", "input_weights", "bias")
    )
    leak, signal = DT_S / 0.1, np.zeros(2)
    x = generated = params["cell.initial_state"]
    assert len(told) == 9
    for (features, error), now, target in zip(told, inputs[0], targets[0], strict=True):
        x = (1 - leak) * x + leak * (weights @ np.tanh(x) + by_input @ now + bias)
        drive = weights @ np.tanh(generated) + feedback @ signal + by_input @ now + bias
        generated, signal = (1 - leak) * generated + leak * drive, target
        current = weights @ np.tanh(generated) + feedback @ target + bias
        misfit = weights @ np.tanh(x) + bias - current
        output = params["readout.weights"] @ np.tanh(x) + params["readout.bias"]
        np.testing.assert_allclose(features, [*np.tanh(x), 1.0], rtol=1e-9)
        np.testing.assert_allclose(error, [*misfit, *(output - target)], rtol=1e-7, atol=1e-10)
