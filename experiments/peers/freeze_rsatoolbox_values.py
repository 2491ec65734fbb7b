"""Freeze what rsatoolbox computes, for the tests of `motorsim.analysis.rdm` and `rsa` to compare with.

    python experiments/peers/freeze_rsatoolbox_values.py [FILE]

writes trials of three populations, their RDMs, similarities and noise ceilings to FILE, by default
tests/analysis/rsatoolbox_values.npz. Needs rsatoolbox 0.3; the tests do not. Everything is drawn from a
fixed seed.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.inference import boot_noise_ceiling
from rsatoolbox.rdm import calc_rdm, compare, concat

FILE = Path(__file__).parents[2] / "tests" / "analysis" / "rsatoolbox_values.npz"
N_POPULATIONS, N_CONDITIONS, N_FOLDS, N_TIMES, N_UNITS = 3, 6, 3, 2, 4
METHODS = {
    "spearman": "spearman",
    "kendall_tau_a": "tau-a",
    "cosine": "cosine",
    "whitened_cosine": "cosine_cov",
}


def main() -> None:
    """Write trials, RDMs, similarities and ceilings."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    file = parser.parse_args().file
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(7)
    labels = np.tile(np.repeat(np.arange(N_CONDITIONS), 2), N_FOLDS)
    folds = np.repeat(np.arange(N_FOLDS), 2 * N_CONDITIONS)
    # One trial more of a condition in one fold: means over folds are then not means of fold means.
    labels, folds = np.append(labels, 3), np.append(folds, 1)
    shared = rng.standard_normal((N_CONDITIONS, N_TIMES, N_UNITS))
    own = shared + 0.7 * rng.standard_normal((N_POPULATIONS, N_CONDITIONS, N_TIMES, N_UNITS))
    trials = own[:, labels] + 0.3 * rng.standard_normal((N_POPULATIONS, len(labels), N_TIMES, N_UNITS))
    root = rng.standard_normal((N_UNITS, 2 * N_UNITS))
    noise = root @ root.T / (2 * N_UNITS)
    precision = np.kron(np.eye(N_TIMES), np.linalg.inv(noise))
    rdms: dict[str, list[object]] = {
        "euclidean": [],
        "correlation": [],
        "crossnobis": [],
        "crossnobis_identity": [],
    }
    for one in trials:
        descriptors = {"condition": labels, "fold": folds}
        data = Dataset(one.reshape(len(labels), -1), obs_descriptors=descriptors)
        for measure in ("euclidean", "correlation"):
            rdms[measure].append(calc_rdm(data, method=measure, descriptor="condition"))
        for name, given in (("crossnobis", precision), ("crossnobis_identity", None)):
            rdms[name].append(calc_rdm(data, "crossnobis", "condition", noise=given, cv_descriptor="fold"))
    values = {name: np.concatenate([one.get_vectors() for one in found]) for name, found in rdms.items()}
    for name, method in METHODS.items():
        values[f"similarity_{name}"] = compare(rdms["euclidean"][0], rdms["crossnobis"][1], method)[0]
        values[f"ceiling_{name}"] = np.array(boot_noise_ceiling(concat(rdms["euclidean"]), method))
    np.savez_compressed(file, trials=trials, labels=labels, folds=folds, noise=noise, **values)
    print(f"{len(values)} arrays to {file}")


if __name__ == "__main__":
    main()
