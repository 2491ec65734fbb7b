"""Gradients through time equal numerical ones, for every parameter array."""

from functools import partial

import numpy as np
import pytest

from motorsim.nn import (
    Leaky,
    Linear,
    Network,
    RatePenalty,
    Vanilla,
    WeightPenalty,
    Workspace,
    compute_loss,
    compute_loss_and_gradients,
    mse,
)

CELLS = {
    "leaky": Leaky(3, 5, 0.01, 0.03, gain=1.5),
    "leaky from zero": Leaky(3, 5, 0.01, 0.03, gain=1.5, learn_initial_state=False),
    "vanilla": Vanilla(3, 5, gain=1.5),
    "vanilla from zero": Vanilla(3, 5, gain=1.5, learn_initial_state=False),
}
PENALTIES = {
    "free": (),
    "weights": (WeightPenalty(0.7),),
    "rates": (RatePenalty(0.9),),
    "both": (WeightPenalty(0.7), RatePenalty(0.9)),
}
LOSSES = {"plain": mse, "weighted": partial(mse, output_weights=np.array([0.5, 2.0, 0.0, 1.0]))}


def _problem(cell, rng):
    """Return a network with no parameter at its initial zero, and a batch."""
    network = Network.initialise(cell, Linear(5, 4), rng=rng)
    moved = {name: array + 0.2 * rng.normal(size=array.shape) for name, array in network.parameters.items()}
    return network.with_parameters(moved), rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 6, 4))


def _mask(kind, rng):
    shape = {"all": None, "times": (2, 6), "outputs": (2, 6, 4)}[kind]
    return None if shape is None else rng.random(shape) < 0.6


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("kind", ["all", "times", "outputs"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradients_equal_central_differences(cell, penalties, kind, loss, gradient_error):
    rng = np.random.default_rng(1)
    network, inputs, targets = _problem(cell, rng)
    mask = _mask(kind, rng)
    _, gradients = network.loss_and_gradients(inputs, targets, loss=loss, mask=mask, penalties=penalties)

    assert set(gradients) == set(network.parameters)
    for name, gradient in gradients.items():

        def objective(array, name=name):
            changed = network.with_parameters({**network.parameters, name: array})
            return changed.loss_and_gradients(inputs, targets, loss=loss, mask=mask, penalties=penalties)[0]

        assert gradient_error(gradient, objective, network.parameters[name]) < 1e-6, name


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("kind", ["all", "times", "outputs"])
def test_gradients_equal_the_complex_step_derivative(cell, kind):
    rng = np.random.default_rng(2)
    network, inputs, targets = _problem(cell, rng)
    arguments = {"loss": mse, "mask": _mask(kind, rng)}
    penalties = (WeightPenalty(0.7), RatePenalty(0.9))
    run = partial(compute_loss_and_gradients, cell, network.readout, penalties=penalties, **arguments)
    _, gradients = run(network.parameters, inputs, targets)

    for name, gradient in gradients.items():
        expected = np.empty_like(gradient)
        for index in np.ndindex(gradient.shape):
            moved = {key: array.astype(complex) for key, array in network.parameters.items()}
            moved[name][index] += 1e-30j
            expected[index] = run(moved, inputs, targets.astype(complex))[0].imag / 1e-30
        assert np.linalg.norm(gradient - expected) < 1e-12 * np.linalg.norm(expected), name


def test_loss_alone_is_the_loss_that_comes_with_the_gradients():
    network, inputs, targets = _problem(CELLS["leaky"], np.random.default_rng(3))
    arguments = (network.cell, network.readout, network.parameters, inputs, targets)
    assert compute_loss(*arguments, loss=mse) == compute_loss_and_gradients(*arguments, loss=mse)[0]


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_used_workspace_changes_nothing_and_gradients_outlive_it(cell):
    network, inputs, targets = _problem(cell, np.random.default_rng(4))
    workspace = Workspace()
    run = partial(
        compute_loss_and_gradients, cell, network.readout, network.parameters, loss=mse, workspace=workspace
    )
    expected_loss, expected = network.loss_and_gradients(inputs, targets)
    loss, gradients = run(inputs, targets)
    run(-inputs, 3.0 * targets)
    assert loss == expected_loss
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, expected[name])
    assert run(inputs, targets)[0] == expected_loss


def test_single_precision_follows_double_precision():
    network, inputs, targets = _problem(CELLS["leaky"], np.random.default_rng(5))
    single = network.with_parameters({n: a.astype(np.float32) for n, a in network.parameters.items()})
    _, expected = network.loss_and_gradients(inputs, targets)
    _, gradients = single.loss_and_gradients(inputs, targets)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float32
        assert np.linalg.norm(gradient - expected[name]) < 1e-5 * np.linalg.norm(expected[name])


def test_rows_of_a_batch_do_not_mix():
    network, inputs, targets = _problem(CELLS["leaky"], np.random.default_rng(6))
    _, whole = network.loss_and_gradients(inputs, targets)
    apart = [network.loss_and_gradients(inputs[i : i + 1], targets[i : i + 1])[1] for i in range(2)]
    for name, gradient in whole.items():
        np.testing.assert_allclose(gradient, (apart[0][name] + apart[1][name]) / 2, atol=1e-14)
