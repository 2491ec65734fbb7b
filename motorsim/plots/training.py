"""Training panel: the loss on the way, and where the best network was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_integer
from motorsim.plots.style import TEXT_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.types import FloatArray, IntArray


def training_panel(
    ax: Axes,
    training_loss: FloatArray,
    validation_loss: FloatArray,
    evaluated_at: IntArray | FloatArray,
    *,
    best_iteration: int,
    colour: str = TEXT_COLOUR,
    label: str = "loss (variances of the target)",
) -> list[Line2D]:
    """Draw training (pale) and validation loss, and mark the best network; return the two lines.

    The axis is logarithmic unless a loss is zero or negative, as a log-likelihood may be. A loss that is not
    finite, which training refuses when it diverges, leaves a gap.

    Parameters
    ----------
    ax
        Where to draw.
    training_loss
        (iteration,).
    validation_loss, evaluated_at
        Loss and number of updates of each evaluation, (evaluation,); empty without validation.
    best_iteration
        Updates behind the network that was kept.
    colour
        Colour of both lines.
    label
        What the loss is, with its unit.

    Raises
    ------
    InputError
        If sizes do not fit or there is no training loss.
    """
    training = check_array("training_loss", training_loss, ("iteration",), finite=False, minimum_sizes=(1,))
    validation = check_array("validation_loss", validation_loss, ("evaluation",), finite=False)
    evaluated = check_array("evaluated_at", evaluated_at, ("evaluation",), shape=validation.shape)
    best = check_integer("best_iteration", best_iteration, minimum=0, maximum=len(training))
    values = np.concatenate([training, validation])
    values = values[np.isfinite(values)]
    if not len(values):
        raise InputError("training_loss", "at least one finite loss", "none")
    lines = ax.plot(
        np.arange(len(training)),
        training,
        color=colour,
        alpha=0.4,
        linewidth=0.7,
        label="training + penalties",
    )
    lines += ax.plot(evaluated, validation, ".-", color=colour, markersize=3.0, label="validation")
    ax.axvline(best, color=TEXT_COLOUR, linestyle=":", linewidth=0.8, label="kept", zorder=0)
    if (values > 0).all():
        ax.set_yscale("log")
    ax.set(xlabel="updates", ylabel=label)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, handlelength=1.4, columnspacing=1.0)
    return lines
