"""Alignment index: do two epochs use the same dimensions (Elsayed et al. 2016, Nat. Commun. 7:13239)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.pca import principal_axes
from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import InputError, check_array, check_integer
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

    Of `split_alignment_index` both indices are estimates without bias by noise, so they may leave the range
    0 to 1, and are NaN where no variance of ``b`` recurs between splits; the p-value holds there too.
    """

    index: float
    random: FloatArray
    p_below: float


def alignment_index(
    a: FloatArray, b: FloatArray, n_components: int, *, rng: Seed, n_random: int = 1000
) -> AlignmentIndex:
    """Measure how much of the variance of ``b`` lies in the top dimensions of ``a``.

    Random subspaces are orth(U S^(1/2) v), v standard normal (unit, component), U and S the eigenvectors and
    eigenvalues of the covariance of both epochs together. Noise left in averages counts as variance: random
    subspaces follow that of both epochs, those of ``a`` only its own, so on noisy averages ``p_below`` is
    small whatever the signal. Give single trials in splits to `split_alignment_index` then.

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
    root = _root(_products(epochs[0]) + _products(epochs[1]))
    generator = stream(rng, "random subspaces")
    random = np.sort(_random_captured(root, covariance, d, n_draws, generator) / most)
    return AlignmentIndex(index, random, float(1 + np.sum(random <= index)) / (1 + n_draws))


def split_alignment_index(
    a: FloatArray, b: FloatArray, n_components: int, *, rng: Seed, n_random: int = 1000
) -> AlignmentIndex:
    """Measure the alignment index from averages over disjoint sets of trials, free of the noise in them.

    Every covariance is the mean product of different splits, in which independent noise cancels. Subspaces
    (those of ``a``, of ``b`` and the random ones) come from half of the splits and are held against the
    covariance of ``b`` in the other half, for every choice of a half, so that no noise is fitted and scored
    at once. On noise alone ``p_below`` is at most 0.05 in 5 - 10 % of draws, where that of `alignment_index`
    is in nearly all; noise left in the subspaces of ``a`` still costs power.

    Parameters
    ----------
    a, b
        Two epochs, (split, condition, time, unit), 4 to 8 splits, in each the average over its own trials of
        every condition; the same trials in both epochs. Units agree, times may differ.
    n_components
        Dimension d of the subspaces, no more than units.
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
        If there are fewer than 4 splits or more than 8, splits or units differ in number, or an epoch does
        not vary.
    """
    epochs = [_check_splits(name, epoch) for name, epoch in (("a", a), ("b", b))]
    if epochs[0].shape[::2] != epochs[1].shape[::2]:
        expected = f"the {len(epochs[0])} splits and {epochs[0].shape[2]} units of a"
        raise InputError("b", expected, f"{len(epochs[1])} and {epochs[1].shape[2]}")
    d = check_integer("n_components", n_components, maximum=epochs[0].shape[2])
    n_draws = check_integer("n_random", n_random)
    seed = int(stream(rng, "split halves").integers(2**63))
    captured, most, random = 0.0, 0.0, np.zeros(n_draws)
    n_splits = len(epochs[0])
    for half in combinations(range(n_splits), n_splits // 2):
        products = [_between_splits(epoch[list(half)]) for epoch in epochs]
        covariance = _between_splits(np.delete(epochs[1], half, axis=0))
        axes, own_axes = (linalg.eigh(product)[1][:, -d:] for product in products)
        captured += float(np.sum(axes * (covariance @ axes)))
        most += float(np.sum(own_axes * (covariance @ own_axes)))
        root = _root(products[0] + products[1])
        # The same draws in every half: one random subspace is judged as often as that of a.
        random += _random_captured(root, covariance, d, n_draws, stream(seed, "random subspaces"))
    p_below = float(1 + np.sum(random <= captured)) / (1 + n_draws)
    scale = most if most > 0 else np.nan
    return AlignmentIndex(captured / scale, np.sort(random / scale), p_below)


def _products(samples: FloatArray) -> FloatArray:
    """Return X'X of samples (sample, unit)."""
    products: FloatArray = samples.T @ samples
    return products


def _check_splits(name: str, epoch: FloatArray) -> FloatArray:
    """Return an epoch (split, condition, time, unit) as centred (split, sample, unit)."""
    axes = ("split", "condition", "time", "unit")
    checked = check_array(name, epoch, axes, minimum_sizes=(4, 1, 1, 1))
    if len(checked) > 8:
        mend = "average more trials in each split"
        raise InputError(name, "4 to 8 splits", f"{len(checked)}", mend)
    samples = checked.reshape(len(checked), -1, checked.shape[3])
    for split in samples:
        check_varies(name, split)
    centred: FloatArray = samples - samples.mean(axis=1, keepdims=True)
    return centred


def _between_splits(splits: FloatArray) -> FloatArray:
    """Return the mean over pairs of different splits of X_i'X_j, (unit, unit), symmetric."""
    total = splits.sum(axis=0)
    flat = splits.reshape(-1, splits.shape[2])
    pairs = len(splits) * (len(splits) - 1)
    products: FloatArray = (_products(total) - _products(flat)) / pairs
    return products


def _root(products: FloatArray) -> FloatArray:
    """Return U S^(1/2) of sums of products (unit, unit), negative eigenvalues taken as zero."""
    values, vectors = linalg.eigh(products)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _random_captured(
    root: FloatArray, covariance: FloatArray, n_components: int, n_draws: int, generator: np.random.Generator
) -> FloatArray:
    captured = np.empty(n_draws)
    for draw in range(n_draws):
        axes = linalg.qr(root @ generator.standard_normal((len(root), n_components)), mode="economic")[0]
        captured[draw] = np.sum(axes * (covariance @ axes))
    return captured
