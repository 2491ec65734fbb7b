"""NetworkRule: a network that the fitting loop trains by another rule than back-propagation through time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.nn import Loss, Network, Workspace
    from motorsim.types import BoolArray, Floats


@dataclass(frozen=True, eq=False)
class NetworkRule:
    """What all rules share: all but the gradients is the network's own, see `motorsim.nn.Trainable`."""

    network: Network

    @property
    def parameters(self) -> Mapping[str, Floats]:
        """The network's parameters."""
        return self.network.parameters

    def with_parameters(self, parameters: Mapping[str, Floats]) -> Self:
        """Return the same rule for the network with other numbers."""
        return replace(self, network=self.network.with_parameters(parameters))

    def check_batch(
        self, inputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[Floats, Floats, BoolArray | None]:
        """Return inputs, targets and mask as the network takes them, or raise `InputError`."""
        return self.network.check_batch(inputs, targets, mask)

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
        """Return the loss; see `motorsim.nn.Trainable`."""
        return self.network.compute_loss(
            parameters, inputs, targets, loss=loss, mask=mask, workspace=workspace
        )
