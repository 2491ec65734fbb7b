import importlib

import numpy as np
import pytest

from motorsim.analysis.spike_field_coherence import spike_field_coherence
from motorsim.checks import InputError

# The module, which the room may hide behind the function of its name.
spike_field_coherence_module = importlib.import_module("motorsim.analysis.spike_field_coherence")

DT_S = 0.002
BAND = {"dt_s": DT_S, "half_bandwidth_hz": 4.0}


def _poisson_and_field(n_trials=80, n_times=500, depth=0.0, delay=0, seed=0):
    """Spikes whose rate follows white noise by ``depth``, ``delay`` samples late, and that noise."""
    rng = np.random.default_rng(seed)
    field = rng.standard_normal((n_trials, n_times + delay, 1))
    rate = np.maximum(0.2 * (1 + depth * field[:, :n_times]), 0)
    return rng.poisson(rate).astype(float), field[:, delay:]


def test_unrelated_signals_stay_below_the_chance_level_in_95_of_100_cases():
    counts, _ = _poisson_and_field()
    counts = np.repeat(counts, 3, axis=2)
    field = np.random.default_rng(9).standard_normal((80, 500, 3))
    found = spike_field_coherence(counts[:, :, :1], field, **BAND)
    n = 80 * found.n_tapers
    assert np.mean(found.coherence > found.chance) == pytest.approx(0.05, abs=0.02)
    assert found.coherence.mean() == pytest.approx(1 / n, rel=0.15)
    assert found.chance == pytest.approx(1 - 0.05 ** (1 / (n - 1)))


def test_coherence_of_a_known_filter_is_the_share_of_its_power():
    """Counts of rate r (1 + m x), x white: signal power (r m)^2 beside noise power r, at every frequency."""
    counts, field = _poisson_and_field(n_trials=150, depth=0.3)
    found = spike_field_coherence(counts, field, **BAND)
    expected = (0.2 * 0.3) ** 2 / ((0.2 * 0.3) ** 2 + 0.2)
    assert found.coherence[5:-5].mean() == pytest.approx(expected, rel=0.1)
    inside = (found.low < expected) & (expected < found.high)
    assert inside[5:-5].mean() == pytest.approx(0.95, abs=0.06)


def test_a_signal_is_wholly_coherent_with_itself_and_its_mirror():
    counts, _ = _poisson_and_field(n_trials=5)
    same = spike_field_coherence(counts, counts, **BAND)
    np.testing.assert_allclose(same.coherence, 1, atol=1e-10)
    np.testing.assert_allclose(same.phase_rad, 0, atol=1e-10)
    mirrored = spike_field_coherence(counts, -2 * counts, **BAND)
    np.testing.assert_allclose(mirrored.coherence, 1, atol=1e-10)
    np.testing.assert_allclose(np.abs(mirrored.phase_rad), np.pi, atol=1e-10)


def test_late_spikes_have_a_phase_that_falls_with_frequency():
    counts, field = _poisson_and_field(n_trials=200, depth=0.5, delay=2)
    found = spike_field_coherence(field.clip(0), field, **BAND)
    np.testing.assert_allclose(found.phase_rad, 0, atol=0.3)
    late = spike_field_coherence(counts, field, **BAND)
    slope = np.polyfit(2 * np.pi * late.frequencies_hz, np.unwrap(late.phase_rad[:, 0, 0]), 1)[0]
    assert slope == pytest.approx(-2 * DT_S, rel=0.1)


def test_scale_does_not_matter_and_silent_units_have_no_coherence():
    counts, field = _poisson_and_field(n_trials=6)
    counts = np.concatenate([counts, np.zeros_like(counts)], axis=2)
    first, second = (spike_field_coherence(counts, scale * field, **BAND) for scale in (1.0, 1e3))
    np.testing.assert_allclose(first.coherence[:, 0], second.coherence[:, 0], rtol=1e-9)
    np.testing.assert_allclose(first.low[:, 0], second.low[:, 0], rtol=1e-6, atol=1e-12)
    assert np.isnan(first.coherence[:, 1]).all()


def test_coherence_agrees_with_a_sum_over_trials_and_tapers():
    windows = pytest.importorskip("scipy.signal.windows")
    counts, field = _poisson_and_field(n_trials=4, depth=0.5)
    tapers = windows.dpss(500, 4.0, 7)
    cross = power_s = power_f = 0
    for trial in range(4):
        for taper in tapers:
            s, f = (np.fft.rfft(taper * (x[trial, :, 0] - x[trial, :, 0].mean())) for x in (counts, field))
            cross, power_s, power_f = cross + s * f.conj(), power_s + np.abs(s) ** 2, power_f + np.abs(f) ** 2
    found = spike_field_coherence(counts, field, **BAND)
    np.testing.assert_allclose(found.coherence[:, 0, 0], np.abs(cross) ** 2 / (power_s * power_f), rtol=1e-9)
    np.testing.assert_allclose(found.phase_rad[:, 0, 0], np.angle(cross), atol=1e-9)


def test_it_agrees_with_elephant_on_the_same_tapers(monkeypatch):
    """Elephant sums in single precision, cuts its tapers, and gives the phase of the second to the first."""
    elephant = pytest.importorskip("elephant.spectral")
    windows = pytest.importorskip("scipy.signal.windows")
    counts, field = _poisson_and_field(n_trials=6, n_times=401, depth=0.8)
    rows = [(x - x.mean(axis=1, keepdims=True)).reshape(1, -1) for x in (counts, field)]
    frequencies_hz, coherence, phase_rad = elephant.multitaper_coherence(
        *rows, len_segment=401, overlap=0, fs=1 / DT_S, nw=4, num_tapers=7
    )
    tapers = windows.dpss(401, 4, 7, sym=False)
    monkeypatch.setattr(spike_field_coherence_module, "slepian_tapers", lambda *_: tapers)
    found = spike_field_coherence(counts, field, **BAND)
    np.testing.assert_allclose(found.frequencies_hz, frequencies_hz, rtol=1e-12)
    np.testing.assert_allclose(found.coherence[:, 0, 0], coherence, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.exp(1j * found.phase_rad[:, 0, 0]), np.exp(-1j * phase_rad), atol=1e-3)


def test_a_response_shared_by_trials_is_no_coherence_when_taken_away():
    rng = np.random.default_rng(5)
    wave = np.sin(2 * np.pi * 20 * DT_S * np.arange(500))
    counts = rng.poisson(0.3 * (1 + wave)[None, :, None], (40, 500, 1)).astype(float)
    field = rng.standard_normal((40, 500, 1)) + wave[:, None]
    evoked = spike_field_coherence(counts, field, **BAND)
    left = spike_field_coherence(counts, field, conditions=np.zeros(40), **BAND)
    at = evoked.frequencies_hz == 20
    assert evoked.coherence[at] > 0.5
    assert left.coherence[at] < 0.1


def test_unusable_input_is_refused():
    counts, field = _poisson_and_field(n_trials=3, n_times=300)
    for arguments, match in (
        ((counts, field[:, :-1]), "field: expected an array"),
        ((counts[:1], field[:1]), "counts: expected at least 2 along trial"),
        ((-counts, field), "counts: expected counts of at least 0"),
        ((counts, field * np.inf), "field: expected finite"),
    ):
        with pytest.raises(InputError, match=match):
            spike_field_coherence(*arguments, **BAND)
