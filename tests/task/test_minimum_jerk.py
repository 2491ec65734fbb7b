import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import lateral_bump, minimum_jerk

PROFILES = pytest.mark.parametrize("profile", [minimum_jerk, lateral_bump])


def test_minimum_jerk_covers_the_published_fractions():
    covered = minimum_jerk(np.array([0.0, 0.25, 0.5, 0.75, 1.0]), duration_s=1.0).position
    np.testing.assert_allclose(covered, [0.0, 0.103515625, 0.5, 0.896484375, 1.0], atol=1e-15)


def test_peak_speed_is_fifteen_eighths_of_the_mean_at_half_time():
    times_s = np.linspace(0.0, 1.0, 1001)
    velocity = minimum_jerk(times_s, onset_s=0.2, duration_s=0.5).velocity
    np.testing.assert_allclose(velocity.max(), 1.875 / 0.5)
    np.testing.assert_allclose(times_s[velocity.argmax()], 0.45)


def test_peak_acceleration_is_ten_over_root_three():
    acceleration = minimum_jerk(np.linspace(0, 0.5, 100_001), duration_s=0.5).acceleration
    np.testing.assert_allclose(acceleration.max(), 10 / np.sqrt(3) / 0.25, rtol=1e-8)
    np.testing.assert_allclose(acceleration.min(), -10 / np.sqrt(3) / 0.25, rtol=1e-8)


def test_no_smoother_way_has_the_same_ends():
    u = np.linspace(0, 1, 2001)
    acceleration = minimum_jerk(u, duration_s=1.0).acceleration

    def cost(extra):
        bump = lateral_bump(u, duration_s=1.0).acceleration * extra
        return (np.diff(acceleration + bump) ** 2).sum()

    assert cost(0.0) < min(cost(0.01), cost(-0.01))


def test_bump_is_one_at_half_time_and_symmetric():
    times_s = np.linspace(0.0, 0.8, 81)
    bump = lateral_bump(times_s, duration_s=0.8).position
    np.testing.assert_allclose(bump[40], 1.0)
    assert bump.argmax() == 40
    np.testing.assert_allclose(bump, bump[::-1], atol=1e-14)


@PROFILES
def test_rest_at_both_ends_and_outside(profile):
    motion = profile(np.array([-1.0, 0.3, 0.9, 2.0]), onset_s=0.3, duration_s=0.6)
    np.testing.assert_allclose(motion.velocity, 0.0, atol=1e-13)
    np.testing.assert_allclose(motion.acceleration, 0.0, atol=1e-12)
    last = 1.0 if profile is minimum_jerk else 0.0
    np.testing.assert_allclose(motion.position, [0.0, 0.0, last, last], atol=1e-14)


@PROFILES
def test_derivatives_agree_with_differences(profile):
    times_s, h = np.linspace(0.0, 1.0, 101), 1e-5
    options = {"onset_s": 0.21, "duration_s": 0.5}
    before, now, after = (profile(times_s + shift, **options) for shift in (-h, 0.0, h))
    np.testing.assert_allclose(now.velocity, (after.position - before.position) / (2 * h), atol=1e-6)
    np.testing.assert_allclose(now.acceleration, (after.velocity - before.velocity) / (2 * h), atol=1e-2)
    inside = (times_s > 0.22) & (times_s < 0.70)
    numerical = (after.velocity - before.velocity) / (2 * h)
    np.testing.assert_allclose(now.acceleration[inside], numerical[inside], atol=1e-6)


@PROFILES
def test_bad_input_is_refused_by_name(profile):
    with pytest.raises(InputError, match=r"duration_s: expected a number above 0, got -0\.5"):
        profile(np.zeros(3), duration_s=-0.5)
    with pytest.raises(InputError, match="times_s: expected finite"):
        profile(np.array([0.0, np.nan]), duration_s=0.5)
    with pytest.raises(InputError, match=r"times_s: expected an array \(time\)"):
        profile(np.zeros((2, 3)), duration_s=0.5)
    with pytest.raises(InputError, match="onset_s: expected finite"):
        profile(np.zeros(3), onset_s=np.inf, duration_s=0.5)
