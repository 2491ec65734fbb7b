"""RateCortex: a rate circuit in Brian2 that rests, prepares quietly and reaches with a model arm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import DivergenceError, InputError, check_integer, check_positive
from motorsim.cortex.arm_loop import ArmLoop
from motorsim.cortex.preparation import PreparatoryMap, random_preparatory_map
from motorsim.cortex.preparation_strategy import Preparation, PreparatoryPlan, RayPreparation
from motorsim.cortex.rate_equation import RateEquation
from motorsim.cortex.rate_function import RateFunction
from motorsim.cortex.rate_network import RateRun
from motorsim.cortex.rate_recording import rate_recording
from motorsim.cortex.rate_run import run_in_mode
from motorsim.cortex.readout import TorqueReadout, fit_torque_readout
from motorsim.cortex.trial_drive import in_sequence, movement_drive, perturbed
from motorsim.plant import Arm, joint_movement, simulate_arm
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from motorsim.cortex.brian_mode import Mode
    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.drive import Drive
    from motorsim.cortex.hand_feedback import HandFeedback, HandLoad
    from motorsim.cortex.perturbation import Perturbation
    from motorsim.cortex.trigger import MovementInput
    from motorsim.plant import ArmMovement
    from motorsim.recording import Recording
    from motorsim.task import DelayedReach, TargetSwitch
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class RateCortex:
    """The rate form of motor cortex, tau dx/dt = -x + W g(x) + h(t), with a torque readout and an arm.

    Rest is x = 0. From target onset the input of a preparation strategy takes the state to x*; with the go
    cue it is withdrawn and the circuit moves by itself. A readout of g(x), null on preparation, gives the
    torques of the arm.

    Parameters
    ----------
    circuit
        The weights W; the rest state must be stable.
    tau_s
        Time constant of the units.
    rate_function
        g and the baseline rates.
    preparation
        `RayPreparation`, `OptimalPreparation` or `StaticPreparation`.
    least_preparation_s
        A go cue that comes earlier after the target waits: movement is released so long after target onset,
        also where there is no delay (Lara et al. 2018, eLife). 0 releases with the go cue in any case.
    movement_inputs
        What comes in from the release on, for instance a `GoTrigger`.
    noise_hz
        Standard deviation that the process noise would give an isolated unit; 0 for none.
    dt_s
        Runge-Kutta 4 integration step.
    mode
        How Brian2 runs: ``"auto"``, ``"numpy"``, ``"cython"`` or ``"cpp_standalone"``.
    arm
        The body.
    preparatory_map, readout
        Set by `prepare`.

    Raises
    ------
    InputError
        If the circuit is unstable or a number is out of range.
    """

    circuit: Circuit
    tau_s: float = 0.2
    rate_function: RateFunction = field(default_factory=RateFunction)
    preparation: Preparation = field(default_factory=RayPreparation)
    least_preparation_s: float = 0.0
    movement_inputs: Sequence[MovementInput] = ()
    noise_hz: float = 0.0
    dt_s: float = 0.002
    mode: Mode = "auto"
    arm: Arm = field(default_factory=Arm)
    preparatory_map: PreparatoryMap | None = None
    readout: TorqueReadout | None = None

    def __post_init__(self) -> None:
        """Check the circuit and the numbers."""
        self.circuit.require_stable()
        check_positive("dt_s", self.dt_s)
        check_positive("least_preparation_s", self.least_preparation_s, allow_zero=True)
        check_positive("noise_hz", self.noise_hz, allow_zero=True)
        object.__setattr__(self, "movement_inputs", tuple(self.movement_inputs))
        _ = self.equation

    @cached_property
    def equation(self) -> RateEquation:
        """The differential equation that Brian2 integrates."""
        return RateEquation(self.circuit, self.rate_function, self.tau_s)

    def derivative(self, state: FloatArray, input: FloatArray) -> FloatArray:  # noqa: A002 - the protocol's name
        """Return dx/dt in Hz/s for activations and inputs in Hz, each (..., unit)."""
        return self.equation.derivative(state, input)

    def jacobian(self, state: FloatArray) -> FloatArray:
        """Return d(dx/dt)/dx in 1/s, (..., unit, unit)."""
        return self.equation.jacobian(state)

    def released(self, task: DelayedReach) -> DelayedReach:
        """Return the task whose go cue is when movement is released: later where the delay is too short.

        The trial is as long as before. Scores of the movement itself are taken with this task.

        Raises
        ------
        InputError
            If the trial would end before the reach.
        """
        wait_s = self.least_preparation_s - task.delay_s
        if wait_s <= 1e-9:
            return task
        return replace(task, delay_s=self.least_preparation_s, movement_s=task.movement_s - wait_s)

    def prepare(
        self,
        task: DelayedReach,
        *,
        rng: Seed,
        fit_on: BoolArray | None = None,
        preparatory_map: PreparatoryMap | None = None,
        ridge: float = 1e-5,
    ) -> RateCortex:
        """Choose the preparatory states and fit the torque readout; return the cortex that has them.

        Parameters
        ----------
        task
            The reaches and their timing.
        rng
            Seed of the preparatory states.
        fit_on
            Conditions that the readout is fitted on, boolean (condition,); all where None.
        preparatory_map
            The states to use; drawn by `random_preparatory_map` where None.
        ridge
            Penalty of the readout, see `fit_torque_readout`.

        Raises
        ------
        InputError
            If a target is out of the arm's reach, the delay is shorter than preparation takes, or ``fit_on``
            does not fit.
        """
        self._steps_per_sample(task)
        released, least_s = self.released(task), self.preparation.least_s
        if released.delay_s < least_s - 1e-9:
            mend = "or set least_preparation_s, for which the go cue waits"
            raise InputError(
                "delay_s", f"at least {least_s:g} s, which preparation takes", f"{task.delay_s:g} s", mend
            )
        if preparatory_map is None:
            preparatory_map = random_preparatory_map(self.circuit, rng=rng)
        keep = np.ones(task.n_conditions, bool) if fit_on is None else np.asarray(fit_on)
        if keep.dtype != np.bool_ or keep.shape != (task.n_conditions,) or not keep.any():
            got = f"{keep.dtype} of shape {keep.shape}"
            raise InputError("fit_on", f"{task.n_conditions} booleans, some True", got)
        fine = released.with_dt(self.dt_s)
        torque = self.desired_torque_nm(fine)[keep][:, fine.epoch("movement")]
        fitted = replace(fine, reaches=fine.reaches.select(keep))
        states = preparatory_map(fitted.reaches)
        quiet = self.preparation.quiet_states_hz(self.equation, states)
        moving = self.equation.integrate(
            states, self._movement_drive(fitted), n_samples=torque.shape[1], dt_s=self.dt_s
        )
        readout = fit_torque_readout(
            self.equation.rate_change(moving),
            torque,
            self.equation.rate_change(quiet),
            dt_s=self.dt_s,
            ridge=ridge,
            null_tolerance=self.preparation.null_tolerance,
        )
        return replace(self, preparatory_map=preparatory_map, readout=readout)

    def desired_torque_nm(self, task: DelayedReach) -> FloatArray:
        """Return the torques that the desired hand paths take, (condition, time, 2)."""
        task.reaches.check_reachable(self.arm)
        return joint_movement(self.arm, *task.desired_path).torque_nm

    def simulate(
        self,
        task: DelayedReach,
        *,
        rng: Seed,
        n_trials: int = 1,
        switch: TargetSwitch | None = None,
        perturbations: Sequence[Perturbation] = (),
        loads: Sequence[HandLoad] = (),
        hand_feedback: HandFeedback | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Recording:
        """Run every condition of the task in Brian2, and the arm with it.

        Parameters
        ----------
        task
            The reaches and their timing; its ``dt_s`` is the sampling interval of the result. A delay too
            short to prepare in is allowed: the reach then starts from wherever the circuit is.
        rng
            Seed of the process noise.
        n_trials
            Trials of each condition; they differ by the process noise alone.
        switch
            Targets that change in mid-preparation.
        perturbations
            Units driven or silenced in a window of the trial.
        loads
            Forces on the hand.
        hand_feedback
            Closes the loop: what the hand does comes back into the circuit. Not in C++ standalone mode.
        on_progress
            Told the fraction done while Brian2 runs.

        Returns
        -------
        Recording
            Firing rates in Hz, hand and torque on the task's clock; conditions where ``n_trials`` is 1,
            otherwise trials, conditions fastest. ``movement_onset`` is that of the desired movement.

        Raises
        ------
        InputError
            If the cortex was not prepared, the task's sampling interval is no multiple of ``dt_s``, a window
            leaves the trial, a unit does not exist, or the loop is closed in C++ standalone mode.
        DivergenceError
            If activity or the arm leaves the finite numbers.
        """
        if self.preparatory_map is None or self.readout is None:
            raise InputError("simulate", "a prepared cortex", "one without readout", "call `prepare` first")
        n_trials = check_integer("n_trials", n_trials)
        per_sample = self._steps_per_sample(task)
        final = self.released(task).with_dt(self.dt_s)
        final = final if switch is None else switch.final_task(final)
        drive = self.drive(task, switch=switch, perturbations=perturbations)
        loop = None
        if hand_feedback is not None:
            hand_feedback.check_units(self.circuit.n_units)
        if loads or hand_feedback is not None:
            loop = ArmLoop(self.arm, final, n_trials, loads=loads, feedback=hand_feedback)
        run = RateRun(
            drive,
            n_trials,
            n_samples=(task.n_times - 1) * per_sample + 1,
            steps_per_sample=1,
            dt_s=self.dt_s,
            noise_hz=self.noise_hz,
            hand_drive=None if loop is None or hand_feedback is None else self._closed(loop),
        )
        seed = int(stream(rng, "process noise").integers(2**31))
        states, mode = run_in_mode(self.equation, run, mode=self.mode, seed=seed, on_progress=on_progress)
        notes = {"brian2_mode": mode, "brian2_version": version("brian2")}
        signals = self._signals(states, drive, final, loop, n_trials)
        return self._record(task, final, signals, switch=switch, notes=notes)

    def integrate(
        self,
        task: DelayedReach,
        *,
        switch: TargetSwitch | None = None,
        perturbations: Sequence[Perturbation] = (),
    ) -> Recording:
        """Run every condition once without noise and without Brian2, by the same scheme, to rounding.

        Where only the noise-free answer is wanted this is the quicker way: nothing is compiled.

        Raises
        ------
        InputError
            As `simulate`.
        """
        if self.readout is None:
            raise InputError("integrate", "a prepared cortex", "one without readout", "call `prepare` first")
        drive = self.drive(task, switch=switch, perturbations=perturbations)
        per_sample = self._steps_per_sample(task)
        rest = np.zeros((task.n_conditions, self.circuit.n_units))
        n_samples = (task.n_times - 1) * per_sample + 1
        states = self.equation.integrate(rest, drive, n_samples=n_samples, dt_s=self.dt_s)
        first = self.released(task).with_dt(self.dt_s)
        final = first if switch is None else switch.final_task(first)
        signals = self._signals(states, drive, final, None, 1)
        return self._record(task, final, signals, switch=switch, notes={"brian2_mode": "none"})

    def drive(
        self,
        task: DelayedReach,
        *,
        switch: TargetSwitch | None = None,
        perturbations: Sequence[Perturbation] = (),
    ) -> Drive:
        """Return all that comes into the circuit in a trial of the task, on the integration clock.

        Raises
        ------
        InputError
            If the cortex was not prepared, a window leaves the trial or a unit does not exist.
        """
        if self.preparatory_map is None:
            raise InputError("drive", "a prepared cortex", "one not prepared", "call `prepare` first")
        self._steps_per_sample(task)
        first = self.released(task).with_dt(self.dt_s)
        final = first if switch is None else switch.final_task(first)
        tasks = [first] if switch is None else [first, final]
        onsets_s = [first.target_onset_s] + ([] if switch is None else [switch.time_s])
        plan = PreparatoryPlan(
            np.stack([self.preparatory_map(task.reaches) for task in tasks]),
            np.array(onsets_s),
            n_steps=round(first.go_cue_s / self.dt_s),
            dt_s=self.dt_s,
        )
        drive = in_sequence(self.preparation.drive(self.equation, plan), self._movement_drive(final))
        return perturbed(drive, perturbations, n_steps=final.n_times, dt_s=self.dt_s, end_s=final.end_s)

    def _closed(self, loop: ArmLoop) -> Callable[[int, FloatArray], FloatArray]:
        """Return what turns the rates of a step into the input that the hand feeds back."""
        readout = self.readout
        assert readout is not None  # noqa: S101 - `simulate` has checked it

        def hand_drive(step: int, rate_change_hz: FloatArray) -> FloatArray:
            loop.advance(step, readout.torque_nm(rate_change_hz))
            return loop.feedback_hz(step)

        return hand_drive

    def _signals(
        self, states: FloatArray, drive: Drive, task: DelayedReach, loop: ArmLoop | None, n_trials: int
    ) -> dict[str, FloatArray]:
        """Return rates, torque and hand at every integration step, (trial, time, ...)."""
        assert self.readout is not None  # noqa: S101 - callers have checked it
        if not np.isfinite(states).all():
            raise DivergenceError("the circuit's activity left the finite numbers; take a smaller dt_s")
        n_times, n_units = states.shape[1:]
        change = self.equation.rate_change(states, drive.silenced_until(n_times))
        torque = self.readout.torque_nm(change)
        hand = self._hand(torque, task, loop, n_trials)
        rates = self.rate_function.baselines_hz(n_units) + change
        return {"rates_hz": rates, "torque_nm": torque} | {
            name: getattr(hand, name)[:, :n_times] for name in ("hand_position_m", "hand_velocity_m_s")
        }

    def _record(
        self,
        task: DelayedReach,
        final: DelayedReach,
        signals: Mapping[str, FloatArray],
        *,
        switch: TargetSwitch | None,
        notes: Mapping[str, str],
    ) -> Recording:
        """Return the signals on the task's clock, with what made them."""
        per_sample = self._steps_per_sample(task)
        sampled = {name: signal[:, ::per_sample] for name, signal in signals.items()}
        n_trials = len(signals["rates_hz"]) // task.n_conditions
        made = {**notes, "circuit": self.circuit.source}
        return rate_recording(task, final, sampled, n_trials=n_trials, switch=switch, notes=made)

    def _hand(
        self, torque: FloatArray, task: DelayedReach, loop: ArmLoop | None, n_trials: int
    ) -> ArmMovement | ArmLoop:
        """Return what the torque made of the arm, which a closed loop has moved already."""
        if loop is None:
            start = np.tile(task.reaches.start_m, (n_trials, 1))
            return simulate_arm(self.arm, torque, dt_s=self.dt_s, start_m=start)
        if not loop.is_closed:
            for step in range(torque.shape[1]):
                loop.advance(step, torque[:, step])
        return loop

    def _movement_drive(self, task: DelayedReach) -> Drive:
        """Return what comes in from the release, the task's go cue, to the end of the trial."""
        return movement_drive(
            task.reaches,
            self.movement_inputs,
            n_units=self.circuit.n_units,
            n_steps=int(task.epoch("movement").sum()),
            dt_s=self.dt_s,
        )

    def _steps_per_sample(self, task: DelayedReach) -> int:
        """Return the integration steps a sample; refuse a task that the cortex cannot keep time with."""
        per_sample = round(task.dt_s / self.dt_s)
        if per_sample < 1 or abs(per_sample * self.dt_s - task.dt_s) > 1e-9:
            raise InputError("dt_s", f"a multiple of the cortex's dt_s, {self.dt_s:g} s", f"{task.dt_s:g} s")
        return per_sample
