"""The rate circuit as a Brian2 network, integrated by Runge-Kutta 4 in every mode of Brian2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.cortex.brian_mode import Mode, brian_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.rate_function import RateFunction
    from motorsim.types import FloatArray

# A synaptic sum is fixed within one Brian2 time step, so a Runge-Kutta stage takes one time step of its own:
# four ticks of dt / 4 make one step of dt, and the sum is evaluated at the state of the stage.
_STAGES = 4
_ROWS = 3

_MODEL = """
x : 1
x_stage : 1
slope_sum : 1
rate_change : 1
recurrent : 1
drive_column : integer (constant)
"""

_STAGE = """
stage = t_in_timesteps % 4
row = 3 * (t_in_timesteps // 4) + int(stage > 0) + int(stage > 2)
slope = (-x_stage + recurrent + drive((row + 0.5) * row_time, drive_column)) / tau
slope_sum = slope_sum * int(stage > 0) + slope * (1 + int(stage == 1) + int(stage == 2))
x = x + int(stage == 3) * (slope_sum * step / 6{noise})
x_stage = x + step * slope * (0.5 * int(stage < 2) + int(stage == 2))
range_hz = int(x_stage < 0) * r0 + int(x_stage >= 0) * span
rate_change = range_hz * tanh(x_stage / range_hz)
"""


@dataclass(frozen=True, eq=False)
class RateRun:
    """What one run of the rate network is asked to do.

    Parameters
    ----------
    drive_hz
        External input h at the start, middle and end of every integration step, (step, 3, condition, unit),
        so that it may jump between steps; the last value is held from then on.
    n_trials
        Independent copies of every condition.
    n_samples, steps_per_sample
        States are returned at ``n_samples`` times, ``steps_per_sample`` integration steps apart.
    dt_s
        Integration step.
    noise_hz
        Standard deviation that the process noise would give an isolated unit.
    """

    drive_hz: FloatArray
    n_trials: int
    n_samples: int
    steps_per_sample: int
    dt_s: float
    noise_hz: float


def run_rate_network(
    circuit: Circuit,
    rate_function: RateFunction,
    tau_s: float,
    run: RateRun,
    *,
    mode: Mode,
    seed: int,
    on_progress: Callable[[float], None] | None = None,
) -> FloatArray:
    """Integrate tau dx/dt = -x + W g(x) + h(t) from rest in Brian2.

    Every trial is a copy of the circuit in one group, so the whole task is one simulation. ``on_progress``
    is told the fraction done, twice a second; in C++ standalone mode, which runs outside Python, only at the
    end.

    Returns
    -------
    FloatArray
        Activations x in Hz, (trial * condition, time, unit), conditions fastest.
    """
    n_driven, _, n_conditions, n_units = run.drive_hz.shape
    n_copies = run.n_trials * n_conditions
    with brian_session(mode, seed=seed if run.noise_hz > 0 else None) as brian:
        tick = run.dt_s / _STAGES * brian.second
        row_time = tick  # only rows are asked for: any interval that the clock divides would do
        namespace = {
            "r0": rate_function.baseline_hz,
            "span": rate_function.maximum_hz - rate_function.baseline_hz,
            "tau": tau_s,
            "step": run.dt_s,
            "row_time": row_time,
            "noise": run.noise_hz * np.sqrt(2.0 * run.dt_s / tau_s),
            "drive": brian.TimedArray(
                run.drive_hz.reshape(_ROWS * n_driven, n_conditions * n_units), dt=row_time, name="drive"
            ),
        }
        units = brian.NeuronGroup(n_copies * n_units, _MODEL, dt=tick, namespace=namespace, name="units")
        units.drive_column = np.tile(np.arange(n_conditions * n_units), run.n_trials)
        noise = " + noise * randn()" if run.noise_hz > 0 else ""
        units.run_regularly(_STAGE.format(noise=noise), dt=tick, when="end", name="stage")
        recurrence = [_connect(brian, units, circuit, n_copies, tick)] if circuit.weights.any() else []
        interval = run.steps_per_sample * run.dt_s * brian.second
        monitor = brian.StateMonitor(units, "x", record=True, dt=interval, when="start", name="activations")
        network = brian.Network(units, *recurrence, monitor)
        network.run(
            (run.n_samples - 1) * interval + run.dt_s * brian.second,
            namespace={},
            report=_report(on_progress) if on_progress is not None and mode != "cpp_standalone" else None,
            report_period=0.5 * brian.second,
        )
        activations = np.asarray(monitor.x)[:, : run.n_samples]
    return np.ascontiguousarray(activations.reshape(n_copies, n_units, run.n_samples).transpose(0, 2, 1))


def _report(on_progress: Callable[[float], None]) -> Callable[[Any, float, Any, Any], None]:
    """Turn Brian2's report of elapsed time, completed fraction, start and duration into the fraction."""
    return lambda _elapsed, completed, _start, _duration: on_progress(float(completed))


def _connect(brian: Any, units: Any, circuit: Circuit, n_copies: int, tick: Any) -> Any:
    post, pre = np.nonzero(circuit.weights)
    offsets = circuit.n_units * np.arange(n_copies)[:, None]
    synapses = brian.Synapses(
        units,
        units,
        "weight : 1 (constant)\nrecurrent_post = weight * rate_change_pre : 1 (summed)",
        dt=tick,
        name="recurrence",
    )
    synapses.connect(i=(pre + offsets).ravel(), j=(post + offsets).ravel())
    synapses.weight = np.tile(circuit.weights[post, pre], n_copies)
    return synapses
