"""A network never changes, can be rebuilt from plain values, and refuses what does not fit."""

import pickle

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Dale, Leaky, Linear, MeanSquaredError, Network, Vanilla

CELL, READOUT = Leaky(3, 6, 0.01, 0.05), Linear(6, 2)


def _network(seed=0, **keywords):
    return Network.initialise(CELL, READOUT, rng=seed, **keywords)


def _inputs(seed=0, shape=(4, 9, 3)):
    return np.random.default_rng(seed).normal(size=shape)


def test_trajectory_axes_are_batch_time_feature():
    trajectory = _network().forward(_inputs())
    assert trajectory.states.shape == trajectory.hidden.shape == (4, 9, 6)
    assert trajectory.outputs.shape == (4, 9, 2)
    np.testing.assert_array_equal(trajectory.hidden, np.tanh(trajectory.states))


def test_outputs_are_the_readout_of_the_hidden_rates_of_the_same_time():
    network = _network()
    trajectory = network.forward(_inputs())
    weights, bias = network.parameters["readout.weights"], network.parameters["readout.bias"]
    np.testing.assert_allclose(trajectory.outputs, trajectory.hidden @ weights.T + bias, atol=1e-14)


def test_input_acts_from_its_own_time_on_and_not_before():
    inputs = _inputs()
    changed = inputs.copy()
    changed[:, 5] += 1.0
    moved = np.abs(_network().forward(changed).hidden - _network().forward(inputs).hidden).max(axis=(0, 2))
    assert np.all(moved[:5] == 0)
    assert np.all(moved[5:] > 0)


def test_run_from_a_reached_state_continues_the_trajectory():
    network, inputs = _network(), _inputs()
    whole = network.forward(inputs)
    rest = network.forward(inputs[:, 4:], initial_state=whole.states[:, 3])
    np.testing.assert_allclose(rest.outputs, whole.outputs[:, 4:], atol=1e-14)


def test_same_seed_draws_the_same_network_and_another_seed_another():
    first, again, other = _network(7), _network(7), _network(8)
    for name, array in first.parameters.items():
        np.testing.assert_array_equal(array, again.parameters[name])
    assert np.all(first.parameters["cell.recurrent_weights"] != other.parameters["cell.recurrent_weights"])


def test_generator_as_seed_gives_different_arrays_to_cell_and_readout():
    network = Network.initialise(Leaky(1, 4, 0.01, 0.1), Linear(4, 4), rng=np.random.default_rng(1))
    recurrent, readout = (network.parameters[name] for name in ("cell.recurrent_weights", "readout.weights"))
    assert np.all(recurrent != readout)


def test_single_precision_stays_single_and_is_the_rounded_double():
    network = _network(dtype="float32")
    for name, array in _network().parameters.items():
        np.testing.assert_array_equal(network.parameters[name], array.astype(np.float32))
    loss, gradients = network.loss_and_gradients(_inputs(), np.zeros((4, 9, 2)))
    assert isinstance(loss, float)
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype("float32")}
    assert network.forward(_inputs()).outputs.dtype == np.float32


def test_parameters_cannot_be_changed_from_outside():
    arrays = _network().to_arrays()
    network = _network().with_parameters(arrays)
    arrays["readout.bias"] += 1.0
    np.testing.assert_array_equal(network.parameters["readout.bias"], 0.0)
    with pytest.raises(ValueError, match="read-only"):
        network.parameters["readout.bias"][0] = 1.0
    with pytest.raises(TypeError):
        network.parameters["readout.bias"] = np.ones(2)


def test_number_of_parameters():
    assert _network().n_parameters == 36 + 18 + 6 + 6 + 12 + 2


def test_network_goes_to_a_worker_and_back_and_stays_read_only():
    network = pickle.loads(pickle.dumps(_network()))  # noqa: S301
    np.testing.assert_array_equal(network.forward(_inputs()).outputs, _network().forward(_inputs()).outputs)
    assert not network.parameters["readout.bias"].flags.writeable


def _parameters(**changes):
    return {**_network().to_arrays(), **changes}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (_parameters(extra=np.zeros(2)), "parameters: expected cell.recurrent_weights.*extra"),
        ({}, "parameters: expected cell.recurrent_weights.* got none"),
        (_parameters(**{"cell.bias": np.zeros(5)}), r"parameters\['cell.bias'\].*\(6\).*shape \(5,\)"),
        (_parameters(**{"cell.bias": np.full(6, np.nan)}), "finite numbers, got 6 NaN"),
        (_parameters(**{"cell.bias": np.zeros(6, int)}), "all float32 or all float64, got float64, int64"),
        (_parameters(**{"cell.bias": np.zeros(6, np.float32)}), "got float32, float64"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        _network().with_parameters(parameters)


def test_readout_of_another_size_and_other_number_types_are_refused():
    with pytest.raises(InputError, match="readout: expected a readout of 6 units"):
        Network.initialise(CELL, Linear(5, 2), rng=0)
    with pytest.raises(InputError, match="dtype: expected one of float32, float64"):
        _network(dtype="complex128")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((4, 9, 2)), r"inputs: .*\(batch, time, feature\).*any, any, 3.* got shape \(4, 9, 2\)"),
        (np.zeros((9, 3)), "inputs: expected an array"),
        (np.zeros((4, 0, 3)), "inputs: expected at least 1 along time"),
        (np.zeros((0, 9, 3)), "inputs: expected at least 1 along batch"),
        (np.zeros((4, 9, 3), int), "inputs: expected floating-point numbers, got int64"),
        (np.full((4, 9, 3), np.nan), "inputs: expected finite numbers"),
        ([["a"]], "inputs: expected an array"),
    ],
)
def test_inputs_that_cannot_be_run_are_refused(inputs, message):
    with pytest.raises(InputError, match=message):
        _network().forward(inputs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": np.zeros((4, 8, 2))}, r"targets: .*\(4, 9, 2\).* got shape \(4, 8, 2\)"),
        ({"targets": np.zeros((4, 9, 2), int)}, "targets: expected floating-point numbers"),
        ({"targets": np.full((4, 9, 2), np.nan)}, "targets: expected finite numbers"),
        ({"mask": np.ones((4, 9))}, "mask: expected True and False, got float64"),
        ({"mask": np.ones((9, 4), bool)}, r"mask: expected shape \(4, 9\) or \(4, 9, 2\)"),
        ({"mask": np.zeros((4, 9), bool)}, "mask: expected at least one True"),
    ],
)
def test_targets_and_masks_that_do_not_fit_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        _network().loss_and_gradients(**{"inputs": _inputs(), "targets": np.zeros((4, 9, 2)), **change})


def test_initial_state_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"initial_state: .*\(4, 6\).*\(4, 5\)"):
        _network().forward(_inputs(), initial_state=np.zeros((4, 5)))


def test_targets_outside_the_mask_may_be_missing_but_not_inside():
    network, inputs = _network(), _inputs()
    targets, mask = np.zeros((4, 9, 2)), np.ones((4, 9), bool)
    mask[1, 3:] = False
    expected = network.loss(inputs, targets, mask=mask)
    targets[1, 3:] = np.nan
    assert network.loss(inputs, targets, mask=mask) == expected
    assert np.isfinite(network.loss_and_gradients(inputs, targets, mask=mask)[0])
    targets[0, 0] = np.nan
    with pytest.raises(InputError, match=r"2 NaN or infinite values, the first at index \(0, 0, 0\)"):
        network.loss(inputs, targets, mask=mask)


@pytest.mark.parametrize("shape", [(1, 9, 3), (4, 1, 3), (1, 1, 3)])
def test_states_rates_and_outputs_are_arrays_of_their_own(shape):
    network = Network.initialise(Vanilla(3, 6), READOUT, rng=0)
    trajectory = network.forward(_inputs(shape=shape))
    expected = trajectory.states.copy()
    trajectory.hidden[...] = 7.0
    np.testing.assert_array_equal(trajectory.states, expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network.initialise("leaky", READOUT, rng=0), "cell: expected a cell such as .*got 'leaky'"),
        (lambda: Network.initialise(Leaky, READOUT, rng=0), "cell: expected a cell such as"),
        (lambda: Network("leaky", READOUT, {}), "cell: expected a cell such as"),
        (lambda: Network.initialise(CELL, "linear", rng=0), "readout: expected a readout such as"),
        (lambda: Network.initialise(CELL, Linear, rng=0), "readout: expected a readout such as"),
        (lambda: _network(encoder="dense"), "encoder: expected a layer such as"),
        (
            lambda: _network(parametrisations=Dale(np.ones(6, bool))),
            "parametrisations: expected a mapping such as .*got Dale",
        ),
        (lambda: Network.initialise(np.zeros((9, 9)), READOUT, rng=0), "cell: expected .*, got ndarray$"),
        (lambda: _network(dtype="flaot32"), "dtype: expected one of float32, float64, got 'flaot32'"),
        (lambda: _network().with_parameters([1]), "parameters: expected arrays by name, got list"),
        (lambda: _network().forward(_inputs(), rng=3), r"rng: .* write np.random.default_rng\(seed\)"),
    ],
)
def test_what_is_of_another_kind_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "mse"}, "loss: expected a loss such as mse, got 'mse'"),
        ({"loss": MeanSquaredError}, "loss: expected a loss such as mse"),
        ({"rng": 3}, "rng: expected a numpy.random.Generator"),
        ({"inputs": np.ma.masked_greater(_inputs(), 0.0)}, "inputs: expected .* got a masked array"),
        ({"targets": np.ma.masked_greater(np.ones((4, 9, 2)), 0.0)}, "targets: .* got a masked array"),
        ({"mask": np.ma.masked_equal(np.ones((4, 9), bool), 0)}, "mask: .* got a masked array"),
    ],
)
def test_losses_generators_and_masked_arrays_that_cannot_be_used_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        _network().loss_and_gradients(**{"inputs": _inputs(), "targets": np.zeros((4, 9, 2)), **change})


def test_numbers_beyond_single_precision_are_refused():
    with pytest.raises(
        InputError, match=r"inputs: expected numbers within the range of float32, got .*e\+300"
    ):
        _network(dtype="float32").forward(1e300 * _inputs())
