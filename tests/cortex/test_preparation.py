import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import amplified_modes, default_circuit, random_preparatory_map
from motorsim.cortex.preparation import ramp
from motorsim.task import center_out, curved_reaches


def test_states_lie_in_the_span_of_the_amplified_modes():
    circuit = default_circuit()
    states = random_preparatory_map(circuit, rng=0, n_modes=12)(center_out(16, 0.08))
    modes = amplified_modes(circuit).states[:12]
    np.testing.assert_allclose(states @ modes.T @ modes, states, atol=1e-9)


def test_norm_is_the_one_asked_for_and_grows_with_distance():
    prepare = random_preparatory_map(default_circuit(), rng=0, norm_hz=21.0, reference_distance_m=0.08)
    near, far = prepare(center_out(32, 0.08)), prepare(center_out(32, 0.16))
    assert np.sqrt((near**2).sum(axis=1).mean()) == pytest.approx(21.0)
    np.testing.assert_allclose(far, 2 * near)


@pytest.mark.parametrize("harmonics", [(1.0,), (1.0, 1.0), (1.0, 1.0, 1.0)])
def test_rank_over_directions_is_two_a_harmonic(harmonics):
    states = random_preparatory_map(default_circuit(), rng=0, harmonic_weights=harmonics)(
        center_out(16, 0.08)
    )
    assert np.linalg.matrix_rank(states, tol=1e-8) == 2 * len(harmonics)
    np.testing.assert_allclose(states.mean(axis=0), 0, atol=1e-9)


def test_bowed_reaches_start_from_states_of_their_own():
    prepare = random_preparatory_map(default_circuit(), rng=0)
    reaches = curved_reaches(8)
    states = prepare(reaches)
    left, right = reaches.curvature > 0, reaches.curvature < 0
    assert left.sum() == right.sum() > 0
    distance = np.linalg.norm(states[left] - states[right], axis=1)
    assert (distance > 1.0).all()


def test_ramp_rises_from_zero_to_one_and_its_slope_is_its_derivative():
    times_s = np.linspace(-0.1, 0.6, 7001)
    level, slope = ramp(times_s, 0.1, 0.3)
    assert (level[times_s <= 0.1] == 0).all()
    assert (level[times_s >= 0.401] == 1).all()
    np.testing.assert_allclose(np.gradient(level, times_s)[1:-1], slope[1:-1], atol=1e-3)


def test_seed_decides_the_states():
    circuit, reaches = default_circuit(), center_out(4, 0.1)
    first, again, other = (random_preparatory_map(circuit, rng=seed)(reaches) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"n_modes": 201}, "n_modes"),
        ({"harmonic_weights": (0.0,)}, "harmonic_weights"),
        ({"norm_hz": 0}, "norm_hz"),
    ],
)
def test_bad_arguments_are_named(arguments, name):
    with pytest.raises(InputError, match=name):
        random_preparatory_map(default_circuit(), rng=0, **arguments)
