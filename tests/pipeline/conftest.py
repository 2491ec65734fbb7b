"""A circuit of 24 units and a configuration so small that the line to the fit takes a second."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from motorsim.cli import app
from motorsim.config import load_config
from motorsim.cortex import LIFNeurons, SpikingCortex, stability_optimised_weights
from motorsim.files import file_digest
from motorsim.pipeline import STAGES, run_stages

if TYPE_CHECKING:
    from pathlib import Path

TINY = """
name = "tiny"
seed = 3
[task]
n_directions = 8
distances_m = [0.1]
delay_s = 0.3
[cortex]
kind = "rate"
weights_file = "weights.npy"
n_modes = 4
mode = "numpy"
dt_s = 0.005
[fit.data_driven]
n_units = 8
n_iterations = 3
learning_rate = 0.001
[fit.goal_driven]
n_units = 8
n_iterations = 3
learning_rate = 0.001
[compare]
n_components = 4
n_subsamples = 5
n_shuffles = 5
n_surrogates = 5
"""

SPIKING = """
name = "spikes"
seed = 3
[task]
n_directions = 5
distances_m = [0.1]
rest_s = 0.1
delay_s = 0.2
movement_s = 0.9
[cortex]
weights_file = "twelve.npy"
n_modes = 4
ramp_s = 0.2
mode = "numpy"
[cortex.spiking]
n_neurons = 240
n_trials = 2
n_recorded = 24
workers = 1
[fit.data_driven]
n_units = 8
n_iterations = 3
learning_rate = 0.001
[fit.goal_driven]
n_units = 8
n_iterations = 3
learning_rate = 0.001
[compare]
n_components = 4
n_subsamples = 5
n_shuffles = 5
n_surrogates = 5
jpca_components = 4
"""

FILES = ("circuit.h5", "cortex.h5", "network.h5", "comparison.csv", "jpca.csv")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """Return the path of a tiny configuration beside its circuit."""
    folder = tmp_path_factory.mktemp("tiny")
    grown = stability_optimised_weights(24, rng=0, spectral_radius=3.0, max_iterations=500)
    assert grown.reached
    np.save(folder / "weights.npy", grown.circuit.weights)
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    return folder / "tiny.toml"


@pytest.fixture(scope="session")
def spiking_toml(tmp_path_factory) -> Path:
    """Return the path of a configuration of 240 neurons beside its circuit."""
    folder = tmp_path_factory.mktemp("spiking")
    weights = np.abs(np.random.default_rng(1).standard_normal((12, 12)))
    weights[:, 6:] *= -1.5
    np.save(folder / "twelve.npy", 0.5 * weights / np.linalg.eigvals(weights).real.max())
    (folder / "spikes.toml").write_text(SPIKING, encoding="utf-8")
    return folder / "spikes.toml"


@pytest.fixture(scope="session")
def coarse():
    """Return a context in which neurons take steps of 1 ms and are measured in half the trials."""

    @contextlib.contextmanager
    def steps():
        with pytest.MonkeyPatch.context() as patch:
            cortex = functools.partial(SpikingCortex, neurons=LIFNeurons(dt_s=0.001))
            patch.setattr("motorsim.pipeline.common.SpikingCortex", cortex)
            patch.setattr("motorsim.cortex.spiking.calibration._REPEATS", 1)
            yield

    return steps


@pytest.fixture(scope="session")
def spikes(spiking_toml, coarse, tmp_path_factory) -> Path:
    """Return the folder of a spiking run that nothing interrupted; not to be written to."""
    results = tmp_path_factory.mktemp("spikes")
    with coarse():
        return run_stages(STAGES, load_config(spiking_toml), results=results, until="compare").folder


@pytest.fixture(scope="session")
def finished(tiny, tmp_path_factory) -> Path:
    """Return the folder of a run that nothing interrupted; not to be written to."""
    results = tmp_path_factory.mktemp("finished")
    return run_stages(STAGES, load_config(tiny), results=results, until="compare").folder


@pytest.fixture
def digests():
    """Return a function that gives the digest of every result file of a run, by name."""
    return lambda folder: {name: file_digest(folder / name) for name in FILES if (folder / name).is_file()}


@pytest.fixture
def motorsim():
    """Return a function that runs a command line in this process."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
