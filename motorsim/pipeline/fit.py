"""Stage *fit*: one network reproduces the cortex, another learns the task alone, a third may do both.

Beside them stand two that learn nothing: where the first one started, and a random network of gain 1.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.io import write_arrays
from motorsim.nn import Adam, Cosine, Network
from motorsim.pipeline.common import build_inputs, build_split, build_task
from motorsim.pipeline.fit_jobs import fit_jobs
from motorsim.pipeline.fitted import DATA_DRIVEN, FILE, KIND, RESERVOIR, SCHEMA_VERSION, UNTRAINED
from motorsim.pipeline.networks import build_network, build_penalties
from motorsim.pipeline.simulated import FILE as CORTEX_FILE
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.streams import stream
from motorsim.train import Checkpoint, Fit, fit, network_to_arrays

if TYPE_CHECKING:
    from motorsim.config import RunConfig
    from motorsim.pipeline.fit_jobs import FitJob
    from motorsim.pipeline.targets import FitTarget
    from motorsim.task import ConditionSplit
    from motorsim.train import TrainingProgress
    from motorsim.types import Floats

logger = logging.getLogger(__name__)

# A random network at the edge of chaos keeps what it was told for long: the strongest untrained baseline.
_RESERVOIR_GAIN = 1.0
_WARM_UP, _FINAL_FACTOR = 20, 0.02


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
    content: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    for job in fit_jobs(config, context.folder, task, split):
        start = _initialise(config, job, job.name, inputs, gain=job.settings.gain)
        result = _train(context, job, start, inputs, split)
        content[job.name] = _to_arrays(result, inputs, job.target)
        notes[job.name] = _describe(result, content[job.name], job.target, split)
        _tell(context, job, result, notes[job.name])
        if job.name == DATA_DRIVEN:
            reservoir = _initialise(config, job, RESERVOIR, inputs, gain=_RESERVOIR_GAIN)
            for label, untrained in ((UNTRAINED, start), (RESERVOIR, reservoir)):
                content[label] = {"hidden": untrained.forward(inputs).hidden} | network_to_arrays(untrained)
    write_arrays(context.staging / FILE, KIND, content, schema_version=SCHEMA_VERSION)
    return notes


def _initialise(config: RunConfig, job: FitJob, name: str, inputs: Floats, *, gain: float) -> Network:
    """Draw a network for the job, from the random streams of the name."""
    network = build_network(
        job.settings,
        inputs.shape[2],
        job.target.readout(job.settings.n_units),
        dt_s=config.task.dt_s,
        gain=gain,
        seed=config.seed,
        name=name,
    )
    if job.target.initial_bias is None:
        return network
    bias = {"readout.bias": job.target.initial_bias.astype(network.dtype)}
    return network.with_parameters({**network.parameters, **bias})


def _train(
    context: StageContext, job: FitJob, network: Network, inputs: Floats, split: ConditionSplit
) -> Fit[Network]:
    name, settings, target = job.name, job.settings, job.target
    n = settings.n_iterations
    train, held_out = (
        (inputs[target.condition[chosen]], target.sequences[chosen])
        for chosen in (split.train[target.condition], split.validation[target.condition])
    )
    validated = bool(split.validation.any())
    with context.progress.bar(f"{name} network", n) as update:
        return fit(
            network,
            *train,
            validation=held_out if validated else None,
            optimiser=Adam(learning_rate=settings.learning_rate),
            rng=stream(context.config.seed, f"{name} training"),
            n_iterations=n,
            loss=target.loss,
            evaluate_every=settings.evaluate_every,
            patience=settings.patience if validated else None,
            batch_size=settings.batch_size,
            clip_norm=settings.clip_norm,
            penalties=build_penalties(settings, network),
            schedule=Cosine(n, n_warm_up=min(_WARM_UP, n - 1), final_factor=_FINAL_FACTOR),
            checkpoint=_checkpoint(context, name),
            callbacks=[lambda progress: update(progress.iteration, _losses(progress))],
        )


def _checkpoint(context: StageContext, name: str) -> Checkpoint:
    """Return where an interrupted training goes on: by the stage's key, since another one starts anew."""
    key = STAGE.key(context.config, STAGE.inputs(context.config, context.folder))
    context.kept.mkdir(parents=True, exist_ok=True)
    return Checkpoint(context.kept / f"{name}-{key[:16]}.h5")


def _losses(progress: TrainingProgress) -> str:
    validation = progress.validation_loss
    held_out = "" if validation is None else f", validation {validation:.4f}"
    return f"loss {progress.training_loss:.4f}{held_out}"


def _to_arrays(result: Fit[Network], inputs: Floats, target: FitTarget) -> dict[str, Any]:
    trajectory = result.network.forward(inputs)
    return {
        "target": target.kind,
        "hidden": trajectory.hidden,
        **target.restore(trajectory.outputs),
        "training_loss": result.training_loss,
        "validation_loss": result.validation_loss,
        "evaluated_at": result.evaluated_at,
        "best_iteration": result.best_iteration,
        "output_mean": target.output_mean,
        "output_scale": target.output_scale,
    } | network_to_arrays(result.network)


def _describe(
    result: Fit[Network], arrays: dict[str, Any], target: FitTarget, split: ConditionSplit
) -> dict[str, Any]:
    scores = {
        f"{score}_{part}": value
        for part, mask in (("train", split.train), ("validation", split.validation), ("test", split.test))
        if mask.any()
        for score, value in target.score(arrays, mask).items()
    }
    return {
        **scores,
        "target": target.kind,
        "stopped": result.stopped,
        "best_iteration": result.best_iteration,
        "n_parameters": result.network.n_parameters,
    }


def _tell(context: StageContext, job: FitJob, result: Fit[Network], notes: dict[str, Any]) -> None:
    told = (
        f"{score.replace('_', ' ')} {notes[f'{score}_train']:.3f} on training, "
        f"{notes[f'{score}_test']:.3f} on held-out conditions"
        for score in (key.removesuffix("_train") for key in notes if key.endswith("_train"))
    )
    context.progress.say(f"  {job.name}: {result.message}; {'; '.join(told)}")
    if any(notes[f"{score}_train"] < least for score, least in job.target.learned.items()):
        logger.warning("the %s network has not learned its target; see the training curve", job.name)


STAGE = Stage(
    name="fit",
    title="fit: networks trained by backpropagation through time",
    # The session with the spikes is written together with this file, whose digest stands for both.
    reads=(CORTEX_FILE,),
    outputs=(FILE,),
    code=(
        "pipeline.fit",
        "pipeline.fit_jobs",
        "pipeline.fitted",
        "pipeline.networks",
        "pipeline.spike_target",
        "pipeline.targets",
        "pipeline.common",
        "pipeline.simulated",
        "nn",
        "train",
        "task",
        "plant",
        "analysis.variance_explained",
        "io",
        "streams",
    ),
    parameters=_parameters,
    run=_run,
)
