"""Grow the circuit that ships with motorsim; about a minute on one core.

    python experiments/default_circuit.py --seed 1

writes motorsim/cortex/data/default_circuit.npz and its certificate beside it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from motorsim.cortex import stability_optimised_weights
from motorsim.files import atomic_path, atomic_write_text

DATA = Path(__file__).resolve().parent.parent / "motorsim" / "cortex" / "data"


def main() -> None:
    """Optimise, store, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=DATA)
    options = parser.parse_args()

    def show(iteration: int, abscissa: float) -> None:
        if iteration % 100 == 0:
            print(f"iteration {iteration:5d}   spectral abscissa {abscissa:.4f}", flush=True)

    grown = stability_optimised_weights(200, rng=options.seed, on_progress=show)
    circuit = grown.circuit
    with atomic_path(options.folder / "default_circuit.npz") as path, path.open("wb") as file:
        np.savez_compressed(
            file,
            weights=circuit.weights,
            excitatory=circuit.excitatory,
            initial_weights=circuit.initial_weights,
        )
    certificate = {
        "seed": options.seed,
        "iterations": grown.n_iterations,
        "reached_target": grown.reached,
        "abscissa_before": round(float(grown.abscissa[0]), 6),
        "abscissa_after": round(circuit.spectral_abscissa, 6),
        "density_excitatory": round(circuit.density(excitatory=True), 4),
        "density_inhibitory": round(circuit.density(excitatory=False), 4),
    }
    atomic_write_text(options.folder / "default_circuit.json", json.dumps(certificate, indent=2) + "\n")
    print(circuit.describe())


if __name__ == "__main__":
    main()
