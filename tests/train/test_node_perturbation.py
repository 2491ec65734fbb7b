from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Adam, Leaky, Linear, Network, RatePenalty, Vanilla, mse
from motorsim.train import fit
from motorsim.train.node_perturbation import NodePerturbation, node_perturbation_gradients

CELLS = {"Leaky": Leaky(2, 4, 0.05, 0.1), "Vanilla": Vanilla(2, 4)}


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    return rng.normal(size=(2, 4, 2)), rng.normal(size=(2, 4, 1))


def cosine(first, second):
    a, b = (np.concatenate([array.ravel() for array in each.values()]) for each in (first, second))
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_the_mean_of_many_draws_is_the_gradient(cell, batch):
    network = Network.initialise(cell, Linear(4, 1), rng=1)
    mask = np.array([[True, True, False, True], [False, False, True, False]])
    loss, estimate = node_perturbation_gradients(network, *batch, rng=2, n_draws=20_000, mask=mask)
    expected_loss, expected = network.loss_and_gradients(*batch, mask=mask)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    assert set(estimate) == set(expected)
    assert cosine(estimate, expected) > 0.99
    for name, gradient in expected.items():
        norm = np.linalg.norm(gradient)
        assert np.linalg.norm(estimate[name] - gradient) < 0.15 * norm, name


def test_few_draws_point_the_same_way_less_well(batch):
    network = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=1)
    _, expected = network.loss_and_gradients(*batch)
    few, many = (
        np.mean(
            [
                cosine(node_perturbation_gradients(network, *batch, rng=seed, n_draws=n)[1], expected)
                for seed in range(20)
            ]
        )
        for n in (1, 100)
    )
    assert 0.0 < few < 0.6
    assert many > 0.9


def test_noise_that_changes_no_loss_gives_no_gradient(batch):
    network = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=1)

    class Indifferent:
        def __call__(self, outputs, *_):
            return 1.0, np.zeros_like(outputs)

        def weight(self, shape, _):
            return float(np.prod(shape))

    _, gradients = node_perturbation_gradients(network, *batch, rng=1, loss=Indifferent())
    assert all((gradient == 0.0).all() for gradient in gradients.values())


def test_its_mean_square_grows_with_the_number_of_disturbed_nodes():
    # One linear step without recurrence: the drives' gradient is that of the bias, and n nodes are disturbed.
    def excess(n_units):
        cell = Vanilla(1, n_units, gain=0.0, activation="linear", learn_initial_state=False)
        network = Network.initialise(cell, Linear(n_units, 1), rng=1)
        inputs, targets = np.zeros((1, 1, 1)), np.full((1, 1, 1), 5.0)
        _, expected = network.loss_and_gradients(inputs, targets)
        names = ("cell.bias", "readout.bias")
        exact = sum(float(np.sum(expected[name] ** 2)) for name in names)
        squares = []
        for seed in range(1500):
            _, drawn = node_perturbation_gradients(network, inputs, targets, rng=seed, noise_std=1e-4)
            squares.append(sum(float(np.sum(drawn[name] ** 2)) for name in names))
        return np.mean(squares) / exact

    assert excess(4) == pytest.approx(5 + 2, rel=0.2)
    assert excess(19) == pytest.approx(20 + 2, rel=0.2)


def test_each_sequence_answers_for_its_own_part_alone(batch):
    inputs, targets = batch
    network = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=1)
    mask = np.array([[True] * 4, [False] * 4])
    first = [
        node_perturbation_gradients(network, np.stack([inputs[0], other]), targets, rng=1, mask=mask)[1]
        for other in (inputs[1], 9.0 * inputs[1])
    ]
    for name, gradient in first[0].items():
        np.testing.assert_allclose(gradient, first[1][name], rtol=1e-12)


def test_fit_trains_a_network_by_it(batch):
    network = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=1)
    inputs = batch[0]
    targets = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=7).forward(inputs).outputs
    rule = NodePerturbation(network, n_draws=20)
    result = fit(rule, inputs, targets, optimiser=Adam(1e-2), rng=1, n_iterations=150)
    assert result.network.network.loss(inputs, targets) < 0.2 * network.loss(inputs, targets)


def test_what_gives_it_nothing_to_go_by_is_refused(batch):
    network = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=1)
    rule = NodePerturbation(network)
    with pytest.raises(InputError, match="rng"):
        rule.compute_loss_and_gradients(network.parameters, *batch, loss=mse)
    with pytest.raises(InputError, match="penalties"):
        rule.compute_loss_and_gradients(
            network.parameters, *batch, loss=mse, penalties=(RatePenalty(1.0),), rng=np.random.default_rng(1)
        )
    with pytest.raises(InputError, match="MeanLoss"):
        node_perturbation_gradients(network, *batch, rng=1, loss=lambda outputs, *_: (0.0, outputs))


@pytest.mark.parametrize(("name", "value"), [("noise_std", 0.0), ("n_draws", 0)])
def test_numbers_out_of_range_are_refused(name, value):
    network = Network.initialise(CELLS["Leaky"], Linear(4, 1), rng=1)
    with pytest.raises(InputError, match=name):
        NodePerturbation(network, **{name: value})


def test_learned_time_constants_are_refused():
    cell = Leaky(2, 4, 0.05, 0.1, learn_time_constants=True)
    with pytest.raises(InputError, match="fixed time constants"):
        NodePerturbation(Network.initialise(cell, Linear(4, 1), rng=1))
