"""Decoding of labels or movement from rates, cross-validated by trial or by condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.decoders import make_decoder
from motorsim.analysis.group_folds import group_folds
from motorsim.analysis.samples import check_rates
from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.analysis.decoders import Decoder
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Decoding:
    """Scores on trials that the decoder was not fitted to.

    Attributes
    ----------
    score
        Mean over folds and repeats. Labels: share decoded rightly. Other targets: R^2, 1 - SS_residual /
        SS_total summed over trials, times and outputs of a fold, the total about the training mean of each
        output; 0 for that mean, below 0 is worse.
    low, high
        95 % interval over folds and repeats, by Student's t with the variance of the scores times (1 / folds
        + test trials / training trials), since training sets overlap (Nadeau & Bengio 2003).
    fold_scores
        (repeat, fold).
    score_per_output
        R^2 of each output over all folds of the first repeat, (output,); empty for labels.
    predictions
        Held-out predictions of the first repeat, in the shape of the targets but for the first ``history``
        times.
    fold
        Fold of each trial in the first repeat, (trial,).
    metric
        ``"accuracy"`` or ``"r2"``.
    chance
        Share of the commonest label, or 0.
    null
        Scores with targets shuffled over trials, (shuffle,).
    p
        (1 + number of shuffles that score at least as well) / (1 + shuffles); 1 without shuffles.
    """

    score: float
    low: float
    high: float
    fold_scores: FloatArray
    score_per_output: FloatArray
    predictions: np.ndarray
    fold: IntArray
    metric: str
    chance: float
    null: FloatArray
    p: float


def decode(
    rates: Any,
    targets: Any,
    *,
    rng: Seed,
    decoder: Any = "ridge",
    groups: Any = None,
    n_folds: int = 5,
    n_repeats: int = 1,
    history: int = 0,
    standardise: bool | None = None,
    ridge: float | tuple[float, ...] | None = None,
    regularisation: float = 1.0,
    n_shuffles: int = 0,
) -> Decoding:
    """Decode targets from rates and score the decoder on trials held out of everything it learns.

    Scaling, the ridge's strength and all weights come from the training trials of each fold alone.

    Parameters
    ----------
    rates
        Rates, or counts for ``"naive_bayes"``, (trial, time, unit). Smooth within trials only.
    targets
        Labels (trial,) for classifiers; numbers (trial,), (trial, output) or (trial, time, output) else.
    rng
        Seed or generator of folds and shuffles.
    decoder
        ``"ridge"``, with ``history`` a Wiener filter; ``"kalman"`` (`fit_kalman`); ``"logistic"``;
        ``"naive_bayes"`` (`fit_poisson_naive_bayes`); or an estimator object with ``fit`` and ``predict``,
        copied for each fit. One whose scikit-learn tags say that it takes three axes is given (trial, time,
        unit); any other is given all times of a trial as one row, or each time where the target has time.
    groups
        Group of each trial, (trial,), held out as a whole: its condition, to ask for generalisation to new
        ones. Each trial by itself where not given, labels being spread evenly over folds.
    n_folds, n_repeats
        Folds, and how often they are drawn anew.
    history
        Earlier times given beside each time, for targets with time.
    standardise
        Bring units to mean 0 and standard deviation 1 over training trials; by default where it matters
        (ridge, logistic, estimators).
    ridge
        One strength, or several (by default 1e-8 ... 10), chosen by leave-one-trial-out within training.
    regularisation
        Strength of the logistic regression's squared penalty, 1 / C.
    n_shuffles
        Shuffles of the targets over trials, each cross-validated once.

    Returns
    -------
    Decoding
        Scores, interval, predictions and null.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, there are fewer groups than folds, training trials lack
        a label, or the target does not suit the decoder.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    how = make_decoder(
        decoder,
        standardise=standardise,
        ridge=ridge,
        regularisation=check_positive("regularisation", regularisation),
    )
    wanted, classes = check_targets(targets, checked.shape[:2], how)
    features, wanted = _with_history(checked, wanted, history)
    for name, value in (("n_repeats", n_repeats), ("n_shuffles", n_shuffles)):
        check_integer(name, value, minimum=1 if name == "n_repeats" else 0)
    generator, shuffler = stream(rng, "folds"), stream(rng, "shuffled targets")

    def run(values: np.ndarray, numbers: IntArray | None) -> tuple[FloatArray, np.ndarray, IntArray]:
        fold = group_folds(groups, len(features), n_folds=n_folds, rng=generator, labels=numbers)
        return (*cross_validate(how, features, values, fold), fold)

    repeats = [run(wanted, classes) for _ in range(n_repeats)]
    null = np.empty(n_shuffles)
    for i in range(n_shuffles):
        order = shuffler.permutation(len(wanted))
        null[i] = run(wanted[order], None if classes is None else classes[order])[0].mean()
    fold_scores = np.stack([scores for scores, _, _ in repeats])
    score = float(fold_scores.mean())
    low, high = _interval(fold_scores, score)
    return Decoding(
        score=score,
        low=low,
        high=high,
        fold_scores=fold_scores,
        score_per_output=np.empty(0) if how.classifies else _per_output(wanted, *repeats[0][1:]),
        predictions=repeats[0][1],
        fold=repeats[0][2],
        metric="accuracy" if how.classifies else "r2",
        chance=float(np.bincount(classes).max() / len(classes)) if classes is not None else 0.0,
        null=null,
        p=float((1 + np.sum(null >= score - 1e-12)) / (1 + n_shuffles)),
    )


def check_targets(targets: Any, shape: tuple[int, ...], how: Decoder) -> tuple[np.ndarray, IntArray | None]:
    """Return the targets, and for labels the number of each trial's class."""
    if how.classifies:
        classes = number_conditions("targets", targets, shape[0], least_trials=2)
        if classes.max() == 0:
            raise InputError("targets", "at least 2 different labels", "1")
        return np.asarray(targets), classes
    if np.asarray(targets).dtype.kind in "OSU":
        mend = 'decode labels with "logistic", "naive_bayes" or a classifier'
        raise InputError("targets", "numbers, for a decoder that does regression", "texts", mend)
    values = check_array("targets", targets)
    fits = values.ndim in {1, 2} or (values.ndim == 3 and values.shape[1] == shape[1])
    if not fits or values.shape[0] != shape[0] or 0 in values.shape:
        expected = (
            f"(trial,), (trial, output) or (trial, time, output) of {shape[0]} trials, {shape[1]} times"
        )
        raise InputError("targets", expected, f"shape {values.shape}", "bin targets like rates")
    if not np.ptp(values.reshape(-1, values.shape[-1]) if values.ndim == 3 else values, axis=0).all():
        raise InputError("targets", "outputs that vary", "a constant one", "leave it out")
    return values, None


def _with_history(rates: FloatArray, targets: np.ndarray, history: int) -> tuple[FloatArray, np.ndarray]:
    """Return rates with those of earlier times beside them, and the targets of the times that have them."""
    n = check_integer("history", history, minimum=0)
    if n == 0:
        return rates, targets
    if targets.ndim != 3:
        mend = "targets without time are given all times already"
        raise InputError("history", "0 for targets without time", f"{n}", mend)
    n_times = rates.shape[1]
    if n >= n_times - 1:
        raise InputError("history", f"at most {n_times - 2}, of {n_times} times", f"{n}")
    return np.concatenate([rates[:, n - k : n_times - k] for k in range(n + 1)], axis=2), targets[:, n:]


def cross_validate(
    how: Decoder, rates: FloatArray, targets: np.ndarray, fold: IntArray
) -> tuple[FloatArray, np.ndarray]:
    """Return the score of each fold and all held-out predictions."""
    predictions = np.empty_like(targets)
    scores = np.empty(int(fold.max()) + 1)
    for number in range(len(scores)):
        test = fold == number
        train = targets[~test]
        if how.classifies and len(np.unique(train)) < len(np.unique(targets)):
            mend = "use fewer folds, more trials a label, or groups that do not hold all trials of a label"
            raise InputError("groups", "every label among the training trials", "one without", mend)
        found = how.fit(rates[~test], train)(rates[test])
        if found.shape != targets[test].shape:
            expected = f"predictions of shape {targets[test].shape}, that of the targets"
            raise InputError("decoder", expected, f"shape {found.shape}")
        predictions[test] = found
        if how.classifies:
            scores[number] = np.mean(found == targets[test])
        else:
            total = np.sum((targets[test] - _mean(train)) ** 2)
            scores[number] = 1 - np.sum((targets[test] - found) ** 2) / total
    return scores, predictions


def _mean(targets: np.ndarray) -> np.ndarray:
    """Return the mean of each output over trials and times."""
    mean: np.ndarray = targets.mean(axis=(0, 1)) if targets.ndim == 3 else targets.mean(axis=0)
    return mean


def _per_output(targets: np.ndarray, predictions: np.ndarray, fold: IntArray) -> FloatArray:
    shape = (len(targets), -1, 1) if targets.ndim == 1 else (len(targets), -1, targets.shape[-1])
    truth, found = targets.reshape(shape), predictions.reshape(shape)
    baseline = np.stack([truth[fold != number].mean(axis=(0, 1)) for number in range(int(fold.max()) + 1)])
    total = np.sum((truth - baseline[fold][:, None]) ** 2, axis=(0, 1))
    per_output: FloatArray = 1 - np.sum((truth - found) ** 2, axis=(0, 1)) / total
    return per_output


def _interval(fold_scores: FloatArray, score: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import

    n, n_folds = fold_scores.size, fold_scores.shape[1]
    spread = np.sqrt(fold_scores.var(ddof=1) * (1 / n + 1 / (n_folds - 1)))
    reach = float(stdtrit(n - 1, 1 - _LEVEL / 2) * spread)
    return score - reach, score + reach
