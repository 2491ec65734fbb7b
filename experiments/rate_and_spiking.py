"""Set the spiking form beside the rate form of the same circuit: rates, amplification, and single reaches.

    python experiments/rate_and_spiking.py [--seeds 1 2 3] [--neurons 12000] [--trials 20]

For every seed the lag of the neurons is measured and put into the stability optimisation of the default
circuit; then 8 targets at 10 cm are reached in both forms, and the most amplified mode is let go. Writes
results/rate_and_spiking/agreement.csv, a row a seed, and prints mean and range over seeds.

What is measured:

- ``loop_gain`` (rho, relative to the unscaled circuit), ``gain_hz_per_mv``, ``lag_ms``; the abscissa with the
  lag before and after the optimisation, the circuit's own abscissa after it;
- ``correlation_movement``, ``correlation_preparation``: mean pool rates less baseline against the rate form,
  over pools and samples, first 400 ms after go and mean of the last 100 ms before it, mean over conditions;
  ``correlation_movement_tuned`` without what all conditions share;
- ``best_rho``: the factor on W with which the rate form follows the mean pool rates best;
- ``energy_ratio``: energy evoked from the most amplified mode, spiking against rate form at the same norm,
  halves of the trials multiplied so that noise adds nothing; ``top_energy`` is the circuit's own, linear;
- ``hand_error_mm``: median over single trials, decoded by a readout fitted on other trials;
  ``noise_free_mm`` that of the rate form; ``confused_percent``: trials that end nearer to another direction.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from motorsim.checks import MotorsimError
from motorsim.cortex import (
    Circuit,
    OptimalPreparation,
    RateCortex,
    SpikingCortex,
    amplified_modes,
    augmented_abscissa,
    default_circuit,
    optimise_stability,
    random_go_trigger,
    random_preparatory_map,
)
from motorsim.files import atomic_write_text
from motorsim.progress import choose_progress
from motorsim.task import DelayedReach, center_out, score_reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.progress import Progress
    from motorsim.recording import Recording
    from motorsim.task import Reaches
    from motorsim.types import FloatArray

LAG_ITERATIONS, SMOOTHING_MARGIN = 100, 0.6
NORM_HZ, MODE_NORM_HZ, N_MODES = 60.0, 21.0, 12
TRIGGER_HZ, ENERGY_WEIGHT = 25.0, 0.3
RHO = np.arange(0.8, 1.1501, 0.025)


@dataclass(frozen=True, eq=False)
class AmplifiedStates:
    """Preparatory states that are the most amplified modes themselves, one a condition."""

    states_hz: FloatArray

    def __call__(self, reaches: Reaches) -> FloatArray:
        """Return the state of each condition, (condition, unit)."""
        return self.states_hz[: reaches.n_conditions]


def measure(seed: int, n_neurons: int, n_trials: int, progress: Progress) -> dict[str, float]:
    """Run both forms for one seed and return what is described above."""
    task = DelayedReach(center_out(8, 0.10), rest_s=0.2, delay_s=0.5, movement_s=1.0)
    first = default_circuit()
    rough = SpikingCortex(first, n_neurons=n_neurons, seed=seed, n_recorded=1)
    with progress.bar(f"seed {seed}: calibration", 1.0) as update:
        calibration = rough.calibrate(task, on_progress=update)
    grown = optimise_stability(
        first,
        tau_s=rough.tau_s,
        lag_s=calibration.lag_s,
        smoothing_margin=SMOOTHING_MARGIN,
        max_iterations=LAG_ITERATIONS,
    ).circuit
    cortex = replace(
        rough,
        circuit=grown,
        calibration=calibration,
        preparation=OptimalPreparation(ENERGY_WEIGHT),
        movement_inputs=(random_go_trigger(grown, rng=seed, amplitude_hz=TRIGGER_HZ),),
    )
    states = random_preparatory_map(grown, rng=seed, norm_hz=NORM_HZ, n_modes=N_MODES)
    cortex = cortex.prepare(task, rng=seed, preparatory_map=states)
    with progress.bar(f"seed {seed}: reaches", 1.0) as update:
        reaches = cortex.simulate(task, rng=seed, n_trials=n_trials, on_progress=update)
    found = {
        "loop_gain": cortex.loop_gain,
        "gain_hz_per_mv": calibration.hz_per_mv,
        "lag_ms": 1e3 * calibration.lag_s,
        "lagged_abscissa_before": augmented_abscissa(first, cortex.tau_s, calibration.lag_s),
        "lagged_abscissa": augmented_abscissa(grown, cortex.tau_s, calibration.lag_s),
        "abscissa": grown.spectral_abscissa,
        "mean_rate_hz": float(reaches.population.rates.mean()),
    }
    found |= agreement(cortex, task, reaches) | hand(cortex, task, reaches)
    with progress.bar(f"seed {seed}: amplified mode", 1.0) as update:
        found |= amplification(cortex, seed, n_trials, update)
    return found


def agreement(cortex: SpikingCortex, task: DelayedReach, reaches: Recording) -> dict[str, float]:
    """Correlate mean pool rates with the rate form, and find the loop gain that fits them best."""
    assert cortex.rate_form is not None  # noqa: S101 - the cortex is prepared
    mean = reaches.population.psth().rates - baseline_of(cortex)
    moving = (task.times_from_go_s >= -1e-9) & (task.times_from_go_s < 0.4 - 1e-9)
    ready = (task.times_from_go_s >= -0.1 - 1e-9) & (task.times_from_go_s < -1e-9)
    model = rate_change(cortex.rate_form, task)
    fits = [correlation(mean[:, moving], rescaled(cortex, rho, task)[:, moving]) for rho in RHO]
    return {
        "correlation_movement": correlation(mean[:, moving], model[:, moving]),
        "correlation_movement_tuned": correlation(tuned(mean[:, moving]), tuned(model[:, moving])),
        "slope_movement": float((mean[:, moving] * model[:, moving]).sum() / (model[:, moving] ** 2).sum()),
        "correlation_preparation": correlation(
            mean[:, ready].mean(axis=1, keepdims=True), model[:, ready].mean(axis=1, keepdims=True)
        ),
        "best_rho": float(cortex.loop_gain * RHO[int(np.argmax(fits))]),
        "correlation_at_best_rho": max(fits),
    }


def rescaled(cortex: SpikingCortex, rho: float, task: DelayedReach) -> FloatArray:
    """Return the rates of the rate form under the same input with its recurrence scaled by ``rho``."""
    form = cortex.rate_form
    assert form is not None  # noqa: S101 - the cortex is prepared
    fine = task.with_dt(form.dt_s)
    circuit = Circuit(rho * form.circuit.weights, form.circuit.excitatory)
    drive = form.drive(task)
    scaled = replace(form, circuit=circuit).equation
    states = scaled.integrate(
        np.zeros((task.n_conditions, circuit.n_units)), drive, n_samples=fine.n_times, dt_s=form.dt_s
    )
    return scaled.rate_change(states)[:, :: round(task.dt_s / form.dt_s)]


def hand(cortex: SpikingCortex, task: DelayedReach, reaches: Recording) -> dict[str, float]:
    """Score single reaches, and those of the rate form."""
    assert cortex.rate_form is not None  # noqa: S101 - the cortex is prepared
    assert reaches.hand_position_m is not None  # noqa: S101 - a simulated session has a hand
    assert reaches.hand_velocity_m_s is not None  # noqa: S101
    condition = reaches.trials["condition"]
    every = replace(task, reaches=task.reaches.select(condition))
    ends = score_reaches(every, reaches.hand_position_m, reaches.hand_velocity_m_s).end_point_m
    made = ends - every.reaches.start_m
    turned = np.arctan2(made[:, 1], made[:, 0]) - every.reaches.direction_rad
    away = np.abs(np.angle(np.exp(1j * turned)))
    noise_free = cortex.rate_form.integrate(task)
    assert noise_free.hand_position_m is not None  # noqa: S101
    assert noise_free.hand_velocity_m_s is not None  # noqa: S101
    score = score_reaches(task, noise_free.hand_position_m, noise_free.hand_velocity_m_s)
    return {
        "hand_error_mm": 1e3 * float(np.median(reaches.trials["end_error_m"])),
        "noise_free_mm": 1e3 * float(np.median(score.error_m)),
        "confused_percent": 100.0 * float((away > np.pi / 8).mean()),
        "success_percent": 100.0 * float(reaches.trials["success"].mean()),
    }


def amplification(cortex: SpikingCortex, seed: int, n_trials: int, update: object) -> dict[str, float]:
    """Return the energy evoked from the most amplified mode against that of the rate form."""
    circuit = cortex.scaled_circuit
    modes = amplified_modes(circuit)
    states = AmplifiedStates(MODE_NORM_HZ * modes.states[:1])
    task = DelayedReach(center_out(1, 0.08), rest_s=0.2, delay_s=0.5, movement_s=1.0)
    quiet = replace(cortex, movement_inputs=(), readout=None).prepare(task, rng=seed, preparatory_map=states)
    session = quiet.simulate(task, rng=seed + 1, n_trials=2 * n_trials, on_progress=update)
    assert quiet.rate_form is not None  # noqa: S101 - it is prepared
    model = rate_change(quiet.rate_form, task)[0]
    trials = session.population.rates[session.trials["condition"] == 0] - baseline_of(cortex)
    halves = trials[0::2].mean(axis=0), trials[1::2].mean(axis=0)
    moving, resting = task.epoch("movement"), task.epoch("rest")
    # Each half less its own rest: an error of the baseline that both shared would count as energy.
    first, second = (half - half[resting].mean(axis=0) for half in halves)
    spiking, rate = (first * second)[moving].sum(), (model**2)[moving].sum()
    return {"top_energy": float(modes.energies[0]), "energy_ratio": float(spiking / rate)}


def rate_change(form: RateCortex, task: DelayedReach) -> FloatArray:
    """Return the rates of the rate form less its baseline, (condition, time, unit)."""
    rates = form.integrate(task).population.rates
    return rates - form.rate_function.baselines_hz(rates.shape[2])


def tuned(rates: FloatArray) -> FloatArray:
    """Return what tells conditions apart: rates less their mean over conditions, which the trigger evokes."""
    return rates - rates.mean(axis=0)


def baseline_of(cortex: SpikingCortex) -> FloatArray:
    """Return the pools' rates at rest, (pool,)."""
    assert cortex.calibration is not None  # noqa: S101 - the cortex is calibrated
    return cortex.calibration.baseline_hz


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Return the correlation over samples and pools of (condition, time, pool), mean over conditions."""
    return float(np.mean([np.corrcoef(x.ravel(), y.ravel())[0, 1] for x, y in zip(a, b, strict=True)]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--neurons", type=int, default=12_000, help="default: %(default)s")
    parser.add_argument("--trials", type=int, default=20, help="of each condition; default: %(default)s")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of results folders")
    options = parser.parse_args(arguments)
    rows = []
    try:
        for seed in options.seeds:
            found = measure(seed, options.neurons, options.trials, choose_progress(quiet=False))
            rows.append({"seed": seed, "n_neurons": options.neurons, "n_trials": options.trials} | found)
            path = options.results / "rate_and_spiking" / "agreement.csv"
            atomic_write_text(path, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
    except MotorsimError as error:
        print(f"rate_and_spiking: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; finished seeds are kept", file=sys.stderr)
        return 130
    table = pd.DataFrame(rows).drop(columns="seed")
    print(
        pd.DataFrame({"mean": table.mean(), "low": table.min(), "high": table.max()}).to_string(
            float_format="{:.3g}".format
        )
    )
    print(f"files: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
