"""L-BFGS solves smooth problems to the last digits."""

from functools import partial

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Adam, Dense, FeedForward, Leaky, Linear, Network, WeightPenalty
from motorsim.train import fit
from motorsim.train.lbfgs import fit_lbfgs, flatten, unflatten


def test_linear_problem_reaches_the_least_squares_solution():
    rng = np.random.default_rng(1)
    inputs, targets = rng.normal(size=(40, 5)), rng.normal(size=(40, 3))
    network = FeedForward.initialise((Dense(5, 3),), (5,), rng=1)
    result = fit_lbfgs(network, inputs, targets, n_iterations=200)
    with_bias = np.column_stack([inputs, np.ones(40)])
    solution, residuals, *_ = np.linalg.lstsq(with_bias, targets, rcond=None)
    assert result.stopped == "converged"
    assert result.training_loss[-1] == pytest.approx(residuals.sum() / targets.size, rel=1e-12)
    found = {array.shape: array for array in result.network.parameters.values()}
    np.testing.assert_allclose(found[(3, 5)], solution[:5].T, atol=1e-6)
    np.testing.assert_allclose(found[(3,)], solution[5], atol=1e-6)


def test_recurrent_network_goes_below_adam_and_never_up(oscillations, small_network):
    inputs, targets = oscillations(1)
    network = small_network()
    result = fit_lbfgs(network, inputs, targets, n_iterations=60)
    by_adam = fit(network, inputs, targets, optimiser=Adam(1e-2), rng=1, n_iterations=60)
    assert result.training_loss[-1] < by_adam.training_loss[-1] < 0.1 * by_adam.training_loss[0]
    assert np.all(np.diff(result.training_loss) <= 0)
    assert (result.stopped, result.best_iteration, len(result.training_loss)) == ("iterations", 60, 61)
    assert result.training_loss[0] == pytest.approx(network.loss(inputs, targets), rel=1e-12)
    assert result.training_loss[-1] == pytest.approx(result.network.loss(inputs, targets), rel=1e-12)


def test_masks_and_penalties_count(oscillations, small_network):
    inputs, targets = oscillations(1)
    mask = np.arange(20) < np.full((8, 1), 10)
    spoilt = np.where(mask[..., None], targets, np.nan)
    penalties = [WeightPenalty(0.5)]
    run = partial(fit_lbfgs, small_network(), inputs, n_iterations=5, mask=mask, penalties=penalties)
    result = run(spoilt)
    np.testing.assert_array_equal(result.training_loss, run(targets).training_loss)
    start, _ = small_network().loss_and_gradients(inputs, targets, mask=mask, penalties=penalties)
    assert result.training_loss[0] == pytest.approx(start, rel=1e-12)


def test_noise_is_left_out_and_the_start_unchanged(oscillations, small_network):
    network = small_network(noise_std=0.5)
    before = network.to_arrays()
    first, again = (fit_lbfgs(network, *oscillations(1), n_iterations=3) for _ in range(2))
    np.testing.assert_array_equal(first.training_loss, again.training_loss)
    for name, array in before.items():
        np.testing.assert_array_equal(network.parameters[name], array)


def test_arrays_of_single_precision_keep_their_type():
    network = Network.initialise(Leaky(2, 4, 0.05, 0.1), Linear(4, 2), rng=1, dtype="float32")
    inputs = np.random.default_rng(2).normal(size=(3, 6, 2)).astype(np.float32)
    result = fit_lbfgs(network, inputs, inputs, n_iterations=5)
    assert result.network.dtype == np.float32
    assert result.training_loss[-1] < result.training_loss[0]


def test_flat_vector_holds_every_array_in_order():
    rng = np.random.default_rng(3)
    arrays = {"b": rng.normal(size=(2, 3)), "a": rng.normal(size=4), "c": np.array(5.0)}
    vector = flatten(dict(reversed(arrays.items())), arrays)
    np.testing.assert_array_equal(vector, [*arrays["b"].ravel(), *arrays["a"], 5.0])
    for name, array in unflatten(vector, arrays).items():
        np.testing.assert_array_equal(array, arrays[name])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_iterations": 0}, "n_iterations"),
        ({"n_corrections": 0}, "n_corrections"),
        ({"gradient_tolerance": 0.0}, "gradient_tolerance"),
        ({"inputs": np.ones((2, 3, 5))}, "inputs"),
        ({"loss": lambda outputs, *_: (np.inf, outputs)}, "network: expected a finite loss to start from"),
        ({"loss": "mse"}, "loss: expected a loss such as mse"),
        ({"penalties": WeightPenalty(1.0)}, "penalties: expected a sequence of penalties"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, message, oscillations, small_network):
    inputs, targets = oscillations(1)
    arguments = {"inputs": inputs, "targets": targets, "n_iterations": 5} | change
    with pytest.raises(InputError, match=message):
        fit_lbfgs(small_network(), **arguments)


def test_converged_means_that_the_gradient_is_gone():
    rng = np.random.default_rng(4)
    inputs, targets = rng.normal(size=(40, 4)) * [1.0, 0.3, 0.1, 0.03], rng.normal(size=(40, 2))
    network = FeedForward.initialise((Dense(4, 2),), (4,), rng=1)
    result = fit_lbfgs(network, inputs, targets, n_iterations=500, gradient_tolerance=1e-9)
    _, gradients = result.network.loss_and_gradients(inputs, targets)
    assert result.stopped == "converged"
    assert max(np.abs(gradient).max() for gradient in gradients.values()) <= 1e-9
