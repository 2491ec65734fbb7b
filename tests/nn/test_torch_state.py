"""Torch state: our networks equal PyTorch's frozen values, and dictionaries survive the round trip."""

from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.bidirectional import Bidirectional
from motorsim.nn.gru import GRU
from motorsim.nn.leaky import Leaky
from motorsim.nn.linear import Linear
from motorsim.nn.lstm import LSTM
from motorsim.nn.network import Network
from motorsim.nn.stacked import Stacked
from motorsim.nn.torch_state import from_torch_state, to_torch_state
from motorsim.nn.vanilla import Vanilla
from motorsim.nn.workspace import Workspace

KINDS = {"rnn_tanh": Vanilla, "rnn_relu": Vanilla, "lstm": LSTM, "gru": GRU}
DEPTHS = ("single", "stacked", "bidirectional", "stacked_bidirectional")
each_case = pytest.mark.parametrize(("kind", "depth"), [(kind, depth) for kind in KINDS for depth in DEPTHS])


@pytest.fixture(scope="module")
def frozen():
    with np.load(Path(__file__).parent / "torch_values" / "cells.npz") as file:
        return {name: file[name] for name in file.files}


def _case(frozen, kind, depth, part=""):
    prefix = f"{kind}/{depth}/{part}"
    return {name.removeprefix(prefix): array for name, array in frozen.items() if name.startswith(prefix)}


def _distance(got, expected):
    assert got.dtype == expected.dtype == np.float32
    return np.linalg.norm(got - expected) / np.linalg.norm(expected)


def _state(kind="gru", n_layers=1, seed=1, dtype=np.float32):
    """Return a state dictionary of 3 features and 2 units."""
    rng, n_rows = np.random.default_rng(seed), {"rnn_tanh": 2, "lstm": 8, "gru": 6}[kind]
    shapes = {}
    for layer in range(n_layers):
        shapes |= {
            f"weight_ih_l{layer}": (n_rows, 2 if layer else 3),
            f"weight_hh_l{layer}": (n_rows, 2),
            f"bias_ih_l{layer}": (n_rows,),
            f"bias_hh_l{layer}": (n_rows,),
        }
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@each_case
def test_outputs_and_gradients_equal_pytorch(frozen, kind, depth):
    case = _case(frozen, kind, depth)
    cell, parameters = from_torch_state(_case(frozen, kind, depth, "state/"), kind)
    inputs = np.ascontiguousarray(case["inputs"].swapaxes(0, 1))
    allocate = Workspace().empty
    rates, _, tape = cell.sequence(parameters, cell.initial_state(parameters, 3), inputs, allocate)
    outputs = rates.swapaxes(0, 1)
    assert _distance(outputs, case["outputs"]) < 1e-5

    misfit = outputs - case["targets"]
    assert np.mean(misfit**2) == pytest.approx(float(case["value"]), rel=1e-5)
    grad_rates = np.ascontiguousarray(misfit.swapaxes(0, 1)) * np.float32(2.0 / misfit.size)
    _, grad_inputs, gradients = cell.sequence_vjp(parameters, tape, grad_rates, allocate)
    assert _distance(grad_inputs.swapaxes(0, 1), case["gradient/inputs"]) < 1e-5
    for name, gradient in to_torch_state(cell, gradients).items():
        expected = case[f"gradient/{name}"]
        if name.startswith("bias_hh"):
            # Inside the reset gate alone does the second bias differ from the first.
            gradient, expected = gradient[12:], expected[12:]  # noqa: PLW2901
            if kind != "gru":
                continue
        assert _distance(gradient, expected) < 1e-5


@each_case
def test_import_gives_the_network_that_the_names_describe(frozen, kind, depth):
    cell, parameters = from_torch_state(_case(frozen, kind, depth, "state/"), kind)
    layer = cell.cells[1] if depth.startswith("stacked") else cell
    assert isinstance(cell, Stacked) == depth.startswith("stacked")
    single = layer.backward if depth.endswith("bidirectional") else layer
    assert isinstance(layer, Bidirectional) == depth.endswith("bidirectional")
    assert isinstance(single, KINDS[kind])
    assert (cell.n_inputs, single.n_units, single.learn_initial_state) == (4, 6, False)
    assert {name: array.shape for name, array in parameters.items()} == dict(cell.parameter_shapes)


@each_case
def test_a_second_round_trip_gives_the_same_arrays(frozen, kind, depth):
    state = _case(frozen, kind, depth, "state/")
    cell, parameters = from_torch_state(state, kind)
    exported = to_torch_state(cell, parameters)
    assert {name: array.shape for name, array in exported.items()} == {
        name: array.shape for name, array in state.items()
    }
    again_cell, again = from_torch_state(exported, kind)
    assert again_cell == cell
    for name, array in again.items():
        np.testing.assert_array_equal(array, parameters[name])
        assert array.dtype == np.float32


def test_biases_are_added_but_for_the_one_inside_the_reset_gate():
    state = _state("gru")
    _, parameters = from_torch_state(state, "gru")
    both = state["bias_ih_l0"] + state["bias_hh_l0"]
    np.testing.assert_array_equal(parameters["bias"], np.append(both[:4], state["bias_ih_l0"][4:]))
    np.testing.assert_array_equal(parameters["recurrent_bias"], state["bias_hh_l0"][4:])


def test_export_writes_the_bias_once():
    cell = LSTM(3, 2)
    parameters = cell.initial_parameters(rng=1)
    state = to_torch_state(cell, parameters)
    np.testing.assert_array_equal(state["bias_ih_l0"], [0, 0, 1, 1, 0, 0, 0, 0])
    assert not state["bias_hh_l0"].any()
    state["weight_ih_l0"][:] = 0.0
    assert parameters["input_weights"].any()


def test_a_network_without_biases_gets_zeros():
    state = {name: array for name, array in _state("lstm", 2).items() if name.startswith("weight")}
    _, parameters = from_torch_state(state, "lstm")
    assert not parameters["0.bias"].any()
    assert not parameters["1.bias"].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_import_keeps_the_type_and_copies(dtype):
    state = _state(dtype=dtype)
    _, parameters = from_torch_state(state, "gru")
    assert {array.dtype for array in parameters.values()} == {np.dtype(dtype)}
    assert not any(np.shares_memory(a, b) for a in parameters.values() for b in state.values())


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({}, "rnn", "kind: expected one of gru, lstm, rnn_relu, rnn_tanh, got 'rnn'"),
        (
            {"rnn.weight_ih_l0": np.zeros(2)},
            "gru",
            "state: expected PyTorch's names.*'rnn.weight_ih_l0'.*prefix",
        ),
        ({"bias_hh_l0": None}, "gru", "state: expected every array.*none named bias_hh_l0"),
        (
            {"weight_ih_l0_reverse": np.zeros((6, 3))},
            "gru",
            "none named weight_hh_l0_reverse, bias_ih_l0_reverse, bias_hh_l0_reverse",
        ),
        ({}, "lstm", r"weight_ih_l0: expected an array of shape \(8, 3\), got shape \(6, 3\)"),
        (
            {"bias_ih_l0": np.zeros(7)},
            "gru",
            r"bias_ih_l0: expected an array of shape \(6\), got shape \(7,\)",
        ),
        ({"weight_hh_l0": np.zeros(6)}, "gru", r"weight_hh_l0: expected an array \(gate unit, from\)"),
        ({"bias_ih_l0": np.full(6, np.nan)}, "gru", "bias_ih_l0: expected finite numbers"),
        ({"bias_ih_l0": np.zeros(6, int)}, "gru", "bias_ih_l0: expected floating-point numbers"),
    ],
)
def test_bad_dictionaries_are_refused(change, kind, message):
    state = {name: array for name, array in (_state() | change).items() if array is not None}
    with pytest.raises(InputError, match=message):
        from_torch_state(state, kind)


def test_an_empty_dictionary_is_refused():
    with pytest.raises(InputError, match=r"state: expected PyTorch's names.*got no array"):
        from_torch_state({}, "gru")


@pytest.mark.parametrize("state", [None, [np.zeros((6, 3))], {0: np.zeros((6, 3))}])
def test_what_is_no_dictionary_of_arrays_is_refused(state):
    with pytest.raises(InputError, match="state: expected a mapping of names to arrays"):
        from_torch_state(state, "gru")


def test_a_network_in_place_of_its_cell_is_refused():
    network = Network.initialise(GRU(3, 4), Linear(4, 2), rng=1)
    with pytest.raises(InputError, match="cell: expected a cell such as"):
        to_torch_state(network, network.parameters)


def test_arrays_of_another_layer_size_are_refused():
    state = _state(n_layers=2) | {"weight_ih_l1": np.zeros((6, 3))}
    with pytest.raises(InputError, match=r"weight_ih_l1: expected an array of shape \(6, 2\)"):
        from_torch_state(state, "gru")


@pytest.mark.parametrize(
    "cell",
    [Leaky(3, 4, 0.01, 0.02), Vanilla(3, 4, activation="sigmoid"), LSTM(3, 4, peepholes=True)],
    ids=lambda cell: type(cell).__name__,
)
def test_cells_that_pytorch_has_not_are_refused(cell):
    with pytest.raises(InputError, match="cell: expected Vanilla with tanh or relu"):
        to_torch_state(cell, cell.initial_parameters(rng=1))


@pytest.mark.parametrize(
    "cells",
    [
        (GRU(3, 4), LSTM(4, 4)),
        (GRU(3, 4), GRU(4, 5)),
        (Bidirectional(GRU(3, 4), GRU(3, 4)), GRU(8, 4)),
    ],
    ids=["kinds", "sizes", "directions"],
)
def test_stacks_of_unlike_layers_are_refused(cells):
    cell = Stacked(cells)
    with pytest.raises(InputError, match="cell: expected layers of one kind, size and number of directions"):
        to_torch_state(cell, cell.initial_parameters(rng=1))


def test_initial_states_that_would_be_lost_are_refused():
    cell = Stacked((GRU(3, 4), GRU(4, 4)))
    parameters = cell.initial_parameters(rng=1)
    assert "initial_state" not in " ".join(to_torch_state(cell, parameters))
    parameters["1.initial_state"] = np.ones(4)
    with pytest.raises(InputError, match=r"1\.initial_state: expected zero"):
        to_torch_state(cell, parameters)


def test_parameters_of_another_network_are_refused():
    cell = GRU(3, 4)
    parameters = cell.initial_parameters(rng=1)
    with pytest.raises(InputError, match="bias: expected an array of shape"):
        to_torch_state(cell, parameters | {"bias": np.zeros(3)})
    with pytest.raises(InputError, match="parameters: expected the arrays bias, initial_state"):
        to_torch_state(cell, {"bias": np.zeros(12)})


def test_a_stack_of_stacks_is_refused():
    cell = Stacked((Stacked((GRU(3, 4), GRU(4, 4))), GRU(4, 4)))
    with pytest.raises(InputError, match="got a stack of stacks"):
        to_torch_state(cell, cell.initial_parameters(rng=1))


@each_case
def test_round_trip_through_torch_itself(kind, depth):
    torch = pytest.importorskip("torch")
    maker = {"rnn_tanh": torch.nn.RNN, "rnn_relu": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[
        kind
    ]
    options = {"num_layers": 2 if "stacked" in depth else 1, "bidirectional": "bidirectional" in depth}
    if maker is torch.nn.RNN:
        options["nonlinearity"] = kind.removeprefix("rnn_")
    theirs = maker(3, 4, batch_first=True, dtype=torch.float64, **options)
    cell, parameters = from_torch_state({n: a.numpy() for n, a in theirs.state_dict().items()}, kind)
    back = maker(3, 4, batch_first=True, dtype=torch.float64, **options)
    exported = to_torch_state(cell, parameters)
    back.load_state_dict({name: torch.from_numpy(array) for name, array in exported.items()})
    inputs = np.random.default_rng(1).normal(size=(5, 7, 3))
    with torch.no_grad():
        expected, returned = (net(torch.from_numpy(inputs))[0].numpy() for net in (theirs, back))
    state = cell.initial_state(parameters, 5)
    ours = cell.sequence(parameters, state, np.ascontiguousarray(inputs.swapaxes(0, 1)), Workspace().empty)[0]
    np.testing.assert_allclose(ours.swapaxes(0, 1), expected, atol=1e-14)
    np.testing.assert_allclose(returned, expected, atol=1e-14)
