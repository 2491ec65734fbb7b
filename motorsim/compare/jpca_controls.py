"""A circuit's jPCA beside its controls and beside real motor cortex."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import jpca_null, smooth_random
from motorsim.checks import check_integer
from motorsim.compare.controls import task_only
from motorsim.compare.pair import check_population
from motorsim.compare.real_cortex import REAL_CORTEX
from motorsim.compare.rotations import Rotations, soft_norm_of
from motorsim.compare.smoothness import length_scale_of, tuned_rates
from motorsim.streams import stream

if TYPE_CHECKING:
    import pandas as pd

    from motorsim.population import Population
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


def jpca_controls(
    reference: Population,
    directions_rad: FloatArray,
    distances_m: FloatArray,
    *,
    rng: Seed,
    jpca_window_s: tuple[float, float] | None = None,
    jpca_n_components: int = 6,
    soft_norm_hz: float = 5.0,
    n_surrogates: int = 200,
    n_random: int = 20,
    n_harmonics: int = 2,
    distance_degree: int = 1,
) -> pd.DataFrame:
    """Tell how much of a circuit's rotation tuning, smoothness and covariances give without dynamics.

    Columns of the table, one row a quantity of `Rotations`:

    - ``quantity``, ``circuit``: the reference's own number;
    - ``tuning_only``: of `task_only` fitted to all conditions;
    - ``smooth_random``, ``smooth_random_high``: median and 95th percentile over draws of Gaussian rates with
      the smoothness in time and the covariances, between units and between all conditions, of the reference
      (nothing is held out here, so these draws may follow every condition);
    - ``tme_p``: (1 + k) / (1 + n) where k of n tensor-maximum-entropy surrogates reach the circuit, for the
      two R^2 (Elsayed & Cunningham 2017, Nat. Neurosci. 20:1310); NaN elsewhere;
    - ``real_low``, ``real_high``, ``source``: range in recordings (`REAL_CORTEX`); NaN and empty where no
      range is known;
    - ``inside``: whether the circuit lies in that range, bounds included; NaN where none is known, and in
      every row unless samples are 10 ms apart and the window is 200 - 350 ms long, as in the recordings:
      R^2 and frequencies depend on both.

    Parameters
    ----------
    reference
        Rates, (condition, time, unit).
    directions_rad, distances_m
        Targets of the conditions, (condition,).
    rng
        Seed or generator.
    jpca_window_s, jpca_n_components, soft_norm_hz
        As for `Rotations`.
    n_surrogates, n_random
        Maximum-entropy surrogates and smooth random draws.
    n_harmonics, distance_degree
        As for `task_only`.

    Returns
    -------
    pandas.DataFrame
        The table.

    Raises
    ------
    InputError
        If an argument cannot be used, or conditions are too few for the tuning model or for jPCA.
    """
    check_population("reference", reference)
    check_integer("n_surrogates", n_surrogates)
    check_integer("n_random", n_random)
    rotations = Rotations(jpca_window_s, jpca_n_components, soft_norm_hz)
    window = reference if jpca_window_s is None else reference.between(*jpca_window_s)
    circuit = rotations.describe(window)
    everything = np.ones(window.n_samples, bool)
    tuning = task_only(
        window,
        directions_rad,
        distances_m,
        everything,
        n_harmonics=n_harmonics,
        distance_degree=distance_degree,
    )
    generator = stream(rng, "smooth random controls")
    draws = [rotations.describe(_smooth_random(window, rng=generator)) for _ in range(n_random)]
    surrogates = jpca_null(
        window.rates,
        dt_s=window.dt_s,
        rng=rng,
        n_surrogates=n_surrogates,
        n_components=jpca_n_components,
        soft_norm_hz=soft_norm_of(window, soft_norm_hz),
    )
    columns = {
        "quantity": rotations.names,
        "circuit": circuit,
        "tuning_only": rotations.describe(tuning),
        "smooth_random": np.median(draws, axis=0),
        "smooth_random_high": np.percentile(draws, 95, axis=0),
        "tme_p": _p_values(rotations.names, surrogates.p_best, surrogates.p_skew),
    }
    return _beside_real_cortex(columns, comparable=_is_comparable(window))


def _smooth_random(reference: Population, *, rng: Seed) -> Population:
    """Draw rates with the smoothness and the covariances of the tuned part of all conditions."""
    tuned = tuned_rates(reference.rates)
    flat, by_condition = tuned.reshape(-1, reference.n_units), tuned.reshape(reference.n_samples, -1)
    draw = smooth_random(
        *tuned.shape,
        dt_s=reference.dt_s,
        length_scale_s=length_scale_of(tuned, reference.dt_s),
        rng=rng,
        condition_covariance=by_condition @ by_condition.T * (reference.n_samples / np.sum(tuned**2)),
        unit_covariance=flat.T @ flat / len(flat),
    )
    return replace(reference, rates=draw + reference.rates.mean(axis=(0, 1)))


def _is_comparable(window: Population) -> bool:
    """Tell whether the samples are as in the recordings of `REAL_CORTEX`: 10 ms apart over 200 - 350 ms."""
    duration_s = window.n_times * window.dt_s
    return abs(window.dt_s - 0.01) < 1e-6 and 0.2 - 1e-6 < duration_s < 0.35 + 1e-6


def _p_values(names: tuple[str, ...], p_best: float, p_skew: float) -> list[float]:
    known = {"jpca_r2_best": p_best, "jpca_r2_skew": p_skew}
    return [known.get(name, float("nan")) for name in names]


def _beside_real_cortex(columns: dict[str, object], *, comparable: bool) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - keeps the import of this module quick

    table = pd.DataFrame(columns)
    ranges = {entry.quantity: entry for entry in REAL_CORTEX}
    found = [ranges.get(name) for name in table["quantity"]]
    table["real_low"] = [np.nan if entry is None else entry.low for entry in found]
    table["real_high"] = [np.nan if entry is None else entry.high for entry in found]
    inside = table["circuit"].between(table["real_low"], table["real_high"]).astype(object)
    table["inside"] = [
        value if comparable and entry is not None else np.nan
        for value, entry in zip(inside, found, strict=True)
    ]
    table["source"] = ["" if entry is None else entry.source for entry in found]
    return table
