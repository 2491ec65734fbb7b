"""SpikingCortex: pools of integrate-and-fire neurons that rest, prepare and reach with a model arm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.cortex.circuit import Circuit
from motorsim.cortex.lag import augmented_abscissa
from motorsim.cortex.preparation_strategy import Preparation, RayPreparation
from motorsim.cortex.rate import RateCortex
from motorsim.cortex.rate_function import RateFunction
from motorsim.cortex.spiking.calibration import Calibration, calibrate
from motorsim.cortex.spiking.decoding import SpikeDecoding
from motorsim.cortex.spiking.network import TICK_S, SpikingModel
from motorsim.cortex.spiking.neurons import LIFNeurons
from motorsim.cortex.spiking.recording import SessionDecoder, spiking_recording
from motorsim.cortex.spiking.runner import TrialRunner
from motorsim.cortex.spiking.session import Sampling, SlowDrive, recorded_neurons, run_session
from motorsim.plant import Arm
from motorsim.streams import Seed, stream
from motorsim.task import check_scorable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.cortex.brian_mode import Mode
    from motorsim.cortex.perturbation import Perturbation
    from motorsim.cortex.preparation import PreparatoryMap
    from motorsim.cortex.readout import TorqueReadout
    from motorsim.cortex.spiking.light import LightPulse
    from motorsim.cortex.trigger import MovementInput
    from motorsim.recording import Recording
    from motorsim.task import DelayedReach, TargetSwitch
    from motorsim.types import BoolArray, FloatArray

_RATE_DT_S = 2.0 * TICK_S


@dataclass(frozen=True, eq=False)
class SpikingCortex:
    """The spiking form of motor cortex: every unit of the circuit is a pool of integrate-and-fire neurons.

    The neurons of a pool share a slow current x, tau dx/dt = -x + rho W (rate - baseline) + h, with the rate
    their own spikes make and x in Hz through their measured gain: so the pools realise the rate circuit
    rho W (Hennequin, Vogels & Gerstner 2014, Neuron). Fast random synapses between all neurons make them fire
    irregularly.

    Parameters
    ----------
    circuit
        W; its rest state must stay stable with the neurons' own lag.
    n_neurons
        A multiple of the circuit's units.
    neurons
        The neurons and their fast synapses.
    tau_s
        Time constant of the slow synapses.
    loop_gain
        rho.
    maximum_hz
        Greatest rate of the rate form.
    preparation, least_preparation_s, movement_inputs
        As in `RateCortex`.
    noise_hz
        Standard deviation that noise in the input would give an isolated pool's x; 0 for none.
    rest_noise_hz
        More of it, until the target appears: variable input that the target quenches.
    decoding
        How torques are read from spikes.
    n_recorded
        Neurons recorded one by one.
    seed
        Seed of the fast wiring and of the choice of the neurons recorded.
    mode
        ``"auto"`` (C++ standalone where a compiler is found, else NumPy), ``"cpp_standalone"``,
        ``"cython"`` or ``"numpy"``.
    workers
        Processes at once; one a core where None. The spikes do not depend on it.
    arm
        The body.
    calibration, rate_form, readout, fit_conditions
        Set by `prepare`, `readout` by `with_readout`.

    Raises
    ------
    InputError
        If the neurons do not divide into pools, the circuit is unstable or a number is out of range.
    """

    circuit: Circuit
    n_neurons: int = 12_000
    neurons: LIFNeurons = field(default_factory=LIFNeurons)
    tau_s: float = 0.2
    loop_gain: float = 1.0
    maximum_hz: float = 100.0
    preparation: Preparation = field(default_factory=RayPreparation)
    least_preparation_s: float = 0.0
    movement_inputs: Sequence[MovementInput] = ()
    noise_hz: float = 0.0
    rest_noise_hz: float = 0.0
    decoding: SpikeDecoding = field(default_factory=SpikeDecoding)
    n_recorded: int = 400
    seed: int = 0
    mode: Mode = "auto"
    workers: int | None = None
    arm: Arm = field(default_factory=Arm)
    calibration: Calibration | None = None
    rate_form: RateCortex | None = None
    readout: TorqueReadout | None = None
    fit_conditions: BoolArray | None = None

    def __post_init__(self) -> None:
        """Check what can be checked before the neurons are calibrated."""
        check_positive("loop_gain", self.loop_gain)
        check_positive("tau_s", self.tau_s)
        for name in ("noise_hz", "rest_noise_hz"):
            check_positive(name, getattr(self, name), allow_zero=True)
        n_neurons = check_integer("n_neurons", self.n_neurons)
        if n_neurons % self.circuit.n_units:
            nearest = max(1, round(n_neurons / self.circuit.n_units)) * self.circuit.n_units
            raise InputError(
                "n_neurons",
                f"a multiple of the {self.circuit.n_units} pools",
                f"{n_neurons}",
                f"{nearest} is near",
            )
        self.scaled_circuit.require_stable()

    @cached_property
    def scaled_circuit(self) -> Circuit:
        """The circuit rho W that the pools realise."""
        source = (
            self.circuit.source if self.loop_gain == 1.0 else f"{self.loop_gain:g} x {self.circuit.source}"
        )
        return Circuit(self.loop_gain * self.circuit.weights, self.circuit.excitatory, source=source)

    @property
    def n_per_pool(self) -> int:
        """Neurons a pool."""
        return self.n_neurons // self.circuit.n_units

    def prepare(
        self,
        task: DelayedReach,
        *,
        rng: Seed,
        fit_on: BoolArray | None = None,
        preparatory_map: PreparatoryMap | None = None,
        ridge: float = 1e-5,
        on_progress: Callable[[float], None] | None = None,
    ) -> SpikingCortex:
        """Calibrate the neurons unless that was done, and prepare the rate form; return the cortex with both.

        Parameters
        ----------
        task
            The reaches and their timing.
        rng
            Seed of the preparatory states, where none are given.
        fit_on
            Conditions that a readout may be fitted on, boolean (condition,); all where None.
        preparatory_map
            The states to use.
        ridge
            Penalty of the rate form's readout.
        on_progress
            Told the fraction of the calibration done.

        Raises
        ------
        InputError
            If the circuit is unstable with the lag of the neurons, and as `RateCortex.prepare`.
        """
        calibration = self.calibration or self.calibrate(task, on_progress=on_progress)
        self._require_stable(calibration)
        rate_form = RateCortex(
            self.scaled_circuit,
            tau_s=self.tau_s,
            rate_function=RateFunction(float(calibration.baseline_hz.mean()), self.maximum_hz),
            preparation=self.preparation,
            least_preparation_s=self.least_preparation_s,
            movement_inputs=self.movement_inputs,
            dt_s=_RATE_DT_S,
            mode="auto" if self.mode == "cpp_standalone" else self.mode,
            arm=self.arm,
        ).prepare(task, rng=rng, fit_on=fit_on, preparatory_map=preparatory_map, ridge=ridge)
        fit_conditions = np.ones(task.n_conditions, bool) if fit_on is None else np.asarray(fit_on)
        return replace(self, calibration=calibration, rate_form=rate_form, fit_conditions=fit_conditions)

    def calibrate(
        self, task: DelayedReach, *, on_progress: Callable[[float], None] | None = None
    ) -> Calibration:
        """Measure the neurons with the slow coupling cut, in trials as long as the task's; see `calibrate`.

        The result does not depend on the circuit's weights, so it may be had before they are optimised for
        the lag that it tells.
        """
        runner = self._runner(self._sampling(task))
        return calibrate(runner, rng=self.seed, on_progress=on_progress)

    def _require_stable(self, calibration: Calibration) -> None:
        abscissa = augmented_abscissa(self.scaled_circuit, self.tau_s, calibration.lag_s)
        if abscissa >= 1.0:
            raise InputError(
                "circuit",
                f"a circuit that is stable with the neurons' lag of {1e3 * calibration.lag_s:.1f} ms",
                f"augmented abscissa {abscissa:.3f} at loop gain {self.loop_gain:g} (stable below 1)",
                "optimise it with that lag (optimise_stability(circuit, lag_s=...)) or lower loop_gain",
            )

    def simulate(
        self,
        task: DelayedReach,
        *,
        rng: Seed,
        n_trials: int = 1,
        switch: TargetSwitch | None = None,
        perturbations: Sequence[Perturbation] = (),
        light: LightPulse | None = None,
        keep_in: str | Path | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Recording:
        """Run every condition of the task, and the arm with what is decoded from the spikes.

        Trials differ by initial voltages and slow states, and by the noise asked for. Without a readout of
        its own (`with_readout`) the cortex decodes every trial by one fitted on the other folds of this
        session.

        Parameters
        ----------
        task
            The reaches and their timing; its ``dt_s`` is the sampling interval of the result.
        rng
            Seed of the trials.
        n_trials
            Trials of each condition.
        switch
            Targets that change in mid-preparation.
        perturbations
            Pools driven, through the slow synapses, or silenced in a window of the trial.
        light
            Current straight into chosen neurons in a window of the trial.
        keep_in
            Folder in which finished trials are kept, so that a session broken off is taken up again.
        on_progress
            Told the fraction of trials done.

        Returns
        -------
        Recording
            Trials, conditions fastest: smoothed pool rates in Hz, hand and torque on the task's clock, spikes
            of the recorded neurons with their pool and sign. ``success`` says whether the hand ended within
            2 cm.

        Raises
        ------
        InputError
            If the cortex was not prepared, a window leaves the trial or a unit does not exist.
        TrialError
            If a trial fails; its message begins with the trial's number.
        DiskFullError
            If there is no room for the spikes.
        """
        if self.rate_form is None or self.calibration is None:
            raise InputError("simulate", "a prepared cortex", "one not prepared", "call `prepare` first")
        n_trials = check_integer("n_trials", n_trials)
        check_scorable(self.rate_form.released(task))  # now, and not after all trials have run
        sampling = self._sampling(task)
        slow = self._slow_drive(task, switch, perturbations, light)
        runner = self._runner(sampling)
        trials = run_session(
            runner,
            slow,
            sampling,
            n_conditions=task.n_conditions,
            n_trials=n_trials,
            seed=int(stream(rng, "spiking session").integers(2**62)),
            keep_in=None if keep_in is None else Path(keep_in),
            on_progress=on_progress,
        )
        return spiking_recording(
            self._decoder(), self.circuit, task, trials, sampling, switch=switch, mode=runner.used_mode
        )

    def with_readout(self, recording: Recording, task: DelayedReach) -> SpikingCortex:
        """Return the cortex with a fixed readout, fitted on all trials of a session that it made of the task.

        Raises
        ------
        InputError
            If the cortex was not prepared, or the session is of another task or other pools.
        """
        if self.rate_form is None:
            raise InputError("with_readout", "a prepared cortex", "one not prepared", "call `prepare` first")
        rates, n_pools = recording.population.rates, self.circuit.n_units
        if rates.shape[1:] != (task.n_times, n_pools):
            expected = f"a session of {task.n_times} samples and {n_pools} pools"
            raise InputError("recording", expected, f"shape {rates.shape}")
        condition = np.asarray(recording.trials["condition"])
        problem = self._decoder().problem(task, rates, condition, np.zeros(len(rates), np.int64))
        return replace(self, readout=problem.fit(self.decoding, np.ones(len(rates), bool)))

    def _sampling(self, task: DelayedReach) -> Sampling:
        """Return what is recorded of a trial; refuse a sampling interval that is no multiple of the tick."""
        steps = round(task.dt_s / _RATE_DT_S)
        if steps < 1 or abs(steps * _RATE_DT_S - task.dt_s) > 1e-9:
            raise InputError("dt_s", f"a multiple of {_RATE_DT_S:g} s", f"{task.dt_s:g} s")
        model = SpikingModel(self.circuit.excitatory, self.n_per_pool, self.neurons, self.tau_s, 1, self.seed)
        recorded = recorded_neurons(model, self.n_recorded)
        return Sampling(task.n_times, task.dt_s, recorded, self.decoding.causal)

    def _runner(self, sampling: Sampling) -> TrialRunner:
        model = SpikingModel(
            self.circuit.excitatory,
            self.n_per_pool,
            self.neurons,
            self.tau_s,
            sampling.n_ticks,
            self.seed,
        )
        return TrialRunner(model, self.mode, self.workers)

    def _slow_drive(
        self,
        task: DelayedReach,
        switch: TargetSwitch | None,
        perturbations: Sequence[Perturbation],
        light: LightPulse | None,
    ) -> SlowDrive:
        """Return the input of the rate form on the ticks of the slow states, and what starts the trials."""
        assert self.rate_form is not None  # noqa: S101 - `simulate` has checked it
        assert self.calibration is not None  # noqa: S101
        drive = self.rate_form.drive(task, switch=switch, perturbations=perturbations)
        # The rate form steps every second tick and asks for its input at the start and middle of a step.
        rows = drive.feedforward_hz[:, :2].reshape(-1, drive.n_conditions, self.circuit.n_units)
        n_ticks = round(task.end_s / TICK_S)
        gate = np.zeros(n_ticks)
        first, stop = drive.feedback_steps
        gate[2 * first : 2 * stop] = 1.0
        noise_hz = np.full(n_ticks, self.noise_hz)
        resting = round(task.target_onset_s / TICK_S)
        noise_hz[:resting] = np.hypot(self.noise_hz, self.rest_noise_hz)
        return SlowDrive(
            weights=self.scaled_circuit.weights,
            drive_hz=np.ascontiguousarray(rows.transpose(1, 0, 2), dtype=np.float32),
            feedback=drive.feedback,
            gate=gate,
            silenced=None if drive.silenced is None else np.repeat(drive.silenced, 2, axis=0),
            spread_hz=self._spread_hz(float(noise_hz[0])),
            noise_hz=noise_hz,
            baseline_hz=self.calibration.baseline_hz,
            hz_per_mv=self.calibration.hz_per_mv,
            light_mv=None if light is None else light.currents_mv(self.circuit.excitatory, self.n_per_pool),
            light_course=None if light is None else light.course(n_ticks, TICK_S, task.end_s),
        )

    def _spread_hz(self, noise_hz: float) -> FloatArray:
        """Return a root of the covariance of the slow states at rest, (pool, pool).

        Spike counts are noise of intensity S = count_noise r0 / K in the rates, input noise of intensity
        2 tau noise^2 in the input: A C + C A' + (S W W' + 2 tau noise^2 I) / tau^2 = 0, A = (W - I) / tau.
        """
        assert self.calibration is not None  # noqa: S101 - `simulate` has checked it
        weights, identity = self.scaled_circuit.weights, np.eye(self.circuit.n_units)
        intensity = self.calibration.count_noise * self.calibration.baseline_hz.mean() / self.n_per_pool
        sources = intensity * weights @ weights.T / self.tau_s + 2.0 * noise_hz**2 * identity
        covariance = solve_continuous_lyapunov(weights - identity, -sources)
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
        root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
        return root

    def _decoder(self) -> SessionDecoder:
        """Return what decodes the spikes of a prepared cortex."""
        assert self.rate_form is not None  # noqa: S101 - callers have checked it
        assert self.calibration is not None  # noqa: S101
        assert self.fit_conditions is not None  # noqa: S101
        return SessionDecoder(
            self.rate_form,
            self.calibration,
            self.decoding,
            self.fit_conditions,
            self.n_per_pool,
            self.readout,
        )
