from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import DivergenceError, InputError
from motorsim.nn import Leaky, Linear, Network, Vanilla
from motorsim.train.force import force

DT_S, PERIOD_S = 0.02, 1.2


def chaotic_network(n_units=150, n_inputs=1, n_outputs=1, gain=1.4, seed=1, **cell):
    drawn = Network.initialise(
        Leaky(n_inputs, n_units, DT_S, 0.1, gain=gain, **cell), Linear(n_units, n_outputs), rng=seed
    )
    rng = np.random.default_rng(seed)
    start = {"cell.initial_state": rng.normal(size=n_units).astype(drawn.dtype)}
    return drawn.with_parameters(drawn.to_arrays() | start)


def sines(n_periods, n_outputs=1):
    times_s = DT_S * np.arange(round(n_periods * PERIOD_S / DT_S))
    phase = 2 * np.pi * times_s / PERIOD_S
    waves = (
        np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase),
        np.cos(phase) - 0.4 * np.sin(2 * phase),
    )
    return np.stack(waves[:n_outputs], axis=-1)[None]


def relative_error(network, inputs, targets):
    outputs = network.forward(inputs).outputs
    return np.sqrt(np.mean((outputs - targets) ** 2) / np.mean(targets**2))


def nothing(targets):
    return np.zeros((*targets.shape[:2], 1))


def test_the_network_generates_a_sum_of_sines_alone_and_beyond_the_time_it_was_trained_for():
    targets = sines(8)
    network = chaotic_network()
    fit = force(network, nothing(targets), targets, rng=2, feedback=2.0, alpha=0.1, every=1)
    longer = sines(16)
    assert relative_error(network, nothing(longer), longer) > 0.9
    assert relative_error(fit.network, nothing(longer), longer) < 0.03


def test_several_outputs_are_learned_at_once():
    targets = sines(3, n_outputs=2)
    fit = force(chaotic_network(n_outputs=2), nothing(targets), targets, rng=2, alpha=0.1)
    assert relative_error(fit.network, nothing(targets), targets) < 0.05


def test_trials_are_told_apart_by_their_inputs():
    targets = np.concatenate([sines(1), -0.5 * sines(1)[:, ::-1]])
    inputs = np.ones_like(targets) * np.array([1.0, -1.0])[:, None, None]
    fit = force(chaotic_network(), inputs, targets, rng=2, alpha=0.1, n_rounds=20)
    assert relative_error(fit.network, inputs, targets) < 0.05


def test_weights_settle_and_the_error_before_each_update_falls():
    targets = sines(3)
    fit = force(chaotic_network(), nothing(targets), targets, rng=2, n_rounds=10)
    assert fit.weight_change.shape == fit.training_loss.shape == (10,)
    assert fit.weight_change[-1] < 0.1 * fit.weight_change[0]
    assert fit.training_loss[-1] < 0.1 * fit.training_loss[0]


def test_the_feedback_is_part_of_the_recurrent_weights_and_of_the_bias():
    targets = sines(1)
    network = chaotic_network(20)
    before = network.to_arrays()
    fit = force(network, nothing(targets), targets, rng=2, n_rounds=1)
    after = fit.network.parameters
    np.testing.assert_allclose(
        after["cell.recurrent_weights"] - before["cell.recurrent_weights"],
        fit.feedback @ after["readout.weights"],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        after["cell.bias"] - before["cell.bias"], fit.feedback @ after["readout.bias"], atol=1e-12
    )
    for name in ("cell.input_weights", "cell.initial_state"):
        np.testing.assert_array_equal(after[name], before[name])


def test_without_learning_the_loop_is_the_network_that_is_returned():
    targets = sines(1)
    network = chaotic_network(20)
    mask = np.zeros(targets.shape[:2], dtype=bool)
    mask[:, -1] = True  # an odd time: it counts in the loss, and no update is made
    fit = force(network, nothing(targets), targets, rng=2, n_rounds=1, mask=mask, every=2)
    assert fit.weight_change[0] == 0.0
    last = fit.network.forward(nothing(targets)).outputs[0, -1]
    assert fit.training_loss[0] == pytest.approx(float((last - targets[0, -1])[0] ** 2), rel=1e-9)


def test_what_the_mask_leaves_out_may_be_unknown_and_teaches_nothing():
    targets = sines(1)
    mask = np.zeros(targets.shape[:2], dtype=bool)
    mask[:, 20:] = True
    unknown = np.where(mask[..., None], targets, np.nan)
    fits = [
        force(chaotic_network(20), nothing(targets), each, rng=2, n_rounds=2, mask=mask)
        for each in (unknown, np.where(mask[..., None], targets, 5.0))
    ]
    for name, array in fits[0].network.parameters.items():
        np.testing.assert_array_equal(array, fits[1].network.parameters[name])


def test_the_same_seed_gives_the_same_network_and_given_weights_are_used():
    targets = sines(1)
    network, weights = chaotic_network(20), np.full((20, 1), 0.3)
    first, again, given = (
        force(network, nothing(targets), targets, rng=2, n_rounds=1, feedback=feedback)
        for feedback in (1.0, 1.0, weights)
    )
    np.testing.assert_array_equal(first.feedback, again.feedback)
    assert np.abs(first.feedback).max() <= 1.0
    np.testing.assert_array_equal(given.feedback, weights)


def test_a_network_in_float32_stays_in_float32():
    targets = sines(1)
    drawn = chaotic_network(20)
    small = drawn.with_parameters({n: a.astype(np.float32) for n, a in drawn.to_arrays().items()})
    assert force(small, nothing(targets), targets, rng=2, n_rounds=1).network.dtype == np.float32


@pytest.mark.parametrize(
    ("setting", "value"),
    [("alpha", 0.0), ("every", 0), ("n_rounds", 0), ("feedback", np.ones((3, 1))), ("feedback", -1.0)],
)
def test_settings_out_of_range_are_refused_by_name(setting, value):
    targets = sines(1)
    with pytest.raises(InputError, match=setting):
        force(chaotic_network(20), nothing(targets), targets, rng=1, **{setting: value})


def test_other_cells_and_masks_of_single_outputs_are_refused():
    targets = sines(1)
    other = Network.initialise(Vanilla(1, 5), Linear(5, 1), rng=1)
    with pytest.raises(InputError, match="Leaky, got Vanilla"):
        force(other, nothing(targets), targets, rng=1)
    with pytest.raises(InputError, match="mask of times"):
        force(chaotic_network(20), nothing(targets), targets, rng=1, mask=np.ones(targets.shape, bool))


def test_a_network_without_bounds_that_runs_away_is_reported():
    targets = np.ones((1, 3000, 1))
    network = chaotic_network(20, gain=60.0, activation="linear")
    with pytest.raises(DivergenceError, match="round 1"):
        force(network, nothing(targets), targets, rng=1, alpha=1e9)
