"""L-BFGS: training on the whole data set at once, with curvature, by SciPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.nn.kinds import check_kind
from motorsim.nn.losses import check_loss
from motorsim.nn.mse import mse
from motorsim.nn.penalties import check_penalties
from motorsim.nn.trainable import Trainable
from motorsim.nn.workspace import Workspace
from motorsim.train.result import Fit, Model, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from scipy.optimize import OptimizeResult

    from motorsim.nn.bptt import BPTT
    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Penalty
    from motorsim.types import BoolArray, FloatArray, Floats, Parameters


def fit_lbfgs(
    network: Model,
    inputs: Floats,
    targets: Floats,
    *,
    n_iterations: int,
    mask: BoolArray | None = None,
    loss: Loss = mse,
    penalties: Iterable[Penalty] = (),
    bptt: BPTT | None = None,
    n_corrections: int = 20,
    gradient_tolerance: float = 1e-8,
) -> Fit[Model]:
    """Train a network by limited-memory BFGS (Liu & Nocedal 1989), all data in every step, nothing random.

    For small problems that are to be solved to the last digit: float64 networks, where the loss is smooth.

    Parameters
    ----------
    network
        Where to start; it is not changed.
    inputs, targets
        (batch, time, feature) and (batch, time, output) for a recurrent network.
    n_iterations
        Largest number of line searches.
    mask, loss, penalties, bptt
        As in `motorsim.train.fit`.
    n_corrections
        Number of past steps from which the curvature is known.
    gradient_tolerance
        Training has converged when no entry of the gradient is larger.

    Returns
    -------
    Fit
        The network of the lowest loss, which is the last; ``training_loss`` holds the loss before each
        iteration and after the last, (iteration + 1,).

    Raises
    ------
    InputError
        If the arrays do not go with the network or a setting is out of its range.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    check_kind("network", network, Trainable, "a network such as Network.initialise(...)")
    check_loss("loss", loss)
    batch = network.check_batch(inputs, targets, mask)
    check_integer("n_iterations", n_iterations)
    check_integer("n_corrections", n_corrections)
    check_positive("gradient_tolerance", gradient_tolerance)
    start, fixed = network.parameters, check_penalties(penalties)
    workspace = Workspace()

    def cost(vector: FloatArray) -> tuple[float, FloatArray]:
        with np.errstate(over="ignore", invalid="ignore"):
            value, gradients = network.compute_loss_and_gradients(
                unflatten(vector, start),
                *batch[:2],
                loss=loss,
                mask=batch[2],
                penalties=fixed,
                bptt=bptt,
                workspace=workspace,
            )
        return float(value), flatten(gradients, start)

    first = cost(flatten(start, start))[0]
    if not math.isfinite(first):
        raise InputError("network", "a finite loss to start from", f"{first}", "draw it with a smaller gain")
    losses = [first]
    result = minimize(  # type: ignore[call-overload] # the stubs know no callback that is a plain function
        cost,
        flatten(start, start),
        jac=True,
        method="L-BFGS-B",
        callback=_recorder(losses),
        options={
            "maxiter": n_iterations,
            # A line search makes at most 20 trials, so this never ends training first.
            "maxfun": 21 * n_iterations + 21,
            "maxcor": n_corrections,
            "gtol": gradient_tolerance,
            "ftol": 0.0,
        },
    )
    return _finish(network, result, losses, n_iterations)


def flatten(arrays: Mapping[str, Floats], like: Mapping[str, Floats]) -> FloatArray:
    """Return all arrays as one float64 vector, in the order of ``like``."""
    return np.concatenate([np.asarray(arrays[name], dtype=np.float64).ravel() for name in like])


def unflatten(vector: FloatArray, like: Mapping[str, Floats]) -> Parameters:
    """Return the arrays of a vector, with the names, shapes and types of ``like``."""
    ends = np.cumsum([array.size for array in like.values()])[:-1]
    parts = zip(like.items(), np.split(vector, ends), strict=True)
    return {name: part.reshape(array.shape).astype(array.dtype) for (name, array), part in parts}


def _recorder(losses: list[float]) -> Callable[[OptimizeResult], None]:
    # SciPy looks at the argument's name to decide what it hands over.
    def record(intermediate_result: OptimizeResult) -> None:
        losses.append(float(intermediate_result.fun))

    return record


def _finish(network: Model, result: OptimizeResult, losses: list[float], n_iterations: int) -> Fit[Model]:
    n_made = len(losses) - 1
    stopped = "iterations" if n_made == n_iterations and not result.success else "converged"
    return Fit(
        network=network.with_parameters(unflatten(result.x, network.parameters)),
        training_loss=np.array(losses),
        validation_loss=np.zeros(0),
        evaluated_at=np.zeros(0, dtype=np.int64),
        stage_starts=np.zeros(1, dtype=np.int64),
        best_iteration=n_made,
        stopped=stopped,
        message=f"{summarise(stopped, n_made, n_made)} ({result.message})",
    )
