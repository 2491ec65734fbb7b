"""Weights panel: the matrix of a circuit as an image, excitatory columns first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from motorsim.types import BoolArray, FloatArray

# A few large weights would otherwise leave the rest of the image white.
_LIMIT_PERCENTILE = 98.0


def weights_panel(ax: Axes, weights: FloatArray, *, excitatory: BoolArray) -> AxesImage:
    """Draw the weights, units sorted into E and I, on a scale symmetrical about zero.

    Parameters
    ----------
    ax
        Where to draw; the colour bar takes its room from these axes.
    weights
        (unit, unit), row postsynaptic, column presynaptic, dimensionless.
    excitatory
        Sign of each unit, boolean (unit,).

    Raises
    ------
    InputError
        If the matrix is not square and finite, or the mask does not fit.
    """
    matrix = check_array("weights", weights, ("unit", "unit"), minimum_sizes=(1, 1))
    signs = np.asarray(excitatory)
    if matrix.shape != (len(matrix),) * 2:
        raise InputError("weights", "a square matrix (unit, unit)", f"shape {matrix.shape}")
    if signs.dtype != np.bool_ or signs.shape != (len(matrix),):
        raise InputError("excitatory", f"{len(matrix)} booleans", f"{signs.dtype} of shape {signs.shape}")
    order = np.argsort(~signs, kind="stable")
    present = np.abs(matrix[matrix != 0])
    limit = float(np.percentile(present, _LIMIT_PERCENTILE)) if present.size else 1.0
    image = ax.imshow(
        matrix[np.ix_(order, order)], cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
    )
    _name_blocks(ax, int(signs.sum()), len(matrix))
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.7, extend="both", pad=0.02)
    bar.set_label("weight (Hz per Hz)")
    bar.outline.set_linewidth(0.4)
    return image


def _name_blocks(ax: Axes, n_excitatory: int, n_units: int) -> None:
    """Name the E and the I block where a unit number would stand, and part them by a line."""
    blocks = [("E", 0, n_excitatory), ("I", n_excitatory, n_units)]
    names = [
        (f"{name} ({stop - start})", (start + stop - 1) / 2) for name, start, stop in blocks if stop > start
    ]
    labels, places = [name for name, _ in names], [place for _, place in names]
    ax.set_xticks(places, labels)
    ax.set_yticks(places, labels, rotation=90, va="center")
    ax.tick_params(length=0.0)
    if 0 < n_excitatory < n_units:
        ax.axvline(n_excitatory - 0.5, color="black", linewidth=0.4)
        ax.axhline(n_excitatory - 0.5, color="black", linewidth=0.4)
    ax.set(xlabel="presynaptic unit", ylabel="postsynaptic unit")
    ax.spines[["top", "right"]].set_visible(True)
