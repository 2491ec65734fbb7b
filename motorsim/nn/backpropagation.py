"""Back-propagation: loss and gradients of a cell with a readout, on arrays already checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from motorsim.nn.parameters import CELL, READOUT, part_of, whole_of
from motorsim.nn.unroll import Unrolled, unroll, unroll_vjp
from motorsim.nn.workspace import Workspace
from motorsim.types import BoolArray, Floats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from motorsim.nn.penalties import Cost, Penalty
    from motorsim.types import Cell, Parameters, Readout

Loss: TypeAlias = Callable[[Floats, Floats, BoolArray | None], tuple[float, Floats]]


def swap_batch_and_time(array: Floats) -> Floats:
    """Turn (batch, time, feature) into (time, batch, feature) or back, contiguous in memory."""
    return np.ascontiguousarray(array.swapaxes(0, 1))


def run_forward(
    cell: Cell,
    params: Mapping[str, Floats],
    inputs: Floats,
    workspace: Workspace,
    *,
    initial_state: Floats | None = None,
) -> Unrolled:
    """Unroll a cell over inputs (batch, time, feature), from its own initial state unless one is given."""
    if initial_state is None:
        initial_state = cell.initial_state(params, len(inputs))
    return unroll(cell, params, initial_state, swap_batch_and_time(inputs), workspace.empty)


def compute_loss(
    cell: Cell,
    readout: Readout,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss,
    mask: BoolArray | None = None,
    workspace: Workspace | None = None,
) -> float:
    """Return the loss alone; arguments as in `compute_loss_and_gradients`."""
    workspace = Workspace() if workspace is None else workspace
    unrolled = run_forward(cell, part_of(parameters, CELL), inputs, workspace)
    outputs, _ = readout.read(part_of(parameters, READOUT), unrolled.rates, workspace.empty)
    return loss(outputs.swapaxes(0, 1), targets, mask)[0]


def compute_loss_and_gradients(
    cell: Cell,
    readout: Readout,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss,
    mask: BoolArray | None = None,
    penalties: Iterable[Penalty] = (),
    workspace: Workspace | None = None,
) -> tuple[Cost, Parameters]:
    """Return loss plus penalties, and the gradient of every parameter array.

    Nothing is checked or converted here: the arrays are of one floating-point type.

    Parameters
    ----------
    cell, readout, parameters
        The network; names start with ``cell.`` or ``readout.``.
    inputs
        (batch, time, feature).
    targets
        (batch, time, output).
    loss
        Called with outputs, targets, mask; returns the loss and its gradient with respect to the outputs.
    mask
        (batch, time) or (batch, time, output).
    penalties
        What is added to the loss.
    workspace
        Scratch memory to use again; its own by default.
    """
    workspace = Workspace() if workspace is None else workspace
    cell_params, readout_params = part_of(parameters, CELL), part_of(parameters, READOUT)
    unrolled = run_forward(cell, cell_params, inputs, workspace)
    outputs, cache = readout.read(readout_params, unrolled.rates, workspace.empty)
    misfit, grad_outputs = loss(outputs.swapaxes(0, 1), targets, mask)
    total: Cost = misfit
    grad_rates, grad_readout = readout.read_vjp(
        readout_params, cache, swap_batch_and_time(grad_outputs), workspace.empty
    )
    costs = [penalty(parameters, unrolled.rates) for penalty in penalties]
    for cost, _, grad in costs:
        total = total + cost
        grad_rates = grad_rates if grad is None else grad_rates + grad
    grad_state, _, grad_cell = unroll_vjp(cell, cell_params, unrolled, grad_rates, workspace.empty)
    gradients = whole_of(grad_cell | cell.initial_state_vjp(cell_params, grad_state), grad_readout)
    for _, grad_parameters, _ in costs:
        for name, gradient in grad_parameters.items():
            gradients[name] = gradients[name] + gradient
    return total, {name: gradients[name] for name in parameters}
