"""The networks of the configuration: cell, structure of the recurrent weights, penalties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn import (
    GRU,
    LSTM,
    Dale,
    Leaky,
    LowRank,
    Network,
    RatePenalty,
    SmoothnessPenalty,
    Sparse,
    Vanilla,
    WeightPenalty,
)
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.config import NetworkConfig
    from motorsim.nn import Parametrisation, Penalty
    from motorsim.types import Readout, Seed, SequenceCell

_RECURRENT = "cell.recurrent_weights"


def build_network(
    settings: NetworkConfig,
    n_inputs: int,
    readout: Readout,
    *,
    dt_s: float,
    gain: float,
    seed: int,
    name: str,
) -> Network:
    """Draw the network of these settings in float32, from the random streams of its name."""
    cell = build_cell(settings, n_inputs, dt_s=dt_s, gain=gain)
    structure = build_structure(settings, cell, rng=stream(seed, f"{name} connections"))
    return Network.initialise(
        cell,
        readout,
        rng=stream(seed, f"{name} network"),
        dtype=np.float32,
        parametrisations={} if structure is None else {_RECURRENT: structure},
    )


def build_cell(settings: NetworkConfig, n_inputs: int, *, dt_s: float, gain: float) -> SequenceCell:
    """Return the cell of these settings for so many inputs, with a time step in seconds."""
    n_units, initialisation = settings.n_units, settings.initialisation
    if settings.cell == "lstm":
        return LSTM(n_inputs, n_units, gain=gain, initialisation=initialisation)
    if settings.cell == "gru":
        return GRU(n_inputs, n_units, gain=gain, initialisation=initialisation)
    if settings.cell == "vanilla":
        return Vanilla(
            n_inputs, n_units, gain=gain, activation=settings.activation, initialisation=initialisation
        )
    return Leaky(
        n_inputs,
        n_units,
        dt_s=dt_s,
        tau_s=settings.tau_s,
        gain=gain,
        activation=settings.activation,
        initialisation=initialisation,
        noise_std=settings.noise_std,
        learn_time_constants=settings.learn_time_constants,
    )


def build_structure(settings: NetworkConfig, cell: SequenceCell, *, rng: Seed) -> Parametrisation | None:
    """Return the structure that the recurrent weights keep, or None; the excitatory units come first."""
    if settings.rank:
        return LowRank(settings.rank)
    mask = None
    if settings.density < 1:
        shape = cell.parameter_shapes["recurrent_weights"]
        mask = stream(rng, "density").random(shape) < settings.density
    if settings.dale:
        excitatory = np.arange(settings.n_units) < round(settings.dale * settings.n_units)
        return Dale(excitatory, mask)
    return None if mask is None else Sparse(mask)


def build_penalties(settings: NetworkConfig, network: Network) -> list[Penalty]:
    """Return what the training adds to the loss."""
    penalties: list[Penalty] = []
    if settings.weight_penalty:
        penalties.append(WeightPenalty(settings.weight_penalty))
    if settings.rate_penalty:
        penalties.append(RatePenalty(settings.rate_penalty))
    if settings.smoothness_penalty:
        assert isinstance(network.cell, Leaky | Vanilla)  # noqa: S101 - the settings allow no other
        penalties.append(SmoothnessPenalty(settings.smoothness_penalty, network.cell))
    return penalties
