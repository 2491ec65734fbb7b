"""A circuit of 24 units and a configuration so small that the line to the fit takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from motorsim.cli import app
from motorsim.config import load_config
from motorsim.cortex import stability_optimised_weights
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
