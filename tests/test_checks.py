from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

from motorsim.checks import (
    DivergenceError,
    InputError,
    MotorsimError,
    check_array,
    check_choice,
    check_integer,
    check_number,
    check_positive,
)


def test_message_names_argument_expected_got_and_mend():
    error = InputError("dt_s", "a number above 0", "-1", "give seconds")
    assert str(error) == "dt_s: expected a number above 0, got -1; give seconds"
    assert isinstance(error, ValueError)
    assert isinstance(error, MotorsimError)
    assert issubclass(DivergenceError, MotorsimError)


def test_input_error_survives_the_way_back_from_a_worker():
    error = pickle.loads(pickle.dumps(InputError("a", "b", "c", "d")))  # noqa: S301 - our own bytes
    assert (error.name, error.expected, error.got, error.mend) == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    "value", [[1, 2], (True, False), np.arange(2, dtype=np.uint8), np.ones(2, np.float32)]
)
def test_numbers_become_float64(value):
    array = check_array("x", value, ("time",))
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, np.asarray(value, float))


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        None,
        {"a": 1},
        [[1, 2], [3]],
        [1j],
        np.array([1, None], dtype=object),
        np.array(["1"]),
        np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(value):
    with pytest.raises(InputError, match=r"weights: expected an array of numbers \(row, column\), got"):
        check_array("weights", value, ("row", "column"))


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (np.ones((2, 3)), {"axes": ("time",)}, r"an array \(time\), got shape \(2, 3\)"),
        (np.ones((2, 3)), {"shape": (2, None, 1)}, r"of shape \(2, any, 1\), got shape \(2, 3\)"),
        (np.ones((2, 3)), {"axes": ("a", "b"), "shape": (None, 4)}, r"got shape \(2, 3\)"),
        (np.ones((2, 0)), {"axes": ("time", "unit"), "minimum_sizes": (1, 1)}, "at least 1 along unit"),
        (np.ones((0,)), {"minimum_sizes": (1,)}, "at least 1 along axis 0"),
        ([1, np.nan, np.inf], {}, r"2 NaN or infinite values, the first at index \(1,\)"),
    ],
)
def test_shape_size_and_finiteness_are_checked(value, options, message):
    with pytest.raises(InputError, match=message):
        check_array("x", value, **options)


def test_free_sizes_and_infinity_pass_where_allowed():
    assert check_array("x", np.ones((2, 3)), shape=(None, 3)).shape == (2, 3)
    assert np.isnan(check_array("x", [np.nan], finite=False)[0])


@pytest.mark.parametrize(
    "value", [0, -1, np.nan, np.inf, "3", None, True, [1.0], np.ones(1), Fraction(1, 2), 1j]
)
def test_only_numbers_above_zero_are_positive(value):
    with pytest.raises(InputError, match="tau_s: expected a number above 0"):
        check_positive("tau_s", value)


def test_positive_numbers_of_every_kind_become_floats():
    for value in (2, 2.0, np.float32(2), np.int8(2), np.array(2.0)):
        checked = check_positive("tau_s", value)
        assert type(checked) is float
        assert checked == 2.0
    assert check_positive("delay_s", 0, allow_zero=True) == 0.0
    assert check_number("x", -3) == -3.0


@pytest.mark.parametrize("value", [0, 11, 2.0, "2", True, None, np.float64(2)])
def test_integers_keep_to_their_bounds(value):
    with pytest.raises(InputError, match="n: expected an integer from 1 to 10"):
        check_integer("n", value, maximum=10)
    assert check_integer("n", np.int64(10), maximum=10) == 10


@pytest.mark.parametrize("value", ["sgd ", 3, None, ["adam"]])
def test_a_choice_outside_the_list_shows_the_list(value):
    with pytest.raises(InputError, match="optimiser: expected one of adam, sgd, got"):
        check_choice("optimiser", value, {"sgd", "adam"})
    assert check_choice("optimiser", "sgd", {"sgd", "adam"}) == "sgd"
