"""The planes that a skew-symmetric matrix turns, their axes, and the phases of states in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def rotation_planes(skew: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split a skew-symmetric matrix into the planes that it turns.

    Parameters
    ----------
    skew
        Change a bin, (component, component), an even number of components.
    scores
        States, (condition, time, component), by which the axes are laid within each plane.

    Returns
    -------
    tuple
        The angle a bin of each plane (its eigenvalue), (plane,), falling, and its orthonormal axes, (plane,
        component, 2), the first towards the second being the way it turns. As in the paper the first axis
        holds the larger spread over conditions at the first time, and the farthest excursion along the second
        is positive.
    """
    n = len(skew)
    values, vectors = linalg.eigh(-1j * skew)
    # M v = i w v with v = (u1 - i u2) / sqrt 2 means M u1 = w u2: anticlockwise from u1 to u2.
    turning = values[::-1] > 1e-10 * max(values[-1], 0.0)
    fast = vectors[:, ::-1][:, turning] * np.sqrt(2)
    axes = np.stack([fast.real, -fast.imag], axis=2).reshape(n, -1)
    # Directions that do not turn have no plane of their own: any basis of the rest serves.
    rest = linalg.qr(axes)[0][:, axes.shape[1] :] if axes.shape[1] else np.eye(n)
    planes = np.concatenate([axes, rest], axis=1).reshape(n, n // 2, 2).transpose(1, 0, 2)
    angles = np.zeros(n // 2)
    angles[: turning.sum()] = values[::-1][turning]
    return angles, np.stack([plane @ _axis_rotation(scores @ plane) for plane in planes])


def _axis_rotation(projection: FloatArray) -> FloatArray:
    """Return the rotation (2, 2) that lays the first spread along axis 1 and turns axis 2 upwards."""
    first = projection[:, 0] - projection[:, 0].mean(axis=0)
    major = linalg.eigh(first.T @ first)[1][:, 1]
    rotation = np.array([[major[0], -major[1]], [major[1], major[0]]])
    second = projection @ rotation[:, 1]
    return rotation if second.max() >= -second.min() else -rotation


def project_planes(states: FloatArray, planes: FloatArray) -> FloatArray:
    """Project states (condition, time, unit) on planes (plane, unit, 2): (plane, condition, time, 2)."""
    flat = states @ planes.transpose(1, 0, 2).reshape(planes.shape[1], -1)
    return np.moveaxis(flat.reshape(*states.shape[:2], len(planes), 2), 2, 0)


def phase_statistics(projections: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return angles from state to change, (plane, condition, time - 1), their means and lengths, (plane,).

    The state is the mean of a bin's two ends: paired with the first end, a rotation by w a bin would give
    pi/2 + w/2.
    """
    z = projections[..., 0] + 1j * projections[..., 1]
    differences = np.angle(np.diff(z, axis=2) * np.conj(z[:, :, 1:] + z[:, :, :-1]))
    vector = np.exp(1j * differences).mean(axis=(1, 2))
    return differences, np.angle(vector), np.abs(vector)
