"""The tables of a run's configuration and what each key means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

FiniteFloat: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
PositiveFloat: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Fraction: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
# TOML has neither tuples nor paths, so these two alone may come as something else.
PositiveFloats: TypeAlias = Annotated[tuple[PositiveFloat, ...], Field(min_length=1, strict=False)]
NonNegativeFloats: TypeAlias = Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1, strict=False)]
Point: TypeAlias = Annotated[tuple[FiniteFloat, FiniteFloat], Field(strict=False)]


# The rates of neurons are noisy: their signal is larger, quietened by feedback, and set off by a trigger.
BY_KIND: dict[str, dict[str, Any]] = {
    "rate": {
        "n_modes": 16,
        "preparatory_norm_hz": 21.0,
        "preparation": "ray",
        "trigger_hz": 0.0,
        "energy_weight": 0.1,
    },
    "spiking": {
        "n_modes": 12,
        "preparatory_norm_hz": 60.0,
        "preparation": "optimal",
        "trigger_hz": 25.0,
        "energy_weight": 0.3,
    },
}
"""What is not set depends on the kind. Greater norms saturate the rate form, whose units turn silent; in
smaller ones the noise of the spikes drowns the reach."""


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links are kept, so that it can be written back


# Absolute, so that a configuration means the same file from wherever it is used.
FilePath: TypeAlias = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]


class Section(BaseModel):
    """A frozen table that knows its keys and no others, and takes no text or boolean for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TaskConfig(Section):
    """The delayed centre-out reach, see `motorsim.task.center_out` and `motorsim.task.DelayedReach`."""

    n_directions: Count = Field(16, description="directions of the targets around the start")
    distances_m: PositiveFloats = Field((0.06, 0.10), description="distances of the targets (m)")
    start_m: Point = Field((0.0, 0.40), description="hand at the start, x and y from the shoulder (m)")
    reach_s: PositiveFloat = Field(0.5, description="duration of the desired movement (s)")
    rest_s: PositiveFloat = Field(0.2, description="from the start of the trial to the target (s)")
    delay_s: PositiveFloat = Field(0.5, description="from the target to the go cue (s)")
    reaction_s: NonNegativeFloat = Field(0.1, description="from the go cue to movement onset (s)")
    movement_s: PositiveFloat = Field(1.0, description="from the go cue to the end of the trial (s)")
    dt_s: PositiveFloat = Field(0.01, description="time between samples; all durations are multiples (s)")
    test_fraction: Fraction = Field(0.25, description="part of the conditions that only the last score sees")
    validation_fraction: Fraction = Field(0.0625, description="part of the conditions that stops training")


class SpikingConfig(Section):
    """What the spiking form alone has, see `motorsim.cortex.spiking`."""

    n_neurons: Count = Field(
        4000, description="integrate-and-fire neurons, a multiple of the circuit's units"
    )
    n_trials: Count = Field(8, description="trials of each condition")
    loop_gain: PositiveFloat = Field(1.0, description="strength of the recurrence, as a multiple of W")
    lag_iterations: Annotated[int, Field(ge=0)] = Field(
        100, description="steps that optimise the circuit for the neurons' lag; 0 for none, as in a given one"
    )
    rest_noise_hz: NonNegativeFloat = Field(
        0.0, description="noise that the target quenches, beside noise_hz until then, deviation (Hz)"
    )
    n_recorded: Count = Field(400, description="neurons whose spikes are recorded one by one")
    smoothing_s: PositiveFloat = Field(
        0.02, description="deviation of the Gaussian that makes rates of spikes (s)"
    )
    causal: bool = Field(False, description="smooth with the past alone")
    decoder_ridge: PositiveFloat = Field(
        0.2, description="penalty of the torque decoder of single trials, relative"
    )
    workers: Count | None = Field(
        None, description="processes at once, one a core where not set; the spikes are the same", examples=[2]
    )


class CortexConfig(Section):
    """The circuit, its preparation and its readout, see `motorsim.cortex`."""

    kind: Literal["spiking", "rate"] = Field(
        "spiking",
        description="form of the circuit: spiking, pools of neurons with the rate form beside, or rate",
    )
    weights_file: FilePath | None = Field(
        None,
        description="your own matrix, .npy, .npz or .mat; relative to this file",
        examples=["circuit.npy"],
    )
    weights_name: str | None = Field(None, description="variable of that file, if several", examples=["W"])
    n_units: Annotated[int, Field(ge=4)] | None = Field(
        None, description="size of a circuit to grow; the package's own has 200", examples=[200]
    )
    target_abscissa: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.15, description="the stability optimisation stops at this spectral abscissa"
    )
    max_iterations: Count = Field(5000, description="or after as many steps")
    tau_s: PositiveFloat = Field(0.2, description="time constant of the units (s)")
    baseline_hz: PositiveFloat = Field(
        20.0, description="rate at rest of the rate form; that of the neurons is measured (Hz)"
    )
    baseline_sd_hz: NonNegativeFloat = Field(
        0.0, description="its standard deviation over the units of the rate form (Hz)"
    )
    maximum_hz: PositiveFloat = Field(100.0, description="greatest rate of the rate form (Hz)")
    n_modes: Count | None = Field(
        None,
        description="amplified modes behind preparatory states; if not set 16 for rate, 12 for spiking",
        examples=[16],
    )
    harmonic_weights: NonNegativeFloats = Field(
        (1.0, 0.8, 0.6), description="relative size of harmonics 1, 2, ... of direction in them"
    )
    preparatory_norm_hz: PositiveFloat | None = Field(
        None,
        description="norm of the preparatory states at 8 cm; 21 for rate, 60 for spiking if not set (Hz)",
        examples=[21.0],
    )
    preparation: Literal["ray", "optimal", "static"] | None = Field(
        None,
        description="ray, optimal (feedback) or static (the failing control); optimal for spiking if not set",
        examples=["ray"],
    )
    ramp_s: PositiveFloat = Field(
        0.3, description="how long preparation along the ray builds up, at most delay_s (s)"
    )
    energy_weight: PositiveFloat | None = Field(
        None,
        description="what input costs in optimal preparation; if not set 0.1 for rate, 0.3 for spiking",
        examples=[0.1],
    )
    least_preparation_s: NonNegativeFloat = Field(
        0.0, description="movement is released so long after the target, if the go cue comes before (s)"
    )
    trigger_hz: NonNegativeFloat | None = Field(
        None,
        description="peak of the go trigger; if not set 0 (none) for rate, 25 for spiking (Hz)",
        examples=[25.0],
    )
    noise_hz: NonNegativeFloat = Field(0.0, description="process noise of an isolated unit, deviation (Hz)")
    readout_ridge: PositiveFloat = Field(1e-5, description="penalty of the rate form's readout, relative")
    dt_s: PositiveFloat = Field(
        0.002, description="integration step with kind rate; task.dt_s is a multiple (s)"
    )
    mode: Literal["auto", "numpy", "cython", "cpp_standalone"] = Field(
        "auto", description="how Brian2 runs: auto, numpy, cython or cpp_standalone"
    )
    spiking: SpikingConfig = SpikingConfig()

    @property
    def chosen(self) -> CortexConfig:
        """These settings, with what depends on the kind and was not set put in."""
        missing = {name: value for name, value in BY_KIND[self.kind].items() if getattr(self, name) is None}
        return self.model_copy(update=missing)


class CompareConfig(Section):
    """What the comparison looks at and how often it resamples, see `motorsim.compare`."""

    n_components: Count = Field(15, description="principal components; 15 hold 90 % of the default cortex")
    n_subsamples: Annotated[int, Field(ge=2)] = Field(
        100, description="halves of the units behind an interval"
    )
    n_shuffles: Count = Field(50, description="shuffles of the conditions behind a null")
    n_surrogates: Count = Field(100, description="surrogates behind the rotation's null")
    jpca_components: Annotated[int, Field(ge=2, multiple_of=2)] = Field(
        6, description="components of jPCA, even"
    )
    jpca_start_s: FiniteFloat = Field(-0.05, description="window of jPCA, from movement onset (s)")
    jpca_stop_s: FiniteFloat = Field(0.25, description="its end, from movement onset (s)")
