from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import (
    BPTT,
    SGD,
    Adam,
    Leaky,
    Linear,
    Network,
    RatePenalty,
    Softmax,
    Vanilla,
    WeightPenalty,
    mse,
)
from motorsim.train import fit
from motorsim.train.e_prop import EProp, broadcast_weights, e_prop_gradients

CELLS = {
    "Leaky": Leaky(3, 8, 0.02, 0.1),
    "Leaky, unequal": Leaky(3, 8, 0.02, tuple(np.linspace(0.04, 0.4, 8)), activation="softplus"),
    "Leaky, learned": Leaky(3, 8, 0.02, tuple(np.linspace(0.04, 0.4, 8)), learn_time_constants=True),
    "Vanilla": Vanilla(3, 8),
    "Vanilla, sigmoid": Vanilla(3, 8, activation="sigmoid", learn_initial_state=False),
}


def drawn_network(cell, seed=1):
    return Network.initialise(cell, Linear(8, 2), rng=seed)


def with_recurrence(network, weights):
    return network.with_parameters(network.to_arrays() | {"cell.recurrent_weights": weights})


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    return rng.normal(size=(4, 12, 3)), rng.normal(size=(4, 12, 2)), rng.random((4, 12)) < 0.7


def cosine(first, second, names):
    a, b = (np.concatenate([each[name].ravel() for name in names]) for each in (first, second))
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_with_diagonal_recurrence_it_is_back_propagation_through_time(cell, batch):
    inputs, targets, mask = batch
    network = with_recurrence(drawn_network(cell), np.diag(np.linspace(-1.2, 1.2, 8)))
    loss, gradients = e_prop_gradients(network, inputs, targets, mask=mask)
    expected_loss, expected = network.loss_and_gradients(inputs, targets, mask=mask)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    assert set(gradients) == set(expected)
    for name, gradient in expected.items():
        # Off the diagonal the gradient itself goes by way of one unit alone.
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("feedback", ["symmetric", "random"])
def test_readout_gradients_are_always_exact(cell, feedback, batch):
    inputs, targets, mask = batch
    network = drawn_network(cell)
    _, gradients = e_prop_gradients(network, inputs, targets, mask=mask, feedback=feedback, rng=3)
    _, expected = network.loss_and_gradients(inputs, targets, mask=mask)
    for name in ("readout.weights", "readout.bias"):
        np.testing.assert_allclose(gradients[name], expected[name], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("cell", [CELLS["Leaky"], CELLS["Vanilla"]], ids=["Leaky", "Vanilla"])
@pytest.mark.parametrize("seed", range(5))
def test_with_full_recurrence_it_points_the_way_of_back_propagation_but_differs(cell, seed, batch):
    network = drawn_network(cell, seed)
    names = [name for name in network.parameters if name.startswith("cell.")]
    _, gradients = e_prop_gradients(network, *batch[:2])
    _, expected = network.loss_and_gradients(*batch[:2])
    assert 0.3 < cosine(gradients, expected, names) < 0.999


def test_random_feedback_is_another_learning_signal_that_only_a_seed_repeats(batch):
    network = drawn_network(CELLS["Leaky"])
    one, again, other = (
        e_prop_gradients(network, *batch[:2], feedback="random", rng=seed)[1]["cell.bias"]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


def test_given_feedback_of_the_readouts_own_weights_is_symmetric_feedback(batch):
    network = drawn_network(CELLS["Leaky"])
    own = network.parameters["readout.weights"].T
    given = e_prop_gradients(network, *batch[:2], feedback=own)[1]
    symmetric = e_prop_gradients(network, *batch[:2])[1]
    for name, gradient in symmetric.items():
        np.testing.assert_allclose(given[name], gradient, rtol=1e-12)


def test_penalties_join_in_and_are_exact_where_e_prop_is(batch):
    inputs, targets, _ = batch
    network = with_recurrence(drawn_network(CELLS["Leaky"]), np.zeros((8, 8)))
    penalties = (RatePenalty(0.3), WeightPenalty(0.2))
    value, gradients = EProp(network).compute_loss_and_gradients(
        network.parameters, inputs, targets, loss=mse, penalties=penalties
    )
    expected_value, expected = network.loss_and_gradients(inputs, targets, penalties=penalties)
    assert float(value) == pytest.approx(expected_value, rel=1e-12)
    for name, gradient in expected.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("feedback", ["symmetric", "random"])
def test_fit_trains_a_network_by_it(feedback, batch):
    inputs = batch[0]
    teacher = drawn_network(CELLS["Leaky"], seed=7)
    targets = teacher.forward(inputs).outputs
    network = drawn_network(CELLS["Leaky"], seed=1)
    rule = EProp(network, broadcast_weights(network, feedback, rng=2))
    result = fit(rule, inputs, targets, optimiser=Adam(1e-2), rng=1, n_iterations=200)
    assert isinstance(result.network, EProp)
    assert result.network.network.loss(inputs, targets) < 0.1 * network.loss(inputs, targets)


def test_types_are_kept(batch):
    network = drawn_network(CELLS["Vanilla"])
    small = network.with_parameters({name: a.astype(np.float32) for name, a in network.to_arrays().items()})
    _, gradients = e_prop_gradients(small, *batch[:2], feedback="random", rng=1)
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("feedback", "message"),
    [("both", "feedback.*symmetric"), (np.zeros((2, 8)), "feedback.*shape"), ("random", "rng")],
)
def test_feedback_that_is_none_is_refused(feedback, message, batch):
    with pytest.raises(InputError, match=message):
        e_prop_gradients(drawn_network(CELLS["Leaky"]), *batch[:2], feedback=feedback)


def test_other_readouts_and_a_way_back_through_time_are_refused(batch):
    other = Network.initialise(CELLS["Leaky"], Softmax(8, 2), rng=1)
    with pytest.raises(InputError, match="readout is Linear, got Softmax"):
        EProp(other)
    with pytest.raises(InputError, match="bptt"):
        fit(
            EProp(drawn_network(CELLS["Leaky"])),
            *batch[:2],
            optimiser=SGD(),
            rng=1,
            n_iterations=1,
            bptt=BPTT(truncate_after=2),
        )
