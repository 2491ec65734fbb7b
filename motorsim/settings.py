"""Settings: the tables of a run's configuration, what each key means, and which values go together."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterator

FiniteFloat: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
PositiveFloat: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Fraction: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
# TOML has neither tuples nor paths, so these two alone may come as something else.
PositiveFloats: TypeAlias = Annotated[tuple[PositiveFloat, ...], Field(min_length=1, strict=False)]
NonNegativeFloats: TypeAlias = Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1, strict=False)]
Point: TypeAlias = Annotated[tuple[FiniteFloat, FiniteFloat], Field(strict=False)]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links are kept, so that it can be written back


# Absolute, so that a configuration means the same file from wherever it is used.
FilePath: TypeAlias = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]


class _Section(BaseModel):
    """A frozen table that knows its keys and no others, and takes no text or boolean for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TaskConfig(_Section):
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


class CortexConfig(_Section):
    """The circuit, its preparation and its readout, see `motorsim.cortex`."""

    kind: Literal["rate"] = Field("rate", description="form of the circuit")
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
    baseline_hz: PositiveFloat = Field(20.0, description="rate at rest (Hz)")
    maximum_hz: PositiveFloat = Field(100.0, description="greatest rate (Hz)")
    n_modes: Count = Field(16, description="amplified modes that preparatory states are made of")
    harmonic_weights: NonNegativeFloats = Field(
        (1.0, 0.8, 0.6), description="relative size of harmonics 1, 2, ... of direction in them"
    )
    preparatory_norm_hz: PositiveFloat = Field(
        21.0, description="norm of the preparatory states at 8 cm (Hz)"
    )
    ramp_s: PositiveFloat = Field(0.3, description="how long preparation builds up, at most delay_s (s)")
    noise_hz: NonNegativeFloat = Field(0.0, description="process noise of an isolated unit, deviation (Hz)")
    readout_ridge: PositiveFloat = Field(1e-5, description="penalty of the torque readout, relative")
    dt_s: PositiveFloat = Field(0.002, description="integration step; task.dt_s is a multiple (s)")
    mode: Literal["auto", "numpy", "cython", "cpp_standalone"] = Field(
        "auto", description="how Brian2 runs: auto, numpy, cython or cpp_standalone"
    )


class NetworkConfig(_Section):
    """One network and its training, see `motorsim.nn.Leaky` and `motorsim.train.fit`."""

    n_units: Count = Field(160, description="hidden units")
    tau_s: PositiveFloat = Field(0.05, description="time constant of the units (s)")
    gain: PositiveFloat = Field(0.1, description="spectral radius of large initial recurrent weights")
    learning_rate: PositiveFloat = Field(0.02, description="greatest learning rate of Adam")
    n_iterations: Count = Field(2000, description="updates at most")
    evaluate_every: Count = Field(25, description="updates between two looks at the validation conditions")
    patience: Count | None = Field(
        None, description="stop after as many looks without improvement", examples=[20]
    )
    batch_size: Count | None = Field(
        None, description="conditions an update; all where not set", examples=[8]
    )
    clip_norm: PositiveFloat = Field(1.0, description="greatest norm of the gradient")
    weight_penalty: NonNegativeFloat = Field(
        0.0, description="weight of the mean squared weight of each array"
    )
    rate_penalty: NonNegativeFloat = Field(0.1, description="weight of the mean squared activity")


class TargetCodeConfig(_Section):
    """How a network is told the target, see `motorsim.task.PlaceCode`."""

    n_per_axis: Annotated[int, Field(ge=2)] = Field(5, description="receptive fields along x and along y")
    extent_m: PositiveFloat = Field(0.10, description="their centres reach so far from the start (m)")
    width_m: PositiveFloat = Field(0.15, description="standard deviation of a field (m)")


class FitConfig(_Section):
    """The two networks: one fitted to the cortex's rates, one that learns to make the torques."""

    target_code: TargetCodeConfig = TargetCodeConfig()
    data_driven: NetworkConfig = NetworkConfig()
    goal_driven: NetworkConfig = NetworkConfig(learning_rate=0.01, n_iterations=800)


class CompareConfig(_Section):
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


class RunConfig(_Section):
    """The whole run.

    Values that are valid alone and not together are refused too, all of them in one message.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)] = Field(
        "default", description="the run's folder among the results"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(1, description="of every random number")
    task: TaskConfig = TaskConfig()
    cortex: CortexConfig = CortexConfig()
    fit: FitConfig = FitConfig()
    compare: CompareConfig = CompareConfig()

    def digest(self) -> str:
        """Return the SHA-256 of the configuration; a file given by path counts by its path here."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        faults = [
            *_clock_faults(self.task, self.cortex),
            *_condition_faults(self),
            *_cortex_faults(self.cortex),
            *_fit_faults(self.fit, self.task),
            *_component_faults(self),
            *_window_faults(self.compare, self.task),
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self


def _fault(key: str, expected: str, got: object) -> str:
    return (
        f"{key}: expected {expected}, got {got:g}"
        if isinstance(got, float)
        else f"{key}: expected {expected}, got {got}"
    )


def _is_multiple(duration_s: float, step_s: float) -> bool:
    steps = round(duration_s / step_s)
    return abs(duration_s / step_s - steps) <= 1e-6 and (steps > 0 or duration_s == 0)


_MOST_STEPS = 100_000


def _clock_faults(task: TaskConfig, cortex: CortexConfig) -> Iterator[str]:
    from motorsim.task.score import SCORE_START_S, SCORE_STOP_S  # noqa: PLC0415 - not for `--help`

    for name in ("rest_s", "delay_s", "reaction_s", "movement_s"):
        duration_s = getattr(task, name)
        if not _is_multiple(duration_s, task.dt_s):
            yield _fault(f"task.{name}", f"a multiple of task.dt_s = {task.dt_s:g}", duration_s)
    if not _is_multiple(task.dt_s, cortex.dt_s):
        yield _fault("task.dt_s", f"a multiple of cortex.dt_s = {cortex.dt_s:g}", task.dt_s)
    n_samples = (task.rest_s + task.delay_s + task.movement_s) / cortex.dt_s
    if n_samples > _MOST_STEPS:
        yield _fault("cortex.dt_s", f"at most {_MOST_STEPS:,} steps a trial", f"{n_samples:.3g} of them")
    if task.delay_s < cortex.ramp_s:
        yield _fault("task.delay_s", f"at least cortex.ramp_s = {cortex.ramp_s:g}", task.delay_s)
    if task.reach_s > SCORE_START_S:
        yield _fault(
            "task.reach_s", f"at most {SCORE_START_S:g}: the end point is scored from then on", task.reach_s
        )
    needed_s = task.reaction_s + SCORE_STOP_S
    if task.movement_s < needed_s - 1e-9:
        expected = f"at least task.reaction_s + {SCORE_STOP_S:g} = {needed_s:g}, when the end point is scored"
        yield _fault("task.movement_s", expected, task.movement_s)


def _condition_faults(config: RunConfig) -> Iterator[str]:
    """Ask the task's own checks: distinct targets, within the arm's reach, and enough to hold some out."""
    from motorsim.checks import InputError  # noqa: PLC0415 - these take NumPy along
    from motorsim.plant import Arm  # noqa: PLC0415
    from motorsim.task import center_out, split_conditions  # noqa: PLC0415

    task = config.task
    try:
        reaches = center_out(
            task.n_directions, task.distances_m, start_m=task.start_m, duration_s=task.reach_s
        )
        reaches.check_reachable(Arm())
        split = split_conditions(
            reaches,
            test_fraction=task.test_fraction,
            validation_fraction=task.validation_fraction,
            rng=config.seed,
        )
    except InputError as error:
        yield f"task: {error}"
        return
    n_train = int(split.train.sum())
    for name in ("data_driven", "goal_driven"):
        batch_size = getattr(config.fit, name).batch_size
        if batch_size is not None and batch_size > n_train:
            yield _fault(
                f"fit.{name}.batch_size", f"at most the {n_train} conditions to train on", batch_size
            )
    if config.compare.jpca_components > reaches.n_conditions:
        expected = f"at most the {reaches.n_conditions} conditions"
        yield _fault("compare.jpca_components", expected, config.compare.jpca_components)


_DEFAULT_CIRCUIT_UNITS = 200


def _known_units(cortex: CortexConfig) -> int | None:
    """Return the size of the circuit, or None where only the user's file can tell."""
    return cortex.n_units or (_DEFAULT_CIRCUIT_UNITS if cortex.weights_file is None else None)


def _cortex_faults(cortex: CortexConfig) -> Iterator[str]:
    if cortex.maximum_hz <= cortex.baseline_hz:
        yield _fault(
            "cortex.maximum_hz", f"more than cortex.baseline_hz = {cortex.baseline_hz:g}", cortex.maximum_hz
        )
    if not any(cortex.harmonic_weights):
        yield _fault("cortex.harmonic_weights", "numbers that are not all 0", list(cortex.harmonic_weights))
    if cortex.weights_name is not None and cortex.weights_file is None:
        yield _fault("cortex.weights_name", "cortex.weights_file beside it", "none")
    n_units = _known_units(cortex)
    if n_units is not None and cortex.n_modes > n_units:
        yield _fault("cortex.n_modes", f"at most the circuit's {n_units} units", cortex.n_modes)


def _fit_faults(fit: FitConfig, task: TaskConfig) -> Iterator[str]:
    for name in ("data_driven", "goal_driven"):
        tau_s = getattr(fit, name).tau_s
        if tau_s < task.dt_s:
            yield _fault(f"fit.{name}.tau_s", f"at least task.dt_s = {task.dt_s:g}", tau_s)


def _component_faults(config: RunConfig) -> Iterator[str]:
    """Compare the principal components with what they are taken of, where its size is known beforehand."""
    sizes = {
        "fit.data_driven": config.fit.data_driven.n_units,
        "fit.goal_driven": config.fit.goal_driven.n_units,
    }
    n_units = _known_units(config.cortex)
    if n_units is not None:
        sizes["cortex"] = n_units
    smallest = min(sizes, key=lambda name: sizes[name])
    for key in ("n_components", "jpca_components"):
        wanted = getattr(config.compare, key)
        if wanted > sizes[smallest]:
            yield _fault(f"compare.{key}", f"at most the {sizes[smallest]} units of {smallest}", wanted)


def _window_faults(compare: CompareConfig, task: TaskConfig) -> Iterator[str]:
    """Compare the window of jPCA with the trial; it needs three samples."""
    first_s = -(task.rest_s + task.delay_s + task.reaction_s)
    last_s = task.movement_s - task.reaction_s
    if compare.jpca_start_s < first_s - 1e-9:
        yield _fault(
            "compare.jpca_start_s", f"at least {first_s:g}, when the trial starts", compare.jpca_start_s
        )
    if compare.jpca_stop_s > last_s + 1e-9:
        yield _fault("compare.jpca_stop_s", f"at most {last_s:g}, when the trial ends", compare.jpca_stop_s)
    if compare.jpca_stop_s - compare.jpca_start_s < 2 * task.dt_s - 1e-9:
        least_s = compare.jpca_start_s + 2 * task.dt_s
        yield _fault(
            "compare.jpca_stop_s", f"at least jpca_start_s + 2 task.dt_s = {least_s:g}", compare.jpca_stop_s
        )
