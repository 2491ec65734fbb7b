"""Torch state: recurrent networks to and from the names that PyTorch gives their arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_choice
from motorsim.nn.bidirectional import Bidirectional
from motorsim.nn.gru import GRU
from motorsim.nn.kinds import check_cell
from motorsim.nn.lstm import LSTM
from motorsim.nn.parts import part_of, whole_of
from motorsim.nn.stacked import Stacked
from motorsim.nn.vanilla import Vanilla

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorsim.types import Cell, Floats, Parameters, Recurrent

N_GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
"""What can be exchanged: nn.RNN of either non-linearity, nn.LSTM and nn.GRU."""

_ARRAYS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_NAME = re.compile(r"(?:weight|bias)_(?:ih|hh)_l(\d+)(_reverse)?")


def from_torch_state(state: Mapping[str, Any], kind: str) -> tuple[Cell | Recurrent, Parameters]:
    """Return the network that a PyTorch state dictionary describes, and its parameters.

    PyTorch's two biases are added; of the GRU's, the one inside the reset gate is kept apart. A network
    without biases gets zeros. States before the first step are zero and not learned, as in PyTorch.

    Parameters
    ----------
    state
        Arrays by PyTorch's names, ``weight_ih_l0`` (gate unit, feature), ``weight_hh_l0`` (gate unit, unit),
        ``bias_ih_l0``, ``bias_hh_l0`` (gate unit,), then ``_l1`` and so on, and ``_reverse`` of each where it
        is bidirectional: ``{name: tensor.numpy() for name, tensor in net.state_dict().items()}``.
    kind
        ``"rnn_tanh"``, ``"rnn_relu"``, ``"lstm"`` or ``"gru"``.

    Returns
    -------
    tuple
        A `Vanilla`, `LSTM` or `GRU`, or a `Bidirectional` of two; if there are more layers, a `Stacked` of
        those. The parameters are of the arrays' type.

    Raises
    ------
    InputError
        If the kind or a name is unknown, an array is missing, holds no floating-point numbers, is not finite
        or has another shape.
    """
    check_choice("kind", kind, N_GATES)
    suffixes = _suffixes(state)
    arrays = _check_arrays(state, kind, suffixes)
    layers: list[Cell | Recurrent] = []
    parts: list[Parameters] = []
    for ways in suffixes:
        read = [_read_cell(kind, [arrays[name + suffix] for name in _ARRAYS]) for suffix in ways]
        cells, parameters = [cell for cell, _ in read], [part for _, part in read]
        layers.append(Bidirectional(*cells) if len(ways) == 2 else cells[0])
        parts.append(_of_both_ways(parameters) if len(ways) == 2 else parameters[0])
    if len(layers) == 1:
        return layers[0], parts[0]
    return Stacked(tuple(layers)), whole_of({str(i): part for i, part in enumerate(parts)})


def _of_both_ways(parameters: list[Parameters]) -> Parameters:
    return whole_of(dict(zip(("forward", "backward"), parameters, strict=True)))


def _suffixes(state: Mapping[str, Any]) -> list[list[str]]:
    """Return, a layer at a time, what the names end on: ``_l0`` and, where bidirectional, ``_l0_reverse``."""
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise InputError("state", "a mapping of names to arrays", type(state).__name__)
    found = {name: _NAME.fullmatch(name) for name in state}
    unknown = [name for name, match in found.items() if match is None]
    if unknown or not found:
        got = ", ".join(map(repr, unknown)) or "no array"
        mend = "take the recurrent module's own state_dict(), without other layers and without a prefix"
        raise InputError("state", "PyTorch's names, such as weight_ih_l0 and bias_hh_l1_reverse", got, mend)
    matches = [match for match in found.values() if match is not None]
    n_layers = 1 + max(int(match[1]) for match in matches)
    ways = ("", "_reverse") if any(match[2] for match in matches) else ("",)
    return [[f"_l{layer}{way}" for way in ways] for layer in range(n_layers)]


def _check_arrays(state: Mapping[str, Any], kind: str, suffixes: list[list[str]]) -> Parameters:
    """Return all arrays in their common type, with zeros for biases where there are none at all."""
    has_biases = any(name.startswith("bias") for name in state)
    names = _ARRAYS if has_biases else _ARRAYS[:2]
    needed = [name + suffix for ways in suffixes for suffix in ways for name in names]
    missing = [name for name in needed if name not in state]
    if missing:
        raise InputError(
            "state", "every array of every layer and direction", f"none named {', '.join(missing)}"
        )
    arrays = {name: np.asarray(state[name]) for name in needed}
    for name in ("weight_ih_l0", "weight_hh_l0"):
        check_array(name, arrays[name], ("gate unit", "from"), minimum_sizes=(1, 1))
    n_inputs, n_units = arrays["weight_ih_l0"].shape[1], arrays["weight_hh_l0"].shape[1]
    shapes = _shapes(kind, suffixes, n_inputs, n_units)
    for name, array in arrays.items():
        check_array(name, array, shape=shapes[name])
        if array.dtype.kind != "f":
            raise InputError(name, "floating-point numbers", f"{array.dtype} numbers")
    dtype = np.result_type(*arrays.values())
    zeros = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
    return zeros | {name: array.astype(dtype) for name, array in arrays.items()}


def _shapes(kind: str, suffixes: list[list[str]], n_inputs: int, n_units: int) -> dict[str, tuple[int, ...]]:
    n_rows, shapes = N_GATES[kind] * n_units, {}
    for layer, ways in enumerate(suffixes):
        n_from = n_units * len(ways) if layer else n_inputs
        sizes = ((n_rows, n_from), (n_rows, n_units), (n_rows,), (n_rows,))
        for suffix, (name, size) in product(ways, zip(_ARRAYS, sizes, strict=True)):
            shapes[name + suffix] = size
    return shapes


def _read_cell(kind: str, arrays: list[Floats]) -> tuple[Cell, Parameters]:
    """Return the cell of one layer and direction, and its parameters; both order gates alike."""
    input_weights, recurrent_weights, input_bias, recurrent_bias = arrays
    n_units, n_inputs = recurrent_weights.shape[1], input_weights.shape[1]
    weights: Parameters = {"recurrent_weights": recurrent_weights, "input_weights": input_weights}
    if kind == "gru":
        bias = input_bias.copy()
        bias[: 2 * n_units] += recurrent_bias[: 2 * n_units]
        inside = recurrent_bias[2 * n_units :]
        gru = GRU(n_inputs, n_units, learn_initial_state=False)
        return gru, weights | {"bias": bias, "recurrent_bias": inside}
    weights["bias"] = input_bias + recurrent_bias
    if kind == "lstm":
        return LSTM(n_inputs, n_units, learn_initial_state=False), weights
    activation = kind.removeprefix("rnn_")
    return Vanilla(n_inputs, n_units, learn_initial_state=False, activation=activation), weights


def to_torch_state(cell: Cell | Recurrent, parameters: Mapping[str, Floats]) -> Parameters:
    """Return the arrays of a network under PyTorch's names, for ``load_state_dict``.

    Our bias becomes ``bias_ih``; ``bias_hh`` is zero but for the part of a GRU's that is inside the reset
    gate. The arrays are copies of the parameters' type; dropout is not among them.

    Parameters
    ----------
    cell
        A `Vanilla` (tanh or relu), `LSTM` without peepholes or `GRU`; a `Bidirectional` of two alike; or a
        `Stacked` of any of these, all of one kind and size.
    parameters
        Its parameter arrays.

    Raises
    ------
    InputError
        If PyTorch has no such network, an array is missing, unknown or of another shape, or a learned initial
        state is not zero, since PyTorch's dictionary has no place for it.
    """
    check_cell("cell", cell)
    _check_parameters(cell, parameters)
    layers = list(_single_cells(cell, dict(parameters)))
    kinds = {(_kind_of(single), single.n_units) for _, single, _ in layers}
    n_reverse = sum(suffix.endswith("_reverse") for suffix, _, _ in layers)
    if len(kinds) > 1 or n_reverse not in (0, len(layers) / 2):
        got = ", ".join(f"{type(single).__name__} of {single.n_units} units" for _, single, _ in layers)
        raise InputError("cell", "layers of one kind, size and number of directions, as PyTorch's", got)
    state: Parameters = {}
    for suffix, single, part in layers:
        state |= {name + suffix: array for name, array in _written(single, part).items()}
    return state


def _check_parameters(cell: Cell | Recurrent, parameters: Mapping[str, Floats]) -> None:
    shapes = cell.parameter_shapes
    if set(parameters) != set(shapes):
        names = ", ".join(sorted(parameters)) or "none"
        raise InputError("parameters", f"the arrays {', '.join(sorted(shapes))}", names)
    for name, shape in shapes.items():
        array = check_array(name, parameters[name], shape=shape)
        if name.split(".")[-1] == "initial_state" and array.any():
            mend = "set it to zero, and give it to the PyTorch network's forward as the first state"
            raise InputError(name, "zero, since PyTorch's state dictionary has none", "other numbers", mend)


def _single_cells(
    cell: Cell | Recurrent, parameters: Parameters, layer: int = 0
) -> Iterator[tuple[str, Cell | Recurrent, Parameters]]:
    """Yield the end of its names, the cell and its parameters for every layer and direction."""
    if isinstance(cell, Stacked):
        for i, below in enumerate(cell.cells):
            if isinstance(below, Stacked):
                raise InputError("cell", "layers that are no stacks themselves", "a stack of stacks")
            yield from _single_cells(below, part_of(parameters, str(i)), i)
    elif isinstance(cell, Bidirectional):
        yield f"_l{layer}", cell.forward, part_of(parameters, "forward")
        yield f"_l{layer}_reverse", cell.backward, part_of(parameters, "backward")
    else:
        yield f"_l{layer}", cell, parameters


def _kind_of(cell: Cell | Recurrent) -> str:
    if isinstance(cell, GRU):
        return "gru"
    if isinstance(cell, LSTM) and not cell.peepholes:
        return "lstm"
    if isinstance(cell, Vanilla) and f"rnn_{cell.activation}" in N_GATES:
        return f"rnn_{cell.activation}"
    expected = "Vanilla with tanh or relu, LSTM without peepholes, or GRU, alone, bidirectional or stacked"
    raise InputError("cell", expected, repr(cell))


def _written(cell: Cell | Recurrent, parameters: Parameters) -> Parameters:
    """Return the arrays of one layer and direction."""
    recurrent_bias = np.zeros_like(parameters["bias"])
    if isinstance(cell, GRU):
        recurrent_bias[2 * cell.n_units :] = parameters["recurrent_bias"]
    arrays = (
        parameters["input_weights"],
        parameters["recurrent_weights"],
        parameters["bias"],
        recurrent_bias,
    )
    return {name: np.array(array) for name, array in zip(_ARRAYS, arrays, strict=True)}
