"""Lyapunov exponents: how fast nearby states part or meet under a step function, from its Jacobian by QR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.step_functions import Step, jacobians_at, step_from
from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, FloatArray

_N_BLOCKS = 10


@dataclass(frozen=True, eq=False)
class LyapunovExponents:
    """Growth rates of small perturbations along trajectories.

    Attributes
    ----------
    exponents_per_s
        (batch, exponent), falling: from each initial state.
    standard_error_per_s
        Standard error of each from 10 stretches of the trajectory, (batch, exponent): too small where
        stretches are correlated.
    last_states
        Where the trajectories ended, (batch, state).
    """

    exponents_per_s: FloatArray
    standard_error_per_s: FloatArray
    last_states: FloatArray

    @property
    def chaotic(self) -> BoolArray:
        """Return whether the largest exponent is above 0 by more than two standard errors, (batch,)."""
        chaotic: BoolArray = self.exponents_per_s[:, 0] > 2 * self.standard_error_per_s[:, 0]
        return chaotic

    @property
    def kaplan_yorke_dimension(self) -> FloatArray:
        """Return j + (l_1 + ... + l_j) / |l_(j + 1)|, (batch,), j the most whose sum is not below 0.

        A lower bound where that sum is not below 0 for all exponents asked for.
        """
        sums = np.cumsum(self.exponents_per_s, axis=1)
        n_kept = np.cumprod(sums >= 0, axis=1).sum(axis=1)
        dimension = n_kept.astype(np.float64)
        within = (n_kept > 0) & (n_kept < sums.shape[1])
        rows = np.flatnonzero(within)
        kept = n_kept[rows]
        dimension[rows] += sums[rows, kept - 1] / -self.exponents_per_s[rows, kept]
        return np.asarray(dimension, np.float64)


def lyapunov_exponents(
    step: Step,
    jacobian: Step,
    states: FloatArray,
    *,
    n_steps: int,
    rng: Seed,
    n_exponents: int | None = None,
    n_transient: int = 100,
    dt_s: float = 1.0,
    inputs: FloatArray | None = None,
) -> LyapunovExponents:
    """Follow orthonormal perturbations along trajectories, orthonormalised anew at each step.

    Exponents are the mean log of the diagonal of R in J Q = Q' R (Benettin et al. 1980, Meccanica 15:9).

    Parameters
    ----------
    step
        ``step(states)`` or, with inputs, ``step(states, inputs)``: (batch, state) to (batch, state), one step
        of ``dt_s``.
    jacobian
        The same arguments, d next state / d state, (batch, state, state), rows the next state.
    states
        Initial states, (batch, state).
    n_steps
        Steps averaged over, at least 10.
    rng
        Seed or generator of the first perturbations.
    n_exponents
        Largest exponents wanted; all if not given.
    n_transient
        Steps before the average begins, in which perturbations turn into the right directions.
    dt_s
        Duration of a step; 1 for exponents a step.
    inputs
        Input at each step, (time, feature), transient included, the same for all trajectories: exponents are
        then those of the driven system.

    Returns
    -------
    LyapunovExponents
        Exponents and their standard errors.

    Raises
    ------
    InputError
        If shapes do not fit, more exponents are asked for than there are states, the trajectory leaves the
        finite numbers, or a direction is lost altogether (an exponent of minus infinity).
    """
    current = check_array("states", states, ("batch", "state"), minimum_sizes=(1, 1))
    n_states = current.shape[1]
    wanted = check_integer("n_exponents", n_exponents or n_states, maximum=n_states)
    n_steps = check_integer("n_steps", n_steps, minimum=_N_BLOCKS)
    before = check_integer("n_transient", n_transient, minimum=0)
    dt = check_positive("dt_s", dt_s)
    drive = None
    if inputs is not None:
        drive = check_array("inputs", inputs, ("time", "feature"), shape=(before + n_steps, None))
    generator = stream(rng, "perturbations")
    basis = np.linalg.qr(generator.standard_normal((len(current), n_states, wanted)))[0]
    logs = np.empty((n_steps, len(current), wanted))
    for number in range(before + n_steps):
        given = None if drive is None else np.broadcast_to(drive[number], (len(current), drive.shape[1]))
        basis, triangle = np.linalg.qr(jacobians_at(jacobian, current, given) @ basis)
        current = step_from(step, current, given)
        if number >= before:
            logs[number - before] = _log_stretch(triangle)
    blocks = np.stack([block.mean(axis=0) for block in np.array_split(logs, _N_BLOCKS)])
    means = logs.mean(axis=0)
    order = np.argsort(-means, axis=1)
    error = blocks.std(axis=0, ddof=1) / np.sqrt(_N_BLOCKS)
    return LyapunovExponents(
        exponents_per_s=np.take_along_axis(means, order, axis=1) / dt,
        standard_error_per_s=np.take_along_axis(error, order, axis=1) / dt,
        last_states=current,
    )


def _log_stretch(triangle: FloatArray) -> FloatArray:
    stretch = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    if not (stretch > 0).all():
        mend = "ask for fewer exponents: this step forgets a direction altogether"
        raise InputError("n_exponents", "directions that the step keeps", "a stretch of 0", mend)
    logs: FloatArray = np.log(stretch)
    return logs
