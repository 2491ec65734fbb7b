import numpy as np
import pytest

from motorsim.analysis.decoding_latency import decoding_latency
from motorsim.checks import InputError

TIMES_S = 0.02 * np.arange(1, 26)
LABELS = np.tile(np.arange(4), 12)


def _counts(onset, *, depth=2.0, seed=0, n_units=15):
    """Poisson counts that depend on the label from sample ``onset`` on."""
    rng = np.random.default_rng(seed)
    mean = np.full((48, 25, n_units), 3.0)
    mean[:, onset:] += depth * rng.uniform(-1, 1, (4, 1, n_units))[LABELS]
    return rng.poisson(mean)


def test_the_onset_of_information_is_found():
    found = decoding_latency(_counts(10), LABELS, times_s=TIMES_S, rng=1, n_shuffles=30)
    assert found.latency_s == pytest.approx(TIMES_S[10])
    assert found.score[:10].mean() == pytest.approx(0.25, abs=0.06)
    assert found.score[10:].mean() > 0.7
    assert found.null.shape == (30, 25)
    assert found.threshold.shape == (25,)
    np.testing.assert_allclose(found.times_s, TIMES_S)


def test_a_window_uses_nothing_later_than_its_time():
    found = decoding_latency(_counts(10), LABELS, times_s=TIMES_S, rng=1, window=4, n_shuffles=20)
    np.testing.assert_allclose(found.times_s, TIMES_S[3:])
    assert TIMES_S[10] - 1e-9 <= found.latency_s <= TIMES_S[12]


def test_without_information_there_is_rarely_a_latency_and_false_alarm_says_how_rarely():
    runs = [
        decoding_latency(
            _counts(25, seed=seed, n_units=4)[:, :12], LABELS, times_s=TIMES_S[:12], rng=seed, n_shuffles=20
        )
        for seed in range(12)
    ]
    found = np.mean([np.isfinite(run.latency_s) for run in runs])
    stated = np.mean([run.false_alarm for run in runs])
    assert found <= 0.25
    assert stated < 0.1
    one = decoding_latency(
        _counts(25), LABELS, times_s=TIMES_S, rng=1, n_consecutive=1, n_shuffles=30
    ).false_alarm
    assert one > 0.3


def test_a_single_window_above_chance_is_not_enough():
    counts = _counts(25)
    counts[:, 7] = _counts(0, depth=3.0, seed=3)[:, 7]
    three = decoding_latency(counts, LABELS, times_s=TIMES_S, rng=1, n_shuffles=20)
    assert three.score[7] > three.threshold[7]
    assert three.latency_s != pytest.approx(TIMES_S[7])
    two = np.convolve((three.score > three.threshold).astype(int), np.ones(3, int), mode="valid") == 3
    assert np.isnan(three.latency_s) == (not two.any())


def test_unusable_input_is_refused():
    counts = _counts(10)
    for change, match in (
        ({"decoder": "ridge"}, "decoder: expected one that decodes labels"),
        ({"times_s": TIMES_S[::-1]}, "times_s: expected rising times"),
        ({"times_s": TIMES_S[:-1]}, "times_s: expected an array"),
        ({"window": 26}, "window: expected an integer from 1 to 25"),
        ({"window": 24, "n_consecutive": 3}, "n_consecutive: expected an integer from 1 to 2"),
        ({"level": 0.001}, "level: expected a share from .* give more shuffles"),
        ({"labels": np.zeros(48)}, "targets: expected at least 2 different labels"),
        ({"rates": -counts}, "counts of at least 0"),
    ):
        with pytest.raises(InputError, match=match):
            decoding_latency(**({"rates": counts, "labels": LABELS, "times_s": TIMES_S, "rng": 1} | change))
