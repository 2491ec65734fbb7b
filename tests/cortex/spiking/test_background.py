import numpy as np
import pytest
from scipy.stats import chi2, poisson

from motorsim.cortex import find_compiler
from motorsim.cortex.brian_mode import brian_session
from motorsim.cortex.spiking.background import background_counts, poisson_counts

UNITS, STEPS = np.arange(300)[:, None], np.arange(2000)


@pytest.mark.parametrize("mean", [0.02, 0.3, 4.0])
def test_counts_are_poisson(mean):
    counts = poisson_counts(7, UNITS, STEPS, mean).astype(int).ravel()
    most = int(poisson.isf(20 / len(counts), mean))
    expected = len(counts) * np.append(poisson.pmf(np.arange(most), mean), poisson.sf(most - 1, mean))
    observed = np.bincount(np.minimum(counts, most), minlength=most + 1)
    assert ((observed - expected) ** 2 / expected).sum() < chi2.isf(1e-3, most)
    assert counts.mean() == pytest.approx(mean, rel=4 / np.sqrt(mean * len(counts)))
    assert counts.var() == pytest.approx(mean, rel=0.03)


def test_counts_of_units_steps_and_trials_are_independent():
    counts = poisson_counts(11, UNITS, STEPS, 0.5) - 0.5
    n = counts.size
    largest = 5 * 0.5 / np.sqrt(n)
    for unit_shift, step_shift in (
        (1, 0),
        (0, 1),
        (1, 1),
        (2, 0),
        (0, 2),
        (16, 0),
        (0, 16),
        (64, 64),
        (128, 0),
    ):
        moved = np.roll(counts, (unit_shift, step_shift), (0, 1))
        assert abs((counts * moved).mean()) < largest
    for other in (10, 12, 11 ^ (1 << 20)):
        assert abs((counts * (poisson_counts(other, UNITS, STEPS, 0.5) - 0.5)).mean()) < largest
    # Sums over units, and over steps, would show what is shared among many.
    assert counts.sum(axis=0).var() == pytest.approx(0.5 * 300, rel=0.12)
    assert counts.sum(axis=1).var() == pytest.approx(0.5 * 2000, rel=0.3)


def test_counts_hang_on_their_arguments_alone():
    whole = poisson_counts(3, UNITS, STEPS, 0.5)
    np.testing.assert_array_equal(poisson_counts(3, np.array([17]), np.array([5]), 0.5), whole[17, 5])
    assert whole.shape == (300, 2000)


def brian_counts(mode, mean, directory):
    """Return what 20 neurons of a group add up in 40 steps, each step by a power of its own."""
    with np.errstate(over="ignore"), brian_session(mode, directory=directory, single=False) as brian:
        group = brian.NeuronGroup(20, "total : 1\nkey : integer (shared)", dt=0.1 * brian.ms)
        group.namespace["background_count"] = background_counts(brian, mean)
        group.key = 123456789
        group.run_regularly(
            "total = total + background_count(key, i, t_in_timesteps) * (t_in_timesteps + 1)",
            dt=0.1 * brian.ms,
        )
        network = brian.Network(group)
        network.run(4 * brian.ms, namespace={})
        if directory is not None:
            brian.get_device().build(directory=str(directory), compile=True, run=True)
        return np.array(group.total)


def expected_counts(mean):
    steps = np.arange(40)
    return poisson_counts(123456789, np.arange(20)[:, None], steps, mean) @ (steps + 1.0)


def test_brian2_gets_these_counts_on_its_numpy_target():
    np.testing.assert_array_equal(brian_counts("numpy", 1.7, None), expected_counts(1.7))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["cython", "cpp_standalone"])
def test_compiled_code_gets_the_same_counts(mode, tmp_path):
    if find_compiler() is None:
        pytest.skip("no C++ compiler")
    directory = tmp_path / "project" if mode == "cpp_standalone" else None
    np.testing.assert_array_equal(brian_counts(mode, 1.7, directory), expected_counts(1.7))
