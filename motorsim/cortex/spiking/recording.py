"""What a session of spiking trials leaves: decoded torques, the arm they move, and a recording of it all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from motorsim.cortex.rate_recording import rate_recording
from motorsim.cortex.spiking.decoding import DecodingProblem, SpikeDecoding, folds
from motorsim.plant import simulate_arm
from motorsim.population import Population
from motorsim.task import reaction_times_s, score_reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.rate import RateCortex
    from motorsim.cortex.readout import TorqueReadout
    from motorsim.cortex.spiking.calibration import Calibration
    from motorsim.cortex.spiking.session import KeptTrial, Sampling
    from motorsim.recording import Recording
    from motorsim.task import DelayedReach, TargetSwitch
    from motorsim.types import BoolArray, FloatArray, IntArray

SUCCESS_M = 0.02
"""A trial is a success where the hand ends within this distance of its target."""


@dataclass(frozen=True, eq=False)
class SessionDecoder:
    """Turns the spike counts of a session into torques.

    Parameters
    ----------
    rate_form
        The prepared rate form: what is prepared, desired torques, the arm.
    calibration
        Baselines of the pools.
    decoding
        Smoothing and regression.
    fit_conditions
        Conditions that a readout may be fitted on, boolean (condition,).
    n_per_pool
        Neurons a pool.
    readout
        A fixed readout; where None each trial is decoded by one fitted on the other folds.
    """

    rate_form: RateCortex
    calibration: Calibration
    decoding: SpikeDecoding
    fit_conditions: BoolArray
    n_per_pool: int
    readout: TorqueReadout | None = None

    def problem(
        self, task: DelayedReach, rates_hz: FloatArray, condition: IntArray, fold: IntArray
    ) -> DecodingProblem:
        """Return what a readout of smoothed pool rates (trial, time, pool) is fitted on."""
        form = self.rate_form
        assert form.preparatory_map is not None  # noqa: S101 - the form is prepared
        released = form.released(task)
        states = form.preparatory_map(released.reaches)[self.fit_conditions]
        quiet = form.preparation.quiet_states_hz(form.equation, states)
        return DecodingProblem(
            rates_hz - self.calibration.baseline_hz,
            condition,
            fold,
            form.desired_torque_nm(released),
            self.fit_conditions,
            form.equation.rate_change(quiet),
            task.dt_s,
        )

    def rates_hz(self, task: DelayedReach, trials: Sequence[KeptTrial]) -> FloatArray:
        """Return smoothed pool rates, (trial, time, pool)."""
        counts = np.stack([trial.pool_counts for trial in trials])
        raw = Population(
            counts / (self.n_per_pool * task.dt_s),
            task.times_s,
            tuple(str(number) for number in range(len(trials))),
        )
        return raw.smoothed(self.decoding.smoothing_s, causal=self.decoding.causal).rates

    def torque_nm(self, task: DelayedReach, rates_hz: FloatArray, n_trials: int) -> FloatArray:
        """Decode torques, (trial, time, 2), from rates (trial, time, pool), conditions fastest."""
        if self.readout is not None:
            return self.readout.torque_nm(rates_hz - self.calibration.baseline_hz)
        condition = np.tile(np.arange(task.n_conditions), n_trials)
        fold = folds(task.n_conditions, n_trials, self.decoding.n_folds)
        return self.problem(task, rates_hz, condition, fold).cross_validated_torque(self.decoding)


def spiking_recording(
    decoder: SessionDecoder,
    circuit: Circuit,
    task: DelayedReach,
    trials: Sequence[KeptTrial],
    sampling: Sampling,
    *,
    switch: TargetSwitch | None,
    mode: str,
) -> Recording:
    """Decode every trial, move the arm and put all on the task's clock.

    Trials come conditions fastest. Beside the columns of a rate recording there are ``repeat``,
    ``end_error_m`` (distance of the hand's end point from the target), ``success`` and ``reaction_time_s``.
    """
    n_trials = len(trials) // task.n_conditions
    rates = decoder.rates_hz(task, trials)
    if switch is None:
        torque = decoder.torque_nm(task, rates, n_trials)
    else:
        # A readout across folds learns the torques of the reach made in the end, and from neither target of a
        # trial if one of them is held out.
        allowed = decoder.fit_conditions & decoder.fit_conditions[switch.to]
        torque = replace(decoder, fit_conditions=allowed).torque_nm(switch.final_task(task), rates, n_trials)
    start = np.tile(task.reaches.start_m, (n_trials, 1))
    hand = simulate_arm(decoder.rate_form.arm, torque, dt_s=task.dt_s, start_m=start)
    final = decoder.rate_form.released(task)
    final = final if switch is None else switch.final_task(final)
    signals = {
        "rates_hz": rates,
        "torque_nm": torque,
        "hand_position_m": hand.hand_position_m,
        "hand_velocity_m_s": hand.hand_velocity_m_s,
    }
    notes = {"brian2_mode": mode, "circuit": circuit.source, "cortex": "spiking"}
    notes |= {f"{name}_version": version(name) for name in ("brian2", "numpy", "motorsim")}
    recording = rate_recording(task, final, signals, n_trials=n_trials, switch=switch, notes=notes)
    every = replace(final, reaches=final.reaches.select(np.tile(np.arange(final.n_conditions), n_trials)))
    error_m = score_reaches(every, hand.hand_position_m, hand.hand_velocity_m_s).error_m
    columns = {
        "repeat": np.repeat(np.arange(n_trials), task.n_conditions),
        "end_error_m": error_m,
        "success": error_m <= SUCCESS_M,
        "reaction_time_s": reaction_times_s(every, hand.hand_velocity_m_s),
    }
    pool = sampling.recorded // decoder.n_per_pool
    return replace(
        recording,
        population=replace(
            recording.population, quantity="firing rate of the pool (Hz)", sample_axis="trial"
        ),
        trials={**recording.trials, **columns},
        spikes=sampling.trains(trials),
        units={"neuron": sampling.recorded, "pool": pool, "excitatory": circuit.excitatory[pool]},
    )
