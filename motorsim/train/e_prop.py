"""e-prop: gradients from eligibility traces that run forward in time, and a learning signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_array, check_choice
from motorsim.nn import Leaky, Network, Vanilla, mse
from motorsim.nn.activations import activation_named
from motorsim.streams import Seed, stream
from motorsim.train.network_rule import NetworkRule
from motorsim.train.rate_networks import check_rate_network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from motorsim.nn import BPTT, Loss, Penalty, Workspace
    from motorsim.nn.penalties import Cost
    from motorsim.types import BoolArray, Floats, Parameters


class LocalStep(NamedTuple):
    """What a step means to one unit alone, each (batch, unit) unless said otherwise.

    ``retained`` is d state / d state before, the unit's connection to itself included; ``gain`` is d state /
    d drive; ``slope`` is d rate / d state; ``leak_gain`` is d state / d ``leak_logit``, where it is learned;
    ``before`` are the rates that the step took in.
    """

    before: Floats
    retained: Floats
    gain: Floats
    slope: Floats
    leak_gain: Floats | None = None


def e_prop_gradients(
    network: Network,
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss = mse,
    mask: BoolArray | None = None,
    feedback: Floats | str = "symmetric",
    rng: Seed | None = None,
) -> tuple[float, Parameters]:
    """Return the loss and the gradients that e-prop gives (Bellec et al. 2020, equations 1 and 13).

    The gradient of W is the sum over times of L e: the learning signal L of the unit, through B from the
    errors of the outputs at that time, and the eligibility trace e of the connection, which follows how the
    connection has acted on its own unit so far (its connection to itself included). What reaches a unit by
    way of other units is left out: that is all that sets e-prop apart from back-propagation through time. It
    is exact where W is diagonal. Readout gradients are always exact.

    Parameters
    ----------
    network
        `Leaky` or `Vanilla`, and `Linear`.
    inputs, targets, loss, mask
        As in `motorsim.nn.Network.loss_and_gradients`.
    feedback
        B: ``"symmetric"`` for the readout's own weights; ``"random"`` for N(0, 1 / unit) drawn from ``rng``,
        where an integer gives the same weights each time; or an array (unit, output).
    rng
        Seed or generator of random feedback.

    Returns
    -------
    tuple
        The loss and the gradients, under the names that `Network.loss_and_gradients` gives them.

    Raises
    ------
    InputError
        If the network is of another kind, or an array or ``feedback`` does not go with it.
    """
    rule = EProp(network, broadcast_weights(network, feedback, rng=rng))
    arrays = network.check_batch(inputs, targets, mask)
    parameters = network.parameters
    value, gradients = rule.compute_loss_and_gradients(parameters, *arrays[:2], loss=loss, mask=arrays[2])
    return float(value), gradients


def broadcast_weights(network: Network, feedback: Floats | str, *, rng: Seed | None = None) -> Floats | None:
    """Return feedback weights, (unit, output), or None for the readout's own; see `e_prop_gradients`.

    Raises
    ------
    InputError
        If ``feedback`` is no such thing, or is ``"random"`` without ``rng``.
    """
    check_rate_network(network)
    shape = (network.cell.n_units, network.readout.n_outputs)
    if not isinstance(feedback, str):
        return check_array("feedback", feedback, ("unit", "output"), shape=shape).astype(network.dtype)
    if check_choice("feedback", feedback, ("symmetric", "random")) == "symmetric":
        return None
    if rng is None:
        raise InputError("rng", "a seed or generator, which random feedback is drawn from", "None")
    drawn = stream(rng, "broadcast weights").normal(0.0, 1.0 / np.sqrt(shape[0]), shape)
    return drawn.astype(network.dtype)


@dataclass(frozen=True, eq=False)
class EProp(NetworkRule):
    """A network that `motorsim.train.fit` trains by e-prop instead of back-propagation through time.

    Parameters
    ----------
    network
        `Leaky` or `Vanilla`, and `Linear`.
    broadcast
        Feedback weights B, (unit, output), as `broadcast_weights` returns them; None for the readout's own.

    Raises
    ------
    InputError
        If the network is of another kind, or the weights do not go with it.
    """

    broadcast: Floats | None = None

    def __post_init__(self) -> None:
        """Refuse networks and weights that do not go together."""
        weights = broadcast_weights(self.network, "symmetric" if self.broadcast is None else self.broadcast)
        object.__setattr__(self, "broadcast", weights)

    def compute_loss_and_gradients(
        self,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss,
        mask: BoolArray | None = None,
        penalties: Iterable[Penalty] = (),
        bptt: BPTT | None = None,
        workspace: Workspace | None = None,  # noqa: ARG002
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Cost, Parameters]:
        """Return loss plus penalties, and gradients by e-prop; see `motorsim.nn.Trainable`.

        What a penalty asks of the rates joins the learning signal. Private noise is not drawn.

        Raises
        ------
        InputError
            If ``bptt`` asks for a way back through time, which e-prop does not take.
        """
        if bptt is not None:
            raise InputError("bptt", "None: e-prop takes no way back through time", repr(bptt))
        network = self.network.with_parameters(parameters)
        trajectory = network.forward(inputs)
        total: Cost
        total, grad_outputs = loss(trajectory.outputs, targets, mask)
        weights = parameters["readout.weights"].T if self.broadcast is None else self.broadcast
        signal = grad_outputs @ weights.T
        gradients = {
            "readout.weights": np.einsum("btk,bti->ki", grad_outputs, trajectory.hidden),
            "readout.bias": grad_outputs.sum(axis=(0, 1)),
        }
        costs = [penalty(parameters, trajectory.hidden.swapaxes(0, 1)) for penalty in penalties]
        for cost, _, grad_rates in costs:
            total = total + cost
            signal = signal if grad_rates is None else signal + grad_rates.swapaxes(0, 1)
        gradients |= _accumulate(network, inputs, _local_steps(network, trajectory.states), signal)
        for _, grad_parameters, _ in costs:
            for name, gradient in grad_parameters.items():
                gradients[name] = gradients[name] + gradient
        return total, {name: gradients[name] for name in parameters}


def _accumulate(network: Network, inputs: Floats, steps: Iterator[LocalStep], signal: Floats) -> Parameters:
    """Run the traces of all connections forward and add up learning signal times trace.

    ``traces`` are d state / d parameter of one unit through that unit alone, (batch, unit, from), for W, B, b
    and, as the last two of ``from``, the initial state and ``leak_logit``.
    """
    batch, _, n_inputs = inputs.shape
    n_units, dtype = network.cell.n_units, inputs.dtype
    traces = np.zeros((batch, n_units, n_units + n_inputs + 3), dtype)
    traces[:, :, -2] = 1.0
    total: Any = np.zeros(traces.shape[1:], dtype)
    ones = np.ones((batch, 1), dtype)
    for time, step in enumerate(steps):
        traces *= step.retained[:, :, None]
        source = np.concatenate([step.before, inputs[:, time], ones], axis=1)
        traces[:, :, :-2] += step.gain[:, :, None] * source[:, None, :]
        if step.leak_gain is not None:
            traces[:, :, -1] += step.leak_gain
        total += np.einsum("bj,bji->ji", signal[:, time] * step.slope, traces)
    gradients = {
        "cell.recurrent_weights": total[:, :n_units],
        "cell.input_weights": total[:, n_units:-3],
        "cell.bias": total[:, -3],
        "cell.initial_state": total[:, -2],
        "cell.leak_logit": total[:, -1],
    }
    return {name: gradient.copy() for name, gradient in gradients.items() if name in network.parameters}


def _local_steps(network: Network, states: Floats) -> Iterator[LocalStep]:
    """Yield what each step of a run means to the units one by one; ``states`` are (batch, time, unit)."""
    params = {name.removeprefix("cell."): array for name, array in network.parameters.items()}
    cell, own = network.cell, np.diag(params["recurrent_weights"])
    assert isinstance(cell, Leaky | Vanilla)  # noqa: S101 - it was checked
    slope_of = activation_named(cell.activation).slope
    before = cell.initial_state(params, len(states))
    for state in states.swapaxes(0, 1):
        rates_before, rates = cell.rates(before), cell.rates(state)
        if isinstance(cell, Leaky):
            leak = np.broadcast_to(cell.leak(params), state.shape)
            retained = 1.0 - leak + leak * own * slope_of(rates_before, None)
            # alpha (drive - x) is the change of the state, and d alpha / d logit is alpha (1 - alpha).
            change = (1.0 - leak) * (state - before) if cell.learn_time_constants else None
            yield LocalStep(rates_before, retained, leak, slope_of(rates, None), change)
        else:
            slope = slope_of(rates, None)
            yield LocalStep(rates_before, slope * own, slope, np.ones_like(slope))
        before = state
