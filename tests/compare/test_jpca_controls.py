from dataclasses import replace

import numpy as np
import pytest

from motorsim.analysis import jpca, smooth_random
from motorsim.checks import InputError
from motorsim.compare import REAL_CORTEX, Rotations, jpca_controls, task_only

DIRECTIONS_RAD = 2 * np.pi * np.arange(16) / 16
DISTANCES_M = np.where(np.arange(16) % 2, 0.06, 0.1)


def _rotating(world, frequency_hz=1.2, dt_s=0.02, n_times=30):
    """Three planes that turn, from starts that tuning cannot give."""
    rng = np.random.default_rng(0)
    times_s = dt_s * np.arange(n_times)
    starts = rng.standard_normal((3, 16)) + 1j * rng.standard_normal((3, 16))
    speeds = 2j * np.pi * frequency_hz * np.array([1.0, 2 / 3, 1 / 3])
    states = starts[:, :, None] * np.exp(speeds[:, None, None] * times_s)
    latent = np.concatenate([states.real, states.imag]).transpose(1, 2, 0)
    return replace(world.population(30 + 8 * latent @ rng.standard_normal((6, 24))), times_s=times_s)


def _table(reference, **kwargs):
    settings = {"rng": 0, "n_surrogates": 19, "n_random": 5, "n_harmonics": 1} | kwargs
    return jpca_controls(reference, DIRECTIONS_RAD, DISTANCES_M, **settings).set_index("quantity")


def test_rotation_is_told_from_tuning_smoothness_and_covariance(world):
    table = _table(_rotating(world))
    for name in ("jpca_r2_best", "jpca_r2_skew"):
        row = table.loc[name]
        assert row["circuit"] > row["smooth_random_high"] >= row["smooth_random"]
        assert row["tme_p"] == pytest.approx(1 / 20)
    assert table.loc["jpca_frequency_1_hz", "circuit"] == pytest.approx(1.2, abs=0.15)
    assert np.isnan(table.loc["jpca_frequency_1_hz", "tme_p"])


def test_smooth_random_rates_are_no_rotation(world):
    reference = world.population(20 + smooth_random(16, 30, 24, dt_s=0.02, length_scale_s=0.08, rng=0))
    table = _table(reference)
    assert table.loc["jpca_r2_skew", "tme_p"] > 0.05


def test_columns_are_what_they_say(world):
    reference = _rotating(world)
    window_s = (0.1, 0.5)
    table = _table(reference, jpca_window_s=window_s)
    fit = jpca(reference.rates[:, 5:25], dt_s=0.02)
    assert table.loc["jpca_r2_skew", "circuit"] == pytest.approx(fit.r2_skew)
    everything = np.ones(16, bool)
    tuning = task_only(reference, DIRECTIONS_RAD, DISTANCES_M, everything, n_harmonics=1)
    expected = Rotations(window_s).describe(tuning)
    assert np.allclose(table["tuning_only"], expected, rtol=1e-3)


@pytest.mark.parametrize(("frequency_hz", "inside"), [(1.2, True), (3.0, False)])
def test_inside_is_within_the_range_of_recordings(world, frequency_hz, inside):
    row = _table(_rotating(world, frequency_hz, dt_s=0.01)).loc["jpca_frequency_1_hz"]
    assert (row["real_low"], row["real_high"]) == (0.9, 1.8)
    assert row["inside"] == inside
    assert "excerpts" in row["source"]


@pytest.mark.parametrize(
    ("dt_s", "stop_s", "comparable"),
    [(0.01, 0.2, True), (0.01, 0.3, True), (0.01, 0.19, False), (0.005, 0.15, False), (0.02, 0.3, False)],
)
def test_only_samples_like_those_of_the_recordings_are_held_against_them(world, dt_s, stop_s, comparable):
    table = _table(_rotating(world, dt_s=dt_s), jpca_window_s=(0.0, stop_s))
    known = table["real_low"].notna()
    assert (table.loc[known, "inside"].notna() == comparable).all()
    assert table.loc[~known, "inside"].isna().all()


def test_a_window_longer_than_those_of_the_recordings_is_not_held_against_them(world):
    reference = _rotating(world, dt_s=0.01, n_times=40)
    assert _table(reference)["inside"].isna().all()
    assert _table(reference, jpca_window_s=(0.0, 0.35))["inside"].notna().any()


def test_the_ranges_of_recordings_reach_the_rows_they_name(world):
    table = _table(_rotating(world))
    rotations = [entry for entry in REAL_CORTEX if entry.quantity.startswith("jpca_")]
    assert set(table.index[table["real_low"].notna()]) == {entry.quantity for entry in rotations}
    for entry in rotations:
        row = table.loc[entry.quantity]
        assert (row["real_low"], row["real_high"], row["source"]) == (entry.low, entry.high, entry.source)


def test_quantities_without_a_range_say_so(world):
    row = _table(_rotating(world)).loc["jpca_frequency_3_hz"]
    assert np.isnan(row["real_low"])
    assert np.isnan(row["inside"])
    assert row["source"] == ""


def test_equal_seeds_give_equal_tables(world):
    first, again, other = (_table(_rotating(world), rng=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["smooth_random"].equals(other["smooth_random"])


def test_what_cannot_be_used_is_named(world):
    reference = _rotating(world)
    for settings, message in (
        ({"n_surrogates": 0}, "n_surrogates: expected an integer of at least 1"),
        ({"n_random": 0}, "n_random: expected an integer of at least 1"),
        ({"jpca_n_components": 3}, "jpca_n_components: expected an even number"),
        ({"jpca_window_s": (1, 0)}, "jpca_window_s: expected a start before a stop"),
        ({"n_harmonics": 9}, "at least 19 different directions for 9 harmonics, got 16"),
    ):
        with pytest.raises(InputError, match=message):
            _table(reference, **settings)
    with pytest.raises(InputError, match="reference: expected a Population, got ndarray"):
        _table(reference.rates)
