"""The rate circuit as a Brian2 network, integrated by Runge-Kutta 4 in every mode of Brian2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError
from motorsim.cortex.brian_mode import Mode, brian_session
from motorsim.cortex.drive import ROWS, Drive

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.cortex.rate_equation import RateEquation
    from motorsim.types import FloatArray

# A synaptic sum is fixed within one Brian2 time step, so a Runge-Kutta stage takes one time step of its own:
# four ticks of dt / 4 make one step of dt, and the sum is evaluated at the state of the stage.
_STAGES = 4

_MODEL = """
x : 1
x_stage : 1
slope_sum : 1
rate_change : 1
recurrent : 1
fed_back : 1
hand_drive : 1
r0 : 1 (constant)
drive_column : integer (constant)
unit : integer (constant)
"""

_STAGE = """
stage = t_in_timesteps % 4
number = t_in_timesteps // 4
row = 3 * number + int(stage > 0) + int(stage > 2)
slope = (-x_stage + recurrent + drive((row + 0.5) * row_time, drive_column){extra_input}) / tau
slope_sum = slope_sum * int(stage > 0) + slope * (1 + int(stage == 1) + int(stage == 2))
x = x + int(stage == 3) * (slope_sum * step / 6{noise})
x_stage = x + step * slope * (0.5 * int(stage < 2) + int(stage == 2))
range_hz = int(x_stage < 0) * r0 + int(x_stage >= 0) * (rmax - r0)
rate_change = range_hz * tanh(x_stage / range_hz)
"""
_FEEDBACK = " + fed_back * int(number >= feedback_first) * int(number < feedback_stop)"
_HAND = " + hand_drive"
_NOISE = " + noise * randn()"
# The rate is that of the stage to come, which may belong to the next step.
_SILENCE = """
hush = silenced(((t_in_timesteps + 1) // 4 + 0.5) * row_time, unit)
rate_change = rate_change * (1 - hush) - r0 * hush
"""


@dataclass(frozen=True, eq=False)
class RateRun:
    """What one run of the rate network is asked to do.

    Parameters
    ----------
    drive
        What comes in from outside.
    n_trials
        Independent copies of every condition.
    n_samples, steps_per_sample
        States are returned at ``n_samples`` times, ``steps_per_sample`` integration steps apart.
    dt_s
        Integration step.
    noise_hz
        Standard deviation that the process noise would give an isolated unit.
    hand_drive
        Closed loop: called at the start of every step with its number and the rates relative to baseline,
        (trial * condition, unit), it returns an input in Hz of that shape, held over the step. None for an
        open loop.
    """

    drive: Drive
    n_trials: int
    n_samples: int
    steps_per_sample: int
    dt_s: float
    noise_hz: float
    hand_drive: Callable[[int, FloatArray], FloatArray] | None = None

    @property
    def n_copies(self) -> int:
        """Copies of the circuit: trials times conditions."""
        return self.n_trials * self.drive.n_conditions

    @property
    def n_steps(self) -> int:
        """Integration steps to run: one more than up to the last sample, which is taken at a step's start."""
        return (self.n_samples - 1) * self.steps_per_sample + 1


def run_rate_network(
    equation: RateEquation,
    run: RateRun,
    *,
    mode: Mode,
    seed: int,
    on_progress: Callable[[float], None] | None = None,
) -> FloatArray:
    """Integrate tau dx/dt = -x + W g(x) + h(t) + F x from rest in Brian2.

    Every trial is a copy of the circuit in one group, so the whole task is one simulation. ``on_progress``
    is told the fraction done, twice a second; in C++ standalone mode, which runs outside Python, only at the
    end.

    Returns
    -------
    FloatArray
        Activations x in Hz, (trial * condition, time, unit), conditions fastest.

    Raises
    ------
    InputError
        If the loop is closed in C++ standalone mode.
    """
    n_copies, n_units = run.n_copies, equation.circuit.n_units
    if run.hand_drive is not None and mode == "cpp_standalone":
        mend = "the arm is stepped in Python"
        raise InputError("mode", "numpy or cython where the hand feeds back", "cpp_standalone", mend)
    with brian_session(mode, seed=seed if run.noise_hz > 0 else None) as brian:
        tick = run.dt_s / _STAGES * brian.second
        units = _units(brian, equation, run, tick)
        synapses = _connect(brian, units, equation.circuit.weights, n_copies, "recurrent <- rate_change")
        feedback = []
        if run.drive.feedback is not None:
            feedback = _connect(brian, units, run.drive.feedback, n_copies, "fed_back <- x_stage")
        loop = [] if run.hand_drive is None else [_close_loop(brian, units, run)]
        interval = run.steps_per_sample * run.dt_s * brian.second
        monitor = brian.StateMonitor(units, "x", record=True, dt=interval, when="start", name="activations")
        network = brian.Network(units, *synapses, *feedback, *loop, monitor)
        for phase in _phases(run, whole=mode == "cpp_standalone" or not feedback):
            for matrix in feedback:
                matrix.active = phase.feeds_back
            told = on_progress is not None and mode != "cpp_standalone"
            network.run(
                (phase.stop - phase.start) * run.dt_s * brian.second,
                namespace={},
                report=_report(on_progress, phase, run.n_steps) if told and on_progress is not None else None,
                report_period=0.5 * brian.second,
            )
        activations = np.asarray(monitor.x)[:, : run.n_samples]
    return np.ascontiguousarray(activations.reshape(n_copies, n_units, run.n_samples).transpose(0, 2, 1))


def _units(brian: Any, equation: RateEquation, run: RateRun, tick: Any) -> Any:
    """Return the group of all units of all copies, with the code of a Runge-Kutta stage."""
    drive, n_units = run.drive, equation.circuit.n_units
    n_driven, _, n_conditions, _ = drive.feedforward_hz.shape
    row_time = tick  # only rows are asked for: any interval that the clock divides would do
    rows = drive.feedforward_hz.reshape(ROWS * n_driven, n_conditions * n_units)
    namespace = {
        "rmax": equation.rate_function.maximum_hz,
        "tau": equation.tau_s,
        "step": run.dt_s,
        "row_time": row_time,
        "noise": run.noise_hz * np.sqrt(2.0 * run.dt_s / equation.tau_s),
        "drive": brian.TimedArray(rows, dt=row_time, name="drive"),
        "feedback_first": drive.feedback_steps[0],
        "feedback_stop": drive.feedback_steps[1],
    }
    extra_input = (_FEEDBACK if drive.feedback is not None else "") + (_HAND if run.hand_drive else "")
    code = _STAGE.format(extra_input=extra_input, noise=_NOISE if run.noise_hz > 0 else "")
    if drive.silenced is not None:
        schedule = np.concatenate([drive.silenced, np.zeros((1, n_units), bool)]).astype(float)
        namespace["silenced"] = brian.TimedArray(schedule, dt=row_time, name="silenced")
        code += _SILENCE
    units = brian.NeuronGroup(run.n_copies * n_units, _MODEL, dt=tick, namespace=namespace, name="units")
    units.drive_column = np.tile(np.arange(n_conditions * n_units), run.n_trials)
    units.unit = np.tile(np.arange(n_units), run.n_copies)
    units.r0 = np.tile(equation.rate_function.baselines_hz(n_units), run.n_copies)
    at_rest = equation.rate_change(np.zeros(n_units), drive.silenced_at(0))
    units.rate_change = np.tile(at_rest, run.n_copies)
    units.run_regularly(code, dt=tick, when="end", name="stage")
    return units


def _close_loop(brian: Any, units: Any, run: RateRun) -> Any:
    """Return the operation that, at the start of every step, turns rates into the hand's input."""
    hand_drive = run.hand_drive
    assert hand_drive is not None  # noqa: S101 - the caller has checked it

    def read_and_feed_back(time: Any) -> None:
        number = round(float(time / brian.second) / run.dt_s)
        rates = np.asarray(units.rate_change).reshape(run.n_copies, -1)
        units.hand_drive = hand_drive(number, rates).ravel()

    return brian.NetworkOperation(read_and_feed_back, dt=run.dt_s * brian.second, when="start")


class _Phase(NamedTuple):
    """Integration steps in which the feedback matrix acts throughout or not at all."""

    start: int
    stop: int
    feeds_back: bool


def _phases(run: RateRun, *, whole: bool) -> list[_Phase]:
    """Split the run where feedback begins and ends, so that its many synapses cost time only there."""
    if whole:
        return [_Phase(0, run.n_steps, feeds_back=True)]
    first, stop = (min(step, run.n_steps) for step in run.drive.feedback_steps)
    phases = [_Phase(0, first, False), _Phase(first, stop, True), _Phase(stop, run.n_steps, False)]
    return [phase for phase in phases if phase.stop > phase.start]


def _report(
    on_progress: Callable[[float], None], phase: _Phase, n_steps: int
) -> Callable[[Any, float, Any, Any], None]:
    """Turn what Brian2 reports of a phase (elapsed, fraction, start, duration) into the fraction of all."""

    def tell(_elapsed: Any, completed: float, _start: Any, _duration: Any) -> None:
        on_progress((phase.start + float(completed) * (phase.stop - phase.start)) / n_steps)

    return tell


def _connect(brian: Any, units: Any, matrix: FloatArray, n_copies: int, flow: str) -> list[Any]:
    """Return synapses that sum matrix times source into target, "target <- source", in every copy."""
    if not matrix.any():
        return []
    target, source = flow.split(" <- ")
    post, pre = np.nonzero(matrix)
    offsets = len(matrix) * np.arange(n_copies)[:, None]
    synapses = brian.Synapses(
        units,
        units,
        f"weight : 1 (constant)\n{target}_post = weight * {source}_pre : 1 (summed)",
        dt=units.clock.dt,
        name=f"{target}_synapses",
    )
    synapses.connect(i=(pre + offsets).ravel(), j=(post + offsets).ravel())
    synapses.weight = np.tile(matrix[post, pre], n_copies)
    return [synapses]
