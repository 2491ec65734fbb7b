"""The leaky integrate-and-fire neuron, its fast synapses and its background input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_choice, check_integer, check_number, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

SynapseKind: TypeAlias = Literal["current", "conductance"]

_MOST_BACKGROUND_SPIKES = 10.0


@dataclass(frozen=True)
class LIFNeurons:
    """Leaky integrate-and-fire neurons with fast random recurrence.

    tau_m dv/dt = -v + mu + I_slow + I_fast + I_background; at the threshold v is reset and held for the
    refractory time. All voltages are relative to the resting potential. Fast synapses decay with tau_s and
    reach every neuron from as many excitatory and inhibitory ones as given here; nothing is drawn at random
    while the network runs unless there is background input, so irregularity comes from the balance of
    excitation and inhibition (van Vreeswijk & Sompolinsky 1996, Science; Brunel 2000, J Comput Neurosci).

    Parameters
    ----------
    tau_membrane_s
        Membrane time constant; 10 ms, as in the high-conductance state in vivo.
    threshold_mv, reset_mv
        Above rest.
    refractory_s
        How long v is held after a spike.
    drive_mv
        mu, the constant drive.
    n_excitatory_inputs, n_inhibitory_inputs
        Fast inputs of every neuron.
    excitatory_mv
        J: an excitatory spike brings in the charge of a jump of J in v, spread over tau_s.
    inhibition_ratio
        How many times stronger an inhibitory spike is.
    tau_synapse_s
        Decay of the fast synapses.
    least_delay_s, greatest_delay_s
        Delays of the fast synapses are uniform between them.
    background_hz, background_mv
        Rate of the Poisson spikes that each neuron gets from outside, and the jump in v of one; none where
        the rate is 0, at most 10 a step. Their mean is taken off the drive, so that they add variance alone.
    synapses
        ``"current"``, or ``"conductance"``: then an input is proportional to the distance of v from its
        reversal potential, and J holds at v = `reset_mv`.
    excitatory_reversal_mv, inhibitory_reversal_mv
        Reversal potentials above rest, for conductances.
    dt_s
        Integration step.

    Raises
    ------
    InputError
        If a number is out of range, or potentials or delays are in the wrong order.
    """

    tau_membrane_s: float = 0.010
    threshold_mv: float = 20.0
    reset_mv: float = 10.0
    refractory_s: float = 0.002
    drive_mv: float = 28.0
    n_excitatory_inputs: int = 100
    n_inhibitory_inputs: int = 100
    excitatory_mv: float = 0.55
    inhibition_ratio: float = 2.0
    tau_synapse_s: float = 0.005
    least_delay_s: float = 0.0005
    greatest_delay_s: float = 0.002
    background_hz: float = 0.0
    background_mv: float = 0.2
    synapses: SynapseKind = "current"
    excitatory_reversal_mv: float = 70.0
    inhibitory_reversal_mv: float = -10.0
    dt_s: float = 0.0001

    def __post_init__(self) -> None:
        """Check ranges and order."""
        for name in ("tau_membrane_s", "tau_synapse_s", "dt_s", "inhibition_ratio"):
            check_positive(name, getattr(self, name))
        for name in ("refractory_s", "excitatory_mv", "least_delay_s", "background_hz", "background_mv"):
            check_positive(name, getattr(self, name), allow_zero=True)
        for name in ("n_excitatory_inputs", "n_inhibitory_inputs"):
            check_integer(name, getattr(self, name), minimum=0)
        check_number("drive_mv", self.drive_mv)
        if self.background_hz * self.dt_s > _MOST_BACKGROUND_SPIKES:
            most = f"at most {_MOST_BACKGROUND_SPIKES:g} spikes a step of {self.dt_s:g} s"
            mend = "fewer and larger ones, background_mv"
            raise InputError("background_hz", most, f"{self.background_hz:g} Hz", mend)
        check_choice("synapses", self.synapses, ("current", "conductance"))
        if check_number("reset_mv", self.reset_mv) >= check_number("threshold_mv", self.threshold_mv):
            raise InputError(
                "reset_mv", f"less than threshold_mv = {self.threshold_mv:g}", f"{self.reset_mv:g}"
            )
        if check_number("greatest_delay_s", self.greatest_delay_s) < self.least_delay_s:
            got = f"{self.greatest_delay_s:g} s"
            raise InputError("greatest_delay_s", f"at least least_delay_s = {self.least_delay_s:g} s", got)
        reversals = (self.inhibitory_reversal_mv, self.excitatory_reversal_mv)
        if not reversals[0] < self.reset_mv < self.threshold_mv < reversals[1]:
            expected = "inhibitory reversal < reset < threshold < excitatory reversal"
            raise InputError("inhibitory_reversal_mv, excitatory_reversal_mv", expected, f"{reversals} mV")

    @property
    def inhibitory_mv(self) -> float:
        """J of an inhibitory spike, positive."""
        return self.inhibition_ratio * self.excitatory_mv

    @property
    def background_mean_mv(self) -> float:
        """Mean of v that the background input alone would give."""
        return self.background_hz * self.tau_membrane_s * self.background_mv

    def steady_rate_hz(self, input_mv: FloatArray | float) -> FloatArray:
        """Return the rate of an isolated neuron under constant input, mu beside, same shape.

        1 / (t_ref + tau_m log((I - v_reset) / (I - v_threshold))) above threshold, 0 below, I = mu + input.
        """
        total = self.drive_mv + np.asarray(input_mv, dtype=np.float64)
        above = total > self.threshold_mv
        gap = np.where(above, total - self.threshold_mv, 1.0)
        span = np.where(above, total - self.reset_mv, 1.0)
        interval_s = self.refractory_s + self.tau_membrane_s * np.log(span / gap)
        return np.where(above, 1.0 / np.where(above, interval_s, 1.0), 0.0)
