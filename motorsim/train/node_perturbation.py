"""Node perturbation: gradients from noise on the units and the change in loss that it brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.nn import Leaky, Network, Vanilla, mse
from motorsim.nn.losses import MeanLoss
from motorsim.streams import Seed, stream
from motorsim.train.network_rule import NetworkRule
from motorsim.train.rate_networks import check_rate_network, with_drive_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from motorsim.nn import BPTT, Loss, Penalty, Workspace
    from motorsim.nn.penalties import Cost
    from motorsim.types import BoolArray, FloatArray, Floats, Parameters


def node_perturbation_gradients(
    network: Network,
    inputs: Floats,
    targets: Floats,
    *,
    rng: Seed,
    noise_std: float = 1e-2,
    n_draws: int = 1,
    loss: Loss = mse,
    mask: BoolArray | None = None,
) -> tuple[float, Parameters]:
    """Return the loss and gradients estimated from noise alone (Williams 1992; Werfel, Xie & Seung 2005).

    Noise xi of standard deviation sigma is added to the drive of every unit at every step, to every output,
    and to the initial state where it is learned. A sequence's gradient is (E(xi) - E(0)) / sigma^2 times the
    sum over times of xi r', with r the rates in the disturbed run that the weight takes in: REINFORCE with
    the quiet loss E(0) as its baseline, so it is without bias for the loss that the noise leaves on average,
    and up to order sigma^2 for the loss itself. Its variance grows with the number n of disturbed nodes,
    units x steps: the mean square of one estimate is n + 2 times the gradient's where the loss is linear, so
    the cosine with the gradient is about sqrt(m / (m + n)) after m draws.

    Parameters
    ----------
    network
        `Leaky`, with fixed time constants, or `Vanilla`; and `Linear`.
    inputs, targets, mask
        As in `motorsim.nn.Network.loss_and_gradients`.
    rng
        Seed or generator of the noise.
    noise_std
        sigma.
    n_draws
        Number of draws that are averaged, all in one run.
    loss
        A `motorsim.nn.MeanLoss`: each sequence answers for its own part.

    Returns
    -------
    tuple
        The loss without noise and the gradients, under the names that `Network.loss_and_gradients` gives
        them.

    Raises
    ------
    InputError
        If the network or the loss is of another kind, or an array or a setting does not go with it.
    """
    rule = NodePerturbation(network, noise_std=noise_std, n_draws=n_draws)
    arrays = network.check_batch(inputs, targets, mask)
    value, gradients = rule.compute_loss_and_gradients(
        network.parameters, *arrays[:2], loss=loss, mask=arrays[2], rng=stream(rng, "node perturbation")
    )
    return float(value), gradients


@dataclass(frozen=True, eq=False)
class NodePerturbation(NetworkRule):
    """A network that `motorsim.train.fit` trains by node perturbation.

    Parameters
    ----------
    network
        `Leaky`, with fixed time constants, or `Vanilla`; and `Linear`.
    noise_std, n_draws
        As in `node_perturbation_gradients`.

    Raises
    ------
    InputError
        If the network is of another kind or a number out of its range.
    """

    noise_std: float = 1e-2
    n_draws: int = 1

    def __post_init__(self) -> None:
        """Refuse what makes no estimate."""
        check_rate_network(self.network)
        check_positive("noise_std", self.noise_std)
        check_integer("n_draws", self.n_draws)
        if getattr(self.network.cell, "learn_time_constants", False):
            mend = "train them by motorsim.train.fit or EProp"
            raise InputError("network", "a cell with fixed time constants", "learned ones", mend)

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
        rng: np.random.Generator | None = None,
    ) -> tuple[Cost, Parameters]:
        """Return the loss without noise, and gradients estimated with noise; see `motorsim.nn.Trainable`.

        Raises
        ------
        InputError
            Without ``rng``, for a loss that is no `motorsim.nn.MeanLoss`, for penalties or ``bptt``.
        """
        if rng is None:
            raise InputError("rng", "a generator: without noise there is nothing to learn from", "None")
        if not isinstance(loss, MeanLoss):
            raise InputError("loss", "a MeanLoss, of which each sequence has its part", repr(loss))
        if tuple(penalties) or bptt is not None:
            raise InputError("penalties, bptt", "neither: all that is known is the loss", "at least one")
        network = self.network.with_parameters(parameters)
        quiet = network.forward(inputs).outputs
        value, _ = loss(quiet, targets, mask)
        noise = _Noise.draw(network, inputs, self.noise_std, self.n_draws, rng)
        rates, outputs = _disturbed(network, inputs, noise)
        before = _shares(loss, quiet, targets, mask)
        after = np.stack([_shares(loss, each, targets, mask) for each in np.split(outputs, self.n_draws)])
        credit = (after - before).reshape(-1) / (self.n_draws * self.noise_std**2)
        return value, _gradients(network, inputs, noise, rates, credit.astype(inputs.dtype))


@dataclass(frozen=True, eq=False)
class _Noise:
    """Noise on drives (run, time, unit), outputs (run, time, output) and first states (run, unit)."""

    drives: Floats
    outputs: Floats
    initial: Floats

    @classmethod
    def draw(
        cls, network: Network, inputs: Floats, noise_std: float, n_draws: int, rng: np.random.Generator
    ) -> _Noise:
        """Draw it all; that of the initial state is zero where it is not learned."""
        batch, n_times, _ = inputs.shape
        n_units, n_outputs = network.cell.n_units, network.readout.n_outputs
        runs = n_draws * batch
        drives = rng.normal(0.0, noise_std, (runs, n_times, n_units))
        outputs = rng.normal(0.0, noise_std, (runs, n_times, n_outputs))
        learned = "cell.initial_state" in network.parameters
        initial = rng.normal(0.0, noise_std, (runs, n_units)) if learned else np.zeros((runs, n_units))
        return cls(*(array.astype(inputs.dtype) for array in (drives, outputs, initial)))


def _disturbed(network: Network, inputs: Floats, noise: _Noise) -> tuple[Floats, Floats]:
    """Run with noise; return rates, (run, time + 1, unit), the initial ones first, and outputs."""
    cell, dtype = network.cell, inputs.dtype
    assert isinstance(cell, Leaky | Vanilla)  # noqa: S101 - it was checked
    own = {
        name.removeprefix("cell."): array for name, array in network.parameters.items() if name[:5] == "cell."
    }
    # Noise on the drives comes in as further inputs, one a unit.
    noisy, params = with_drive_inputs(cell, own, np.eye(cell.n_units, dtype=dtype))
    parameters = {name: array for name, array in network.parameters.items() if name.startswith("readout.")}
    parameters |= {f"cell.{name}": array for name, array in params.items()}
    n_draws = len(noise.drives) // len(inputs)
    with_noise = np.concatenate([np.tile(inputs, (n_draws, 1, 1)), noise.drives], axis=2)
    initial = cell.initial_state(own, len(with_noise)) + noise.initial
    run = Network(noisy, network.readout, parameters).forward(with_noise, initial_state=initial)
    rates = np.concatenate([cell.rates(initial)[:, None], run.hidden], axis=1)
    return rates, run.outputs + noise.outputs


def _shares(loss: MeanLoss, outputs: Floats, targets: Floats, mask: BoolArray | None) -> FloatArray:
    """Return what each sequence adds to the loss of all, (batch,)."""
    whole = loss.weight(outputs.shape, mask)
    shares = np.zeros(len(outputs))
    for row in range(len(outputs)):
        one = slice(row, row + 1)
        of_one = None if mask is None else mask[one]
        weight = loss.weight(outputs[one].shape, of_one)
        if weight > 0.0:
            shares[row] = weight / whole * float(loss(outputs[one], targets[one], of_one)[0])
    return shares


def _gradients(network: Network, inputs: Floats, noise: _Noise, rates: Floats, credit: Floats) -> Parameters:
    """Return credit, (run,), times noise times what came in, summed over runs and times."""
    repeated = np.tile(inputs, (len(credit) // len(inputs), 1, 1))
    drives, outputs = credit[:, None, None] * noise.drives, credit[:, None, None] * noise.outputs
    gradients = {
        "cell.recurrent_weights": np.einsum("btj,bti->ji", drives, rates[:, :-1]),
        "cell.input_weights": np.einsum("btj,bti->ji", drives, repeated),
        "cell.bias": drives.sum(axis=(0, 1)),
        "cell.initial_state": credit @ noise.initial,
        "readout.weights": np.einsum("btk,bti->ki", outputs, rates[:, 1:]),
        "readout.bias": outputs.sum(axis=(0, 1)),
    }
    return {name: gradients[name] for name in network.parameters}
