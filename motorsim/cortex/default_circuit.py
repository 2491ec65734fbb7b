"""The circuit kept in the package, so that nobody waits for the optimisation."""

from __future__ import annotations

import json
from importlib.resources import as_file, files

import numpy as np

from motorsim.cortex.circuit import Circuit

N_UNITS = 200


def default_circuit() -> Circuit:
    """Return the stability-optimised circuit of 200 units that ships with motorsim.

    Made by ``experiments/default_circuit.py``; its certificate (seed, iterations, abscissa before and after)
    stands beside it in ``data/default_circuit.json``.
    """
    folder = files("motorsim.cortex") / "data"
    certificate = json.loads((folder / "default_circuit.json").read_text(encoding="utf-8"))
    with as_file(folder / "default_circuit.npz") as path, np.load(path, allow_pickle=False) as stored:
        return Circuit(
            stored["weights"],
            stored["excitatory"],
            stored["initial_weights"],
            source=f"motorsim's default circuit (seed {certificate['seed']})",
        )
