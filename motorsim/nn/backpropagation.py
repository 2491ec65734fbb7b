"""Back-propagation: loss and gradients of a recurrent network, on arrays already checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.bptt import BPTT
from motorsim.nn.canonical import canonical
from motorsim.nn.kinds import check_kind
from motorsim.nn.losses import MeanLoss
from motorsim.nn.parts import allocate_for, part_of, whole_of
from motorsim.nn.two_threads import run_together, split_rows
from motorsim.nn.unroll import as_recurrent, swap_batch_and_time
from motorsim.types import Cell, Draws

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Cost, Penalty
    from motorsim.nn.workspace import Workspace
    from motorsim.types import Allocator, BoolArray, Floats, Layer, Parameters, Readout, Recurrent


class Architecture(NamedTuple):
    """What a recurrent network computes: an encoder of the inputs of each time, a cell, a readout."""

    encoder: Layer | None
    cell: Cell | Recurrent
    readout: Readout


class Run(NamedTuple):
    """A forward pass over a stretch of time: what the way back needs."""

    rates: Floats
    last: Floats
    tape: Any
    encoder_cache: Any


def run_forward(
    architecture: Architecture,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    allocate: Allocator,
    *,
    state: Floats | None = None,
    draws: Draws | None = None,
) -> Run:
    """Run encoder and cell over inputs (batch, time, ...), from the cell's initial state or the one given."""
    encoder, cell = architecture.encoder, architecture.cell
    flowing, encoder_cache = swap_batch_and_time(inputs), None
    if encoder is not None:
        samples = flowing.reshape(-1, *inputs.shape[2:])
        rng = None if draws is None else draws.of(0).steps
        encoded, encoder_cache = encoder.forward(part_of(parameters, "encoder"), samples, rng=rng)
        flowing = encoded.reshape(*flowing.shape[:2], -1)
    cell_params = part_of(parameters, "cell")
    if state is None:
        state = cell.initial_state(cell_params, len(inputs))
    run = as_recurrent(cell).sequence(
        cell_params,
        state,
        flowing,
        allocate_for("cell", allocate),
        draws=None if draws is None else draws.of(1),
    )
    return Run(*run, encoder_cache)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be differentiated: a loss plus penalties, of the rows and times that the arrays hold.

    Parameters
    ----------
    architecture, parameters
        The network.
    inputs, targets, mask
        (batch, time, ...), (batch, time, output), and (batch, time) or (batch, time, output).
    loss, penalties
        As in `motorsim.nn.Network.loss_and_gradients`.
    loss_share, penalty_share
        What the loss and the penalties of these rows and times count for in those of the whole.
    """

    architecture: Architecture
    parameters: Mapping[str, Floats]
    inputs: Floats
    targets: Floats
    mask: BoolArray | None
    loss: Loss
    penalties: tuple[Penalty, ...] = ()
    loss_share: float = 1.0
    penalty_share: float = 1.0

    def part(self, rows: slice, times: slice = slice(None)) -> Problem:
        """Return the same for some rows and times only."""
        mask = None if self.mask is None else self.mask[rows, times]
        inputs, targets = self.inputs[rows, times], self.targets[rows, times]
        if targets.shape == self.targets.shape:
            return self
        assert isinstance(self.loss, MeanLoss)  # noqa: S101  no other is divided
        whole = self.loss.weight(self.targets.shape, self.mask)
        if whole <= 0.0:
            raise InputError("mask", "something left by mask and output weights", "nothing")
        share = self.loss.weight(targets.shape, mask) / whole
        size = inputs.shape[0] * inputs.shape[1] / (self.inputs.shape[0] * self.inputs.shape[1])
        return Problem(
            self.architecture,
            self.parameters,
            inputs,
            targets,
            mask,
            self.loss,
            self.penalties,
            self.loss_share * share,
            self.penalty_share * size,
        )


def compute_loss(
    architecture: Architecture,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss,
    mask: BoolArray | None = None,
    workspace: Workspace,
) -> float:
    """Return the loss alone; arguments as in `compute_loss_and_gradients`."""
    readout, loss = canonical(architecture.readout, loss)
    run = run_forward(architecture, parameters, inputs, workspace.empty)
    outputs, _ = readout.read(
        part_of(parameters, "readout"), run.rates, allocate_for("readout", workspace.empty)
    )
    return loss(outputs.swapaxes(0, 1), targets, mask)[0]


def compute_loss_and_gradients(
    architecture: Architecture,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss,
    mask: BoolArray | None = None,
    penalties: Iterable[Penalty] = (),
    bptt: BPTT | None = None,
    workspace: Workspace,
    rng: np.random.Generator | None = None,
) -> tuple[Cost, Parameters]:
    """Return loss plus penalties, and the gradient of every parameter array.

    Nothing is checked or converted here: the arrays are of one floating-point type. Large batches are halved
    and the halves run side by side; whether they are depends on sizes alone, so that the numbers do not
    depend on the machine.

    Parameters
    ----------
    architecture, parameters
        The network; names start with ``encoder.``, ``cell.`` or ``readout.``.
    inputs
        (batch, time, ...).
    targets
        (batch, time, output).
    loss
        Called with outputs, targets, mask; returns the loss and its gradient with respect to the outputs.
    mask
        (batch, time) or (batch, time, output).
    penalties
        What is added to the loss.
    bptt
        Truncation or recomputation.
    workspace
        Scratch memory to use again.
    rng
        Where noise and dropout are drawn from; neither without.

    Raises
    ------
    InputError
        If the network or the loss cannot be run in stretches of time, and ``bptt`` asks for them.
    """
    readout, loss = canonical(architecture.readout, loss)
    architecture = architecture._replace(readout=readout)
    whole = Problem(architecture, parameters, inputs, targets, mask, loss, tuple(penalties))
    rows = [slice(None)]
    if isinstance(loss, MeanLoss):
        rows = split_rows(len(inputs), inputs.shape[1], _n_drives(architecture.cell))
    stretches = _stretches(whole, bptt)

    def differentiate(index: int) -> _Sum:
        own = None if rng is None else draws[index]
        allocate = allocate_for(f"rows {index}", workspace.empty) if len(rows) > 1 else workspace.empty
        part = whole.part(rows[index])
        if stretches is None:
            return _differentiate_whole(part, allocate, own)
        if bptt is not None and bptt.recompute:
            return _differentiate_again(part, stretches, allocate, own)
        return _differentiate_truncated(part, stretches, allocate, own)

    draws = [] if rng is None else [Draws.begin(rng) for _ in rows]
    total = run_together(differentiate, len(rows))
    combined = total[0]
    for other in total[1:]:
        combined.add(other.value, other.gradients)
    return combined.value, {name: combined.gradients[name] for name in parameters}


@dataclass(eq=False)
class _Sum:
    """Cost and gradients of parts, added up."""

    value: Cost = 0.0
    gradients: Parameters = field(default_factory=dict)

    def add(self, value: Cost, gradients: Mapping[str, Floats]) -> None:
        self.value = self.value + value
        for name, gradient in gradients.items():
            self.gradients[name] = self.gradients[name] + gradient if name in self.gradients else gradient


def _n_drives(cell: Cell | Recurrent) -> int:
    """Return the width of the widest recurrent product of a step."""
    shapes = cell.parameter_shapes.items()
    return max(
        (shape[0] for name, shape in shapes if name.endswith("recurrent_weights")), default=cell.n_units
    )


def _backward(
    problem: Problem, run: Run, allocate: Allocator, grad_last: Floats | None = None
) -> tuple[Cost, Parameters, Floats]:
    """Return cost, gradients but for that of the initial state's parameters, and the initial state's."""
    encoder, cell, readout = problem.architecture
    parameters = problem.parameters
    cell_params, readout_params = part_of(parameters, "cell"), part_of(parameters, "readout")
    allocate_readout = allocate_for("readout", allocate)
    outputs, cache = readout.read(readout_params, run.rates, allocate_readout)
    total: Cost = 0.0
    if problem.loss_share == 0.0:
        grad_outputs = np.zeros_like(outputs)
    else:
        misfit, grad_public = problem.loss(outputs.swapaxes(0, 1), problem.targets, problem.mask)
        grad_outputs = swap_batch_and_time(grad_public)
        if problem.loss_share != 1.0:
            misfit, grad_outputs = misfit * problem.loss_share, grad_outputs * problem.loss_share
        total = misfit
    grad_rates, grad_readout = readout.read_vjp(readout_params, cache, grad_outputs, allocate_readout)
    costs = [penalty(parameters, run.rates) for penalty in problem.penalties]
    for cost, _, grad in costs:
        total = total + problem.penalty_share * cost
        if grad is not None:
            grad_rates += problem.penalty_share * grad
    grad_state, grad_inputs, grad_cell = as_recurrent(cell).sequence_vjp(
        cell_params,
        run.tape,
        grad_rates,
        allocate_for("cell", allocate),
        grad_last=grad_last,
        want_inputs=encoder is not None,
    )
    gradients = whole_of({"cell": grad_cell, "readout": grad_readout})
    if encoder is not None:
        assert grad_inputs is not None  # noqa: S101  it was wanted
        gradients |= _encoder_vjp(encoder, parameters, run.encoder_cache, grad_inputs)
    for _, grad_parameters, _ in costs:
        for name, gradient in grad_parameters.items():
            gradients[name] = gradients.get(name, 0.0) + problem.penalty_share * gradient
    return total, gradients, grad_state


def _encoder_vjp(
    encoder: Layer, parameters: Mapping[str, Floats], cache: Any, grad_inputs: Floats
) -> Parameters:
    flat = grad_inputs.reshape(-1, grad_inputs.shape[-1])
    _, gradients = encoder.vjp(part_of(parameters, "encoder"), cache, flat)
    return whole_of({"encoder": gradients})


def _of_initial_state(problem: Problem, grad_state: Floats) -> Parameters:
    cell_params = part_of(problem.parameters, "cell")
    return whole_of({"cell": problem.architecture.cell.initial_state_vjp(cell_params, grad_state)})


def _run(problem: Problem, allocate: Allocator, state: Floats | None, draws: Draws | None) -> Run:
    return run_forward(
        problem.architecture, problem.parameters, problem.inputs, allocate, state=state, draws=draws
    )


def _differentiate_whole(problem: Problem, allocate: Allocator, draws: Draws | None) -> _Sum:
    value, gradients, grad_state = _backward(problem, _run(problem, allocate, None, draws), allocate)
    total = _Sum(value, gradients)
    total.add(0.0, _of_initial_state(problem, grad_state))
    return total


def _differentiate_truncated(
    problem: Problem, stretches: list[slice], allocate: Allocator, draws: Draws | None
) -> _Sum:
    total, state = _Sum(), None
    for times in stretches:
        part = problem.part(slice(None), times)
        run = _run(part, allocate, state, draws)
        end = run.last.copy()
        value, gradients, grad_state = _backward(part, run, allocate)
        total.add(value, gradients)
        if state is None:
            total.add(0.0, _of_initial_state(part, grad_state))
        state = end
    return total


def _differentiate_again(
    problem: Problem, stretches: list[slice], allocate: Allocator, draws: Draws | None
) -> _Sum:
    parts = [problem.part(slice(None), times) for times in stretches]
    state = problem.architecture.cell.initial_state(part_of(problem.parameters, "cell"), len(problem.inputs))
    starts: list[tuple[Floats, Draws | None]] = []
    for part in parts:
        starts.append((state, None if draws is None else draws.copy()))
        if part is not parts[-1]:
            state = _run(part, allocate, state, draws).last.copy()
    total, grad_state = _Sum(), None
    for part, (start, chance) in zip(parts[::-1], starts[::-1], strict=True):
        again = _run(part, allocate, start, chance)
        value, gradients, grad_state = _backward(part, again, allocate, grad_state)
        total.add(value, gradients)
    assert grad_state is not None  # noqa: S101  there is at least one stretch
    total.add(0.0, _of_initial_state(problem, grad_state))
    return total


def _stretches(problem: Problem, bptt: BPTT | None) -> list[slice] | None:
    """Return the stretches of time to run one by one; ``None`` for all at once."""
    if bptt is None:
        return None
    check_kind("bptt", bptt, BPTT, "BPTT(...) or None")
    if bptt.truncate_after is None and not bptt.recompute:
        return None
    if not _runs_forward(problem.architecture.cell):
        raise InputError("bptt", "BPTT() for a network that also runs against time", repr(bptt))
    if not isinstance(problem.loss, MeanLoss):
        expected = "BPTT() for a loss that is no mean over times, such as one through an arm"
        raise InputError("bptt", expected, repr(bptt))
    n_times = problem.inputs.shape[1]
    length = bptt.truncate_after or math.ceil(math.sqrt(n_times))
    return [slice(start, start + length) for start in range(0, n_times, length)]


def _runs_forward(cell: Cell | Recurrent) -> bool:
    """Tell whether a cell, and every layer within, runs forward in time."""
    layers = getattr(cell, "cells", None)
    return isinstance(cell, Cell) if layers is None else all(map(_runs_forward, layers))
