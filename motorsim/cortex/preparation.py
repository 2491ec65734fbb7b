"""Preparatory states: where in state space each reach starts, and the input that takes the circuit there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.cortex.amplification import amplified_modes
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.cortex.circuit import Circuit
    from motorsim.task import Reaches
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class PreparatoryMap:
    """The state from which the circuit makes a reach, a smooth function of that reach.

    x*(theta, d, kappa) = d / d0 sum_k [(C_k + kappa / kappa0 C'_k) cos(k theta)
                                        + (S_k + kappa / kappa0 S'_k) sin(k theta)]

    over harmonics k of the direction theta, with distance d and signed curvature kappa. Every coefficient
    lies in the span of the circuit's most amplified modes. One harmonic over few modes gives rotations purer
    and faster than any cortex's; three over some sixteen modes resemble recordings.

    Parameters
    ----------
    cosine, sine
        C_k and S_k, then C'_k and S'_k, (2, harmonic, unit), in Hz of activation.
    reference_distance_m, reference_curvature
        d0 and kappa0, where the coefficients hold.
    """

    cosine: FloatArray
    sine: FloatArray
    reference_distance_m: float
    reference_curvature: float = 0.3

    def __call__(self, reaches: Reaches) -> FloatArray:
        """Return the preparatory state of each reach, (condition, unit), in Hz of activation."""
        angle = reaches.direction_rad[:, None] * np.arange(1, self.cosine.shape[1] + 1)
        gain = (reaches.distance_m / self.reference_distance_m)[:, None]
        bow = (reaches.curvature / self.reference_curvature)[:, None, None]
        cosine, sine = self.cosine[0] + bow * self.cosine[1], self.sine[0] + bow * self.sine[1]
        states: FloatArray = gain * (
            np.einsum("ck,cku->cu", np.cos(angle), cosine) + np.einsum("ck,cku->cu", np.sin(angle), sine)
        )
        return states


def random_preparatory_map(
    circuit: Circuit,
    *,
    rng: Seed,
    n_modes: int = 16,
    harmonic_weights: Sequence[float] = (1.0, 0.8, 0.6),
    norm_hz: float = 21.0,
    reference_distance_m: float = 0.08,
) -> PreparatoryMap:
    """Draw a preparatory map over the circuit's most amplified modes.

    Parameters
    ----------
    circuit
        A stable circuit.
    rng
        Seed of the random directions within the modes.
    n_modes
        How many of the most amplified modes the states may use.
    harmonic_weights
        Relative size of harmonics 1, 2, ... of direction.
    norm_hz
        Root-mean-square norm of the states of straight reaches over all directions at the reference distance.
    reference_distance_m
        That distance.

    Raises
    ------
    InputError
        If there are more modes than units, no harmonic has weight, or a number is out of range.
    """
    n_modes = check_integer("n_modes", n_modes, maximum=circuit.n_units)
    check_positive("reference_distance_m", reference_distance_m)
    weights = check_array("harmonic_weights", harmonic_weights, ("harmonic",), minimum_sizes=(1,))
    if (weights < 0).any() or not weights.any():
        raise InputError("harmonic_weights", "numbers of at least 0, not all 0", f"{list(weights)}")
    modes = amplified_modes(circuit).states[:n_modes]
    draws = (
        stream(rng, "preparatory states").standard_normal((2, 2, len(weights), n_modes)) * weights[:, None]
    )
    mean_square_norm = (draws[:, 0] ** 2).sum() / 2.0
    cosine, sine = draws @ modes * (check_positive("norm_hz", norm_hz) / np.sqrt(mean_square_norm))
    return PreparatoryMap(cosine, sine, reference_distance_m)


def ramp(times_s: FloatArray, onset_s: float, duration_s: float) -> tuple[FloatArray, FloatArray]:
    """Return a ramp a(t) = s^3 (10 - 15 s + 6 s^2) from 0 to 1, and da/dt (per second)."""
    s = np.clip((times_s - onset_s) / check_positive("duration_s", duration_s), 0.0, 1.0)
    return s**3 * (10.0 - 15.0 * s + 6.0 * s**2), 30.0 * s**2 * (1.0 - s) ** 2 / duration_s
