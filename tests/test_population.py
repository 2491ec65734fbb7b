from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from motorsim.checks import InputError, MotorsimError
from motorsim.population import Population


def population(n_samples=3, n_times=20, n_units=4, dt_s=0.01, start_s=-0.05, **changes):
    rng = np.random.default_rng(1)
    fields = {
        "rates": rng.standard_normal((n_samples, n_times, n_units)),
        "times_s": start_s + dt_s * np.arange(n_times),
        "condition_labels": [f"reach {sample}" for sample in range(n_samples)],
    }
    return Population(**(fields | changes))


def test_sizes_labels_and_interval():
    activity = population()
    assert (activity.n_samples, activity.n_times, activity.n_units) == (3, 20, 4)
    assert activity.unit_labels == ("0", "1", "2", "3")
    assert activity.condition_labels == ("reach 0", "reach 1", "reach 2")
    assert activity.dt_s == pytest.approx(0.01, rel=1e-12)
    assert np.isnan(population(n_times=1).dt_s)
    with pytest.raises(FrozenInstanceError):
        activity.rates = activity.rates


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": np.ones((3, 20))}, r"rates: expected an array \(condition, time, unit\)"),
        ({"rates": np.full((3, 20, 4), np.nan)}, "rates: expected finite numbers"),
        ({"rates": np.ones((3, 20, 0))}, "at least 1 along unit"),
        ({"times_s": np.arange(19)}, "times_s"),
        ({"times_s": np.arange(20)[::-1]}, "times_s: expected increasing"),
        ({"times_s": np.zeros(20)}, "times_s: expected increasing"),
        ({"times_s": np.arange(20) ** 1.01}, "evenly spaced"),
        ({"condition_labels": ("a", "b")}, "condition_labels: expected a sequence of 3 labels, got 2 labels"),
        ({"condition_labels": "abc"}, "condition_labels: expected a sequence of 3 labels, got 'abc'"),
        ({"condition_labels": ("a", "b", "a")}, "each label once, got a more than once"),
        ({"unit_labels": (1, "1", 2, 3)}, "unit_labels: expected each label once"),
        ({"sample_axis": "neuron"}, "sample_axis: expected one of condition, trial"),
        ({"quantity": 3}, "quantity: expected a text"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        population(**changes)


def test_a_window_is_closed_at_its_start_and_open_at_its_end():
    activity = population()
    window = activity.between(0.0, 0.05)
    np.testing.assert_allclose(window.times_s, [0.0, 0.01, 0.02, 0.03, 0.04], atol=1e-12)
    np.testing.assert_array_equal(window.rates, activity.rates[:, 5:10])
    with pytest.raises(InputError, match=r"a window that meets -0\.05 to 0\.14 s"):
        activity.between(1.0, 2.0)


def test_selections_keep_labels_beside_their_data():
    activity = population()
    for chosen in ([2, 0], np.array([2, 0])):
        picked = activity.select(chosen)
        assert picked.condition_labels == ("reach 2", "reach 0")
        np.testing.assert_array_equal(picked.rates, activity.rates[[2, 0]])
    masked = activity.select_units(np.array([False, True, False, True]))
    assert masked.unit_labels == ("1", "3")
    np.testing.assert_array_equal(masked.rates, activity.rates[:, :, 1::2])
    assert activity.select(slice(1, None)).condition_labels == ("reach 1", "reach 2")


@pytest.mark.parametrize("chosen", [[3], 1, [], [0.5], [True, False], np.zeros(3, bool), "reach 0"])
def test_selections_that_cannot_be_met_are_refused(chosen):
    with pytest.raises(InputError, match="samples"):
        population().select(chosen)


def test_a_shifted_clock_is_zero_at_the_event():
    shifted = population().shifted(0.05, "go cue")
    assert shifted.times_s[10] == pytest.approx(0.0, abs=1e-12)
    assert shifted.zero == "go cue"
    with pytest.raises(InputError, match="event_s"):
        population().shifted(np.nan, "go cue")


def test_bins_average_consecutive_samples():
    activity = population(n_times=11)
    binned = activity.binned(0.02)
    assert binned.n_times == 5
    np.testing.assert_allclose(binned.rates[:, 1], activity.rates[:, 2:4].mean(axis=1))
    np.testing.assert_allclose(binned.times_s, -0.045 + 0.02 * np.arange(5))


@pytest.mark.parametrize(
    ("n_times", "width_s"), [(20, 0.015), (20, 0.001), (20, 1.0), (20, -0.02), (1, 0.02)]
)
def test_bins_that_do_not_fit_are_refused(n_times, width_s):
    with pytest.raises(InputError, match="width_s"):
        population(n_times=n_times).binned(width_s)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("sd_s", [0.001, 0.03, 10.0])
def test_smoothing_is_the_normalised_gaussian_average(sd_s, causal):
    activity = population()
    lag = activity.times_s[:, None] - activity.times_s[None, :]
    kernel = np.exp(-0.5 * (lag / sd_s) ** 2) * ((lag > -1e-9) | (not causal))
    expected = np.einsum("ts,csu->ctu", kernel / kernel.sum(axis=1, keepdims=True), activity.rates)
    np.testing.assert_allclose(activity.smoothed(sd_s, causal=causal).rates, expected, rtol=1e-9, atol=1e-12)


def test_smoothing_keeps_constants_and_causal_smoothing_keeps_the_past():
    np.testing.assert_allclose(population(rates=np.full((3, 20, 4), 7.0)).smoothed(0.05).rates, 7.0)
    pulse = np.zeros((3, 20, 4))
    pulse[:, 10] = 1.0
    smoothed = population(rates=pulse).smoothed(0.02, causal=True).rates
    assert (smoothed[:, :10] == 0).all()
    assert (smoothed[:, 10:] > 0).all()
    assert (population(n_times=1).smoothed(0.02).rates == population(n_times=1).rates).all()


def test_a_psth_averages_the_trials_of_each_condition_in_order_of_appearance():
    trials = population(n_samples=4, condition_labels=("b", "a", "b", "a"), sample_axis="trial")
    psth = trials.psth()
    assert psth.condition_labels == ("b", "a")
    assert psth.sample_axis == "condition"
    np.testing.assert_allclose(psth.rates[0], trials.rates[[0, 2]].mean(axis=0))


@pytest.mark.parametrize("axis", ["condition", "trial"])
def test_xarray_carries_the_labels(axis):
    pytest.importorskip("xarray")
    array = replace(population(), sample_axis=axis).to_xarray()
    assert array.dims == (axis, "time", "unit")
    assert list(array["condition"].values) == ["reach 0", "reach 1", "reach 2"]
    assert array["time"].attrs["units"] == "s"
    assert array.name == "firing rate (Hz)"


def test_a_missing_xarray_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MotorsimError, match=r"pip install motorsim\[xarray\]"):
        population().to_xarray()
