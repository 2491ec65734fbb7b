"""Checkpoint: a training under way in a file, from which it goes on as if it had never stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_integer
from motorsim.io import read_arrays, write_arrays
from motorsim.io.hdf5 import required
from motorsim.nn.optimiser import OptimiserState
from motorsim.train.monitor import Monitor
from motorsim.train.training import TrainingState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.train.training import Training
    from motorsim.types import Floats, Parameters

KIND = "training checkpoint"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """Where a training keeps its state, and how often.

    The file is written whole, every so many updates, at the end, and when training is interrupted (Ctrl-C).
    If it stands there at the start, training goes on from it: parameters and histories then are, bit for
    bit, those of a training that was not interrupted. Functions of the user's own (batches, schedules,
    losses) are known by their names alone: after a change within one, choose another path.

    Parameters
    ----------
    path
        The HDF5 file.
    every
        Number of updates between writes.

    Raises
    ------
    InputError
        If ``path`` is no path or a folder, or ``every`` not a positive integer.
    """

    path: str | os.PathLike[str]
    every: int = 100

    def __post_init__(self) -> None:
        """Refuse a place that cannot be written."""
        check_integer("every", self.every)
        if not isinstance(self.path, str | os.PathLike):
            raise InputError("path", "the path of a file", repr(self.path))
        if Path(self.path).is_dir():
            raise InputError("path", "a file to write", f"the folder {self.path}")

    def save(self, training: Training, identity: Mapping[str, str]) -> None:
        """Write the state of a training; ``identity`` says of which one it is."""
        state = training.state
        content: dict[str, Any] = {
            "identity": dict(identity),
            "parameters": dict(state.parameters),
            "optimiser": {"iteration": state.optimiser.iteration, "moments": dict(state.optimiser.moments)},
            "best": {
                "parameters": dict(state.monitor.parameters),
                "iteration": state.monitor.iteration,
                "loss": state.monitor.loss,
                "n_since": state.monitor.n_since,
            },
            "course": {
                "n_updates": state.n_updates,
                "limit": state.limit,
                "stage_starts": np.array(state.stage_starts, dtype=np.int64),
                "evaluated_at": np.array(state.evaluated_at, dtype=np.int64),
                "validation_loss": np.array(state.validation_loss, dtype=np.float64),
                # An interruption may come between a loss and its update.
                "training_loss": np.array(training.training_loss[: state.n_updates], dtype=np.float64),
            },
        }
        write_arrays(self.path, KIND, content, schema_version=SCHEMA_VERSION)

    def resume(self, training: Training, identity: Mapping[str, str]) -> bool:
        """Put a training where the file says it was, and return True; without a file return False.

        Raises
        ------
        InputError
            If the file is of another training, of a newer layout, damaged or no checkpoint.
        """
        if not Path(self.path).exists():
            return False
        content, _ = read_arrays(self.path, KIND, schema_version=SCHEMA_VERSION)
        self._check_identity(required(content, "identity"), identity)
        like = training.state.parameters
        course, best = required(content, "course"), required(content, "best")
        optimiser = required(content, "optimiser")
        moments = required(optimiser, "moments")
        training.training_loss = required(course, "training_loss").tolist()
        training.state = TrainingState(
            parameters=_arrays(required(content, "parameters"), like),
            optimiser=OptimiserState(
                required(optimiser, "iteration"), {name: _arrays(moments[name], like) for name in moments}
            ),
            monitor=Monitor(
                _arrays(required(best, "parameters"), like),
                *(required(best, name) for name in ("iteration", "loss", "n_since")),
            ),
            n_updates=required(course, "n_updates"),
            limit=required(course, "limit"),
            stage_starts=tuple(required(course, "stage_starts").tolist()),
            evaluated_at=tuple(required(course, "evaluated_at").tolist()),
            validation_loss=tuple(required(course, "validation_loss").tolist()),
        )
        return True

    def _check_identity(self, held: Mapping[str, str], expected: Mapping[str, str]) -> None:
        different = [name for name in expected if held.get(name) != expected[name]]
        if different:
            name = different[0]
            raise InputError(
                "checkpoint",
                f"one of this very training; {', '.join(different)} differ, here {_short(expected[name])}",
                f"{_short(held.get(name, 'nothing'))} in {self.path}",
                "choose another path, or delete the file to start anew",
            )


def _arrays(held: Mapping[str, Any], like: Mapping[str, Floats]) -> Parameters:
    """Return arrays with the names, shapes and types of ``like``."""
    arrays = {name: np.asarray(required(held, name)) for name in like}
    for name, array in arrays.items():
        if array.shape != like[name].shape or array.dtype != like[name].dtype:
            expected = f"{like[name].dtype} of shape {like[name].shape}"
            raise InputError(f"checkpoint {name}", expected, f"{array.dtype} of shape {array.shape}")
    return arrays


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."
