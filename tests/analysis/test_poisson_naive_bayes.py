import numpy as np
import pytest

from motorsim.analysis.poisson_naive_bayes import fit_poisson_naive_bayes
from motorsim.checks import InputError

LABELS = np.tile(["left", "right", "up"], 20)


def _counts(n_units=5, seed=0, n_windows=2):
    rng = np.random.default_rng(seed)
    means = rng.uniform(1, 8, (3, n_windows, n_units))
    return rng.poisson(means[np.arange(60) % 3])


def test_posteriors_are_those_of_poisson_likelihoods():
    stats = pytest.importorskip("scipy.stats")
    counts = _counts()
    model = fit_poisson_naive_bayes(counts, LABELS)
    log = np.stack(
        [stats.poisson.logpmf(counts, mean).sum(axis=(1, 2)) for mean in model.mean_counts], axis=1
    ) + np.log(1 / 3)
    expected = log - np.log(np.exp(log).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(model.log_posterior(counts), expected, atol=1e-10)
    np.testing.assert_allclose(np.exp(model.log_posterior(counts)).sum(axis=1), 1)


def test_means_shrink_towards_the_overall_mean_by_the_pseudo_trials():
    counts = _counts()
    model = fit_poisson_naive_bayes(counts, LABELS, pseudo_trials=3.0)
    own, overall = counts[LABELS == "right"], counts.mean(axis=0)
    np.testing.assert_allclose(model.mean_counts[1], (own.sum(axis=0) + 3 * overall) / 23)
    assert model.labels.tolist() == ["left", "right", "up"]


def test_well_separated_classes_are_told_apart():
    assert np.mean(fit_poisson_naive_bayes(_counts(30), LABELS).predict(_counts(30)) == LABELS) == 1


def test_the_prior_decides_where_counts_do_not():
    labels = np.repeat(["often", "rare"], [9, 3])
    counts = np.full((12, 1, 1), 2)
    model = fit_poisson_naive_bayes(counts, labels)
    np.testing.assert_allclose(np.exp(model.log_posterior([[[2]]])), [[0.75, 0.25]])
    even = fit_poisson_naive_bayes(counts, labels, uniform_prior=True)
    np.testing.assert_allclose(np.exp(even.log_posterior([[[2]]])), [[0.5, 0.5]])


def test_a_spike_never_seen_rules_nothing_out_and_silent_units_have_no_say():
    counts = np.zeros((8, 1, 2))
    counts[:4, 0, 0] = 5
    model = fit_poisson_naive_bayes(counts, np.repeat([0, 1], 4))
    posterior = np.exp(model.log_posterior([[[1, 0]]]))
    assert posterior.min() > 0
    np.testing.assert_allclose(np.exp(model.log_posterior([[[1, 9]]])), posterior)
    assert np.isfinite(model.log_posterior([[[1000, 1000]]])).all()


def test_unusable_input_is_refused():
    counts = _counts()
    model = fit_poisson_naive_bayes(counts, LABELS)
    with pytest.raises(InputError, match="counts: expected counts of at least 0"):
        fit_poisson_naive_bayes(-counts, LABELS)
    with pytest.raises(InputError, match="counts: expected counts of at least 0"):
        model.log_posterior(-counts)
    with pytest.raises(InputError, match=r"counts: expected an array .* \(any, 2, 5\)"):
        model.predict(counts[:, :1])
    with pytest.raises(InputError, match="labels: expected at least 2 different labels"):
        fit_poisson_naive_bayes(counts, ["a"] * 60)
    with pytest.raises(InputError, match="pseudo_trials"):
        fit_poisson_naive_bayes(counts, LABELS, pseudo_trials=0.0)
