import numpy as np
import pytest

from motorsim.analysis import cv2, interval_cv, lv
from motorsim.checks import InputError


def _gamma_intervals(order, *, n_trials=40, n_units=6, per_train=60, mean_s=0.1, seed=0):
    """Intervals of renewal processes, train after train."""
    rng = np.random.default_rng(seed)
    interval_s = rng.gamma(order, mean_s / order, (n_trials, n_units, per_train))
    trial, unit, _ = np.indices(interval_s.shape)
    return interval_s.ravel(), trial.ravel(), unit.ravel()


@pytest.mark.parametrize("order", [1, 4])
def test_a_gamma_process_of_order_k_has_cv_one_over_root_k(order):
    found = interval_cv(*_gamma_intervals(order), n_units=6, conditions=np.arange(40) % 4)
    np.testing.assert_allclose(found.value, 1 / np.sqrt(order), rtol=0.06)
    assert (found.n_used == 40 * 60).all()


@pytest.mark.parametrize(("order", "expected_cv2", "expected_lv"), [(1, 1.0, 1.0), (4, 0.547, 1 / 3)])
def test_neighbours_of_a_gamma_process_give_the_known_cv2_and_lv(order, expected_cv2, expected_lv):
    """For order k, LV = 3 / (2 k + 1), and CV2 is twice the mean of |2 b - 1|, b ~ Beta(k, k)."""
    intervals = _gamma_intervals(order)
    np.testing.assert_allclose(cv2(*intervals, n_units=6).value, expected_cv2, rtol=0.06)
    np.testing.assert_allclose(lv(*intervals, n_units=6).value, expected_lv, rtol=0.1)


def test_rates_that_differ_between_conditions_do_not_raise_the_cv_pooled_within_them():
    interval_s, trial, unit = _gamma_intervals(1)
    interval_s = interval_s * np.where(trial % 2, 5.0, 1.0)
    within = interval_cv(interval_s, trial, unit, n_units=6, conditions=np.arange(40) % 2)
    together = interval_cv(interval_s, trial, unit, n_units=6, conditions=np.zeros(40))
    np.testing.assert_allclose(within.value, 1.0, rtol=0.06)
    assert (together.value > 1.3).all()


def test_texts_and_numbers_name_conditions_alike():
    intervals = _gamma_intervals(2)
    numbers = np.arange(40) % 3
    by_number = interval_cv(*intervals, n_units=6, conditions=numbers)
    by_text = interval_cv(*intervals, n_units=6, conditions=[f"{number} deg" for number in numbers])
    np.testing.assert_array_equal(by_number.value, by_text.value)


def test_three_intervals_have_the_values_worked_out_by_hand():
    train = ([0.1, 0.3, 0.2], [0, 0, 0], [1, 1, 1])
    found = interval_cv(*train, n_units=2, conditions=["a"], minimum=3)
    assert np.isnan(found.value[0])
    assert found.value[1] == pytest.approx(0.1 / 0.2)
    assert found.n_used.tolist() == [0, 3]
    assert cv2(*train, n_units=2, minimum=2).value[1] == pytest.approx((2 * 0.2 / 0.4 + 2 * 0.1 / 0.5) / 2)
    assert lv(*train, n_units=2, minimum=2).value[1] == pytest.approx(1.5 * (0.5**2 + 0.2**2))


def test_neighbours_never_reach_across_trains():
    interval_s, trial, unit = [0.1, 0.1, 9.0, 9.0, 0.1, 0.1], [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]
    for measure in (cv2, lv):
        found = measure(interval_s, trial, unit, n_units=2, minimum=1)
        assert found.value.tolist() == [0.0, 0.0]
        assert found.n_used.tolist() == [2, 1]


def test_a_unit_with_too_few_intervals_in_every_condition_has_no_cv():
    intervals = _gamma_intervals(1, n_trials=4, per_train=9)
    apart = interval_cv(*intervals, n_units=6, conditions=[0, 1, 2, 3])
    assert np.isnan(apart.value).all()
    assert not apart.n_used.any()
    assert np.isfinite(interval_cv(*intervals, n_units=6, conditions=np.zeros(4)).value).all()


def test_the_expected_squared_cv_of_n_poisson_intervals_is_n_over_n_plus_one():
    intervals = _gamma_intervals(1, n_trials=6000, n_units=1, per_train=10)
    found = interval_cv(*intervals, n_units=1, conditions=np.arange(6000))
    assert found.value[0] ** 2 == pytest.approx(10 / 11, abs=0.02)


def test_an_epoch_of_six_intervals_lowers_the_cv_of_a_poisson_train_to_the_value_stated():
    rng = np.random.default_rng(3)
    n_trials = 8000
    n_spikes = rng.poisson(6.0, n_trials)
    trains = [np.diff(np.sort(rng.uniform(0, 0.6, n))) for n in n_spikes]
    interval_s = np.concatenate(trains)
    trial = np.repeat(np.arange(n_trials), [len(train) for train in trains])
    found = interval_cv(interval_s, trial, np.zeros_like(trial), n_units=1, conditions=np.zeros(n_trials))
    assert found.value[0] == pytest.approx(0.953, abs=0.012)


def test_elephant_agrees():
    statistics = pytest.importorskip("elephant.statistics")
    interval_s, trial, unit = _gamma_intervals(3, n_trials=1, n_units=2, per_train=50)
    ours = [
        interval_cv(interval_s, trial, unit, n_units=2, conditions=["all"]),
        cv2(interval_s, trial, unit, n_units=2),
        lv(interval_s, trial, unit, n_units=2),
    ]
    for number in range(2):
        train = interval_s[unit == number]
        # elephant divides by the number of intervals, not by one less.
        assert ours[0].value[number] == pytest.approx(statistics.cv(train) * np.sqrt(50 / 49))
        assert ours[1].value[number] == pytest.approx(statistics.cv2(train))
        assert ours[2].value[number] == pytest.approx(statistics.lv(train))


def test_unusable_input_is_refused():
    good = {"interval_s": [0.1, 0.2], "trial": [0, 0], "unit": [0, 0], "n_units": 1, "conditions": ["a"]}
    for change, match in (
        ({"interval_s": [0.1, -0.2]}, "interval_s: expected intervals of at least 0 s"),
        ({"interval_s": [0.1, np.nan]}, "interval_s: expected finite"),
        ({"trial": [0]}, "trial: expected an array"),
        ({"trial": [0, 1]}, "trial: expected integers from 0 to 0, got 1"),
        ({"unit": [0, 1]}, "unit: expected integers from 0 to 0, got 1"),
        ({"unit": [0, 0.5]}, "unit: expected integers from 0 to 0, got 0.5"),
        ({"n_units": 0}, "n_units: expected an integer"),
        ({"minimum": 1}, "minimum: expected an integer of at least 2"),
        ({"conditions": "a"}, "conditions: expected one label a trial"),
        ({"conditions": [None]}, "conditions: expected numbers or texts"),
        ({"conditions": [np.nan]}, "conditions: expected a label for every trial"),
    ):
        with pytest.raises(InputError, match=match):
            interval_cv(**(good | change))
    for measure in (cv2, lv):
        with pytest.raises(InputError, match="train after train"):
            measure([0.1, 0.2, 0.3], [1, 0, 1], [0, 0, 0], n_units=1)
