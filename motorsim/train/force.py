"""FORCE: a readout learned while its output is fed back, so that the network comes to run itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import DivergenceError, InputError, check_array, check_integer, check_positive
from motorsim.nn import Leaky, Network
from motorsim.streams import Seed, stream
from motorsim.train.rate_networks import check_rate_network, with_drive_inputs
from motorsim.train.recursive_least_squares import RecursiveLeastSquares

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.types import BoolArray, FloatArray, Floats, Parameters

    Trial = Callable[[FloatArray, FloatArray, BoolArray], float]


@dataclass(frozen=True, eq=False)
class ForceFit:
    """What FORCE or full-FORCE gave.

    Parameters
    ----------
    network
        An ordinary network that runs alone: what was fed back is part of its recurrent weights.
    feedback
        The weights through which output or target acted on the units, (unit, output).
    training_loss
        Mean squared error of the output before each update, one a round, (round,). It is small from the first
        round on, since weights follow the target at once; whether the network has learned shows when it
        runs alone.
    weight_change
        Norm of the change of all learned weights in a round, (round,), which goes to zero as they settle.
    """

    network: Network
    feedback: FloatArray
    training_loss: FloatArray
    weight_change: FloatArray


def force(
    network: Network,
    inputs: Floats,
    targets: Floats,
    *,
    rng: Seed,
    feedback: FloatArray | float = 1.0,
    alpha: float = 1.0,
    every: int = 2,
    n_rounds: int = 10,
    mask: BoolArray | None = None,
) -> ForceFit:
    """Learn the readout by recursive least squares, its output fed back (Sussillo & Abbott 2009, figure 1A).

    After each step the output y = V r + c acts on the units through fixed weights F in the next step, and
    every ``every`` steps V and c follow the target. Feeding back F y is recurrence W + F V with bias b + F c,
    and that is the network returned. Trials run one after the other, each from the network's initial state; a
    network that starts at zero, without input or bias, stays there.

    Parameters
    ----------
    network
        `Leaky` and `Linear`; a gain of about 1.5, where the network is chaotic, suits best. Private noise is
        not drawn.
    inputs
        (batch, time, feature).
    targets
        (batch, time, output); where the mask is False they may be NaN.
    rng
        Seed or generator of the feedback weights.
    feedback
        F, (unit, output); or a number, the bound of the uniform distribution that F is drawn from.
    alpha
        Ridge of the least squares; small for fast learning.
    every
        Number of steps between updates.
    n_rounds
        How often all trials are run.
    mask
        Times that count, (batch, time); all of them by default. At others nothing is learned.

    Returns
    -------
    ForceFit
        The network that runs alone, and the course of learning.

    Raises
    ------
    InputError
        If the network is of another kind, the arrays do not go with it, or a setting is out of its range.
    DivergenceError
        If the units leave the finite numbers.
    """
    check_rate_network(network, cells=(Leaky,))
    trials = check_trials(network, inputs, targets, mask)
    weights = draw_feedback(network, feedback, network.readout.n_outputs, rng)
    parameters: Parameters = {name: array.astype(np.float64) for name, array in network.parameters.items()}
    start = np.column_stack([parameters["readout.weights"], parameters["readout.bias"]])
    learner = RecursiveLeastSquares(start, alpha=alpha)
    trial = _trial(network, parameters, weights, learner, check_integer("every", every))
    losses, changes = run_rounds(trial, trials, learner, check_integer("n_rounds", n_rounds))
    learned, constant = learner.weights[:, :-1], learner.weights[:, -1]
    parameters["readout.weights"], parameters["readout.bias"] = learned, constant
    parameters["cell.recurrent_weights"] = parameters["cell.recurrent_weights"] + weights @ learned
    parameters["cell.bias"] = parameters["cell.bias"] + weights @ constant
    return ForceFit(retyped(network, parameters), weights, losses, changes)


def _trial(
    network: Network,
    parameters: Parameters,
    feedback: FloatArray,
    learner: RecursiveLeastSquares,
    every: int,
) -> Trial:
    """Return what runs one trial, learning, and gives the sum of squared errors."""
    cell = network.cell
    assert isinstance(cell, Leaky)  # noqa: S101 - it was checked
    own = {
        name.removeprefix("cell."): array for name, array in parameters.items() if name.startswith("cell.")
    }
    driven, params = with_drive_inputs(cell, own, feedback)

    def run(inputs: FloatArray, targets: FloatArray, counts: BoolArray) -> float:
        state, squared = driven.initial_state(params, 1), 0.0
        output = learner.weights @ np.append(driven.rates(state)[0], 1.0)
        for time, (input_now, target) in enumerate(zip(inputs, targets, strict=True)):
            state, _ = driven.step(params, state, np.concatenate([input_now, output])[None])
            features = np.append(driven.rates(state)[0], 1.0)
            output = learner.weights @ features
            if counts[time]:
                error = output - target
                squared += float(error @ error)
                if time % every == 0:
                    learner.update(features, error)
        return squared

    return run


def check_trials(
    network: Network, inputs: Floats, targets: Floats, mask: BoolArray | None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return inputs, targets and mask, (batch, time), as float64, or raise `InputError`."""
    inputs, targets, mask = network.check_batch(inputs, targets, mask)
    if mask is None:
        mask = np.ones(inputs.shape[:2], dtype=bool)
    elif mask.ndim != 2:
        raise InputError("mask", "a mask of times, (batch, time)", f"shape {mask.shape}")
    return inputs.astype(np.float64), targets.astype(np.float64), mask


def draw_feedback(network: Network, feedback: FloatArray | float, n_signals: int, rng: Seed) -> FloatArray:
    """Return feedback weights, (unit, signal): those given, or drawn uniformly within a bound."""
    shape = (network.cell.n_units, n_signals)
    if np.ndim(feedback) > 0:
        return check_array("feedback", feedback, ("unit", "output"), shape=shape)
    bound = check_positive("feedback", feedback)
    return stream(rng, "feedback weights").uniform(-bound, bound, shape)


def run_rounds(
    trial: Trial,
    trials: tuple[FloatArray, FloatArray, BoolArray],
    learner: RecursiveLeastSquares,
    n_rounds: int,
) -> tuple[FloatArray, FloatArray]:
    """Run all trials ``n_rounds`` times; return mean squared error and change of weights of each round.

    Raises
    ------
    DivergenceError
        If the weights leave the finite numbers.
    """
    n_values = int(trials[2].sum()) * trials[1].shape[2]
    losses, changes = np.empty(n_rounds), np.empty(n_rounds)
    for number in range(n_rounds):
        before = learner.weights.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            losses[number] = sum(trial(*arrays) for arrays in zip(*trials, strict=True)) / n_values
            changes[number] = np.linalg.norm(learner.weights - before)
        if not np.isfinite(losses[number] + changes[number]):
            message = f"the units left the finite numbers in round {number + 1}"
            raise DivergenceError(f"{message}; try a larger alpha, a smaller gain or a bounded activation")
    return losses, changes


def retyped(network: Network, parameters: Parameters) -> Network:
    """Return the network with these parameters, in its own floating-point type."""
    dtype: np.dtype[Any] = network.dtype
    return network.with_parameters({name: array.astype(dtype) for name, array in parameters.items()})
