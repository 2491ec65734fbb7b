"""When a label can first be decoded: accuracy over time against shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.decode import check_targets, cross_validate
from motorsim.analysis.decoders import make_decoder
from motorsim.analysis.group_folds import group_folds
from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class DecodingLatency:
    """Accuracy at each time, and when it rises above chance for good measure.

    Attributes
    ----------
    latency_s
        Time of the first of ``n_consecutive`` windows in a row above the threshold; NaN if there is none.
    times_s
        End of each window, (window,): nothing later was used.
    score
        Share of held-out trials decoded rightly, (window,).
    threshold
        Quantile 1 - level of the shuffles at each window, (window,).
    null
        Scores with labels shuffled over trials, alike at all times, (shuffle, window).
    false_alarm
        Share of the shuffles in which the same rule, by the threshold of the others, finds a latency: the
        chance that this one is nothing. Above 0.05, ask for more windows in a row.
    """

    latency_s: float
    times_s: FloatArray
    score: FloatArray
    threshold: FloatArray
    null: FloatArray
    false_alarm: float


def decoding_latency(
    rates: Any,
    labels: Any,
    *,
    times_s: Any,
    rng: Seed,
    decoder: Any = "naive_bayes",
    window: int = 1,
    n_consecutive: int = 3,
    n_folds: int = 5,
    n_shuffles: int = 100,
    level: float = 0.05,
) -> DecodingLatency:
    """Decode labels from a window that slides over time and find the first time above shuffled labels.

    Parameters
    ----------
    rates
        Counts for ``"naive_bayes"``, rates for others, (trial, time, unit). Not smoothed with a centred
        kernel, which would carry what comes later to earlier times.
    labels
        Direction or condition of each trial, (trial,).
    times_s
        End of each bin, (time,), rising.
    rng
        Seed or generator of folds and shuffles.
    decoder
        Any classifier that `decode` takes.
    window
        Bins that the decoder is given: each and those before it.
    n_consecutive
        Windows in a row that must be above the threshold.
    n_folds, n_shuffles
        As for `decode`; folds are the same at all times.
    level
        Share of shuffles above the threshold at each window.

    Returns
    -------
    DecodingLatency
        Accuracy over time, its threshold and the latency.

    Raises
    ------
    InputError
        As `decode`, or if times do not rise, or there are fewer windows than have to be in a row.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    how = make_decoder(decoder, standardise=None, ridge=None, regularisation=1.0)
    if not how.classifies:
        raise InputError("decoder", "one that decodes labels", repr(decoder), "use naive_bayes or logistic")
    wanted, classes = check_targets(labels, checked.shape[:2], how)
    clock = check_array("times_s", times_s, ("time",), shape=(checked.shape[1],))
    if (np.diff(clock) <= 0).any():
        raise InputError("times_s", "rising times", "times that do not rise")
    window = check_integer("window", window, maximum=checked.shape[1])
    n_windows = checked.shape[1] - window + 1
    n_consecutive = check_integer("n_consecutive", n_consecutive, maximum=n_windows)
    n_shuffles, level = check_integer("n_shuffles", n_shuffles, minimum=2), _check_level(level, n_shuffles)
    generator, shuffler = stream(rng, "folds"), stream(rng, "shuffled labels")

    def run(order: Any) -> FloatArray:
        numbers = None if classes is None else classes[order]
        fold = group_folds(None, len(checked), n_folds=n_folds, rng=generator, labels=numbers)
        return np.array(
            [
                cross_validate(how, checked[:, start : start + window], wanted[order], fold)[0].mean()
                for start in range(n_windows)
            ]
        )

    score = run(np.arange(len(wanted)))
    null = np.stack([run(shuffler.permutation(len(wanted))) for _ in range(n_shuffles)])
    threshold = _threshold(null, level)
    first = _first_run(score > threshold, n_consecutive)
    alarms = [
        _first_run(null[i] > _threshold(np.delete(null, i, axis=0), level), n_consecutive) is not None
        for i in range(n_shuffles)
    ]
    ends = clock[window - 1 :]
    latency_s = float("nan") if first is None else float(ends[first])
    return DecodingLatency(latency_s, ends, score, threshold, null, float(np.mean(alarms)))


def _check_level(level: float, n_shuffles: int) -> float:
    share = check_positive("level", level)
    if not 1 / (n_shuffles + 1) <= share < 1:
        expected = f"a share from {1 / (n_shuffles + 1):g}, what {n_shuffles} shuffles can tell, to below 1"
        raise InputError("level", expected, f"{share:g}", "give more shuffles")
    return share


def _threshold(null: FloatArray, level: float) -> FloatArray:
    """Return the least score that at most a share ``level`` of shuffles exceeds, (window,)."""
    threshold: FloatArray = np.quantile(null, 1 - level, axis=0, method="higher")
    return threshold


def _first_run(above: np.ndarray, length: int) -> int | None:
    """Return where the first ``length`` true values in a row begin, or None."""
    together = np.convolve(above.astype(np.int64), np.ones(length, dtype=np.int64), mode="valid") == length
    return int(together.argmax()) if together.any() else None
