import numpy as np
import pytest

from motorsim.analysis.decode import decode
from motorsim.analysis.kalman import fit_kalman
from motorsim.checks import InputError
from motorsim.train import RNNClassifier, RNNRegressor

LABELS = np.tile(["a", "b", "c", "d"], 15)


def _tuned(depth=1.0, n_units=12, n_times=4, seed=0):
    rng = np.random.default_rng(seed)
    means = 3 + depth * rng.uniform(-2, 2, (4, 1, n_units))
    return rng.poisson(np.repeat(means[np.arange(60) % 4], n_times, axis=1)).astype(float)


def _movement(n_trials=24, n_times=40, n_units=15, noise=1.0, seed=1):
    rng = np.random.default_rng(seed)
    times = np.linspace(0, 1, n_times)[:, None]
    phase, size = rng.uniform(0, 2 * np.pi, (n_trials, 1, 2)), rng.uniform(0.5, 2, (n_trials, 1, 2))
    states = size * np.sin(2 * np.pi * times + phase)
    rates = 5 + states @ rng.standard_normal((2, n_units))
    return rates + noise * rng.standard_normal(rates.shape), states


@pytest.mark.parametrize("decoder", ["logistic", "naive_bayes"])
def test_labels_are_decoded_from_tuned_units_and_not_from_untuned_ones(decoder):
    found = decode(_tuned(), LABELS, decoder=decoder, rng=1, n_shuffles=9)
    assert found.score > 0.9
    assert (found.metric, found.chance) == ("accuracy", 0.25)
    assert found.p == pytest.approx(0.1)
    assert found.null.mean() == pytest.approx(0.25, abs=0.1)
    assert np.mean(found.predictions == LABELS) == pytest.approx(found.score)
    untuned = [decode(_tuned(depth=0.0, seed=seed), LABELS, decoder=decoder, rng=1) for seed in range(30)]
    assert np.mean([each.score for each in untuned]) == pytest.approx(0.25, abs=0.05)
    assert np.mean([each.low < 0.25 < each.high for each in untuned]) > 0.85


@pytest.mark.parametrize("decoder", ["ridge", "kalman"])
def test_movement_is_decoded_and_the_score_has_its_closed_form(decoder):
    rates, states = _movement()
    found = decode(rates, states, decoder=decoder, rng=1, n_folds=4)
    assert found.metric == "r2"
    assert 0.9 < found.score < 1
    for fold in range(4):
        test = found.fold == fold
        baseline = states[~test].mean(axis=(0, 1))
        ratio = np.sum((states - found.predictions)[test] ** 2) / np.sum((states[test] - baseline) ** 2)
        assert found.fold_scores[0, fold] == pytest.approx(1 - ratio)
    assert found.score == pytest.approx(found.fold_scores.mean())
    assert found.score_per_output.shape == (2,)


def test_the_kalman_decoder_is_the_filter_fitted_on_the_other_folds():
    rates, states = _movement()
    found = decode(rates, states, decoder="kalman", rng=1, n_folds=3)
    test = found.fold == 1
    expected = fit_kalman(rates[~test], states[~test]).predict(rates[test]).states
    np.testing.assert_allclose(found.predictions[test], expected, atol=1e-12)


def test_ridge_agrees_with_scikit_learn_on_each_fold():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rates, states = _movement()
    found = decode(rates, states, rng=1, ridge=0.1, n_folds=3)
    for fold in range(3):
        test = found.fold == fold
        train = rates[~test].reshape(-1, 15)
        centre, scale = train.mean(axis=0), train.std(axis=0)
        z = (train - centre) / scale
        alpha = 0.1 * np.linalg.norm(z - z.mean(axis=0), 2) ** 2
        model = linear_model.Ridge(alpha=alpha).fit(z, states[~test].reshape(-1, 2))
        expected = model.predict(((rates[test] - centre) / scale).reshape(-1, 15)).reshape(-1, 40, 2)
        np.testing.assert_allclose(found.predictions[test], expected, atol=1e-9)


def test_held_out_trials_have_no_say_in_what_is_learned():
    """Other numbers in the trials of one fold change the predictions of that fold by its own rates alone."""
    rates, states = _movement()
    first = decode(rates, states, rng=1, n_folds=4)
    test = first.fold == 2
    moved = rates.copy()
    moved[test] = 1e3 * moved[test] + 50
    wild = np.where(test[:, None, None], 1e6 * states, states)
    second = decode(rates, wild, rng=1, n_folds=4)
    np.testing.assert_allclose(second.predictions[test], first.predictions[test], rtol=1e-9)
    third = decode(moved, states, rng=1, n_folds=4)
    train = rates[~test].reshape(-1, 15)
    np.testing.assert_array_equal(third.fold, first.fold)
    plain = decode(rates, states, rng=1, n_folds=4, ridge=0.0)
    by_hand = np.linalg.lstsq(
        np.column_stack([train, np.ones(len(train))]), states[~test].reshape(-1, 2), rcond=None
    )[0]
    after = decode(moved, states, rng=1, n_folds=4, ridge=0.0)
    expected = moved[test] @ by_hand[:-1] + by_hand[-1]
    np.testing.assert_allclose(after.predictions[test], expected, rtol=1e-8)
    np.testing.assert_allclose(plain.predictions[test], rates[test] @ by_hand[:-1] + by_hand[-1], rtol=1e-8)


def test_noise_decodes_at_chance_with_far_more_units_than_trials():
    rates = np.random.default_rng(3).standard_normal((60, 1, 500))
    assert decode(rates, LABELS, decoder="logistic", rng=1).score < 0.45
    values = np.random.default_rng(4).standard_normal((60, 2))
    assert decode(rates, values, rng=1).score < 0.05


def test_whole_conditions_are_held_out_when_asked():
    condition = np.repeat(np.arange(8), 4)
    one_hot = np.repeat((condition[:, None] == np.arange(8)).astype(float)[:, None], 3, axis=1)
    targets = np.random.default_rng(5).standard_normal(8)[condition]
    within = decode(one_hot, targets, rng=1, n_folds=4)
    across = decode(one_hot, targets, rng=1, n_folds=4, groups=condition)
    assert within.score > 0.99
    assert across.score < 0.05
    assert all(len(set(across.fold[condition == k])) == 1 for k in range(8))


def test_history_is_a_wiener_filter():
    """A target that is the rate two samples ago is decoded with a history of two, and not of one."""
    rates = np.random.default_rng(6).standard_normal((20, 30, 3))
    targets = np.zeros((20, 30, 1))
    targets[:, 2:] = rates[:, :-2, :1]
    one, two = (decode(rates, targets, rng=1, history=k, ridge=0.0) for k in (1, 2))
    assert two.score == pytest.approx(1.0)
    assert two.predictions.shape == (20, 28, 1)
    assert one.score < 0.1


def test_labels_are_spread_over_folds_and_sizes_differ_by_one_at_most():
    fold = decode(_tuned(), LABELS, decoder="naive_bayes", rng=1, n_folds=7).fold
    sizes = np.bincount(fold)
    assert np.ptp(sizes) <= 1
    for label in "abcd":
        assert np.ptp(np.bincount(fold[label == LABELS], minlength=7)) <= 1


def test_estimator_objects_fit_in():
    discriminant = pytest.importorskip("sklearn.discriminant_analysis")
    linear_model = pytest.importorskip("sklearn.linear_model")
    estimator = discriminant.LinearDiscriminantAnalysis()
    found = decode(_tuned(n_times=1, n_units=30), LABELS, decoder=estimator, rng=1)
    assert found.score > 0.7
    assert not hasattr(estimator, "classes_")
    rates, states = _movement()
    least_squares = decode(rates, states, decoder=linear_model.LinearRegression(), rng=1)
    own = decode(rates, states, rng=1, ridge=0.0)
    np.testing.assert_allclose(least_squares.predictions, own.predictions, atol=1e-9)


class _NearestMean:
    """An estimator that knows nothing of scikit-learn."""

    def fit(self, X, y):
        self.labels = np.unique(y)
        self.means = np.stack([X[y == label].mean(axis=0) for label in self.labels])
        return self

    def predict_proba(self, X):
        distance = np.sum((X[:, None] - self.means) ** 2, axis=2)
        return np.exp(-distance) / np.exp(-distance).sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.labels[np.sum((X[:, None] - self.means) ** 2, axis=2).argmin(axis=1)]


def test_any_object_with_fit_and_predict_will_do():
    assert decode(_tuned(), LABELS, decoder=_NearestMean(), rng=1).score > 0.85


class _Recorder(_NearestMean):
    """Keeps what it was fitted to where copies share it."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y):
        self.seen.append(X)
        return super().fit(X, y)


@pytest.mark.parametrize("standardise", [True, False])
def test_units_are_standardised_by_the_training_trials_alone(standardise):
    rates = _tuned(n_times=4)
    _Recorder.seen.clear()
    found = decode(rates, LABELS, decoder=_Recorder(), rng=1, standardise=standardise)
    for fold, seen in enumerate(_Recorder.seen):
        train = rates[found.fold != fold]
        if standardise:
            train = (train - train.mean(axis=(0, 1))) / train.std(axis=(0, 1))
        np.testing.assert_allclose(seen, train.reshape(len(train), -1), atol=1e-12)


def test_recurrent_networks_are_given_sequences():
    rng = np.random.default_rng(7)
    labels = np.tile(["early", "late"], 20)
    rates = 0.1 * rng.standard_normal((40, 8, 2))
    rates[labels == "early", 1:3, 0] += 1
    rates[labels == "late", 5:7, 0] += 1
    network = RNNClassifier(n_units=12, n_epochs=60, learning_rate=0.02, random_state=0, dt_s=0.05)
    assert decode(rates, labels, decoder=network, rng=1, n_folds=2).score > 0.9
    targets = np.cumsum(rates[:, :, :1], axis=1)
    regressor = RNNRegressor(n_units=12, n_epochs=60, learning_rate=0.02, random_state=0, dt_s=0.05)
    found = decode(rates, targets, decoder=regressor, rng=1, n_folds=2)
    assert found.predictions.shape == (40, 8, 1)
    assert found.score > 0.5


def test_the_interval_is_that_of_corrected_resampling():
    found = decode(_tuned(depth=0.3), LABELS, decoder="naive_bayes", rng=1, n_folds=5, n_repeats=4)
    stats = pytest.importorskip("scipy.stats")
    scores = found.fold_scores.ravel()
    assert scores.shape == (20,)
    reach = stats.t.ppf(0.975, 19) * np.sqrt(scores.var(ddof=1) * (1 / 20 + 1 / 4))
    assert found.high - found.score == pytest.approx(reach)
    assert found.score - found.low == pytest.approx(reach)


def test_the_same_seed_gives_the_same_folds():
    runs = [decode(_tuned(), LABELS, decoder="naive_bayes", rng=seed).fold for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_unusable_input_is_refused():
    rates, states = _movement(n_trials=8)
    counts = _tuned()
    for arguments, options, match in (
        ((counts, LABELS), {}, "targets: expected numbers, .* got texts; decode labels with"),
        ((counts, LABELS[:-1]), {"decoder": "logistic"}, "targets: expected one label a trial"),
        ((counts, ["a"] * 60), {"decoder": "logistic"}, "targets: expected at least 2 different labels"),
        ((counts, LABELS), {"decoder": "logistic", "groups": LABELS, "n_folds": 2}, "groups: expected every"),
        ((counts, LABELS), {"decoder": "forest"}, "decoder: expected one of kalman, logistic"),
        ((counts, LABELS), {"decoder": _NearestMean}, "decoder: expected one of .* an estimator object"),
        ((-counts, LABELS), {"decoder": "naive_bayes"}, "counts of at least 0"),
        ((counts, LABELS), {"decoder": "naive_bayes", "standardise": True}, "standardise: expected False"),
        ((rates, states[:, 0]), {"decoder": "kalman"}, r"targets: expected \(trial, time, output\)"),
        ((rates, states[:, :-1]), {}, r"targets: expected \(trial,\), .* bin targets like rates"),
        ((rates, states * 0 + 1), {}, "targets: expected outputs that vary"),
        ((rates, states), {"n_folds": 9}, "n_folds: expected at most the number of trials"),
        ((rates, states), {"n_folds": 1}, "n_folds: expected an integer of at least 2"),
        ((rates, states[:, 0]), {"history": 2}, "history: expected 0 for targets without time"),
        ((rates, states), {"history": 39}, "history: expected at most 38"),
        ((rates[:1], states[:1]), {}, "rates: expected at least 2 conditions"),
        ((rates, states), {"groups": [0] * 8}, "n_folds: expected at most the number of groups"),
        ((rates * np.nan, states), {}, "rates: expected finite rates"),
    ):
        with pytest.raises(InputError, match=match):
            decode(*arguments, rng=1, **options)
