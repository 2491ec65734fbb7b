"""Mutual information of spike counts and direction (or any label), corrected for limited sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import check_counts, number_conditions
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class MutualInformation:
    """Information in bits that the response of each unit in each window carries; (window, unit).

    Attributes
    ----------
    plugin
        From the observed frequencies as they are: too large, the more so the fewer the trials.
    panzeri_treves
        Less the first term of the bias, [sum_s (R_s - 1) - (R - 1)] / (2 N ln 2).
    shuffle_corrected
        Less the mean over shuffled labels; takes away too much where information is large.
    shuffled
        Plug-in information of each shuffle, (shuffle, window, unit).
    p
        (1 + number of shuffles with at least as much) / (1 + shuffles).
    label_entropy
        Entropy of the labels in bits: the most that any response can carry.
    """

    plugin: FloatArray
    panzeri_treves: FloatArray
    shuffle_corrected: FloatArray
    shuffled: FloatArray
    p: FloatArray
    label_entropy: float


def mutual_information(
    counts: Any, labels: Any, *, rng: Seed, n_levels: int | None = None, n_shuffles: int = 100
) -> MutualInformation:
    """Return I = sum p(r, s) log2(p(r, s) / p(r) p(s)) between counts r and labels s, window by window.

    The bias term is that of Panzeri & Treves (1996, Network 7:87), the number R_s of responses that label s
    can evoke being estimated by their Bayes-like procedure from the responses seen and their frequencies.

    Parameters
    ----------
    counts
        Spikes in each window, (trial, window, unit).
    labels
        Direction (or condition) of each trial, (trial,): numbers or texts; at least 2 different, of at least
        2 trials.
    rng
        Seed or generator of the shuffles.
    n_levels
        Group counts into this many levels, as evenly filled as ties allow; each count by itself where not
        given. Needed for values that hardly repeat.
    n_shuffles
        Shuffles of the labels over trials.

    Returns
    -------
    MutualInformation
        Raw and corrected information.

    Raises
    ------
    InputError
        If shapes do not fit, a count is negative, there is one label alone, or values are no whole numbers
        and ``n_levels`` is not given.
    """
    checked = check_counts("counts", counts)
    label = number_conditions("labels", labels, len(checked))
    if label.max() == 0:
        raise InputError("labels", "at least 2 different labels", "1", "one label holds no information")
    response = _responses(checked.reshape(len(checked), -1), n_levels)
    check_integer("n_shuffles", n_shuffles)
    table = _contingency(response, label)
    plugin = _information(table)
    generator = stream(rng, "shuffled labels")
    shuffled = np.stack(
        [_information(_contingency(response, generator.permutation(label))) for _ in range(n_shuffles)]
    )
    share = np.bincount(label) / len(label)
    shape = checked.shape[1:]
    return MutualInformation(
        plugin=plugin.reshape(shape),
        panzeri_treves=(plugin - _bias(table)).reshape(shape),
        shuffle_corrected=(plugin - shuffled.mean(axis=0)).reshape(shape),
        shuffled=shuffled.reshape(n_shuffles, *shape),
        p=((1 + np.sum(shuffled >= plugin - 1e-12, axis=0)) / (1 + n_shuffles)).reshape(shape),
        label_entropy=float(-np.sum(share * np.log2(share))),
    )


def _responses(counts: FloatArray, n_levels: int | None) -> IntArray:
    """Return the number of the response, (trial, column)."""
    if n_levels is not None:
        n = check_integer("n_levels", n_levels, minimum=2)
        edges = np.quantile(counts, np.arange(1, n) / n, axis=0, method="inverted_cdf")
        level: IntArray = np.sum(counts[None] > edges[:, None], axis=0)
        return level
    if (counts != np.round(counts)).any():
        raise InputError("counts", "whole numbers", "fractions", "group them with n_levels")
    _, number = np.unique(counts, return_inverse=True)
    return np.asarray(number).reshape(counts.shape).astype(np.int64)


def _contingency(response: IntArray, label: IntArray) -> FloatArray:
    """Return how often each response came with each label, (column, label, response)."""
    n_columns, n_labels, n_responses = response.shape[1], int(label.max()) + 1, int(response.max()) + 1
    shape = (n_columns, n_labels, n_responses)
    flat = (np.arange(n_columns) * n_labels + label[:, None]) * n_responses + response
    table = np.bincount(flat.ravel(), minlength=n_columns * n_labels * n_responses)
    return table.reshape(shape).astype(np.float64)


def _information(table: FloatArray) -> FloatArray:
    """Return the plug-in information in bits, (column,)."""
    joint = table / table.sum(axis=(1, 2), keepdims=True)
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=2, keepdims=True)
    ratio = np.divide(joint, apart, out=np.ones_like(joint), where=joint > 0)
    information: FloatArray = np.sum(joint * np.log2(ratio), axis=(1, 2))
    return information


def _bias(table: FloatArray) -> FloatArray:
    """Return the Panzeri-Treves bias in bits, (column,)."""
    n_trials = table.sum(axis=(1, 2))
    n_possible = np.sum(table.sum(axis=1) > 0, axis=1)
    n_evoked = _bayes_count(table, n_possible)
    bias: FloatArray = (np.sum(n_evoked - 1, axis=1) - (n_possible - 1)) / (2 * n_trials * np.log(2))
    return bias


def _bayes_count(table: FloatArray, n_possible: IntArray) -> FloatArray:
    """Return the likely number of responses to each label, (column, label), seen and unseen.

    It is the number for which the responses expected to be seen in as many trials are as many as were seen.
    Of n trials with R seen responses and x unseen ones, the unseen share gamma = x (1 - (n / (n + R))^(1/n)),
    and a seen response has the probability (1 - gamma) (count + 1) / (n + R).
    """
    n = table.sum(axis=2, keepdims=True)
    seen = table > 0
    n_seen = seen.sum(axis=2, keepdims=True)
    best, count = np.full(n_seen.shape, np.inf), n_seen.astype(np.float64)
    unseen_unit = 1 - (n / (n + n_seen)) ** (1 / n)
    for extra in range(int((n_possible[:, None, None] - n_seen).max()) + 1):
        gamma = np.minimum(extra * unseen_unit, 1.0)
        probability = (1 - gamma) * (table + 1) / (n + n_seen) if extra else table / n
        expected = np.sum(np.where(seen, 1 - (1 - probability) ** n, 0.0), axis=2, keepdims=True)
        expected += extra * (1 - (1 - gamma / extra) ** n) if extra else 0.0
        miss = np.abs(expected - n_seen)
        better = (miss < best) & (n_seen + extra <= n_possible[:, None, None])
        best, count = np.where(better, miss, best), np.where(better, n_seen + extra, count)
    likely: FloatArray = count[:, :, 0]
    return likely
