"""GRU: the cell whose state is its memory, with a gate that keeps and one that resets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.nn.drive import check_drive
from motorsim.nn.gates import allocate_grad_inputs, draw_blocks, repeat_state, sigmoid
from motorsim.nn.gru_sequence import GRUTape, run, run_back
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Draws, Floats, Parameters


class GRUStep(NamedTuple):
    """What one step leaves for its pull-back: all (batch, ...), the gates as r, z, n and m."""

    state: Floats
    input: Floats
    gates: tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class GRU:
    """Gated recurrent unit (Cho et al. 2014) that resets after the recurrent product, as PyTorch's.

    With blocks W_r, W_z, W_n of W, so of B and b, and the logistic function s,

        r = s(W_r h + B_r u + b_r),  z = s(W_z h + B_z u + b_z),  m = W_n h + c,
        n = tanh(B_n u + b_n + r m),  h' = (1 - z) n + z h.

    The state is h, (batch, unit), and so is the hidden rate. Cho et al. reset h before the product and swap z
    and 1 - z.

    Parameter arrays, gates in the order r, z, n: ``recurrent_weights`` W (3 unit, unit); ``input_weights`` B
    (3 unit, feature); ``bias`` b (3 unit,); ``recurrent_bias`` c (unit,); ``initial_state`` h(0) (unit,)
    where it is learned.
    A sequence holds five (time, batch, unit) arrays, r, z, n, m and h, and a copy of the inputs; the way back
    works in those of the gates, so that a tape can be pulled back once.

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_units
        Number of units.
    gain
        g: scale of each block's initial recurrent weights, see ``initialisation``.
    learn_initial_state
        Learn h(0), from zero on; otherwise it stays zero.
    initialisation
        ``"gaussian"``: each block's recurrent weights from N(0, g^2 / n_units); ``"orthogonal"``: g times a
        rotation each.

    Raises
    ------
    InputError
        If a size is not a positive integer, the gain is negative, a switch is no bool or the initialisation
        is unknown.
    """

    n_inputs: int
    n_units: int
    gain: float = 1.0
    learn_initial_state: bool = True
    initialisation: str = "gaussian"

    def __post_init__(self) -> None:
        """Refuse what makes no cell."""
        check_drive(self.n_inputs, self.n_units, self.gain, self.learn_initial_state, self.initialisation)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        n_units = self.n_units
        shapes: dict[str, tuple[int, ...]] = {
            "recurrent_weights": (3 * n_units, n_units),
            "input_weights": (3 * n_units, self.n_inputs),
            "bias": (3 * n_units,),
            "recurrent_bias": (n_units,),
        }
        return shapes | ({"initial_state": (n_units,)} if self.learn_initial_state else {})

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw recurrent weights as ``initialisation`` says, input weights N(0, 1 / feature); else zero."""
        parameters: Parameters = {name: np.zeros(shape) for name, shape in self.parameter_shapes.items()}
        return parameters | draw_blocks(
            self.n_inputs,
            self.n_units,
            n_gates=3,
            gain=self.gain,
            initialisation=self.initialisation,
            generator=stream(rng, "gru cell"),
        )

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return h(0), the same for every sequence, (batch, unit)."""
        return repeat_state(params, batch, self.n_units)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Pull a gradient of h(0), (batch, unit), back to the parameter that sets it."""
        return {"initial_state": grad.sum(axis=0)} if self.learn_initial_state else {}

    def rates(self, state: Floats) -> Floats:
        """Return the hidden rates, which are the state, (batch, unit)."""
        return state

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:  # noqa: ARG002
        """Pull a gradient of the rates back to the state."""
        return grad

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, GRUStep]:  # noqa: A002
        """Return the next state, (batch, unit), and the cache."""
        by_state_r, by_state_z, memory = np.split(state @ params["recurrent_weights"].T, 3, axis=1)
        by_input = input @ params["input_weights"].T + params["bias"]
        by_input_r, by_input_z, by_input_n = np.split(by_input, 3, axis=1)
        memory = memory + params["recurrent_bias"]
        r, z = sigmoid(by_state_r + by_input_r), sigmoid(by_state_z + by_input_z)
        n = np.tanh(by_input_n + r * memory)
        return (1.0 - z) * n + z * state, GRUStep(state, input, (r, z, n, memory))

    def step_vjp(
        self, params: Mapping[str, Floats], cache: GRUStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, unit), back to state, input and parameters."""
        r, z, n, memory = cache.gates
        drive_z = grad * (cache.state - n) * z * (1.0 - z)
        drive_n = grad * (1.0 - z) * (1.0 - n * n)
        drive_r = drive_n * memory * r * (1.0 - r)
        grad_memory = drive_n * r
        by_state = np.concatenate([drive_r, drive_z, grad_memory], axis=1)
        by_input = np.concatenate([drive_r, drive_z, drive_n], axis=1)
        gradients: Parameters = {
            "recurrent_weights": by_state.T @ cache.state,
            "input_weights": by_input.T @ cache.input,
            "bias": by_input.sum(axis=0),
            "recurrent_bias": grad_memory.sum(axis=0),
        }
        grad_state = grad * z + by_state @ params["recurrent_weights"]
        return grad_state, by_input @ params["input_weights"], gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next / d state, (batch, unit, unit): z I + (h - n) dz + (1 - z) dn."""
        _, cache = self.step(params, state, input)
        r, z, n, memory = (gate[:, :, None] for gate in cache.gates)
        weights_r, weights_z, weights_n = np.split(params["recurrent_weights"], 3)
        new = (1.0 - n * n) * (r * weights_n + memory * r * (1.0 - r) * weights_r)
        kept = z * np.eye(self.n_units, dtype=state.dtype)
        jacobian: Floats = kept + (state[:, :, None] - n) * z * (1.0 - z) * weights_z + (1.0 - z) * new
        return jacobian

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,  # noqa: ARG002
    ) -> tuple[Floats, Floats, GRUTape]:
        """Run all steps; see `motorsim.types.Recurrent`. Nothing is random."""
        return run(params, initial_state, inputs, allocate)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: GRUTape,
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

    def states(self, tape: GRUTape) -> Floats:
        """Return the states of a run, (time + 1, batch, unit)."""
        return tape.rows[:, :, : self.n_units]
