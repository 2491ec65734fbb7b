"""Alignment index: do two epochs use the same dimensions (Elsayed et al. 2016, Nat. Commun. 7:13239)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.pca import principal_axes
from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class AlignmentIndex:
    """Share of one epoch's variance that another epoch's leading dimensions capture.

    Attributes
    ----------
    index
        tr(D_a' C_b D_a) / (sum of the d largest eigenvalues of C_b): 1 the same subspace, 0 orthogonal ones.
    random
        The same with random subspaces in the place of D_a, drawn where the two epochs together have their
        variance, (draw,).
    p_below
        (1 + number of random indices not above the index) / (1 + draws): small where the epochs are more
        nearly orthogonal than chance.
    """

    index: float
    random: FloatArray
    p_below: float


def alignment_index(
    a: FloatArray, b: FloatArray, n_components: int, *, rng: Seed, n_random: int = 1000
) -> AlignmentIndex:
    """Measure how much of the variance of ``b`` lies in the top dimensions of ``a``.

    Random subspaces are orth(U S^(1/2) v), v standard normal (unit, component), U and S the eigenvectors and
    eigenvalues of the covariance of both epochs together.

    Parameters
    ----------
    a, b
        Two epochs, (condition, time, unit) with the same units; each is centred over its own samples.
        Conditions and times may differ.
    n_components
        Dimension d of the subspaces, no more than the rank of either epoch.
    rng
        Seed or generator.
    n_random
        Random subspaces to draw.

    Returns
    -------
    AlignmentIndex
        The index and its random control.

    Raises
    ------
    InputError
        If units differ in number, an epoch does not vary, or ``n_components`` is above a rank.
    """
    epochs = []
    for name, epoch in (("a", a), ("b", b)):
        checked = check_rates(name, epoch)
        samples = checked.reshape(-1, checked.shape[2])
        check_varies(name, samples)
        epochs.append(samples - samples.mean(axis=0))
    if epochs[0].shape[1] != epochs[1].shape[1]:
        raise InputError("b", f"the {epochs[0].shape[1]} units of a", f"{epochs[1].shape[1]}")
    d = check_integer("n_components", n_components)
    axes = principal_axes(epochs[0], d)[0].T
    own_axes = principal_axes(epochs[1], d)[0].T
    covariance = epochs[1].T @ epochs[1] / len(epochs[1])
    most = np.sum(own_axes * (covariance @ own_axes))
    index = float(np.sum(axes * (covariance @ axes)) / most)
    n_draws = check_integer("n_random", n_random)
    root = _joint_root(epochs)
    random = np.sort(_random_captured(root, covariance, d, n_draws, rng) / most)
    return AlignmentIndex(index, random, float(1 + np.sum(random <= index)) / (1 + n_draws))


def _joint_root(epochs: list[FloatArray]) -> FloatArray:
    """Return U S^(1/2) of the covariance over all samples, (unit, unit)."""
    joint = np.concatenate(epochs)
    values, vectors = linalg.eigh(joint.T @ joint)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _random_captured(
    root: FloatArray, covariance: FloatArray, n_components: int, n_draws: int, rng: Seed
) -> FloatArray:
    generator = stream(rng, "random subspaces")
    captured = np.empty(n_draws)
    for draw in range(n_draws):
        axes = linalg.qr(root @ generator.standard_normal((len(root), n_components)), mode="economic")[0]
        captured[draw] = np.sum(axes * (covariance @ axes))
    return captured
