"""Every network is rebuilt from plain values, and what does not describe one is refused."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import (
    GRU,
    LSTM,
    AvgPool2D,
    Bidirectional,
    Conv2D,
    Dale,
    Dense,
    Dropout,
    FeedForward,
    Fixed,
    Flatten,
    LayerNorm,
    Leaky,
    Linear,
    LowRank,
    MaxPool2D,
    Mixed,
    Network,
    PoissonRate,
    Sequential,
    Sigmoid,
    Softmax,
    SoftmaxGated,
    Sparse,
    Stacked,
    Vanilla,
)
from motorsim.nn.configuration import kinds

SEES = Sequential(
    (Conv2D(1, 2, 3), MaxPool2D(2), AvgPool2D(2), Flatten(), Dense(2, 3, "tanh"), LayerNorm(3), Dropout(0.1))
)
W = "cell.recurrent_weights"
NETWORKS = {
    "leaky": (Leaky(3, 4, 0.01, (0.02, 0.03, 0.1, 0.5), noise_std=0.1), Linear(4, 2), {}),
    "vanilla": (Vanilla(3, 4, activation="relu", initialisation="orthogonal"), Softmax(4, 2), {}),
    "lstm": (LSTM(3, 4, peepholes=True), Sigmoid(4, 2), {}),
    "gru": (GRU(3, 4, learn_initial_state=False), PoissonRate(4, 2, "softplus"), {}),
    "stacked": (
        Stacked((Bidirectional(Vanilla(3, 2), GRU(3, 1)), LSTM(3, 4)), dropout=0.2),
        SoftmaxGated(4),
        {},
    ),
    "mixed": (Vanilla(3, 4), Mixed((Linear(4, 1), PoissonRate(4, 2))), {}),
    "low rank": (Vanilla(3, 4), Linear(4, 2), {"parametrisations": {W: LowRank(1)}}),
    "sparse": (Vanilla(3, 4), Linear(4, 2), {"parametrisations": {W: Sparse(np.eye(4) > 0)}}),
    "dale": (Vanilla(3, 4), Linear(4, 2), {"parametrisations": {W: Dale(np.arange(4) < 3, np.eye(4) < 1)}}),
    "fixed": (Vanilla(3, 4), Linear(4, 2), {"parametrisations": {W: Fixed(np.eye(4))}}),
    "sees": (Leaky(3, 4, 0.01, 0.1), Linear(4, 2), {"encoder": SEES}),
}


def _inputs(name):
    return np.random.default_rng(1).normal(size=(2, 5, 4, 4, 1) if name == "sees" else (2, 5, 3))


def _plain(content):
    """Return what a file would hand back: NumPy scalars and arrays."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    return content if isinstance(content, str) else np.asarray(content)[()]


@pytest.mark.parametrize("name", NETWORKS)
def test_network_is_rebuilt_from_plain_values(name):
    cell, readout, extras = NETWORKS[name]
    network = Network.initialise(cell, readout, rng=1, **extras)
    rebuilt = Network.from_configuration(_plain(network.configuration), network.to_arrays())
    assert rebuilt.cell == cell
    assert rebuilt.readout == readout
    assert rebuilt.encoder == network.encoder
    expected = network.forward(_inputs(name)).outputs
    np.testing.assert_array_equal(rebuilt.forward(_inputs(name)).outputs, expected)


@pytest.mark.parametrize("readout", [None, Softmax(3, 2)])
def test_feed_forward_network_is_rebuilt_from_plain_values(readout):
    network = FeedForward.initialise(SEES.layers, (4, 4, 1), rng=1, readout=readout)
    rebuilt = FeedForward.from_configuration(_plain(network.configuration), network.to_arrays())
    assert rebuilt.layers == network.layers
    assert rebuilt.input_shape == (4, 4, 1)
    images = _inputs("sees")[0]
    np.testing.assert_array_equal(rebuilt.forward(images), network.forward(images))


def test_every_kind_that_a_file_may_name_was_tested():
    described = []

    def collect(content):
        if isinstance(content, dict):
            described.append(content.get("kind"))
            for value in content.values():
                collect(value)

    for cell, readout, extras in NETWORKS.values():
        collect(Network.initialise(cell, readout, rng=1, **extras).configuration)
    assert set(described) - {None} == set(kinds())


def _changed(path, value):
    configuration = Network.initialise(*NETWORKS["stacked"][:2], rng=1).configuration
    inner = configuration
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return configuration


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("cell",), None, "configuration: expected settings of cell, got readout"),
        (("cell", "kind"), "Staked", r"configuration\['cell'\]: expected one of .*Stacked.*got 'Staked'"),
        (("cell", "kind"), "Popen", r"configuration\['cell'\]: expected one of"),
        (
            ("cell", "cells", "1", "n_layers"),
            2,
            r"configuration\['cell.cells.1'\]: expected .*n_units.*got .*n_layers",
        ),
        (("cell", "cells", "1", "n_units"), None, r"configuration\['cell.cells.1'\]: expected .*n_units"),
        (
            ("cell", "cells", "3"),
            {"kind": "Vanilla"},
            r"configuration\['cell.cells'\]: expected parts numbered from 0",
        ),
    ],
)
def test_what_describes_no_network_is_refused(path, value, message):
    network = Network.initialise(*NETWORKS["stacked"][:2], rng=1)
    with pytest.raises(InputError, match=message):
        Network.from_configuration(_changed(path, value), network.to_arrays())


def test_windows_of_unequal_sides_are_rebuilt():
    layers = (Conv2D(1, 2, (2, 3), (1, 2)), MaxPool2D((2, 1), (1, 1)), AvgPool2D((1, 3)), Flatten())
    network = FeedForward.initialise(layers, (4, 5, 1), rng=1)
    rebuilt = FeedForward.from_configuration(_plain(network.configuration), network.to_arrays())
    assert rebuilt.layers == layers
