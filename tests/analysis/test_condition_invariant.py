import numpy as np
import pytest

from motorsim.analysis import condition_invariant
from motorsim.checks import InputError


def _axes(n_units=30, n_axes=4, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n_axes)))[0].T


def _rates(invariant_hz, tuned_hz, axis, tuned_axes):
    """A common pulse along ``axis`` and cosine tuning along two ``tuned_axes``, over a baseline."""
    n_conditions, n_times = 8, 50
    pulse = np.sin(np.pi * np.arange(n_times) / n_times)
    pulse -= pulse.mean()
    pulse /= np.sqrt(np.mean(pulse**2))
    angle = 2 * np.pi * np.arange(n_conditions) / n_conditions
    tuned = np.stack([np.cos(angle), np.sin(angle)], -1)[:, None, :] @ tuned_axes
    return 15 + invariant_hz * pulse[None, :, None] * axis + tuned_hz * np.ones((1, n_times, 1)) * tuned


def test_shares_are_those_of_the_parts_that_were_put_in():
    axes = _axes()
    found = condition_invariant(_rates(6.0, 4.0, axes[0], axes[1:3]), n_tuned=2)
    assert found.variance_ratio == pytest.approx(36 / 52)
    assert found.component_ratio == pytest.approx(36 / 52)
    np.testing.assert_allclose(found.tuned_component_ratios, 8 / 52)
    assert abs(found.component @ axes[0]) == pytest.approx(1)
    assert np.mean(found.time_course**2) == pytest.approx(36)
    assert found.is_largest
    assert not condition_invariant(_rates(2.0, 4.0, axes[0], axes[1:3]), n_tuned=2).is_largest


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0])
def test_the_angle_to_the_tuned_subspace_is_the_one_put_in(angle_deg):
    axes = _axes()
    angle = np.radians(angle_deg)
    axis = np.cos(angle) * axes[1] + np.sin(angle) * axes[0]
    found = condition_invariant(_rates(6.0, 4.0, axis, axes[1:3]), n_tuned=2)
    assert np.degrees(found.angle_rad) == pytest.approx(angle_deg, abs=1e-4)
    assert found.tuned_leakage == pytest.approx(np.cos(angle) ** 2 / 2)


def test_a_random_axis_makes_the_angle_stated():
    rng = np.random.default_rng(1)
    axes = _axes(n_units=200)
    found = condition_invariant(_rates(6.0, 4.0, axes[0], axes[1:3]), n_tuned=2)
    within = [
        np.linalg.norm(found.tuned_components @ (axis / np.linalg.norm(axis)))
        for axis in rng.standard_normal((2000, 200))
    ]
    # Of the squared cosine the mean is known exactly.
    assert np.cos(found.random_angle_rad) ** 2 == pytest.approx(np.mean(np.square(within)), rel=0.1)


def test_unusable_input_is_refused():
    axes = _axes()
    rates = _rates(6.0, 4.0, axes[0], axes[1:3])
    with pytest.raises(InputError, match="n_components"):
        condition_invariant(rates, n_tuned=3)
    with pytest.raises(InputError, match="rates that differ between conditions"):
        condition_invariant(np.tile(rates[:1], (8, 1, 1)), n_tuned=2)
    with pytest.raises(InputError, match="a mean over conditions that changes in time"):
        condition_invariant(_rates(0.0, 4.0, axes[0], axes[1:3]), n_tuned=2)
    with pytest.raises(InputError, match="at least 2 conditions"):
        condition_invariant(rates[:1], n_tuned=2)
