import numpy as np
import pytest

from motorsim.analysis import count_correlations
from motorsim.checks import InputError

POOLS = np.repeat(["left", "right", "third"], 8)


def _shared_poisson(correlation, *, n_trials=600, n_windows=1, mean=6.0, seed=0):
    """Counts of pools whose units share a Poisson part: correlation within a pool, none across."""
    rng = np.random.default_rng(seed)
    own = rng.poisson(mean * (1 - correlation), (n_trials, n_windows, len(POOLS)))
    shared = rng.poisson(mean * correlation, (n_trials, n_windows, 3))
    return own + np.repeat(shared, 8, axis=2)


@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.4])
def test_a_shared_poisson_part_gives_its_share_as_correlation_within_pools_and_none_across(correlation):
    conditions = np.arange(600) % 5
    found = count_correlations(_shared_poisson(correlation), conditions, groups=POOLS, rng=1)
    assert found.within.mean == pytest.approx(correlation, abs=0.02)
    assert found.across.mean == pytest.approx(0.0, abs=0.02)
    assert (found.within.n_pairs, found.across.n_pairs) == (3 * 28, 3 * 64)
    for part in (found.within, found.across):
        assert part.low < part.mean < part.high


def test_tuning_and_time_courses_that_units_share_are_no_correlation():
    rng = np.random.default_rng(1)
    conditions = np.arange(200) % 4
    means = 2 + 8 * (conditions[:, None, None] == 1) + np.array([0.0, 20.0])[:, None]
    counts = rng.poisson(np.broadcast_to(means, (200, 2, 24)))
    found = count_correlations(counts, conditions, rng=1, n_resamples=50)
    assert found.within.mean == pytest.approx(0.0, abs=0.01)
    assert count_correlations(counts, np.zeros(200), rng=1, n_resamples=50).within.mean > 0.3


def test_every_unit_correlates_with_itself_by_exactly_one():
    found = count_correlations(_shared_poisson(0.2, n_trials=20), np.arange(20) % 4, rng=1, n_resamples=5)
    np.testing.assert_allclose(np.diag(found.matrix), 1.0)
    np.testing.assert_allclose(found.matrix, found.matrix.T)


def test_one_condition_and_window_give_pearsons_correlation():
    counts = _shared_poisson(0.3, n_trials=30)
    found = count_correlations(counts, ["only"] * 30, rng=1, n_resamples=5)
    np.testing.assert_allclose(found.matrix, np.corrcoef(counts[:, 0].T), atol=1e-12)


def test_windows_are_pooled_as_further_strata():
    counts = _shared_poisson(0.3, n_trials=40, n_windows=2)
    found = count_correlations(counts, np.zeros(40), rng=1, n_resamples=5)
    each = [np.corrcoef(counts[:, window].T) for window in range(2)]
    np.testing.assert_allclose(found.matrix, np.mean(each, axis=0), atol=1e-12)


def test_a_unit_that_is_silent_in_one_condition_is_judged_by_the_others():
    counts = _shared_poisson(0.3, n_trials=40)
    counts[:20, 0, 0] = 0
    found = count_correlations(counts, np.repeat([0, 1], 20), rng=1, n_resamples=5)
    alone = np.corrcoef(counts[20:, 0].T)
    np.testing.assert_allclose(found.matrix[0], alone[0], atol=1e-12)
    counts[:, 0, 0] = 0
    silent = count_correlations(counts, np.repeat([0, 1], 20), rng=1, n_resamples=5)
    assert np.isnan(silent.matrix[0]).all()
    assert silent.within.n_pairs == 23 * 22 // 2


def test_the_interval_over_resampled_units_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(40):
        counts = _shared_poisson(0.15, n_trials=80, seed=seed)
        part = count_correlations(counts, np.zeros(80), groups=POOLS, rng=seed, n_resamples=200).across
        covered += part.low <= 0.0 <= part.high
    # Resampled units do not carry the chance of the trials that all pairs share, so 95 % is not reached.
    assert 26 <= covered <= 40


def test_without_groups_all_units_are_one():
    found = count_correlations(_shared_poisson(0.2, n_trials=20), np.zeros(20), rng=1, n_resamples=5)
    assert found.within.n_pairs == 24 * 23 // 2
    assert found.across.n_pairs == 0
    assert np.isnan(found.across.mean)


def test_unusable_input_is_refused():
    counts = _shared_poisson(0.2, n_trials=20)
    with pytest.raises(InputError, match="groups: expected one a unit, 24, got shape \\(3,\\)"):
        count_correlations(counts, np.zeros(20), groups=["a", "b", "c"], rng=1)
    with pytest.raises(InputError, match="at least 2 trials a condition"):
        count_correlations(counts, np.arange(20), rng=1)
    with pytest.raises(InputError, match="counts: expected counts of at least 0"):
        count_correlations(-counts, np.zeros(20), rng=1)
    with pytest.raises(InputError, match="rng"):
        count_correlations(counts, np.zeros(20), rng=-1)
