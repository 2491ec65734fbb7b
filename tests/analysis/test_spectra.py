import numpy as np
import pytest

from motorsim.analysis import spectra
from motorsim.analysis.spectra import multitaper_spectrum
from motorsim.checks import InputError

DT_S = 0.002


def _noise(n_trials=60, n_times=500, n_channels=2, seed=0):
    return np.random.default_rng(seed).standard_normal((n_trials, n_times, n_channels))


def test_white_noise_is_flat_at_twice_its_variance_times_the_step():
    signals = 3 * _noise()
    found = multitaper_spectrum(signals, dt_s=DT_S, half_bandwidth_hz=4.0, conditions=np.zeros(60))
    np.testing.assert_allclose(found.power[1:-1].mean(axis=0), 2 * 9 * DT_S, rtol=0.02)
    np.testing.assert_allclose(found.power[[0, -1]], 9 * DT_S, rtol=0.3)
    assert found.n_tapers == 7
    assert found.frequencies_hz[1] == pytest.approx(1.0)
    assert found.frequencies_hz[-1] == pytest.approx(250.0)


@pytest.mark.parametrize("n_times", [400, 401])
def test_the_power_sums_to_the_mean_square_of_the_tapered_signal(n_times):
    signals = _noise(n_trials=5, n_times=n_times)
    found = multitaper_spectrum(signals, dt_s=DT_S, half_bandwidth_hz=5.0)
    centred = signals - signals.mean(axis=1, keepdims=True)
    tapers = spectra.slepian_tapers(n_times, DT_S, 5.0, None)
    squares = np.einsum("kt,ntc->c", tapers**2, centred**2) / (5 * len(tapers))
    np.testing.assert_allclose(found.power.sum(axis=0) * found.frequencies_hz[1], squares, rtol=1e-10)


def test_the_interval_holds_the_truth_in_95_of_100_frequencies():
    found = multitaper_spectrum(
        _noise(n_trials=6, n_channels=60), dt_s=DT_S, half_bandwidth_hz=4.0, conditions=np.zeros(6)
    )
    # The mean of the condition took 1 of 6 degrees of freedom away, which the chi-squared does not know.
    inside = (found.low[1:-1] < 2 * DT_S) & (found.high[1:-1] > 2 * DT_S)
    assert inside.mean() == pytest.approx(0.935, abs=0.02)
    np.testing.assert_allclose(found.degrees_of_freedom[[0, 1, -1]], [42, 84, 42])


def test_a_sine_stands_at_its_frequency_with_its_power_within_the_band():
    times_s = DT_S * np.arange(500)
    signal = (2 * np.cos(2 * np.pi * 40 * times_s + 0.3))[None, :, None]
    found = multitaper_spectrum(signal, dt_s=DT_S, half_bandwidth_hz=3.0)
    inside = np.abs(found.frequencies_hz - 40) <= 4
    assert found.power[inside].sum() * found.frequencies_hz[1] == pytest.approx(2.0, rel=0.02)
    assert found.power[~inside].max() < 1e-2 * found.power.max()


def test_what_a_condition_has_in_common_is_taken_away():
    response = 5 * np.sin(2 * np.pi * 10 * DT_S * np.arange(500))[:, None]
    signals = _noise() + response
    with_response = multitaper_spectrum(signals, dt_s=DT_S, half_bandwidth_hz=4.0)
    without = multitaper_spectrum(signals, dt_s=DT_S, half_bandwidth_hz=4.0, conditions=np.arange(60) % 20)
    at = with_response.frequencies_hz == 10
    assert (with_response.power[at] > 10 * without.power[at]).all()
    np.testing.assert_allclose(without.power[1:-1].mean(axis=0), 2 * DT_S, rtol=0.03)


def test_it_agrees_with_elephant_on_the_same_tapers(monkeypatch):
    """Elephant cuts the last sample off tapers one longer, which are not quite orthogonal, and doubles the
    highest frequency of an even number of samples."""
    elephant = pytest.importorskip("elephant.spectral")
    windows = pytest.importorskip("scipy.signal.windows")
    signals = _noise(n_trials=1, n_times=401)
    centred = (signals - signals.mean(axis=1, keepdims=True))[0].T
    frequencies_hz, power = elephant.multitaper_psd(centred, fs=1 / DT_S, nw=4, num_tapers=7)
    monkeypatch.setattr(spectra, "slepian_tapers", lambda *_: windows.dpss(401, 4, 7, sym=False))
    found = multitaper_spectrum(signals, dt_s=DT_S, half_bandwidth_hz=4 / (401 * DT_S))
    np.testing.assert_allclose(found.frequencies_hz, frequencies_hz, rtol=1e-12)
    np.testing.assert_allclose(found.power.T, power, rtol=1e-10)


def test_tapers_are_orthonormal():
    tapers = spectra.slepian_tapers(300, DT_S, 5.0, None)
    np.testing.assert_allclose(tapers @ tapers.T, np.eye(len(tapers)), atol=1e-10)


def test_unusable_input_is_refused():
    signals = _noise(n_trials=2, n_times=100)
    for change, match in (
        ({"half_bandwidth_hz": 1.0}, "half_bandwidth_hz: expected 5 Hz, 1 / trial duration, to below 250 Hz"),
        ({"half_bandwidth_hz": 250.0}, "half_bandwidth_hz"),
        ({"n_tapers": 5}, "n_tapers: expected an integer from 1 to 4"),
        ({"dt_s": 0.0}, "dt_s"),
        ({"signals": signals[:, :3]}, "signals: expected at least 4 along time"),
        ({"conditions": [0, 1]}, "at least 2 trials a condition"),
        ({"signals": signals * np.nan}, "signals: expected finite"),
    ):
        with pytest.raises(InputError, match=match):
            multitaper_spectrum(**({"signals": signals, "dt_s": DT_S, "half_bandwidth_hz": 10.0} | change))
