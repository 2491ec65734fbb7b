import numpy as np
import pytest

from motorsim.analysis import power_spectrum
from motorsim.checks import InputError

DT_S = 0.005


def _poisson(rates_hz, *, n_trials=120, n_bins=300, n_units=20, seed=0):
    """Poisson counts of rates that broadcast to (trial, bin, unit)."""
    rng = np.random.default_rng(seed)
    return rng.poisson(np.broadcast_to(np.asarray(rates_hz) * DT_S, (n_trials, n_bins, n_units)))


def test_poisson_neurons_lie_at_their_own_level_at_every_frequency():
    pools = np.repeat(["a", "b"], 10)
    rates_hz = np.where(pools == "a", 5.0, 20.0)
    found = power_spectrum(_poisson(rates_hz), np.arange(120) % 4, dt_s=DT_S, segment_s=0.5, pools=pools)
    np.testing.assert_allclose(found.poisson_power, [2 * 50.0, 2 * 200.0], rtol=0.03)
    # At zero and at the highest frequency a one-sided density is half as large.
    np.testing.assert_allclose(found.relative_power[1:-1].mean(axis=0), 1.0, atol=0.03)
    np.testing.assert_allclose(found.relative_power[1:-1], 1.0, atol=0.35)
    assert found.frequencies_hz[1] == pytest.approx(2.0)
    assert found.pools.tolist() == ["a", "b"]


def test_a_shared_rhythm_raises_power_at_its_frequency_by_the_amount_known():
    """A pool rate R (1 + m cos) of random phase adds a line of power (R m)^2 / 2 to the Poisson level 2 R."""
    rng = np.random.default_rng(1)
    times_s = DT_S * np.arange(300)
    phase = rng.uniform(0, 2 * np.pi, (400, 1))
    rates_hz = 10 * (1 + 0.3 * np.cos(2 * np.pi * 20.0 * times_s + phase))[:, :, None]
    counts = _poisson(rates_hz, n_trials=400)
    found = power_spectrum(counts, np.zeros(400), dt_s=DT_S, segment_s=0.5)
    excess = (found.relative_power[:, 0] - 1) * 2 * 200.0
    near = np.abs(found.frequencies_hz - 20.0) <= 6.0
    assert excess[near].sum() * 2.0 == pytest.approx((200 * 0.3) ** 2 / 2, rel=0.06)
    assert found.band(20.0, 20.0)[0] > 2
    assert found.band(60.0, 90.0)[0] == pytest.approx(1.0, abs=0.05)


def test_the_response_of_a_condition_is_no_fluctuation():
    times_s = DT_S * np.arange(300)
    response_hz = 10 + 9 * np.sin(2 * np.pi * 3 * times_s)[None, :, None]
    counts = _poisson(response_hz)
    found = power_spectrum(counts, np.arange(120) % 30, dt_s=DT_S, segment_s=0.5)
    # Only four trials a condition: without n / (n - 1) the level would be 0.75.
    assert found.band(2.0, 90.0)[0] == pytest.approx(1.0, abs=0.03)


def test_slow_changes_from_trial_to_trial_are_kept():
    gain = np.random.default_rng(2).uniform(0.5, 1.5, (120, 1, 1))
    counts = _poisson(10 * gain)
    found = power_spectrum(counts, np.zeros(120), dt_s=DT_S, segment_s=1.0)
    assert found.relative_power[0, 0] > 4


def test_silent_pools_have_no_relative_power():
    counts = _poisson(np.where(np.arange(20) < 10, 8.0, 0.0))
    found = power_spectrum(counts, np.zeros(120), dt_s=DT_S, segment_s=0.5, pools=np.arange(20) // 10)
    assert np.isnan(found.relative_power[:, 1]).all()
    assert np.isfinite(found.relative_power[:, 0]).all()


def test_unusable_input_is_refused():
    counts = _poisson(5.0, n_trials=4)
    good = {"conditions": np.zeros(4), "dt_s": DT_S, "segment_s": 0.5}
    for change, match in (
        ({"segment_s": 2.0}, "segment_s: expected 0.02 to 1.5 s"),
        ({"segment_s": 0.01}, "segment_s: expected 0.02 to 1.5 s"),
        ({"dt_s": 0.0}, "dt_s"),
        ({"pools": [0, 1]}, "pools: expected one a unit, 20"),
        ({"conditions": np.arange(4)}, "at least 2 trials a condition"),
    ):
        with pytest.raises(InputError, match=match):
            power_spectrum(counts, **(good | change))
    with pytest.raises(InputError, match=r"a band that holds a multiple of 2 Hz, got 2\.5 to 3 Hz"):
        power_spectrum(counts, **good).band(2.5, 3.0)
