from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.io import write_arrays
from motorsim.nn import Leaky, Linear, Network, Vanilla
from motorsim.train import load_network, save_network


@pytest.mark.parametrize("cell", [Leaky(3, 7, dt_s=0.01, tau_s=0.05), Vanilla(3, 7, gain=0.9)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_comes_back_as_it_was(tmp_path, cell, dtype):
    network = Network.initialise(cell, Linear(7, 2), rng=0, dtype=dtype)
    save_network(tmp_path / "network.h5", network)
    restored = load_network(tmp_path / "network.h5")
    assert restored.configuration == network.configuration
    assert restored.dtype == network.dtype
    inputs = np.random.default_rng(1).standard_normal((4, 9, 3)).astype(dtype)
    np.testing.assert_array_equal(restored.forward(inputs).outputs, network.forward(inputs).outputs)


def test_stored_network_of_the_first_schema_is_read():
    network = load_network(Path(__file__).parents[1] / "data" / "network_schema1.h5")
    assert network.configuration["cell"] == "Leaky"
    final = network.forward(np.ones((1, 5, 2))).outputs[0, -1]
    np.testing.assert_allclose(final, [-0.72235181], atol=1e-8)  # printed when the file was made


def test_a_file_without_a_network_says_what_is_missing(tmp_path):
    write_arrays(tmp_path / "x.h5", "network", {"configuration": {"cell": "Leaky"}}, schema_version=1)
    with pytest.raises(InputError, match="parameters"):
        load_network(tmp_path / "x.h5")


def test_a_truncated_file_is_refused(tmp_path):
    network = Network.initialise(Leaky(3, 7, dt_s=0.01, tau_s=0.05), Linear(7, 2), rng=0)
    path = tmp_path / "network.h5"
    save_network(path, network)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"network\.h5"):
        load_network(path)
