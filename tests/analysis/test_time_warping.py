import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motorsim.analysis.time_warping import time_warp, warp_times
from motorsim.checks import InputError

TIMES_S = 0.01 * np.arange(101)
EVENTS_S = np.array([[0.2, 0.5, 0.8], [0.3, 0.5, 0.7], [0.25, 0.6, 0.75]])


def _phase(times_s, events_s):
    """What a unit that counts events shows: 0, 1, 2 at the events, and time beyond them."""
    inner = np.interp(times_s, events_s, [0.0, 1.0, 2.0])
    return inner + np.minimum(times_s - events_s[0], 0) + np.maximum(times_s - events_s[-1], 0)


def test_a_unit_that_follows_the_events_is_the_same_in_every_trial_after_warping():
    rates = np.stack([_phase(TIMES_S, events) for events in EVENTS_S])[:, :, None]
    found = time_warp(rates, TIMES_S, EVENTS_S)
    template = np.median(EVENTS_S, axis=0)
    np.testing.assert_allclose(found.template_s, template)
    expected = _phase(found.times_s, template)
    np.testing.assert_allclose(found.rates[:, :, 0], np.tile(expected, (3, 1)), atol=1e-12)
    np.testing.assert_allclose(found.stretch[0], np.diff(template) / [0.3, 0.3])


def test_template_as_events_changes_nothing():
    rates = np.random.default_rng(0).random((2, 101, 4))
    found = time_warp(rates, TIMES_S, np.tile([0.3, 0.6], (2, 1)))
    np.testing.assert_allclose(found.rates, rates, atol=1e-12)
    np.testing.assert_allclose(found.times_s, TIMES_S)


def test_one_event_is_alignment():
    rates = np.random.default_rng(1).random((2, 101, 1))
    wanted = np.array([-0.1, 0.0, 0.1])
    found = time_warp(rates, TIMES_S, [[0.3], [0.5]], template_s=[0.0], warped_times_s=wanted)
    np.testing.assert_allclose(found.rates[0, :, 0], rates[0, [20, 30, 40], 0])
    np.testing.assert_allclose(found.rates[1, :, 0], rates[1, [40, 50, 60], 0])
    assert found.stretch.shape == (2, 0)


def test_the_default_clock_has_all_samples_with_data_in_every_trial_and_no_more():
    found = time_warp(np.ones((2, 101, 1)), TIMES_S, [[0.3], [0.5]], template_s=[0.4])
    np.testing.assert_allclose(found.times_s, TIMES_S[10:91])


@settings(max_examples=50, deadline=None)
@given(gaps=st.lists(st.floats(0.05, 1.0), min_size=2, max_size=4), start_s=st.floats(-1.0, 1.0))
def test_spikes_warp_there_and_back(gaps, start_s):
    events_s = start_s + np.cumsum(gaps)
    template_s = np.arange(len(gaps)) * 0.3
    times_s = np.linspace(-2.0, 5.0, 40)
    there = warp_times(times_s, events_s, template_s)
    assert (np.diff(there) > 0).all()
    np.testing.assert_allclose(warp_times(there, template_s, events_s), times_s, atol=1e-9)
    np.testing.assert_allclose(warp_times(events_s, events_s, template_s), template_s, atol=1e-12)


def test_times_outside_the_events_are_shifted_not_stretched():
    warped = warp_times([0.0, 1.5], [0.5, 1.0], [0.0, 0.1])
    np.testing.assert_allclose(warped, [-0.5, 0.6])


def test_unusable_input_is_refused():
    rates = np.ones((3, 101, 1))
    uneven = TIMES_S**2
    for arguments, match in (
        ((rates, uneven, EVENTS_S), "times_s: expected increasing, evenly spaced"),
        ((rates, TIMES_S[::-1], EVENTS_S), "times_s: expected increasing, evenly spaced"),
        ((rates, TIMES_S[:-1], EVENTS_S), "times_s: expected an array"),
        ((rates, TIMES_S, EVENTS_S[:2]), "events_s: expected an array"),
        ((rates, TIMES_S, EVENTS_S[:, ::-1]), "events_s: expected events each later .* in trial 0"),
        ((rates[:, :1], TIMES_S[:1], EVENTS_S), "rates: expected at least 2 times"),
    ):
        with pytest.raises(InputError, match=match):
            time_warp(*arguments)
    with pytest.raises(InputError, match="warped_times_s: expected times at which every trial has data"):
        time_warp(rates, TIMES_S, EVENTS_S, warped_times_s=[0.5, 1.2])
    with pytest.raises(InputError, match="rates: expected trials that share a stretch"):
        time_warp(rates, TIMES_S, [[0.1], [0.2], [0.3]], template_s=[50.0])
    with pytest.raises(InputError, match="template_s: expected events each later"):
        warp_times([0.0], [0.0, 1.0], [1.0, 0.0])
