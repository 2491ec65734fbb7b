"""Spectrum panel: the eigenvalues of a circuit before and after its optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

_STABILITY_LIMIT = 1.0


def spectrum_panel(
    ax: Axes, eigenvalues: NDArray[Any], *, before: NDArray[Any] | None = None
) -> list[Line2D]:
    """Draw eigenvalues in the complex plane with the line Re = 1, right of which rest is unstable.

    Parameters
    ----------
    ax
        Where to draw.
    eigenvalues
        Of the weights, (unit,), complex, dimensionless; the largest real part is printed.
    before
        The same before the optimisation.

    Returns
    -------
    list
        The points: after, then before where it is given.

    Raises
    ------
    InputError
        If eigenvalues are not finite numbers (unit,).
    """
    after = _checked("eigenvalues", eigenvalues)
    points = []
    if before is not None:
        earlier = _checked("before", before)
        label = f"before: max Re {earlier.real.max():.2f}"
        points += ax.plot(earlier.real, earlier.imag, ".", color=NULL_COLOUR, markersize=3.5, label=label)
    name = "after" if before is not None else "circuit"
    label = f"{name}: max Re {after.real.max():.2f}"
    points = ax.plot(after.real, after.imag, ".", color="#0072b2", markersize=3.5, label=label) + points
    ax.axvline(_STABILITY_LIMIT, color=TEXT_COLOUR, linewidth=0.7, linestyle="--", label="stability, Re = 1")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xlabel="real part", ylabel="imaginary part")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1, handlelength=1.4, borderaxespad=0.2)
    return points


def _checked(name: str, eigenvalues: NDArray[Any]) -> NDArray[Any]:
    values = np.asarray(eigenvalues)
    if values.dtype.kind not in "ifc" or values.ndim != 1 or not len(values):
        raise InputError(name, "complex numbers (unit,)", f"{values.dtype} of shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError(name, "finite numbers", f"{np.sum(~np.isfinite(values))} NaN or infinite values")
    return values
