"""Stage *fit*: one network reproduces the cortex's rates, another learns only to make the torques.

Beside them stand two that learn nothing: where the first one started, and a random network of gain 1.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis import variance_explained
from motorsim.io import read_arrays, write_arrays
from motorsim.nn import Adam, Cosine, Leaky, Linear, Network, Penalty, RatePenalty, WeightPenalty
from motorsim.pipeline.common import build_inputs, build_split, build_task
from motorsim.pipeline.simulated import FILE as CORTEX_FILE
from motorsim.pipeline.simulated import load_cortex
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.streams import stream
from motorsim.train import Fit, fit, network_to_arrays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from motorsim.config import NetworkConfig, RunConfig
    from motorsim.task import ConditionSplit
    from motorsim.train.callbacks import TrainingProgress
    from motorsim.types import FloatArray

logger = logging.getLogger(__name__)

FILE = "network.h5"
SCHEMA_VERSION = 1
DATA_DRIVEN, GOAL_DRIVEN, UNTRAINED, RESERVOIR = "data-driven", "goal-driven", "untrained", "reservoir"
# A random network at the edge of chaos keeps what it was told for long: the strongest untrained baseline.
_RESERVOIR_GAIN = 1.0
_POOR = 0.5
_WARM_UP, _FINAL_FACTOR = 20, 0.02


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A network's activity over all conditions, and the course of its training.

    ``hidden`` is (condition, time, unit) in rates of tanh units; ``outputs`` (condition, time, output) in
    the units of its target; losses are in the variance of the target. The untrained network has neither
    outputs nor losses.
    """

    hidden: FloatArray
    outputs: FloatArray | None = None
    training_loss: FloatArray | None = None
    validation_loss: FloatArray | None = None
    evaluated_at: FloatArray | None = None
    best_iteration: int = 0


def load_networks(folder: Path) -> dict[str, FittedNetwork]:
    """Read what the stage wrote, by the network's name."""
    arrays, _ = read_arrays(folder / FILE, "fitted networks", schema_version=SCHEMA_VERSION)
    kept = FittedNetwork.__dataclass_fields__
    return {
        name: FittedNetwork(**{key: value for key, value in group.items() if key in kept})
        for name, group in arrays.items()
    }


@dataclass(frozen=True, eq=False)
class _Standardised:
    """A target in units of its own standard deviation over the training conditions, for float32 training."""

    values: np.ndarray
    mean: FloatArray
    scale: float

    @classmethod
    def of(cls, target: FloatArray, train: np.ndarray) -> _Standardised:
        mean = target[train].mean(axis=(0, 1))
        scale = float((target[train] - mean).std())
        return cls(((target - mean) / scale).astype(np.float32), mean, scale)

    def undo(self, outputs: np.ndarray) -> FloatArray:
        restored: FloatArray = outputs.astype(np.float64) * self.scale + self.mean
        return restored


def _parameters(config: RunConfig) -> dict[str, Any]:
    return {
        "seed": config.seed,
        "task": config.task.model_dump(mode="json"),
        "fit": config.fit.model_dump(mode="json"),
    }


def _run(context: StageContext) -> dict[str, Any]:
    config = context.config
    task = build_task(config)
    split = build_split(config, task)
    inputs = build_inputs(config, task).astype(np.float32)
    cortex = load_cortex(context.folder)
    targets = {DATA_DRIVEN: cortex.recording.population.rates, GOAL_DRIVEN: cortex.desired_torque_nm}
    settings = {DATA_DRIVEN: config.fit.data_driven, GOAL_DRIVEN: config.fit.goal_driven}
    content: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    for name, target in targets.items():
        standardised = _Standardised.of(target, split.train)
        start_shape = (inputs.shape[2], target.shape[2])
        start = _initialise(config, settings[name], name, *start_shape, gain=settings[name].gain)
        with context.progress.bar(f"{name} network", settings[name].n_iterations) as update:
            rng = stream(config.seed, f"{name} training")
            result = _train(
                start, settings[name], (inputs, standardised.values), split, rng=rng, update=update
            )
        content[name] = _to_arrays(result, inputs, standardised)
        notes[name] = _describe(result, target, content[name]["outputs"], split)
        context.progress.say(
            f"  {name}: {result.message}; variance explained "
            f"{notes[name]['variance_explained_train']:.3f} on training, "
            f"{notes[name]['variance_explained_test']:.3f} on held-out conditions"
        )
        if notes[name]["variance_explained_train"] < _POOR:
            logger.warning("the %s network has not learned its target; see the training curve", name)
        if name == DATA_DRIVEN:
            reservoir = _initialise(config, settings[name], RESERVOIR, *start_shape, gain=_RESERVOIR_GAIN)
            for label, untrained in ((UNTRAINED, start), (RESERVOIR, reservoir)):
                content[label] = {"hidden": untrained.forward(inputs).hidden} | network_to_arrays(untrained)
    write_arrays(context.staging / FILE, "fitted networks", content, schema_version=SCHEMA_VERSION)
    return notes


def _initialise(
    config: RunConfig, settings: NetworkConfig, name: str, n_inputs: int, n_outputs: int, *, gain: float
) -> Network:
    cell = Leaky(n_inputs, settings.n_units, dt_s=config.task.dt_s, tau_s=settings.tau_s, gain=gain)
    rng = stream(config.seed, f"{name} network")
    return Network.initialise(cell, Linear(settings.n_units, n_outputs), rng=rng, dtype=np.float32)


def _train(
    network: Network,
    settings: NetworkConfig,
    data: tuple[np.ndarray, np.ndarray],
    split: ConditionSplit,
    *,
    rng: np.random.Generator,
    update: Callable[..., None],
) -> Fit[Network]:
    penalties: list[Penalty] = []
    if settings.weight_penalty:
        penalties.append(WeightPenalty(settings.weight_penalty))
    if settings.rate_penalty:
        penalties.append(RatePenalty(settings.rate_penalty))
    n = settings.n_iterations
    validated = bool(split.validation.any())
    return fit(
        network,
        *(array[split.train] for array in data),
        validation=tuple(array[split.validation] for array in data) if validated else None,
        optimiser=Adam(learning_rate=settings.learning_rate),
        rng=rng,
        n_iterations=n,
        evaluate_every=settings.evaluate_every,
        patience=settings.patience if validated else None,
        batch_size=settings.batch_size,
        clip_norm=settings.clip_norm,
        penalties=penalties,
        schedule=Cosine(n, n_warm_up=min(_WARM_UP, n - 1), final_factor=_FINAL_FACTOR),
        callbacks=[lambda progress: update(progress.iteration, _losses(progress))],
    )


def _losses(progress: TrainingProgress) -> str:
    validation = progress.validation_loss
    held_out = "" if validation is None else f", validation {validation:.4f}"
    return f"loss {progress.training_loss:.4f}{held_out}"


def _to_arrays(result: Fit[Network], inputs: np.ndarray, target: _Standardised) -> dict[str, Any]:
    trajectory = result.network.forward(inputs)
    return {
        "hidden": trajectory.hidden,
        "outputs": target.undo(trajectory.outputs),
        "training_loss": result.training_loss,
        "validation_loss": result.validation_loss,
        "evaluated_at": result.evaluated_at,
        "best_iteration": result.best_iteration,
        "output_mean": target.mean,
        "output_scale": target.scale,
    } | network_to_arrays(result.network)


def _describe(
    result: Fit[Network], target: FloatArray, outputs: FloatArray, split: ConditionSplit
) -> dict[str, Any]:
    explained = {
        f"variance_explained_{name}": variance_explained(target[mask], outputs[mask]).pooled
        for name, mask in (("train", split.train), ("validation", split.validation), ("test", split.test))
        if mask.any()
    }
    return {
        **explained,
        "stopped": result.stopped,
        "best_iteration": result.best_iteration,
        "n_parameters": result.network.n_parameters,
    }


STAGE = Stage(
    name="fit",
    title="fit: networks trained by backpropagation through time",
    reads=(CORTEX_FILE,),
    outputs=(FILE,),
    code=(
        "pipeline.fit",
        "pipeline.common",
        "pipeline.simulated",
        "nn",
        "train",
        "task",
        "analysis.variance_explained",
        "io",
        "streams",
    ),
    parameters=_parameters,
    run=_run,
)
