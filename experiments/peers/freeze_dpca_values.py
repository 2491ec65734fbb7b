"""Freeze what the authors' Python package computes, for the tests of `motorsim.analysis.dpca`.

    python experiments/peers/freeze_dpca_values.py [FILE]

writes averages, encoders and decoders (.npz), by default tests/analysis/dpca_values.npz, from a fixed seed,
without and with regularisation. Needs dPCA 1.0.5 (with numexpr, numba and scikit-learn); the tests do not.
Its explained variances are not frozen: they are not those of the paper.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from dPCA.dPCA import dPCA

FILE = Path(__file__).parents[2] / "tests" / "analysis" / "dpca_values.npz"
JOIN = {"st": ["s", "st"], "dt": ["d", "dt"], "sdt": ["sd", "sdt"]}
STRENGTH = 0.2
"""Regularisation in motorsim's unit, the norm of the centred averages."""


def main() -> None:
    """Fit two components of each marginalisation and write them."""
    rng = np.random.default_rng(0)
    # (unit, stimulus, decision, time), as the package wants them.
    averages = rng.standard_normal((6, 3, 2, 5))
    centred = averages - averages.mean(axis=(1, 2, 3), keepdims=True)
    values = {"averages": np.moveaxis(averages, 0, -1)}
    for case, strength in (("plain", 0.0), ("regularised", STRENGTH)):
        # The package multiplies its strength by the squared norm.
        own = strength / np.linalg.norm(centred)
        model = dPCA(labels="sdt", join=JOIN, n_components=2, regularizer=own)
        model.fit(centred)
        for name in ("st", "dt", "sdt", "t"):
            values[f"{case}_encoders_{name}"] = model.P[name].T
            values[f"{case}_decoders_{name}"] = model.D[name].T
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    np.savez(path, **values)
    print(path)


if __name__ == "__main__":
    main()
