"""Output-null and output-potent dimensions (Kaufman et al. 2014, Nat. Neurosci. 17:440)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.pca import principal_axes
from motorsim.analysis.ridge import check_ridge, fit_ridge
from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_remains, check_varies
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class OutputNull:
    """The readout of an output from a population, and how tuning divides between its two subspaces.

    Tuning is the variance across conditions at each time (sums of squares about the mean over conditions),
    summed over times, within the principal components of the fit.

    Attributes
    ----------
    potent_axes
        Directions that the readout sees, its row space, orthonormal, (output, unit).
    null_axes
        Those of the principal components that it does not see, (component - output, unit).
    readout
        Weights from rates to the output (its principal components where ``n_outputs`` was given),
        (unit, output).
    intercept
        (output,).
    r2
        Share of the output's variance that the readout explains on the movement it was fitted to.
    preparation_null_ratio, movement_null_ratio
        Share of the epoch's tuning in null dimensions, 0 to 1. With more null than potent dimensions it is
        above 1/2 by chance: compare with the tuning ratio.
    tuning_ratio
        (null / potent tuning in preparation) / (null / potent tuning in movement): 1 where preparation
        divides as movement does, above 1 where it keeps to null dimensions.
    random_tuning_ratios
        The same for random divisions of the components into as many dimensions, sorted, (draw,).
    p_above
        (1 + number of random ratios not below the tuning ratio) / (1 + draws).
    """

    potent_axes: FloatArray
    null_axes: FloatArray
    readout: FloatArray
    intercept: FloatArray
    r2: float
    preparation_null_ratio: float
    movement_null_ratio: float
    tuning_ratio: float
    random_tuning_ratios: FloatArray
    p_above: float


def output_null(
    preparation: FloatArray,
    movement: FloatArray,
    output: FloatArray,
    *,
    rng: Seed,
    n_components: int = 6,
    n_outputs: int | None = 3,
    ridge: float | tuple[float, ...] = 0.0,
    n_random: int = 1000,
) -> OutputNull:
    """Split a population's dimensions by whether the output, in movement, depends on them.

    Both epochs are reduced to their joint principal components, the output (centred) to its own; the
    components in movement are regressed on the output, and the null space is what the weights do not see.

    Parameters
    ----------
    preparation, movement
        Two epochs of the same conditions and units, (condition, time, unit); times may differ. Divide by
        `soft_normalise` first if strong units should not lead.
    output
        Muscle activity or torque at the samples of ``movement``, shifted by the lag wanted, (condition,
        time, output), any unit; scale signals of unlike unit first.
    rng
        Seed or generator.
    n_components
        Principal components of the population, more than outputs.
    n_outputs
        Principal components of the output; ``None`` takes its signals as they are.
    ridge
        Penalty as in `regression_r2`; 0 is the least squares of the paper.
    n_random
        Random divisions to draw.

    Returns
    -------
    OutputNull
        Axes, shares and the tuning ratio with its control.

    Raises
    ------
    InputError
        If arrays do not pair up, do not vary or are not tuned, if there are not more components than outputs,
        or if the readout has a lower rank than it has outputs.
    """
    epochs, targets = _check_epochs(preparation, movement, output)
    k = check_integer("n_components", n_components, minimum=2)
    signals = _reduce_output(targets, n_outputs)
    m = signals.shape[2]
    if m >= k:
        mend = "raise n_components or lower n_outputs: no dimension is left to be null"
        raise InputError("n_components", f"more than the {m} outputs", f"{k}", mend)
    joint = np.concatenate([epoch.reshape(-1, epoch.shape[2]) for epoch in epochs])
    check_varies("preparation, movement", joint)
    axes = principal_axes(joint - joint.mean(axis=0), k)[0]
    fit = fit_ridge(epochs[1] @ axes.T, signals, check_ridge(ridge))
    left, singular, _ = linalg.svd(fit.weights)
    if singular[-1] ** 2 <= RANK_TOLERANCE * singular[0] ** 2:
        mend = "lower n_outputs: some outputs follow from the others"
        raise InputError("output", f"a readout of rank {m}", "a lower one", mend)
    predicted = fit.predict(epochs[1] @ axes.T)
    centred = signals - signals.mean(axis=(0, 1))
    tuning = [
        _tuning(name, epoch @ axes.T) for name, epoch in zip(("preparation", "movement"), epochs, strict=True)
    ]
    ratio, null_ratios = _tuning_ratio(tuning, left[None, :, :m])
    random = _random_ratios(tuning, k, m, check_integer("n_random", n_random), rng)
    return OutputNull(
        potent_axes=left[:, :m].T @ axes,
        null_axes=left[:, m:].T @ axes,
        readout=axes.T @ fit.weights,
        intercept=fit.intercept,
        r2=1.0 - float(np.sum((signals - predicted) ** 2) / np.sum(centred**2)),
        preparation_null_ratio=float(null_ratios[0][0]),
        movement_null_ratio=float(null_ratios[1][0]),
        tuning_ratio=float(ratio[0]),
        random_tuning_ratios=random,
        p_above=float((1 + np.sum(random >= ratio[0])) / (1 + len(random))),
    )


def _check_epochs(
    preparation: FloatArray, movement: FloatArray, output: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    quiet = check_rates("preparation", preparation, least_conditions=2)
    moving = check_rates("movement", movement, least_conditions=2)
    if quiet.shape[2] != moving.shape[2] or len(quiet) != len(moving):
        expected = f"the {len(quiet)} conditions and {quiet.shape[2]} units of preparation"
        raise InputError("movement", expected, f"{len(moving)} and {moving.shape[2]}")
    targets = check_rates("output", output)
    if targets.shape[:2] != moving.shape[:2]:
        expected = f"the conditions and times of movement, {moving.shape[:2]}"
        raise InputError("output", expected, f"{targets.shape[:2]}", "bin both alike")
    check_varies("output", targets.reshape(-1, targets.shape[2]))
    return (quiet, moving), targets


def _reduce_output(targets: FloatArray, n_outputs: int | None) -> FloatArray:
    """Return the output's leading principal components, (condition, time, output), or the output itself."""
    if n_outputs is None:
        return targets
    n = check_integer("n_outputs", n_outputs)
    samples = targets.reshape(-1, targets.shape[2])
    centred = samples - samples.mean(axis=0)
    rank = int(np.linalg.matrix_rank(centred))
    if n > rank:
        raise InputError("n_outputs", f"at most the rank of the output, {rank}", f"{n}", "ask for fewer")
    reduced: FloatArray = (centred @ principal_axes(centred, n)[0].T).reshape(*targets.shape[:2], n)
    return reduced


def _tuning(name: str, states: FloatArray) -> FloatArray:
    """Return the sums of products across conditions, over times, (component, component)."""
    deviations = states - states.mean(axis=0)
    check_remains(name, deviations, states, "rates that differ between conditions")
    flat = deviations.reshape(-1, states.shape[2])
    products: FloatArray = flat.T @ flat
    return products


def _tuning_ratio(tuning: list[FloatArray], potent: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
    """Return the ratio and each epoch's null share for potent bases (draw, component, output)."""
    seen = [np.sum(potent * (products @ potent), axis=(1, 2)) for products in tuning]
    totals = [np.trace(products) for products in tuning]
    unseen = [np.maximum(total - part, 0.0) for total, part in zip(totals, seen, strict=True)]
    with np.errstate(divide="ignore"):
        ratio: FloatArray = (unseen[0] / seen[0]) / (unseen[1] / seen[1])
    return ratio, [part / total for part, total in zip(unseen, totals, strict=True)]


def _random_ratios(tuning: list[FloatArray], k: int, m: int, n_draws: int, rng: Seed) -> FloatArray:
    normal = stream(rng, "random output-potent dimensions").standard_normal((n_draws, k, m))
    return np.sort(_tuning_ratio(tuning, np.linalg.qr(normal)[0])[0])
