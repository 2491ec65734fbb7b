"""RateCortex: a rate circuit in Brian2 that rests, prepares quietly and reaches with a model arm."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import DivergenceError, InputError, MotorsimError, check_integer, check_positive
from motorsim.cortex.brian_mode import Mode, resolve_mode
from motorsim.cortex.preparation import PreparatoryMap, ramp, random_preparatory_map
from motorsim.cortex.rate_function import RateFunction
from motorsim.cortex.rate_network import RateRun, run_rate_network
from motorsim.cortex.readout import TorqueReadout, fit_torque_readout
from motorsim.plant import Arm, joint_movement, simulate_arm
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.cortex.circuit import Circuit
    from motorsim.task import DelayedReach
    from motorsim.types import BoolArray, FloatArray

logger = logging.getLogger(__name__)

# Preparation is quiet along the whole way to x*, not only at its end.
_RAY_FRACTIONS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class RateCortex:
    """The rate form of motor cortex, tau dx/dt = -x + W g(x) + h(t), with a torque readout and an arm.

    Rest is x = 0. From target onset the state is driven along the ray a(t) x*, a(t) a smooth ramp, by
    h = tau dx_ref/dt + x_ref - W g(x_ref); the go cue withdraws h and the circuit moves by itself. A
    readout of g(x), null on preparation, gives the torques of the arm.

    Parameters
    ----------
    circuit
        The weights W; the rest state must be stable.
    tau_s
        Time constant of the units.
    rate_function
        g and the baseline rate.
    ramp_s
        How long the drive along the ray takes.
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
    ramp_s: float = 0.3
    noise_hz: float = 0.0
    dt_s: float = 0.002
    mode: Mode = "auto"
    arm: Arm = field(default_factory=Arm)
    preparatory_map: PreparatoryMap | None = None
    readout: TorqueReadout | None = None

    def __post_init__(self) -> None:
        """Check the circuit and the numbers."""
        self.circuit.require_stable()
        for name in ("tau_s", "ramp_s", "dt_s"):
            check_positive(name, getattr(self, name))
        check_positive("noise_hz", self.noise_hz, allow_zero=True)

    def derivative(self, state: FloatArray, input: FloatArray) -> FloatArray:  # noqa: A002 - the protocol's name
        """Return dx/dt in Hz/s for activations and inputs in Hz, each (..., unit)."""
        recurrent = self.rate_function.rate_change(state) @ self.circuit.weights.T
        return (-state + recurrent + input) / self.tau_s

    def jacobian(self, state: FloatArray) -> FloatArray:
        """Return d(dx/dt)/dx in 1/s, (..., unit, unit)."""
        slope = self.rate_function.slope(state)
        return (self.circuit.weights * slope[..., None, :] - np.eye(self.circuit.n_units)) / self.tau_s

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
            If a target is out of the arm's reach, the delay is shorter than the ramp, or ``fit_on`` does
            not fit.
        """
        self._check_timing(task)
        if preparatory_map is None:
            preparatory_map = random_preparatory_map(self.circuit, rng=rng)
        keep = np.ones(task.n_conditions, bool) if fit_on is None else np.asarray(fit_on)
        if keep.dtype != np.bool_ or keep.shape != (task.n_conditions,) or not keep.any():
            got = f"{keep.dtype} of shape {keep.shape}"
            raise InputError("fit_on", f"{task.n_conditions} booleans, some True", got)
        states = preparatory_map(task.reaches)[keep]
        fine = task.with_dt(self.dt_s)
        moving = fine.epoch("movement")
        rates = self.rate_function.rate_change(self._free_movement(states, int(moving.sum())))
        ray = np.concatenate(
            [self.rate_function.rate_change(fraction * states) for fraction in _RAY_FRACTIONS]
        )
        torque = self.desired_torque_nm(fine)[keep][:, moving]
        readout = fit_torque_readout(rates, torque, ray, dt_s=self.dt_s, ridge=ridge)
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
        on_progress: Callable[[float], None] | None = None,
    ) -> Recording:
        """Run every condition of the task in Brian2, and the arm with it.

        Parameters
        ----------
        task
            The reaches and their timing; its ``dt_s`` is the sampling interval of the result.
        rng
            Seed of the process noise.
        n_trials
            Trials of each condition; they differ by the process noise alone.
        on_progress
            Told the fraction done while Brian2 runs.

        Returns
        -------
        Recording
            Firing rates in Hz, hand and torque on the task's clock; conditions where ``n_trials`` is 1,
            otherwise trials, conditions fastest.

        Raises
        ------
        InputError
            If the cortex was not prepared, or the task's sampling interval is no multiple of ``dt_s``.
        DivergenceError
            If activity leaves the finite numbers.
        """
        if self.preparatory_map is None or self.readout is None:
            raise InputError("simulate", "a prepared cortex", "one without readout", "call `prepare` first")
        n_trials = check_integer("n_trials", n_trials)
        per_sample = self._check_timing(task)
        mode = resolve_mode(self.mode)
        run = RateRun(
            drive_hz=self._drive(task),
            n_trials=n_trials,
            n_samples=(task.n_times - 1) * per_sample + 1,
            steps_per_sample=1,
            dt_s=self.dt_s,
            noise_hz=self.noise_hz,
        )
        seed = int(stream(rng, "process noise").integers(2**31))
        states, mode = self._run(run, mode=mode, seed=seed, on_progress=on_progress)
        if not np.isfinite(states).all():
            raise DivergenceError("the circuit's activity left the finite numbers; take a smaller dt_s")
        return self._record(task, states, per_sample, n_trials, mode)

    def _run(
        self, run: RateRun, *, mode: Mode, seed: int, on_progress: Callable[[float], None] | None
    ) -> tuple[FloatArray, Mode]:
        """Run in ``mode``; where compiling fails, on the NumPy target if the mode was left to the program."""
        arguments = (self.circuit, self.rate_function, self.tau_s, run)
        try:
            return run_rate_network(*arguments, mode=mode, seed=seed, on_progress=on_progress), mode
        except (MotorsimError, MemoryError):
            raise
        except Exception as error:
            if mode == "numpy":
                raise
            said = (
                f"{type(error).__name__}: {str(error).strip().splitlines()[-1] if str(error).strip() else ''}"
            )
            if self.mode != "auto":
                raise InputError(
                    "mode", f"a C++ compiler that works for {mode}", said, "set CXX, or take numpy"
                ) from error
            logger.warning("compiling failed (%s): Brian2 runs on its NumPy target", said)
        return run_rate_network(*arguments, mode="numpy", seed=seed, on_progress=on_progress), "numpy"

    def _record(
        self, task: DelayedReach, states: FloatArray, per_sample: int, n_trials: int, mode: Mode
    ) -> Recording:
        assert self.readout is not None  # noqa: S101 - `simulate` has checked it
        torque = self.readout.torque_nm(self.rate_function.rate_change(states))
        start = np.tile(task.reaches.start_m, (n_trials, 1))
        movement = simulate_arm(self.arm, torque, dt_s=self.dt_s, start_m=start)
        every = slice(None, None, per_sample)
        population = Population(
            self.rate_function.rate_hz(states[:, every]),
            task.times_s,
            task.reaches.labels * n_trials,
            sample_axis="condition" if n_trials == 1 else "trial",
        )
        trials = {
            "condition": np.tile(np.arange(task.n_conditions), n_trials),
            "target_m": np.tile(task.reaches.target_m, (n_trials, 1)),
            "direction_rad": np.tile(task.reaches.direction_rad, n_trials),
            "distance_m": np.tile(task.reaches.distance_m, n_trials),
        }
        return Recording(
            population,
            hand_position_m=movement.hand_position_m[:, every],
            hand_velocity_m_s=movement.hand_velocity_m_s[:, every],
            torque_nm=torque[:, every],
            trials=trials,
            events_s={
                "target_onset": task.target_onset_s,
                "go_cue": task.go_cue_s,
                "movement_onset": task.movement_onset_s,
            },
            notes={"brian2_mode": mode, "brian2_version": version("brian2"), "circuit": self.circuit.source},
        )

    def _drive(self, task: DelayedReach) -> FloatArray:
        """Return h along the ray at the start, middle and end of every step, (step, 3, condition, unit).

        It ends with a step of zeros: the go cue withdraws it.
        """
        assert self.preparatory_map is not None  # noqa: S101 - `simulate` has checked it
        targets = self.preparatory_map(task.reaches)
        starts_s = self.dt_s * np.arange(round(task.go_cue_s / self.dt_s))
        times_s = starts_s[:, None] + np.array([0.0, 0.5, 1.0]) * self.dt_s
        level, slope = ramp(times_s, task.target_onset_s, self.ramp_s)
        reference = level[..., None, None] * targets
        drive = self.tau_s * slope[..., None, None] * targets + reference
        drive -= self.rate_function.rate_change(reference) @ self.circuit.weights.T
        return np.concatenate([drive, np.zeros((1, 3, *targets.shape))])

    def _free_movement(self, states: FloatArray, n_samples: int) -> FloatArray:
        """Integrate the circuit without input by the scheme that Brian2 runs, (condition, time, unit)."""
        half, full = self.dt_s / 2, self.dt_s
        none = np.zeros_like(states)
        path = [states]
        for _ in range(n_samples - 1):
            k1 = self.derivative(states, none)
            k2 = self.derivative(states + half * k1, none)
            k3 = self.derivative(states + half * k2, none)
            k4 = self.derivative(states + full * k3, none)
            states = states + full / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            path.append(states)
        return np.stack(path, axis=1)

    def _check_timing(self, task: DelayedReach) -> int:
        """Return the integration steps a sample; refuse a task that the cortex cannot keep time with."""
        if task.delay_s < self.ramp_s:
            raise InputError("delay_s", f"at least ramp_s = {self.ramp_s:g} s", f"{task.delay_s:g} s")
        per_sample = round(task.dt_s / self.dt_s)
        if per_sample < 1 or abs(per_sample * self.dt_s - task.dt_s) > 1e-9:
            raise InputError("dt_s", f"a multiple of the cortex's dt_s, {self.dt_s:g} s", f"{task.dt_s:g} s")
        return per_sample
