"""Freeze what dsa-metric computes, for the tests of `motorsim.analysis.dsa` to compare with.

    python experiments/peers/freeze_dsa_values.py [FILE]

writes rates of a few linear systems and the distances between all pairs of them to FILE, by default
tests/analysis/dsa_values.npz. Needs dsa-metric 2.0 and torch; the tests do not. Everything is drawn from
fixed seeds. The angular form climbs from random starts, so the least of a few runs is kept for each pair.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch
from DSA import DMD, SimilarityTransformDist
from scipy import linalg

FILE = Path(__file__).parents[2] / "tests" / "analysis" / "dsa_values.npz"
N_CONDITIONS, N_TIMES, N_UNITS = 12, 25, 5
N_DELAYS, RANK = 3, 5
N_RUNS = 2


def dynamics() -> list[np.ndarray]:
    """Return maps of one step, (unit, unit): three pairs of rotations, decay, and non-normal twins."""
    maps = []
    for fast in (0.3, 0.6, 1.2):
        normal = linalg.block_diag(_plane(fast, 0.97), _plane(fast / 3, 0.9), 0.8)
        coupling = np.zeros((N_UNITS, N_UNITS))
        coupling[:2, 2:4] = 1.0
        maps.extend((normal, normal + coupling))
    maps.append(np.diag([0.95, 0.9, 0.8, 0.7, 0.5]))
    maps.append(maps[-1] + np.diag([0.8] * (N_UNITS - 1), 1))
    return maps


def _plane(angle_rad: float, radius: float) -> np.ndarray:
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return radius * np.array([[cosine, -sine], [sine, cosine]])


def simulate(step: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rates, (condition, time, unit), of the map with a little noise, each unit of mean 0."""
    rates = np.empty((N_CONDITIONS, N_TIMES, N_UNITS))
    rates[:, 0] = rng.standard_normal((N_CONDITIONS, N_UNITS))
    for t in range(1, N_TIMES):
        rates[:, t] = rates[:, t - 1] @ step.T + 0.05 * rng.standard_normal((N_CONDITIONS, N_UNITS))
    rates = rates @ linalg.qr(rng.standard_normal((N_UNITS, N_UNITS)))[0]
    return rates - rates.mean(axis=(0, 1))


def model(rates: np.ndarray) -> DMD:
    """Return the fitted delay model of a population."""
    fitted = DMD(rates, n_delays=N_DELAYS, rank=RANK)
    fitted.fit()
    return fitted


def distance(a: DMD, b: DMD, method: str) -> float:
    """Return the distance between two models: the least of the runs, which differ in their starts."""
    runs = []
    for seed in range(1 if method == "wasserstein" else N_RUNS):
        torch.manual_seed(seed)
        similarity = SimilarityTransformDist(iters=1000, score_method=method, lr=0.01)
        # Copies: the angular form scales what it is given.
        runs.append(float(similarity.fit_score(a.A_v.float().clone(), b.A_v.float().clone())))
    return min(runs)


def main() -> None:
    """Write the rates and the distances."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    file = parser.parse_args().file
    rng = np.random.default_rng(20260)
    rates = np.stack([simulate(step, rng) for step in dynamics()])
    models = [model(one) for one in rates]
    pairs = np.array(list(itertools.combinations(range(len(rates)), 2)))
    values = {
        method: np.array([distance(models[i], models[j], method) for i, j in pairs])
        for method in ("angular", "wasserstein")
    }
    np.savez_compressed(
        file,
        rates=rates,
        pairs=pairs,
        n_delays=N_DELAYS,
        rank=RANK,
        matrices=np.stack([one.A_v.numpy() for one in models]),
        **values,
    )
    print(f"{len(pairs)} pairs to {file}")


if __name__ == "__main__":
    main()
