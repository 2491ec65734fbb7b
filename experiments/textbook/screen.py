"""Screen: images of a target that stands in some direction from the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from learning import Section
from pydantic import Field

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray


class Screen(Section):
    """What is drawn: lengths in pixels, brightness from 0 (the screen) to 1 (the middle of the target)."""

    n_pixels: Annotated[int, Field(ge=2)]
    n_directions: Annotated[int, Field(ge=2)]
    distance_pixels: Annotated[float, Field(ge=0)]
    target_pixels: Annotated[float, Field(gt=0)]
    jitter_pixels: Annotated[float, Field(ge=0)]
    noise: Annotated[float, Field(ge=0)]


def draw_images(screen: Screen, directions: IntArray, rng: np.random.Generator) -> FloatArray:
    """Draw a target for each direction, each at its own place and with its own noise.

    Parameters
    ----------
    screen
        What is drawn.
    directions
        Counted from 0, to the right, against the clock, (sample,).
    rng
        Where jitter and noise come from.

    Returns
    -------
    FloatArray
        (sample, row, column, 1); rows run downward.
    """
    angle_rad = 2 * np.pi * directions / screen.n_directions
    middle = (screen.n_pixels - 1) / 2
    row = middle - screen.distance_pixels * np.sin(angle_rad)
    column = middle + screen.distance_pixels * np.cos(angle_rad)
    jitter = rng.normal(0.0, screen.jitter_pixels, (2, len(directions)))
    pixels = np.arange(screen.n_pixels)
    across, down = (
        np.exp(-0.5 * ((pixels - place[:, None]) / screen.target_pixels) ** 2)
        for place in (column + jitter[0], row + jitter[1])
    )
    images: FloatArray = (down[:, :, None] * across[:, None, :])[..., None]
    return images + rng.normal(0.0, screen.noise, images.shape)
