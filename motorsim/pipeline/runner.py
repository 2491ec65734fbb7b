"""Runner: bring a results folder up to date, stage by stage, and say what came out."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from motorsim.checks import check_choice
from motorsim.config import RunConfig, save_config
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.progress import Progress, Silent
from motorsim.workspace import StageRecord, Workspace

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping, Sequence

logger = logging.getLogger(__name__)

CONFIG_FILE = "config.toml"


@dataclass(frozen=True)
class RunResult:
    """Where a run's files lie and what each stage recorded; ``computed`` names the stages that ran now."""

    folder: Path
    records: Mapping[str, StageRecord]
    computed: tuple[str, ...]


def run_stages(
    stages: Sequence[Stage],
    config: RunConfig,
    *,
    results: str | os.PathLike[str] = "results",
    until: str | None = None,
    force: Collection[str] = (),
    progress: Progress | None = None,
) -> RunResult:
    """Run the stages whose results are missing or outdated, in order.

    Parameters
    ----------
    stages
        The line.
    config
        What to run.
    results
        Folder that holds one folder a run, named as the configuration says.
    until
        Last stage; all of them where None.
    force
        Stages to compute again although they are current; ``"all"`` for every one.
    progress
        Where to tell how far it is; nowhere where None.

    Raises
    ------
    InputError
        If the configuration cannot be run, another run holds the folder, or a finished file is damaged.
    """
    names = [stage.name for stage in stages]
    last = check_choice("until", until, names) if until is not None else names[-1]
    for name in force:
        check_choice("force", name, [*names, "all"])
    progress = progress or Silent()
    folder = Path(results) / config.name
    computed = []
    with Workspace(folder) as workspace:
        for number, stage in enumerate(stages[: names.index(last) + 1]):
            again = stage.name in force or "all" in force
            if _bring_up_to_date(stage, config, workspace, progress, again=again):
                computed.append(stage.name)
            if number == 0:
                # Not before: a file that cannot be used must leave the folder of a finished run as it is.
                with threadpool_limits(1, user_api="blas"):
                    workspace.describe_run(seed=config.seed, configuration_hash=config.digest())
                save_config(config, folder / CONFIG_FILE)
        return RunResult(folder, workspace.stages, tuple(computed))


def _bring_up_to_date(
    stage: Stage, config: RunConfig, workspace: Workspace, progress: Progress, *, again: bool
) -> bool:
    """Run a stage unless its results are current; return whether it ran."""
    folder = workspace.folder
    inputs = stage.inputs(config, folder)
    key = stage.key(config, inputs)
    kept = folder / f".kept-{stage.name}"
    if not again and workspace.status(stage.name, key) == "current":
        progress.say(f"{stage.title}: up to date")
        return False
    progress.say(stage.title)
    logger.info("stage %s starts", stage.name)
    try:
        # One thread, since the order of BLAS's sums, and so the last bit, depends on how many there are.
        with threadpool_limits(1, user_api="blas"):
            record = workspace.run_stage(
                stage.name,
                key,
                stage.outputs,
                lambda staging: stage.run(StageContext(config, folder, staging, kept, progress)),
                inputs=inputs,
            )
    except BaseException as error:
        error.add_note(f"in stage {stage.name}")
        raise
    shutil.rmtree(kept, ignore_errors=True)
    logger.info("stage %s took %.1f s", stage.name, record.wall_s)
    return True
