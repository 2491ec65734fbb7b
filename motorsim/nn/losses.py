"""Loss: the contract of a misfit between outputs and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import BoolArray, Floats


class Loss(Protocol):
    """A misfit and its gradient; any function with these arguments is one."""

    def __call__(self, outputs: Floats, targets: Floats, mask: BoolArray | None) -> tuple[float, Floats]:
        """Return the loss, and its gradient with respect to the outputs.

        Parameters
        ----------
        outputs, targets
            (..., output): (batch, time, output) for sequences, (sample, output) else.
        mask
            What counts, (...) or (..., output); ``None`` for all of it.
        """
        ...


@runtime_checkable
class MeanLoss(Loss, Protocol):
    """A loss that is a weighted mean over its samples and times, so that it may be computed part by part."""

    def weight(self, shape: tuple[int, ...], mask: BoolArray | None) -> float:
        """Return what the mean is divided by, for outputs of that shape.

        For any division of the axes before the last into parts, the loss of the whole is the sum over parts
        of weight(part) loss(part), divided by weight(whole).
        """
        ...


def check_loss(name: str, value: Any) -> None:
    """Refuse what cannot be called, and a class in place of an instance.

    Raises
    ------
    InputError
        If it is no loss.
    """
    if isinstance(value, type) or not callable(value):
        raise InputError(name, "a loss such as mse", repr(value))
