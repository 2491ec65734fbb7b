import numpy as np
import pytest

from motorsim.analysis.factor_trials import check_factor_trials
from motorsim.checks import InputError


def _lists(seed, counts, n_times=5, n_units=3):
    rng = np.random.default_rng(seed)
    return [[rng.standard_normal((n, n_times, n_units)) for n in row] for row in counts]


def _trials(lists, **options):
    return check_factor_trials("rates", lists, 2, **{"simultaneous": True, **options})


COUNTS = [[4, 2], [3, 5], [2, 2]]


def _as_array(lists):
    array = np.full((5, 3, 2, 5, 3), np.nan)
    for i, row in enumerate(lists):
        for j, leaf in enumerate(row):
            array[: len(leaf), i, j] = leaf
    return array


def test_unbalanced_trials_average_within_each_condition():
    lists = _lists(0, COUNTS)
    averages = _trials(lists).moments().averages
    assert averages.shape == (3, 2, 5, 3)
    assert np.allclose(averages[1, 0], lists[1][0].mean(axis=0))
    assert np.allclose(averages[0, 1], lists[0][1].mean(axis=0))


def test_lists_and_padded_arrays_agree_wherever_the_gaps_are():
    array = _as_array(_lists(1, COUNTS))
    shifted = np.roll(array, 2, axis=0)
    for simultaneous in (True, False):
        first, second, third = (
            _trials(value, simultaneous=simultaneous).moments()
            for value in (_lists(1, COUNTS), array, shifted)
        )
        for other in (second, third):
            assert np.allclose(first.averages, other.averages)
            assert np.allclose(first.noise, other.noise)


def test_noise_is_the_mean_product_of_deviations_summed_over_conditions_and_times():
    lists = _lists(2, COUNTS)
    expected = sum(
        np.einsum("kti,ktj->ij", leaf - leaf.mean(axis=0), leaf - leaf.mean(axis=0)) / len(leaf)
        for row in lists
        for leaf in row
    )
    assert np.allclose(_trials(lists).moments().noise, expected)
    assert np.allclose(_trials(lists, simultaneous=False).moments().noise, np.diag(np.diag(expected)))


@pytest.mark.parametrize("simultaneous", [True, False])
def test_split_moments_are_those_of_the_other_trials(simultaneous):
    lists = _lists(3, COUNTS)
    moments, test = _trials(lists, simultaneous=simultaneous).split(np.random.default_rng(4))
    noise = np.zeros((3, 3))
    for i, row in enumerate(lists):
        for j, leaf in enumerate(row):
            rest = np.empty((len(leaf) - 1, 5, 3))
            for unit in range(3):
                out = [np.array_equal(trial[:, unit], test[i, j, :, unit]) for trial in leaf]
                assert sum(out) == 1
                rest[..., unit] = leaf[~np.array(out), :, unit]
            assert np.allclose(moments.averages[i, j], rest.mean(axis=0))
            deviations = rest - rest.mean(axis=0)
            noise += np.einsum("kti,ktj->ij", deviations, deviations) / len(rest)
    assert np.allclose(moments.noise, noise if simultaneous else np.diag(np.diag(noise)))


def test_units_recorded_together_leave_out_the_same_trial():
    lists = [[np.repeat(np.arange(4.0)[:, None, None], 2, axis=1) * np.ones(50)] * 2] * 2
    together = _trials(lists).split(np.random.default_rng(5))[1]
    apart = _trials(lists, simultaneous=False).split(np.random.default_rng(5))[1]
    assert (np.ptp(together, axis=3) == 0).all()
    assert (np.ptp(apart, axis=3) > 0).all()


@pytest.mark.parametrize("simultaneous", [True, False])
def test_shuffle_deals_all_trials_and_keeps_their_numbers(simultaneous):
    trials = _trials(_lists(6, COUNTS), simultaneous=simultaneous)
    shuffled = trials.shuffled(np.random.default_rng(7))
    assert np.array_equal(shuffled.n_trials, trials.n_trials)
    assert not np.allclose(shuffled.values, trials.values)
    for unit in range(3):
        first, second = (np.sort(t.values[..., unit].ravel()) for t in (trials, shuffled))
        assert np.array_equal(first, second)
    whole = {tuple(trial.ravel()) for trial in trials.values.reshape(-1, 5, 3)}
    kept = {tuple(trial.ravel()) for trial in shuffled.values.reshape(-1, 5, 3)}
    assert (kept == whole) is simultaneous


def test_unusable_trials_are_refused():
    array = _as_array(_lists(8, COUNTS))
    gap = array.copy()
    gap[0, 0, 0, 2, 1] = np.nan
    with pytest.raises(
        InputError, match="trials NaN at all times or none, got gaps in units 1; fill the gaps"
    ):
        _trials(gap)
    empty = array.copy()
    empty[:, 2, 1, :, 0] = np.nan
    with pytest.raises(InputError, match=r"none of condition \(2, 1\), unit 0; leave out the unit"):
        _trials(empty)
    apart = array.copy()
    apart[0, 1, 1, :, 2] = np.nan
    with pytest.raises(InputError, match="trials NaN in some units; set simultaneous=False"):
        _trials(apart)
    assert _trials(apart, simultaneous=False).n_trials.min() == 2
    with pytest.raises(InputError, match="at least 2 along factor 1"):
        _trials(array[:, :, :1])
    with pytest.raises(InputError, match="at least 2 along time"):
        _trials(array[..., :1, :])
    with pytest.raises(InputError, match="infinite values"):
        _trials(np.where(np.isnan(array), np.inf, array))
    with pytest.raises(InputError, match=r"an array \(trial, factor 0, factor 1, time, unit\)"):
        _trials(array[0])
    lists = _lists(9, COUNTS)
    with pytest.raises(InputError, match="lists of one length at each depth"):
        _trials([lists[0], lists[1][:1], lists[2]])
    with pytest.raises(InputError, match="lists nested 2 deep"):
        _trials([leaf for row in lists for leaf in row])
    with pytest.raises(InputError, match="the same times and units in all conditions"):
        _trials([lists[0], [lists[1][0][:, :4], lists[1][1]]])
