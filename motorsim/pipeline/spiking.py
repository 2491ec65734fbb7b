"""The spiking cortex of stage *simulate*: measure the neurons, fit the circuit to their lag, run trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.cortex import amplified_modes, augmented_abscissa, optimise_stability
from motorsim.pipeline.common import build_preparatory_map, build_spiking_cortex
from motorsim.pipeline.scores import unit_statistics
from motorsim.pipeline.simulated import SingleTrials

if TYPE_CHECKING:
    from motorsim.config import RunConfig
    from motorsim.cortex import Circuit, SpikingCortex
    from motorsim.pipeline.stage import StageContext
    from motorsim.recording import Recording
    from motorsim.task import ConditionSplit, DelayedReach
    from motorsim.types import BoolArray, FloatArray

# The published margin of 0.2 lets the top energy grow where there is a lag.
_LAG_MARGIN = 0.6


@dataclass(frozen=True, eq=False)
class SpikingSession:
    """A prepared cortex, its trials, its rate form's session, and what was measured on the way."""

    cortex: SpikingCortex
    trials: Recording
    rate_form: Recording
    notes: dict[str, Any]


def run_spiking(
    context: StageContext, circuit: Circuit, task: DelayedReach, split: ConditionSplit
) -> SpikingSession:
    """Measure the neurons, fit the circuit to their lag, and run every condition in both forms.

    Raises
    ------
    InputError
        If the neurons do not divide into pools, are too few for their inputs, or the circuit is unstable with
        their lag.
    """
    config, say = context.config, context.progress.say
    start = _build(config, circuit)
    with context.progress.bar("neurons measured", 1.0) as update:
        calibration = start.calibrate(task, on_progress=update)
    say(
        f"  {start.n_neurons} neurons: {calibration.baseline_hz.mean():.1f} Hz at rest, gain "
        f"{calibration.hz_per_mv:.1f} Hz/mV, lag {1e3 * calibration.lag_s:.1f} ms, "
        f"CV of intervals {calibration.interval_cv:.2f}"
    )
    cortex = replace(_fit_to_lag(context, start, calibration.lag_s), calibration=calibration)
    stability = _stability(start, cortex, calibration.lag_s)
    say(
        f"  loop gain {stability['loop_gain']:g}: abscissa with the lag "
        f"{stability['augmented_abscissa']:.2f} (before {stability['augmented_abscissa_before']:.2f}), "
        f"top energy {stability['top_energy']:.1f} (before {stability['top_energy_before']:.1f})"
    )
    _require_stable(config, stability)
    cortex = cortex.prepare(
        task,
        rng=config.seed,
        fit_on=~split.test,
        preparatory_map=build_preparatory_map(config, cortex.scaled_circuit),
        ridge=config.cortex.readout_ridge,
    )
    trials = _run_trials(context, cortex, task)
    assert cortex.rate_form is not None  # noqa: S101 - `prepare` has set it
    rate_form = cortex.rate_form.integrate(task)
    neurons = {
        "baseline_hz": float(calibration.baseline_hz.mean()),
        "hz_per_mv": calibration.hz_per_mv,
        "count_noise": _known(calibration.count_noise),
        "interval_cv": _known(calibration.interval_cv),
    }
    return SpikingSession(cortex, trials, rate_form, {"neurons": neurons, "stability": stability})


def average_trials(trials: Recording, n_conditions: int) -> Recording:
    """Return the averages over the trials of each condition of a session, conditions fastest."""

    def mean(signal: FloatArray | None) -> FloatArray | None:
        return None if signal is None else signal.reshape(-1, n_conditions, *signal.shape[1:]).mean(axis=0)

    columns = ("condition", "target_m", "direction_rad", "distance_m")
    return replace(
        trials,
        population=trials.population.psth(),
        hand_position_m=mean(trials.hand_position_m),
        hand_velocity_m_s=mean(trials.hand_velocity_m_s),
        torque_nm=mean(trials.torque_nm),
        trials={name: trials.trials[name][:n_conditions] for name in columns},
        spikes=None,
        units={},
    )


def single_trials(trials: Recording, n_conditions: int, test: BoolArray) -> SingleTrials:
    """Return what later stages need of single trials; the example is a far reach that was fitted on."""
    assert trials.spikes is not None  # noqa: S101 - a spiking session has spikes
    assert trials.hand_position_m is not None  # noqa: S101
    condition = trials.trials["condition"]
    rate_hz, cv = unit_statistics(trials.spikes, condition)
    distance_m = trials.trials["distance_m"][:n_conditions]
    example = int(np.argmax(np.where(test, -1.0, distance_m)))
    shown = [trials.spikes.trial_unit(example, unit) for unit in range(trials.spikes.n_units)]
    return SingleTrials(
        half_rates_hz=_halves(trials.population.rates, n_conditions),
        condition=condition,
        end_error_m=trials.trials["end_error_m"],
        hand_position_m=trials.hand_position_m,
        unit_pool=trials.units["pool"],
        unit_excitatory=trials.units["excitatory"],
        unit_rate_hz=rate_hz,
        unit_interval_cv=cv,
        spike_unit=np.repeat(np.arange(len(shown)), [len(train) for train in shown]),
        spike_time_s=np.concatenate(shown),
        example=example,
    )


def _halves(rates_hz: FloatArray, n_conditions: int) -> FloatArray:
    """Return averages over every other repeat, (2, condition, time, unit); an odd last one is left out."""
    by_repeat = rates_hz.reshape(-1, n_conditions, *rates_hz.shape[1:])
    used = by_repeat[: 2 * (len(by_repeat) // 2)]
    if not len(used):
        return np.empty((0, *by_repeat.shape[1:]))
    halves: FloatArray = np.stack([used[::2].mean(axis=0), used[1::2].mean(axis=0)])
    return halves


def _build(config: RunConfig, circuit: Circuit) -> SpikingCortex:
    """Return the cortex, or say by the names of the settings why there can be none."""
    try:
        cortex = build_spiking_cortex(config, circuit)
    except InputError as error:
        if error.name != "n_neurons":
            raise
        raise InputError("cortex.spiking.n_neurons", error.expected, error.got, error.mend) from None
    least = max(_least_neurons(cortex, sign=sign) for sign in (True, False))
    if cortex.n_neurons < least:
        neurons = cortex.neurons
        inputs = f"{neurons.n_excitatory_inputs} E and {neurons.n_inhibitory_inputs} I inputs"
        expected = f"at least {least}, since every neuron has {inputs}"
        raise InputError("cortex.spiking.n_neurons", expected, f"{cortex.n_neurons}")
    return cortex


def _least_neurons(cortex: SpikingCortex, *, sign: bool) -> int:
    """Return how many neurons it takes for each to get its inputs of a sign from others."""
    neurons, circuit = cortex.neurons, cortex.circuit
    n_inputs = neurons.n_excitatory_inputs if sign else neurons.n_inhibitory_inputs
    n_pools = int((circuit.excitatory == sign).sum())
    if n_inputs == 0:
        return 0
    if n_pools == 0:
        kind = "excitatory" if sign else "inhibitory"
        raise InputError("cortex.weights_file", "a circuit with E and I units", f"one without {kind} units")
    return -(-(n_inputs + 1) // n_pools) * circuit.n_units


def _fit_to_lag(context: StageContext, start: SpikingCortex, lag_s: float) -> SpikingCortex:
    """Optimise the circuit with the neurons' lag; one that was given stays as it is."""
    cortex = context.config.cortex
    n_steps = 0 if cortex.weights_file is not None else cortex.spiking.lag_iterations
    if n_steps == 0:
        return start
    with context.progress.bar("stability with the lag", n_steps) as update:
        grown = optimise_stability(
            start.circuit,
            target_abscissa=cortex.target_abscissa,
            max_iterations=n_steps,
            smoothing_margin=_LAG_MARGIN,
            tau_s=cortex.tau_s,
            lag_s=lag_s,
            on_progress=lambda step, abscissa: update(step, f"abscissa {abscissa:.3f}"),
        )
    # Built anew: the go trigger avoids the modes of the circuit that it comes into.
    return build_spiking_cortex(context.config, grown.circuit)


def _stability(start: SpikingCortex, cortex: SpikingCortex, lag_s: float) -> dict[str, float]:
    before, after = (augmented_abscissa(each.scaled_circuit, each.tau_s, lag_s) for each in (start, cortex))
    return {
        "loop_gain": cortex.loop_gain,
        "lag_s": lag_s,
        "augmented_abscissa_before": before,
        "augmented_abscissa": after,
        "spectral_abscissa": cortex.scaled_circuit.spectral_abscissa,
        "top_energy_before": float(amplified_modes(start.circuit).energies[0]),
        "top_energy": float(amplified_modes(cortex.scaled_circuit).energies[0]),
    }


def _require_stable(config: RunConfig, stability: dict[str, float]) -> None:
    if stability["augmented_abscissa"] < 1.0:
        return
    given = config.cortex.weights_file is not None
    raise InputError(
        "cortex.weights_file" if given else "cortex.spiking.lag_iterations",
        f"a circuit that is stable with the neurons' lag of {1e3 * stability['lag_s']:.1f} ms",
        f"abscissa {stability['augmented_abscissa']:.2f} at loop gain {stability['loop_gain']:g} "
        "(stable below 1)",
        "lower cortex.spiking.loop_gain, or take cortex.kind = rate"
        if given
        else "take more steps, or lower cortex.spiking.loop_gain",
    )


def _run_trials(context: StageContext, cortex: SpikingCortex, task: DelayedReach) -> Recording:
    n_trials = context.config.cortex.spiking.n_trials
    total = n_trials * task.n_conditions
    with context.progress.bar("spiking trials", total) as update:
        return cortex.simulate(
            task,
            rng=context.config.seed,
            n_trials=n_trials,
            keep_in=context.kept,
            on_progress=lambda share: update(round(share * total)),
        )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
