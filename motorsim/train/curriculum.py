"""Curriculum: what is trained on, one stage after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.checks import InputError, check_integer, check_number
from motorsim.train.batches import Fresh, Rounds, check_data, check_every_batch_counts

if TYPE_CHECKING:
    from motorsim.nn.trainable import Trainable
    from motorsim.train.batches import Batches, Draw
    from motorsim.types import BoolArray, Floats


@dataclass(frozen=True, eq=False)
class Stage:
    """What to train on, and for how long: a data set, or batches drawn anew for each update.

    Parameters
    ----------
    inputs, targets, mask
        A data set as in `motorsim.train.fit`.
    batch_size
        Rows of the data set an update; all by default.
    batches
        In place of a data set: ``batches(rng)`` returns inputs, targets and, if wanted, a mask. All that is
        random in it must come from ``rng``.
    until_loss
        The stage ends when the training loss (penalties included), averaged over the last
        ``evaluate_every`` updates, is this low; looked at every so many updates.
    at_most
        The stage ends after this many updates.

    Raises
    ------
    InputError
        If there is neither or both of data set and batches, or a setting is out of its range.
    """

    inputs: Floats | None = None
    targets: Floats | None = None
    mask: BoolArray | None = None
    batch_size: int | None = None
    batches: Draw | None = None
    until_loss: float | None = None
    at_most: int | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing or two things."""
        if self.batches is None:
            for name in ("inputs", "targets"):
                if getattr(self, name) is None:
                    raise InputError(name, "an array", "None", "or give batches, a function of rng")
        else:
            self._check_batches_alone()
        if self.until_loss is not None:
            check_number("until_loss", self.until_loss)
        if self.at_most is not None:
            check_integer("at_most", self.at_most)

    def _check_batches_alone(self) -> None:
        if not callable(self.batches):
            raise InputError("batches", "a function of rng", repr(self.batches))
        for name in ("inputs", "targets", "mask", "batch_size"):
            if getattr(self, name) is not None:
                raise InputError(name, "nothing, since batches are drawn", type(getattr(self, name)).__name__)

    @property
    def ends(self) -> bool:
        """Whether anything ends the stage."""
        return self.until_loss is not None or self.at_most is not None


@dataclass(frozen=True, eq=False)
class Curriculum:
    """Stages in the order in which they are learned; after the last one training ends.

    Parameters
    ----------
    stages
        At least one. All but the last must say when they end; the last goes on to the end of training
        if it does not say.

    Raises
    ------
    InputError
        If there is none, one is no `Stage`, or one before the last has no end.
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        """Refuse a curriculum that cannot be gone through."""
        stages = self.stages
        if not isinstance(stages, tuple) or not stages or not all(isinstance(s, Stage) for s in stages):
            raise InputError("stages", "a tuple of at least one Stage", type(stages).__name__)
        for number, stage in enumerate(stages[:-1]):
            if not stage.ends:
                raise InputError(
                    f"stages[{number}]", "until_loss or at_most, since another stage follows", "neither"
                )

    def prepare(self, network: Trainable, *, seed: int) -> tuple[Batches, ...]:
        """Return the batches of each stage.

        Raises
        ------
        InputError
            If the arrays of a stage do not go with the network.
        """
        return tuple(
            self._batches(stage, network, seed, f"stage {number}") for number, stage in enumerate(self.stages)
        )

    def _batches(self, stage: Stage, network: Trainable, seed: int, name: str) -> Batches:
        if stage.batches is not None:
            return Fresh(stage.batches, network, seed=seed, name=name)
        arrays = (stage.inputs, stage.targets, stage.mask)
        alone = len(self.stages) == 1
        data = network.check_batch(*arrays) if alone else check_data(name, arrays, network)  # type: ignore[arg-type]
        if stage.batch_size is not None:
            check_integer("batch_size", stage.batch_size, maximum=len(data[0]))
            check_every_batch_counts("mask" if alone else f"{name} mask", data, stage.batch_size)
        return Rounds(data, stage.batch_size, seed=seed, name=name)
