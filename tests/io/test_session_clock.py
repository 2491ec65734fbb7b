from __future__ import annotations

import numpy as np
import pytest

from motorsim.io.session_clock import trial_of, trial_zeros_s


@pytest.mark.parametrize(("start_s", "stop_s"), [(-0.3, 0.7), (0.0, 1.5), (0.2, 0.9), (-3.1, -1.0)])
def test_trials_follow_one_another_with_a_gap_and_none_begins_before_zero(start_s, stop_s):
    zeros_s = trial_zeros_s(5, start_s, stop_s)
    begin_s, end_s = zeros_s + start_s, zeros_s + stop_s
    assert begin_s[0] >= 0
    assert (begin_s[1:] - end_s[:-1] >= 1.0 - 1e-12).all()
    np.testing.assert_array_equal(zeros_s * 8, np.round(zeros_s * 8))


def test_every_time_of_a_trial_finds_its_trial():
    zeros_s = trial_zeros_s(4, -0.3, 0.7)
    own_s = np.array([-0.3, 0.0, np.nextafter(0.7, 0)])
    session_s = zeros_s[:, None] + own_s
    np.testing.assert_array_equal(trial_of(session_s.ravel(), zeros_s - 0.3), np.repeat(np.arange(4), 3))
