"""Structured weights keep their structure while they learn, and their gradients are right."""

import pickle

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import SGD, Dale, Fixed, Leaky, Linear, LowRank, Network, Sparse

W = "cell.recurrent_weights"
RNG = np.random.default_rng(0)
MASK = RNG.random((6, 6)) < 0.5
EXCITATORY = np.array([True, True, True, True, False, False])
STRUCTURES = {
    "sparse": {W: Sparse(MASK)},
    "dale": {W: Dale(EXCITATORY), "readout.weights": Dale(EXCITATORY)},
    "sparse dale": {W: Dale(EXCITATORY, MASK)},
    "low rank": {W: LowRank(2)},
    "fixed": {W: Fixed(RNG.normal(size=(6, 6))), "cell.bias": Fixed(np.ones(6))},
}


def _network(structures, dtype="float64", seed=1):
    cell = Leaky(3, 6, 0.01, 0.03, gain=1.2)
    return Network.initialise(cell, Linear(6, 2), rng=seed, dtype=dtype, parametrisations=structures)


def _batch():
    rng = np.random.default_rng(2)
    return rng.normal(size=(4, 7, 3)), rng.normal(size=(4, 7, 2))


def _learn(network, n_updates=20):
    optimiser = SGD(0.5)
    state = optimiser.init(network.parameters)
    for _ in range(n_updates):
        _, gradients = network.loss_and_gradients(*_batch())
        parameters, state = optimiser.update(gradients, state, network.parameters)
        network = network.with_parameters(parameters)
    return network


@pytest.mark.parametrize("structures", STRUCTURES.values(), ids=STRUCTURES)
def test_gradients_of_raw_arrays_equal_central_differences(structures, gradient_error):
    network = _network(structures)
    _, gradients = network.loss_and_gradients(*_batch())
    assert list(gradients) == list(network.parameters)
    for name, gradient in gradients.items():

        def objective(array, name=name):
            return network.with_parameters({**network.parameters, name: array}).loss(*_batch())

        assert gradient_error(gradient, objective, network.parameters[name]) < 1e-6, name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("structures", STRUCTURES.values(), ids=STRUCTURES)
def test_learning_lowers_the_loss_and_keeps_number_type(structures, dtype):
    network = _network(structures, dtype)
    learned = _learn(network)
    assert learned.loss(*_batch()) < 0.95 * network.loss(*_batch())
    assert {array.dtype for array in learned.effective_parameters.values()} == {np.dtype(dtype)}
    assert learned.forward(_batch()[0]).outputs.dtype == dtype


def test_sparse_weights_stay_where_they_are():
    weights = _learn(_network(STRUCTURES["sparse"])).effective_parameters[W]
    np.testing.assert_array_equal(weights != 0.0, MASK)


def test_sparse_weights_start_with_the_input_variance_of_full_ones():
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(500, 500)) / np.sqrt(500)
    kept = Sparse(rng.random((500, 500)) < 0.1).initial(drawn)[""]
    assert (kept**2).sum(axis=1).mean() == pytest.approx(1.0, rel=0.05)


def test_signs_follow_dales_law_after_learning():
    learned = _learn(_network(STRUCTURES["sparse dale"]))
    weights = learned.effective_parameters[W]
    assert np.all(weights[:, EXCITATORY] >= 0.0)
    assert np.all(weights[:, ~EXCITATORY] <= 0.0)
    np.testing.assert_array_equal(weights != 0.0, MASK)
    assert np.all(learned.parameters[W] != _network(STRUCTURES["sparse dale"]).parameters[W], where=MASK)


def test_excitation_and_inhibition_cancel_on_average_at_the_start():
    drawn = np.random.default_rng(4).normal(size=(400, 400)) / 20.0
    dale = Dale(np.arange(400) < 320)
    raw = dale.initial(drawn)
    sums = dale.effective(raw, drawn.dtype).sum(axis=1)
    size = np.abs(dale.effective(raw, drawn.dtype)).sum(axis=1).mean()
    assert abs(sums.mean()) < 0.02 * size


def test_weights_of_low_rank_have_it_and_start_at_the_best_approximation():
    network = _network(STRUCTURES["low rank"])
    assert np.linalg.matrix_rank(_learn(network).effective_parameters[W]) == 2
    drawn = _network({}).parameters[W]
    values = np.linalg.svd(drawn, compute_uv=False)
    error = np.linalg.norm(drawn - network.effective_parameters[W])
    assert error == pytest.approx(np.linalg.norm(values[2:]), rel=1e-12)


def test_full_rank_is_the_network_without_structure():
    full, free = _network({W: LowRank(6)}), _network({})
    np.testing.assert_allclose(
        full.forward(_batch()[0]).outputs, free.forward(_batch()[0]).outputs, atol=1e-12
    )


def test_fixed_numbers_are_seen_by_no_optimiser():
    network = _network(STRUCTURES["fixed"])
    assert W not in network.parameters
    learned = _learn(network)
    np.testing.assert_array_equal(learned.effective_parameters[W], STRUCTURES["fixed"][W].values)
    np.testing.assert_array_equal(learned.effective_parameters["cell.bias"], np.ones(6))


@pytest.mark.parametrize("structures", STRUCTURES.values(), ids=STRUCTURES)
def test_network_with_structure_goes_through_text_and_workers(structures):
    network = _network(structures)
    expected = network.forward(_batch()[0]).outputs
    rebuilt = Network.from_configuration(network.configuration, network.to_arrays())
    np.testing.assert_array_equal(rebuilt.forward(_batch()[0]).outputs, expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(network)).forward(_batch()[0]).outputs, expected)  # noqa: S301


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sparse(np.ones((6, 6))), "mask: expected True and False, got float64"),
        (lambda: Dale(MASK), r"excitatory: expected one axis, \(from,\), got shape \(6, 6\)"),
        (lambda: LowRank(0), "rank: expected an integer of at least 1"),
        (lambda: Fixed(np.full((6, 6), np.nan)), "values: expected finite numbers"),
        (lambda: _network({W: Sparse(MASK[:5])}), r"mask: expected shape \(6, 6\).*got shape \(5, 6\)"),
        (
            lambda: _network({W: Dale(EXCITATORY[:5])}),
            r"excitatory: expected as many as the last axis .* got 5",
        ),
        (lambda: _network({"cell.bias": Dale(EXCITATORY)}), "excitatory: expected as many as the last axis"),
        (lambda: _network({W: LowRank(7)}), r"rank: expected at most the smaller side .*\(6, 6\), got 7"),
        (lambda: _network({W: Fixed(np.ones(6))}), r"values: expected shape \(6, 6\)"),
        (
            lambda: _network({"cell.weights": LowRank(1)}),
            "parametrisations: expected names among cell.rec.*'cell.weights'",
        ),
        (
            lambda: _network({W: LowRank}),
            r"parametrisations\['cell.recurrent_weights'\]: expected a parametrisation",
        ),
    ],
)
def test_structure_that_does_not_fit_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
