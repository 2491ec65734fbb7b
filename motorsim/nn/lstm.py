"""LSTM: the cell with a memory that gates write, keep and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_number
from motorsim.nn.drive import check_drive
from motorsim.nn.gates import allocate_grad_inputs, draw_blocks, repeat_state, sigmoid
from motorsim.nn.lstm_sequence import LSTMTape, run, run_back
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Draws, Floats, Parameters


class LSTMStep(NamedTuple):
    """What one step leaves for its pull-back: all (batch, ...), the gates as i, f, g, o."""

    state: Floats
    input: Floats
    gates: tuple[Floats, Floats, Floats, Floats]
    following: Floats


@dataclass(frozen=True)
class LSTM:
    """Long short-term memory (Hochreiter & Schmidhuber 1997) with forget gate (Gers et al. 2000).

    With [a_i, a_f, a_g, a_o] = W h + B u + b and the logistic function s,

        i = s(a_i + p_i c),  f = s(a_f + p_f c),  g = tanh(a_g),  c' = f c + i g,
        o = s(a_o + p_o c'),  h' = o tanh(c');

    the peepholes p (Gers, Schraudolph & Schmidhuber 2002) are left out unless asked for. The state is
    [h | c], (batch, 2 unit), and the hidden rate is h.

    Parameter arrays, gates in the order i, f, g, o: ``recurrent_weights`` W (4 unit, unit);
    ``input_weights`` B (4 unit, feature); ``bias`` b (4 unit,); ``peephole_weights`` p_i, p_f, p_o (3, unit)
    where asked for; ``initial_state`` [h(0) | c(0)] (2 unit,) where it is learned.
    A sequence holds six (time, batch, unit) arrays, the four gates, c and h, and a copy of the inputs; the
    way back works in that of the gates, so that a tape can be pulled back once.

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_units
        Number of units.
    gain
        g: scale of each gate's initial recurrent weights, see ``initialisation``.
    forget_bias
        Initial bias of the forget gate; above zero, memories last from the start (Gers et al. 2000).
    peepholes
        Let the gates see the memory.
    learn_initial_state
        Learn h(0) and c(0), from zero on; otherwise they stay zero.
    initialisation
        ``"gaussian"``: each gate's recurrent weights from N(0, g^2 / n_units); ``"orthogonal"``: g times a
        rotation each.

    Raises
    ------
    InputError
        If a size is not a positive integer, the gain is negative, the bias is no finite number, a switch is
        no bool or the initialisation is unknown.
    """

    n_inputs: int
    n_units: int
    gain: float = 1.0
    forget_bias: float = 1.0
    peepholes: bool = False
    learn_initial_state: bool = True
    initialisation: str = "gaussian"

    def __post_init__(self) -> None:
        """Refuse what makes no cell."""
        check_drive(self.n_inputs, self.n_units, self.gain, self.learn_initial_state, self.initialisation)
        check_number("forget_bias", self.forget_bias)
        if not isinstance(self.peepholes, bool):
            raise InputError("peepholes", "True or False", repr(self.peepholes))

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        n_units = self.n_units
        shapes: dict[str, tuple[int, ...]] = {
            "recurrent_weights": (4 * n_units, n_units),
            "input_weights": (4 * n_units, self.n_inputs),
            "bias": (4 * n_units,),
        }
        if self.peepholes:
            shapes["peephole_weights"] = (3, n_units)
        if self.learn_initial_state:
            shapes["initial_state"] = (2 * n_units,)
        return shapes

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw recurrent weights as ``initialisation`` says and input weights N(0, 1 / feature).

        All else is zero, but for the bias of the forget gate.
        """
        generator = stream(rng, "lstm cell")
        parameters: Parameters = {name: np.zeros(shape) for name, shape in self.parameter_shapes.items()}
        parameters |= draw_blocks(
            self.n_inputs,
            self.n_units,
            n_gates=4,
            gain=self.gain,
            initialisation=self.initialisation,
            generator=generator,
        )
        parameters["bias"][self.n_units : 2 * self.n_units] = self.forget_bias
        return parameters

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return [h(0) | c(0)], the same for every sequence, (batch, 2 unit)."""
        return repeat_state(params, batch, 2 * self.n_units)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Pull a gradient of the state before the first step, (batch, 2 unit), back to what sets it."""
        return {"initial_state": grad.sum(axis=0)} if self.learn_initial_state else {}

    def rates(self, state: Floats) -> Floats:
        """Return the hidden rates h, (batch, unit)."""
        return state[:, : self.n_units]

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:
        """Pull a gradient of the rates back to the state; it says nothing of c."""
        pulled = np.zeros_like(state)
        pulled[:, : self.n_units] = grad
        return pulled

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, LSTMStep]:  # noqa: A002
        """Return the next state, (batch, 2 unit), and the cache."""
        rates, memory = np.split(state, 2, axis=1)
        drive = rates @ params["recurrent_weights"].T + input @ params["input_weights"].T + params["bias"]
        drive_i, drive_f, drive_g, drive_o = np.split(drive, 4, axis=1)
        peep_i, peep_f, peep_o = self._peepholes(params)
        i, f, g = sigmoid(drive_i + peep_i * memory), sigmoid(drive_f + peep_f * memory), np.tanh(drive_g)
        memory = f * memory + i * g
        o = sigmoid(drive_o + peep_o * memory)
        following = np.concatenate([o * np.tanh(memory), memory], axis=1)
        return following, LSTMStep(state, input, (i, f, g, o), following)

    def step_vjp(
        self, params: Mapping[str, Floats], cache: LSTMStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, 2 unit), back to state, input and parameters."""
        i, f, g, o = cache.gates
        rates, memory = np.split(cache.state, 2, axis=1)
        following = cache.following[:, self.n_units :]
        peep_i, peep_f, peep_o = self._peepholes(params)
        grad_rates, grad_memory = np.split(grad, 2, axis=1)
        squashed = np.tanh(following)
        drive_o = grad_rates * squashed * o * (1.0 - o)
        grad_memory = grad_memory + grad_rates * o * (1.0 - squashed * squashed) + peep_o * drive_o
        drive_i = grad_memory * g * i * (1.0 - i)
        drive_f = grad_memory * memory * f * (1.0 - f)
        drive_g = grad_memory * i * (1.0 - g * g)
        drive = np.concatenate([drive_i, drive_f, drive_g, drive_o], axis=1)
        earlier = grad_memory * f + peep_i * drive_i + peep_f * drive_f
        gradients: Parameters = {
            "recurrent_weights": drive.T @ rates,
            "input_weights": drive.T @ cache.input,
            "bias": drive.sum(axis=0),
        }
        if self.peepholes:
            seen = (drive_i * memory, drive_f * memory, drive_o * following)
            gradients["peephole_weights"] = np.stack([product.sum(axis=0) for product in seen])
        grad_state = np.concatenate([drive @ params["recurrent_weights"], earlier], axis=1)
        return grad_state, drive @ params["input_weights"], gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next / d state, (batch, 2 unit, 2 unit), in blocks of h and c.

        dc' = f dc + c df + g di + i dg and dh' = o (1 - tanh(c')^2) dc' + tanh(c') do.
        """
        following, cache = self.step(params, state, input)
        i, f, g, o = cache.gates
        memory, squashed = state[:, self.n_units :], np.tanh(following[:, self.n_units :])
        slope_i, slope_f, slope_g = g * i * (1.0 - i), memory * f * (1.0 - f), i * (1.0 - g * g)
        slope_o = squashed * o * (1.0 - o)
        weights_i, weights_f, weights_g, weights_o = np.split(params["recurrent_weights"], 4)
        peep_i, peep_f, peep_o = self._peepholes(params)
        memory_by_rates = slope_i[:, :, None] * weights_i + slope_f[:, :, None] * weights_f
        memory_by_rates += slope_g[:, :, None] * weights_g
        identity = np.eye(self.n_units, dtype=state.dtype)
        memory_by_memory = (f + slope_i * peep_i + slope_f * peep_f)[:, :, None] * identity
        through_memory = (o * (1.0 - squashed * squashed) + slope_o * peep_o)[:, :, None]
        rates_by_rates = slope_o[:, :, None] * weights_o + through_memory * memory_by_rates
        blocks = [[rates_by_rates, through_memory * memory_by_memory], [memory_by_rates, memory_by_memory]]
        return np.block(blocks)

    def _peepholes(self, params: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
        """Return p_i, p_f and p_o, (unit,), zero where there are none."""
        if self.peepholes:
            peep_i, peep_f, peep_o = params["peephole_weights"]
            return peep_i, peep_f, peep_o
        nothing = np.zeros(self.n_units, params["bias"].dtype)
        return nothing, nothing, nothing

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,  # noqa: ARG002
    ) -> tuple[Floats, Floats, LSTMTape]:
        """Run all steps; see `motorsim.types.Recurrent`. Nothing is random."""
        return run(params, initial_state, inputs, allocate)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: LSTMTape,
        grad_rates: Floats,
        allocate: Allocator,
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,
    ) -> tuple[Floats, Floats | None, Parameters]:
        """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`.

        Raises
        ------
        InputError
            If the tape was pulled back before.
        """
        grad_inputs = allocate_grad_inputs(params, grad_rates, allocate) if want_inputs else None
        grad_state, gradients = run_back(params, tape, grad_rates, grad_last, grad_inputs)
        return grad_state, grad_inputs, gradients

    def states(self, tape: LSTMTape) -> Floats:
        """Return the states [h | c] of a run, (time + 1, batch, 2 unit)."""
        return np.concatenate([tape.rows[:, :, : self.n_units], tape.memories], axis=2)
