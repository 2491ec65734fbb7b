"""Networks fitted to activity, to the task, and to both at once."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.nn import Adam, Cosine, Leaky, Linear, Mixed, Mixture, Network, PoissonRate, mse, poisson_nll
from motorsim.plant import Arm
from motorsim.train import HandLoss, fit

START_M = (0.0, 0.4)
N_NEURONS = 12


def inputs_and_angles(n_directions, n_times=30):
    """Return inputs, (direction, time, 2), that tell the direction all the time, and the directions."""
    angle_rad = 2 * np.pi * np.arange(n_directions) / n_directions
    direction = np.stack([np.cos(angle_rad), np.sin(angle_rad)], axis=-1)
    return np.repeat(direction[:, None], n_times, axis=1), angle_rad


def reach_paths_m(inputs):
    """Return paths of 4 cm that start and end slowly, (direction, time, 2)."""
    share = np.linspace(0, 1, inputs.shape[1])
    return START_M + 0.04 * inputs * (share**2 * (3 - 2 * share))[:, None]


def tuned_counts(angle_rad, n_times=30):
    """Return expected counts a bin of tuned neurons whose activity rises, (direction, time, neuron)."""
    preferred_rad = 2 * np.pi * np.arange(N_NEURONS) / N_NEURONS
    tuning = np.cos(angle_rad[:, None] - preferred_rad)[:, None]
    return 0.5 * np.exp(np.linspace(0, 1, n_times)[:, None] * tuning)


def test_trials_under_the_poisson_likelihood_teach_what_their_average_teaches():
    inputs, angle_rad = inputs_and_angles(4)
    counts = np.random.default_rng(1).poisson(tuned_counts(angle_rad), (6, 4, 30, N_NEURONS)).astype(float)
    network = Network.initialise(Leaky(2, 8, dt_s=0.02, tau_s=0.1), PoissonRate(8, N_NEURONS), rng=2)
    trials = network.loss_and_gradients(np.tile(inputs, (6, 1, 1)), np.concatenate(counts), loss=poisson_nll)
    average = network.loss_and_gradients(inputs, counts.mean(axis=0), loss=poisson_nll)
    assert trials[0] == pytest.approx(average[0], rel=1e-12)
    for name, gradient in trials[1].items():
        np.testing.assert_allclose(gradient, average[1][name], rtol=1e-9, atol=1e-14)


def test_rates_behind_single_trials_are_found_better_than_averages_show_them():
    inputs, angle_rad = inputs_and_angles(8)
    expected = tuned_counts(angle_rad)
    counts = np.random.default_rng(3).poisson(expected, (3, 8, 30, N_NEURONS)).astype(float)
    network = Network.initialise(Leaky(2, 12, dt_s=0.02, tau_s=0.1), PoissonRate(12, N_NEURONS), rng=4)
    fitted = fit(
        network,
        np.tile(inputs, (3, 1, 1)),
        np.concatenate(counts),
        optimiser=Adam(0.02),
        loss=poisson_nll,
        rng=5,
        n_iterations=150,
    )
    error = np.mean((fitted.network.forward(inputs).outputs - expected) ** 2)
    assert error < 0.25 * np.mean((counts.mean(axis=0) - expected) ** 2)


def test_one_network_makes_spikes_and_moves_the_hand():
    inputs, angle_rad = inputs_and_angles(8)
    held_out = np.arange(8) % 4 == 3
    paths_m, expected = reach_paths_m(inputs), tuned_counts(angle_rad)
    counts = np.random.default_rng(6).poisson(expected).astype(float)
    readout = Mixed((PoissonRate(16, N_NEURONS), Linear(16, 2)))
    spikes, torque = readout.slices
    hand = HandLoss(Arm(), dt_s=0.02, torque_scale_nm=0.1, start_m=START_M, position_scale_m=0.01)
    both = Mixture(((spikes, poisson_nll, 1.0), (torque, hand, 1.0)))
    start = Network.initialise(Leaky(2, 16, dt_s=0.02, tau_s=0.1, gain=0.5), readout, rng=7)
    targets = np.concatenate([counts, paths_m], axis=2)
    fitted = fit(
        start,
        inputs[~held_out],
        targets[~held_out],
        optimiser=Adam(0.02),
        schedule=Cosine(150),
        loss=both,
        rng=8,
        n_iterations=150,
    )

    def scores(network):
        outputs = network.forward(inputs).outputs[held_out]
        path_m = hand.hand_path(outputs[..., torque], paths_m[held_out])
        likelihood = poisson_nll(outputs[..., spikes], expected[held_out])[0]
        return likelihood, np.linalg.norm(path_m - paths_m[held_out], axis=2).mean()

    before, after = scores(start), scores(fitted.network)
    least = poisson_nll(expected[held_out], expected[held_out])[0]
    assert after[0] - least < 0.25 * (before[0] - least)
    at_rest = np.linalg.norm(START_M - paths_m[held_out], axis=2).mean()
    assert after[1] < 0.3 * at_rest < before[1]


def test_what_weighs_nothing_is_not_learned():
    inputs, angle_rad = inputs_and_angles(8)
    targets = np.concatenate([tuned_counts(angle_rad), reach_paths_m(inputs)], axis=2)
    readout = Mixed((Linear(12, N_NEURONS), Linear(12, 2)))
    first, second = readout.slices
    start = Network.initialise(Leaky(2, 12, dt_s=0.02, tau_s=0.1), readout, rng=9)
    fitted = fit(
        start,
        inputs,
        targets,
        optimiser=Adam(0.02),
        loss=Mixture(((first, mse, 1.0), (second, mse, 0.0))),
        rng=10,
        n_iterations=60,
    ).network
    for name in ("weights", "bias"):
        np.testing.assert_array_equal(
            fitted.parameters[f"readout.1.{name}"], start.parameters[f"readout.1.{name}"]
        )
    losses = [
        mse(network.forward(inputs).outputs[..., first], targets[..., first])[0]
        for network in (fitted, start)
    ]
    assert losses[0] < 0.1 * losses[1]
