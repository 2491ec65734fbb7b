import numpy as np
import pytest

from motorsim.analysis.delay_dynamics import delay_dynamics, delay_windows
from motorsim.analysis.linear_dynamics import linear_dynamics
from motorsim.checks import InputError

DT_S = 0.01


def _waves(frequencies_hz, *, seed, n_conditions=12, n_times=80, tau_s=np.inf, n_units=1):
    rng = np.random.default_rng(seed)
    times = DT_S * np.arange(n_times)
    phase = rng.uniform(0, 2 * np.pi, (n_conditions, 1, n_units, len(frequencies_hz)))
    size = rng.uniform(0.5, 1.5, phase.shape)
    waves = size * np.cos(2 * np.pi * times[:, None, None] * np.array(frequencies_hz) + phase)
    return waves.sum(axis=3) * np.exp(-times / tau_s)[:, None]


def test_windows_hold_the_newest_first_and_stay_within_a_condition():
    states = np.arange(2 * 4 * 3.0).reshape(2, 4, 3)
    windows = delay_windows(states, 2)
    assert windows.shape == (2, 3, 6)
    assert np.array_equal(windows[1, 0], np.concatenate([states[1, 1], states[1, 0]]))
    assert np.array_equal(windows[0, 2], np.concatenate([states[0, 3], states[0, 2]]))


def test_frequencies_that_one_unit_alone_cannot_tell_are_recovered_from_its_past():
    states = _waves([1.5, 6.0], seed=0)
    fit = delay_dynamics(states, dt_s=DT_S, n_delays=10, rank=4)
    assert np.sort(fit.frequencies_hz) == pytest.approx([1.5, 1.5, 6.0, 6.0], rel=1e-6)
    assert fit.eigenvalues_per_s.real == pytest.approx(np.zeros(4), abs=1e-5)
    assert np.sort(fit.eigenvalues_per_s.imag) == pytest.approx(
        2 * np.pi * np.array([-6, -1.5, 1.5, 6]), rel=1e-6
    )
    assert fit.r2_one_step == pytest.approx(1.0)
    assert linear_dynamics(states, dt_s=DT_S, rank=1).r2_one_step < 0.99


def test_decay_is_recovered_in_continuous_time():
    fit = delay_dynamics(_waves([3.0], seed=1, tau_s=0.2), dt_s=DT_S, n_delays=6, rank=2)
    assert fit.eigenvalues_per_s == pytest.approx([-5 + 6j * np.pi, -5 - 6j * np.pi], rel=1e-6)
    assert fit.time_constants_s == pytest.approx([0.2, 0.2], rel=1e-6)


def test_one_delay_is_linear_dynamics_of_the_present():
    states = np.cumsum(np.random.default_rng(2).standard_normal((8, 20, 4)), axis=1)
    fit = delay_dynamics(states, dt_s=DT_S, n_delays=1, rank=4)
    plain = linear_dynamics(states, dt_s=DT_S, rank=4)
    assert np.abs(fit.eigenvalues) == pytest.approx(np.abs(plain.eigenvalues), abs=1e-10)
    assert fit.r2_one_step == pytest.approx(plain.r2_one_step, abs=1e-12)


@pytest.mark.parametrize("n_waves", [1, 2, 3])
def test_cross_validation_finds_two_coordinates_a_wave(n_waves):
    states = _waves([1.5, 5.0, 11.0][:n_waves], seed=3, n_conditions=30)
    states += 0.02 * np.random.default_rng(4).standard_normal(states.shape)
    fit = delay_dynamics(states, dt_s=DT_S, n_delays=20, max_rank=10)
    assert fit.rank == 2 * n_waves
    assert fit.cross_validation_r2.shape == (10,)
    assert fit.frequencies_hz[:2] == pytest.approx(fit.frequencies_hz[1::-1])


def test_coordinates_and_modes_rebuild_the_windows():
    states = _waves([2.0, 7.0], seed=5, n_units=3)
    fit = delay_dynamics(states, dt_s=DT_S, n_delays=5, rank=10)
    assert fit.modes.shape == (10, 5, 3)
    rebuilt = np.einsum("cwr,rdu->cwdu", fit.coordinates, fit.modes) + fit.mean
    share = np.sum((rebuilt.reshape(*rebuilt.shape[:2], -1) - delay_windows(states, 5)) ** 2)
    centred = delay_windows(states, 5)
    centred = centred - centred.mean(axis=(0, 1))
    assert share / np.sum(centred**2) == pytest.approx(1 - fit.variance_ratio.sum(), abs=1e-10)
    flat = fit.modes.reshape(10, -1)
    assert np.allclose(flat @ flat.T, np.eye(10), atol=1e-10)


def _bad():
    states = _waves([2.0], seed=6)
    gappy = np.repeat(states, 2, axis=2)
    gappy[0, 0, 1] = np.nan
    return [
        (gappy, {}, "units 1"),
        (states[:, :5], {"n_delays": 5}, "n_delays: expected less than the 5 times"),
        (states, {"rank": 3}, "rank: expected at most 2, the rank of the windows"),
        (states[:2], {"rank": None}, "3 conditions or more"),
        (states, {"n_delays": 0}, "n_delays"),
        (states, {"dt_s": -0.01}, "dt_s"),
        (np.ones((3, 9, 1)), {}, "rates that vary"),
        (states[:, :1], {}, "at least 2 times"),
    ]


@pytest.mark.parametrize("number", range(8))
def test_bad_input_is_named(number):
    states, keywords, message = _bad()[number]
    with pytest.raises(InputError, match=message):
        delay_dynamics(states, **({"dt_s": DT_S, "n_delays": 4, "rank": 2} | keywords))
