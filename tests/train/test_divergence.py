"""Training that leaves all bounds is stopped and said, and nothing of it is kept."""

import logging
from functools import partial

import numpy as np
import pytest

from motorsim.nn import SGD, Adam, Linear, Network, Vanilla, mse
from motorsim.train import fit


def _same(first, second):
    return all(np.array_equal(array, second.parameters[name]) for name, array in first.parameters.items())


@pytest.mark.parametrize("with_validation", [False, True])
def test_divergence_is_caught_said_and_the_last_good_network_kept(
    caplog, with_validation, oscillations, small_network
):
    inputs, targets = oscillations(10)
    with caplog.at_level(logging.WARNING, logger="motorsim"):
        result = fit(
            small_network(),
            inputs,
            targets,
            optimiser=SGD(1e6),
            rng=1,
            n_iterations=50,
            clip_norm=None,
            validation=(inputs, targets) if with_validation else None,
        )
    assert result.stopped == "diverged"
    first, last = result.training_loss
    assert 1e3 * first < last < np.inf
    assert result.network.loss(inputs, targets) <= result.training_loss[0]
    assert f"the loss went from {first:.3g} to {last:.3g}" in caplog.text
    assert "try a lower learning rate than 1e+06, clip_norm=1 or a smaller initial gain" in result.message


def test_divergence_of_the_very_last_update_is_caught_without_validation(oscillations, small_network):
    inputs, targets = oscillations(10)
    network = small_network()
    result = fit(network, inputs, targets, optimiser=SGD(1e6), rng=1, n_iterations=1, clip_norm=None)
    assert result.stopped == "diverged"
    assert result.best_iteration == 0
    assert _same(result.network, network)


class _Breaking:
    """An optimiser whose third update gives numbers that are not finite."""

    def init(self, params):
        return SGD().init(params)

    def update(self, grads, state, params, *, rate_factor=1.0):
        updated, after = SGD(0.1).update(grads, state, params, rate_factor=rate_factor)
        factor = np.nan if state.iteration == 2 else 1.0
        return {name: array * factor for name, array in updated.items()}, after


def test_parameters_that_are_not_finite_are_never_returned(oscillations, small_network):
    inputs, targets = oscillations(11)
    network = small_network()
    result = fit(network, inputs, targets, optimiser=_Breaking(), rng=1, n_iterations=20)
    expected = fit(network, inputs, targets, optimiser=SGD(0.1), rng=1, n_iterations=2)
    assert (result.stopped, result.best_iteration) == ("diverged", 2)
    assert np.isnan(result.training_loss[-1])
    assert _same(result.network, expected.network)


def test_validation_loss_that_is_not_finite_ends_training_at_once(oscillations, small_network):
    inputs, targets = oscillations(11)
    run = partial(fit, small_network(), inputs, targets, optimiser=_Breaking(), rng=1, n_iterations=20)
    result = run(validation=(inputs, targets), evaluate_every=1)
    assert (result.stopped, result.best_iteration) == ("diverged", 2)
    assert len(result.training_loss) == 3
    assert np.isnan(result.validation_loss[-1])


def test_gradient_that_is_not_finite_is_divergence(oscillations, small_network):
    inputs, targets = oscillations(11)

    def broken(outputs, targets, mask):
        loss, gradient = mse(outputs, targets, mask)
        return loss, gradient * np.nan

    result = fit(small_network(), inputs, targets, optimiser=Adam(), rng=1, n_iterations=5, loss=broken)
    assert (result.stopped, len(result.training_loss)) == ("diverged", 1)
    assert _same(result.network, small_network())


def test_loss_that_grows_from_almost_nothing_is_not_divergence(oscillations, small_network):
    inputs, _ = oscillations(12)
    network = small_network()
    targets = network.forward(inputs).outputs + 1e-9
    result = fit(network, inputs, targets, optimiser=Adam(1e-3), rng=1, n_iterations=20)
    assert result.training_loss.max() > 1e3 * result.training_loss[0]
    assert result.stopped == "iterations"


def test_loss_below_zero_is_not_divergence(oscillations, small_network):
    """A log-likelihood of densities can be negative; training goes on while it falls."""
    inputs, targets = oscillations(20)

    def shifted(outputs, targets, mask):
        loss, gradient = mse(outputs, targets, mask)
        return loss - 5.0, gradient

    result = fit(small_network(), inputs, targets, optimiser=Adam(), rng=1, n_iterations=10, loss=shifted)
    assert (result.stopped, len(result.training_loss)) == ("iterations", 10)
    assert np.all(result.training_loss < 0)


def test_first_loss_of_zero_is_no_measure_of_divergence(oscillations):
    """A batch in which nothing is asked of a silent network says nothing of how large losses are."""
    inputs, targets = oscillations(21)
    batches = iter([(np.zeros_like(inputs), np.zeros_like(targets)), *[(inputs, targets)] * 9])
    run = partial(fit, Network.initialise(Vanilla(2, 8), Linear(8, 2), rng=1), rng=1, clip_norm=None)
    result = run(optimiser=SGD(1e-3), n_iterations=8, batches=lambda _rng: next(batches))
    assert result.training_loss[0] == 0.0
    assert result.stopped == "iterations"
    batches = iter([(np.zeros_like(inputs), np.zeros_like(targets)), *[(inputs, targets)] * 9])
    result = run(optimiser=SGD(1e6), n_iterations=8, batches=lambda _rng: next(batches))
    assert (result.stopped, len(result.training_loss)) == ("diverged", 3)
