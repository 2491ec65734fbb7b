"""Trainable: what the fitting loop asks of a network, recurrent or feed-forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from motorsim.nn.bptt import BPTT
    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Cost, Penalty
    from motorsim.nn.workspace import Workspace
    from motorsim.types import BoolArray, Floats, Parameters


@runtime_checkable
class Trainable(Protocol):
    """A model and its numbers; `compute_loss` and `compute_loss_and_gradients` take other numbers for them.

    Both take arrays that `check_batch` returned, and neither checks them again.
    """

    @property
    def parameters(self) -> Mapping[str, Floats]:
        """Every learned array by name, read-only."""
        ...

    def with_parameters(self, parameters: Mapping[str, Floats]) -> Self:
        """Return the same model with other numbers."""
        ...

    def check_batch(
        self, inputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[Floats, Floats, BoolArray | None]:
        """Return inputs, targets and mask as this model takes them, or raise `InputError`."""
        ...

    def compute_loss(
        self,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss,
        mask: BoolArray | None = None,
        workspace: Workspace | None = None,
    ) -> float:
        """Return the loss, without penalties and without noise."""
        ...

    def compute_loss_and_gradients(
        self,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss,
        mask: BoolArray | None = None,
        penalties: Iterable[Penalty] = (),
        bptt: BPTT | None = None,
        workspace: Workspace | None = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[Cost, Parameters]:
        """Return loss plus penalties, and the gradient of every parameter array.

        With ``rng`` what is random (noise, dropout) is drawn from it; without, nothing is random.
        """
        ...
