"""The plane of the hand, in centimetres from the shoulder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def workspace_axes(ax: Axes) -> None:
    """Label the plane of the hand and give both directions one scale."""
    ax.set(xlabel="x from the shoulder (cm)", ylabel="y from the shoulder (cm)")
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.08)
