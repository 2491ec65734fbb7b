"""Estimators keep scikit-learn's conventions, and learn."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

from motorsim.checks import InputError
from motorsim.nn import Network, RatePenalty, Stacked, WeightPenalty
from motorsim.train import fit, rnn_estimator
from motorsim.train.estimators import RNNClassifier, RNNRegressor

QUICK = {"n_units": 12, "n_epochs": 25, "learning_rate": 1e-2, "random_state": 1, "dt_s": 0.05}


def _labelled(seed, n=45, n_times=12):
    """Return noisy pulses in one of three features, and which one it was, as texts."""
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(np.arange(n) % 3)
    X = rng.normal(0.0, 0.5, size=(n, n_times, 3))
    X[np.arange(n), 2:10, numbers] += 1.0
    return 40.0 + 5.0 * X, np.array(["left", "up", "right"])[numbers]


def _sums(seed, n=40, n_times=8):
    """Return inputs and their running means, an integral that a network has to hold."""
    X = np.random.default_rng(seed).normal(3.0, 2.0, size=(n, n_times, 2))
    return X, np.cumsum(X, axis=1) / n_times


@pytest.mark.parametrize("cell", ["leaky", "vanilla", "lstm", "gru"])
@pytest.mark.parametrize("read", ["last", "mean"])
def test_classifier_scores_far_above_chance_on_held_out_samples(cell, read):
    X, y = _labelled(1, n=90)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    scores = cross_val_score(RNNClassifier(cell, read=read, **QUICK), X, y, cv=folds)
    assert scores.mean() > 0.8
    # Labels that say nothing about X keep it at chance: nothing leaks from the held-out samples.
    shuffled = np.random.default_rng(2).permutation(y)
    assert cross_val_score(RNNClassifier(cell, read=read, **QUICK), X, shuffled, cv=folds).mean() < 0.6


@pytest.mark.parametrize("without_time", [False, True])
def test_regressor_learns_an_integral_and_its_end(without_time):
    X, y = _sums(1)
    new_X, new_y = _sums(2)
    if without_time:
        y, new_y = y[:, -1], new_y[:, -1]
    regressor = RNNRegressor(**(QUICK | {"n_epochs": 150, "tau_s": 0.2})).fit(X, y)
    assert regressor.predict(new_X).shape == new_y.shape
    assert regressor.score(new_X, new_y) > 0.8


def test_targets_of_one_number_a_sample_are_those_of_one_column():
    X, y = _sums(3)
    flat = RNNRegressor(**QUICK).fit(X, y[:, -1, 0])
    column = RNNRegressor(**QUICK).fit(X, y[:, -1, :1])
    assert flat.predict(X).shape == (40,)
    np.testing.assert_array_equal(flat.predict(X), column.predict(X)[:, 0])


def test_score_is_r2_over_times_and_samples_and_takes_weights():
    X, y = _sums(4)
    regressor = RNNRegressor(**QUICK).fit(X, y)
    predicted = regressor.predict(X)
    assert regressor.score(X, y) == pytest.approx(r2_score(y.reshape(-1, 2), predicted.reshape(-1, 2)))
    weight = np.arange(40) < 10
    assert regressor.score(X, y, weight) == pytest.approx(regressor.score(X[:10], y[:10]))


def test_classes_are_sorted_and_probabilities_sum_to_one():
    X, y = _labelled(5)
    classifier = RNNClassifier("vanilla", **QUICK).fit(X, y)
    np.testing.assert_array_equal(classifier.classes_, ["left", "right", "up"])
    probabilities = classifier.predict_proba(X)
    # Scores take what they are given for float64, and warn where that does not sum to 1.
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    likeliest = np.array(["left", "right", "up"])[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(classifier.predict(X), likeliest)
    assert classifier.score(X, y) == np.mean(likeliest == y)
    renamed = RNNClassifier("vanilla", **QUICK).fit(X, np.where(y == "left", 7, np.where(y == "right", 8, 9)))
    np.testing.assert_array_equal(renamed.predict_proba(X), probabilities)


def test_last_time_or_the_mean_over_time_is_read():
    X, y = _labelled(6)
    classifier = RNNClassifier("vanilla", **QUICK).fit(X, y)
    outputs = classifier.network_.forward(classifier.input_standardisation_.apply(X)).outputs
    np.testing.assert_allclose(classifier.predict_proba(X), outputs[:, -1], rtol=1e-6)
    taught = RNNClassifier("vanilla", read="mean", **QUICK).fit(X, y).network_
    assert np.any(taught.forward(X).outputs != classifier.network_.forward(X).outputs)
    averaged = classifier.set_params(read="mean").predict_proba(X)
    np.testing.assert_allclose(averaged, outputs.astype(float).mean(axis=1), rtol=1e-6)


def test_units_of_inputs_and_targets_do_not_matter_once_standardised():
    X, y = _sums(7)
    settings = QUICK | {"dtype": "float64"}
    plain = RNNRegressor(**settings).fit(X, y).predict(X)
    scaled = RNNRegressor(**settings).fit(1e3 * X - 7.0, 1e-3 * y + 2.0).predict(1e3 * X - 7.0)
    np.testing.assert_allclose(1e3 * (scaled - 2.0), plain, rtol=1e-6, atol=1e-6)
    raw = RNNRegressor(**settings, standardise=False).fit(X, y)
    assert np.all(raw.input_standardisation_.scale == 1.0)
    constant = X.copy()
    constant[..., 1] = 0.1
    assert np.isfinite(RNNRegressor(**settings).fit(constant, y).predict(constant)).all()


def test_random_state_makes_it_repeatable():
    X, y = _labelled(8)
    settings = QUICK | {"validation_fraction": 0.2, "input_dropout": 0.2, "n_epochs": 4}
    first, again = (RNNClassifier(**settings).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = RNNClassifier(**(settings | {"random_state": 2})).fit(X, y).predict_proba(X)
    assert np.any(other != first)
    classifier = RNNClassifier(**(settings | {"random_state": np.random.RandomState(1)}))
    assert np.any(classifier.fit(X, y).predict_proba(X) != classifier.fit(X, y).predict_proba(X))


def test_patience_on_held_out_samples_stops_and_keeps_the_best():
    X, y = _labelled(9)
    shuffled = np.random.default_rng(1).permutation(y)
    classifier = RNNClassifier(
        **(QUICK | {"n_epochs": 300}), validation_fraction=0.3, patience=5, batch_size=8
    )
    result = classifier.fit(X, shuffled).fit_
    assert result.stopped == "patience"
    n_batches = -(-(45 - 14) // 8)
    np.testing.assert_array_equal(np.diff(result.evaluated_at), n_batches)
    best = result.evaluated_at[np.argmin(result.validation_loss)]
    assert result.best_iteration == best


def test_penalties_layers_dropout_and_optimisers_reach_the_network():
    X, y = _sums(10)
    deep = RNNRegressor("gru", **(QUICK | {"n_epochs": 2}), n_layers=2, dropout=0.5, input_dropout=0.1)
    cell = deep.fit(X, y).network_.cell
    assert isinstance(cell, Stacked)
    assert (len(cell.cells), cell.dropout, cell.input_dropout) == (2, 0.5, 0.1)

    def cost(settings, penalty):
        fitted = RNNRegressor(**QUICK, **settings).fit(X, y)
        hidden = fitted.network_.forward(fitted.input_standardisation_.apply(X)).hidden
        return penalty(1.0)(fitted.network_.parameters, hidden)[0]

    for setting, penalty in (("weight_penalty", WeightPenalty), ("rate_penalty", RatePenalty)):
        assert cost({setting: 10.0}, penalty) < 0.5 * cost({}, penalty)
    for optimiser in ("sgd", "momentum", "rmsprop", "adamw"):
        fitted = RNNRegressor(**(QUICK | {"n_epochs": 3}), optimiser=optimiser).fit(X, y)
        assert fitted.fit_.training_loss[-1] < fitted.fit_.training_loss[0]


def test_grid_search_and_pipeline_take_it():
    X, y = _labelled(11)
    pipeline = make_pipeline(FunctionTransformer(np.negative), RNNClassifier(**(QUICK | {"n_epochs": 8})))
    search = GridSearchCV(pipeline, {"rnnclassifier__cell": ["vanilla", "gru"]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.5
    assert search.best_params_["rnnclassifier__cell"] in {"vanilla", "gru"}


@pytest.mark.parametrize("kind", [RNNRegressor, RNNClassifier])
def test_fitted_estimator_survives_pickling(kind):
    X, y = _labelled(12)
    target = y if kind is RNNClassifier else X[:, -1]
    fitted = kind(**(QUICK | {"n_epochs": 2})).fit(X, target)
    back = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(back.predict(X), fitted.predict(X))
    assert isinstance(back.network_, Network)


@pytest.mark.parametrize("kind", [RNNRegressor, RNNClassifier])
def test_settings_are_kept_as_given_and_cloned_without_what_was_learned(kind):
    estimator = kind("gru", **QUICK)
    X, y = _labelled(13)
    estimator.set_params(n_epochs=2, read="mean").fit(X, y if kind is RNNClassifier else X[:, -1])
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    assert (copy.cell, copy.n_epochs, copy.read) == ("gru", 2, "mean")
    assert not hasattr(copy, "network_")
    assert estimator.n_features_in_ == 3
    assert (is_classifier(copy), is_regressor(copy)) == (kind is RNNClassifier, kind is RNNRegressor)
    with pytest.raises(NotFittedError):
        copy.predict(X)


@pytest.mark.parametrize("kind", [RNNRegressor, RNNClassifier])
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_of_scikit_learn_that_need_no_data_pass(kind, check):
    check(kind.__name__, kind())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": "elman"}, "cell: expected one of gru, leaky, lstm, vanilla"),
        ({"optimiser": "lbfgs"}, "optimiser: expected one of adam"),
        ({"read": "first"}, "read: expected one of last, mean"),
        ({"n_layers": 0}, "n_layers"),
        ({"n_epochs": 0}, "n_epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"validation_fraction": 1.0}, "validation_fraction: expected a share that leaves some"),
        ({"patience": 3}, "validation_fraction: expected a share above 0, since patience is set"),
        ({"dropout": 0.2}, "dropout: expected 0 with a single layer"),
        ({"dtype": "int32"}, "dtype"),
        ({"n_units": 0}, "n_units"),
    ],
)
def test_impossible_settings_are_refused_in_fit(change, message):
    X, y = _labelled(14)
    with pytest.raises(InputError, match=message):
        RNNClassifier(**(QUICK | change)).fit(X, y)


def test_arrays_that_cannot_be_learned_or_predicted_are_refused():
    X, y = _labelled(15)
    fitted = RNNClassifier(**(QUICK | {"n_epochs": 1})).fit(X, y)
    for wrong, message in (
        (X[..., :2], "X: expected 3 features, as in fit, got 2"),
        (X[0], r"X: expected an array \(sample, time, feature\)"),
        (np.where(X > 40, np.nan, X), "X: expected finite numbers"),
        (X[:, :0], "X: expected at least 1 along time"),
    ):
        with pytest.raises(InputError, match=message):
            fitted.predict(wrong)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        RNNClassifier(**QUICK).fit(X, y[:-1])
    with pytest.raises(InputError, match="y: expected at least two classes"):
        RNNClassifier(**QUICK).fit(X, np.repeat("up", 45))
    with pytest.raises(InputError, match="y: expected 12 times, those of X, got 5"):
        RNNRegressor(**QUICK).fit(X, X[:, :5])
    with pytest.raises(InputError, match="y: expected finite numbers"):
        RNNRegressor(**QUICK).fit(X, X[:, -1] * np.nan)
    regressor = RNNRegressor(**(QUICK | {"n_epochs": 1})).fit(X, X[:, -1])
    with pytest.raises(InputError, match=r"y: expected shape \(45, 3\)"):
        regressor.score(X, X[:, -1, :2])


def test_held_out_samples_have_no_say_in_the_standardisation():
    X, y = _sums(16)
    settings = QUICK | {"n_epochs": 1, "validation_fraction": 0.25}
    fitted = RNNRegressor(**settings).fit(X, y)
    n_rows = X.shape[1] * 30  # ten of forty samples are held out
    moved = []
    for row in range(40):
        changed, changed_y = X.copy(), y.copy()
        changed[row] += 100.0
        changed_y[row] += 100.0
        again = RNNRegressor(**settings).fit(changed, changed_y)
        shift = again.input_standardisation_.mean - fitted.input_standardisation_.mean
        shift_y = again.target_standardisation_.mean - fitted.target_standardisation_.mean
        np.testing.assert_allclose(shift_y, shift, atol=1e-9)
        moved.append(shift[0])
    np.testing.assert_allclose(np.sort(moved), [*[0.0] * 10, *[100.0 * 8 / n_rows] * 30], atol=1e-9)


@pytest.mark.parametrize("read", ["last", "mean"])
def test_what_is_read_is_what_is_taught(read, monkeypatch):
    taught = []

    def watched(*arguments, **options):
        taught.append((arguments[2], options["mask"]))
        return fit(*arguments, **options)

    monkeypatch.setattr(rnn_estimator, "fit", watched)
    X, y = _sums(17)
    RNNRegressor(**(QUICK | {"n_epochs": 1}), read=read).fit(X, y[:, -1])
    ((targets, mask),) = taught
    np.testing.assert_array_equal(targets, np.repeat(targets[:, :1], 8, axis=1))
    counts = np.ones((40, 8), dtype=bool) if mask is None else mask
    np.testing.assert_array_equal(counts, np.full((40, 8), read == "mean") | (np.arange(8) == 7))
