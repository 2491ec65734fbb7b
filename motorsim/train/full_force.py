"""full-FORCE: all recurrent weights learned from the currents of a network that is told the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_integer
from motorsim.nn import Leaky
from motorsim.train.force import ForceFit, check_trials, draw_feedback, retyped, run_rounds
from motorsim.train.rate_networks import check_rate_network, with_drive_inputs
from motorsim.train.recursive_least_squares import RecursiveLeastSquares

if TYPE_CHECKING:
    from motorsim.nn import Network
    from motorsim.streams import Seed
    from motorsim.train.force import Trial
    from motorsim.types import BoolArray, FloatArray, Floats, Parameters


def full_force(
    network: Network,
    inputs: Floats,
    targets: Floats,
    *,
    rng: Seed,
    feedback: FloatArray | float = 1.0,
    hints: Floats | None = None,
    alpha: float = 1.0,
    every: int = 2,
    n_rounds: int = 10,
    mask: BoolArray | None = None,
) -> ForceFit:
    """Learn recurrent weights and readout by recursive least squares (DePasquale et al. 2018).

    A target-generating network with rates q and the recurrent weights W(0) of the one handed in is told the
    target f itself through fixed weights F: its units get the current W(0) q + F f. The network that learns,
    with rates r, is told nothing; its W, b, V and c follow W r + b = W(0) q + F f + b(0) and V r + c = f.
    As an output that is fed back, the target acts in the step after. Both start each trial from the same
    initial state.

    Parameters
    ----------
    network, inputs, rng, alpha, every, n_rounds
        As in `motorsim.train.force`.
    targets
        (batch, time, output). They drive the units, so all of them must be finite.
    feedback
        F, (unit, output + hint); or a number, the bound of the uniform distribution that F is drawn from.
    hints
        Further signals that only the target-generating network is told, (batch, time, hint).
    mask
        Times that count, (batch, time); all of them by default. At others nothing is learned.

    Returns
    -------
    ForceFit
        The network, and the course of learning; ``training_loss`` is of the output alone.

    Raises
    ------
    InputError
        If the network is of another kind, the arrays do not go with it, or a setting is out of its range.
    DivergenceError
        If the units leave the finite numbers.
    """
    check_rate_network(network, cells=(Leaky,))
    inputs, targets, counts = check_trials(network, inputs, check_array("targets", targets), mask)
    signals = targets
    if hints is not None:
        shape = (*targets.shape[:2], None)
        hints = check_array("hints", hints, ("batch", "time", "hint"), shape=shape)
        signals = np.concatenate([targets, hints], axis=2)
    weights = draw_feedback(network, feedback, signals.shape[2], rng)
    parameters: Parameters = {name: array.astype(np.float64) for name, array in network.parameters.items()}
    learner = RecursiveLeastSquares(_stacked(parameters), alpha=alpha)
    trial = _trial(network, parameters, weights, learner, check_integer("every", every))
    told = np.concatenate([inputs, signals], axis=2)
    losses, changes = run_rounds(trial, (told, targets, counts), learner, check_integer("n_rounds", n_rounds))
    return ForceFit(retyped(network, _unstacked(parameters, learner.weights)), weights, losses, changes)


def _trial(
    network: Network,
    parameters: Parameters,
    feedback: FloatArray,
    learner: RecursiveLeastSquares,
    every: int,
) -> Trial:
    """Return what runs one trial in both networks, learning, and gives the sum of squared errors."""
    cell = network.cell
    assert isinstance(cell, Leaky)  # noqa: S101 - it was checked
    own = {
        name.removeprefix("cell."): array for name, array in parameters.items() if name.startswith("cell.")
    }
    generator, generating = with_drive_inputs(cell, own, feedback)
    n_units, n_inputs = cell.n_units, cell.n_inputs
    # Views: what the least squares learns acts in the next step.
    learning = own | {
        "recurrent_weights": learner.weights[:n_units, :-1],
        "bias": learner.weights[:n_units, -1],
    }

    def run(told: FloatArray, targets: FloatArray, counts: BoolArray) -> float:
        state, squared = cell.initial_state(own, 1), 0.0
        generated, signal = state, np.zeros(feedback.shape[1])
        for time, (told_now, target) in enumerate(zip(told, targets, strict=True)):
            input_now = told_now[:n_inputs]
            state, _ = cell.step(learning, state, input_now[None])
            generated, _ = generator.step(generating, generated, np.concatenate([input_now, signal])[None])
            signal = told_now[n_inputs:]
            features = np.append(cell.rates(state)[0], 1.0)
            current = (
                own["recurrent_weights"] @ generator.rates(generated)[0] + feedback @ signal + own["bias"]
            )
            error = learner.weights @ features - np.concatenate([current, target])
            if counts[time]:
                squared += float(error[n_units:] @ error[n_units:])
                if time % every == 0:
                    learner.update(features, error)
        return squared

    return run


def _stacked(parameters: Parameters) -> FloatArray:
    """Return what is learned as one matrix [[W, b], [V, c]], (unit + output, unit + 1)."""
    rows = [
        np.column_stack([parameters["cell.recurrent_weights"], parameters["cell.bias"]]),
        np.column_stack([parameters["readout.weights"], parameters["readout.bias"]]),
    ]
    return np.concatenate(rows)


def _unstacked(parameters: Parameters, learned: FloatArray) -> Parameters:
    """Return the parameters with what was learned put in."""
    n_units = len(parameters["cell.bias"])
    return parameters | {
        "cell.recurrent_weights": learned[:n_units, :-1],
        "cell.bias": learned[:n_units, -1],
        "readout.weights": learned[n_units:, :-1],
        "readout.bias": learned[n_units:, -1],
    }
