from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.io import write_arrays
from motorsim.nn import (
    Dale,
    Dense,
    FeedForward,
    Leaky,
    Linear,
    LowRank,
    Network,
    Softmax,
    Stacked,
    Vanilla,
)
from motorsim.train import EProp, export_weights, load_network, save_network

STRUCTURES = {"cell.0.recurrent_weights": Dale(np.arange(7) < 5), "cell.1.recurrent_weights": LowRank(2)}


def _network(dtype="float64"):
    cell = Stacked((Leaky(3, 7, dt_s=0.01, tau_s=(0.05,) * 6 + (0.1,)), Vanilla(7, 4, gain=0.9)))
    return Network.initialise(cell, Softmax(4, 2), rng=0, dtype=dtype, parametrisations=STRUCTURES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_comes_back_as_it_was(tmp_path, dtype):
    network = _network(dtype)
    save_network(tmp_path / "network.h5", network)
    restored = load_network(tmp_path / "network.h5")
    assert restored.cell == network.cell
    assert restored.dtype == network.dtype
    inputs = np.random.default_rng(1).standard_normal((4, 9, 3)).astype(dtype)
    np.testing.assert_array_equal(restored.forward(inputs).outputs, network.forward(inputs).outputs)


def test_a_feed_forward_network_comes_back_as_it_was(tmp_path):
    network = FeedForward.initialise((Dense(3, 5, "relu"), Dense(5, 2)), (3,), rng=0)
    save_network(tmp_path / "network.h5", network)
    inputs = np.random.default_rng(1).standard_normal((4, 3))
    np.testing.assert_array_equal(
        load_network(tmp_path / "network.h5").forward(inputs), network.forward(inputs)
    )


def test_stored_network_of_the_present_schema_is_read():
    network = load_network(Path(__file__).parents[1] / "data" / "network_schema2.h5")
    assert isinstance(network.cell, Leaky)
    final = network.forward(np.ones((1, 5, 2))).outputs[0, -1]
    np.testing.assert_allclose(final, [-0.72235181], atol=1e-8)  # printed when the file was made


@pytest.mark.parametrize("write", [save_network, export_weights])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Vanilla(3, 4), "network: expected a Network or FeedForward, got Vanilla$"),
        (
            lambda: EProp(Network.initialise(Vanilla(3, 4), Linear(4, 1), rng=0)),
            "got EProp; hand over its attribute network",
        ),
    ],
)
def test_what_is_no_network_is_refused(write, make, message, tmp_path):
    with pytest.raises(InputError, match=message):
        write(tmp_path / "network.npz", make())
    assert not list(tmp_path.iterdir())


def test_exported_weights_are_what_the_network_computes_with(tmp_path):
    network = _network()
    export_weights(tmp_path / "weights.npz", network)
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as stored:
        assert set(stored) == set(network.effective_parameters)
        weights = stored["cell.0.recurrent_weights"]
    assert np.all(weights[:, :5] >= 0)
    assert np.all(weights[:, 5:] <= 0)
    with pytest.raises(InputError, match=r"path: expected a file that ends in \.npz"):
        export_weights(tmp_path / "weights.h5", network)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"configuration": {"cell": {"kind": "Leaky"}}}, "network"),
        ({"network": "recurrent", "configuration": {"cell": {"kind": "Leaky"}}}, "parameters"),
        ({"network": "recursive"}, "network: expected one of feed-forward, recurrent"),
    ],
)
def test_a_file_without_a_network_says_what_is_missing(tmp_path, content, message):
    write_arrays(tmp_path / "x.h5", "network", content, schema_version=2)
    with pytest.raises(InputError, match=message):
        load_network(tmp_path / "x.h5")


def test_a_file_of_a_newer_schema_is_refused(tmp_path):
    write_arrays(tmp_path / "x.h5", "network", {"network": "recurrent"}, schema_version=3)
    with pytest.raises(InputError, match="layout 2 of a network"):
        load_network(tmp_path / "x.h5")


def test_parameters_of_another_architecture_are_refused(tmp_path):
    network = Network.initialise(Leaky(3, 7, dt_s=0.01, tau_s=0.05), Linear(7, 2), rng=0)
    content = {
        "network": "recurrent",
        "configuration": _network().configuration,
        "parameters": network.to_arrays(),
    }
    write_arrays(tmp_path / "x.h5", "network", content, schema_version=2)
    with pytest.raises(InputError, match=r"parameters: expected cell\.0\.recurrent_weights"):
        load_network(tmp_path / "x.h5")


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "network.h5"
    save_network(path, _network())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"network\.h5"):
        load_network(path)
