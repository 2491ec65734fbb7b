"""Dropout leaves numbers out at its rate, keeps their mean, and draws anew when asked."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.dropout import Dropout


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.75])
def test_numbers_are_left_out_at_the_rate_and_the_mean_stays(rate):
    ones = np.ones((200, 500))
    outputs, _ = Dropout(rate).forward({}, ones, rng=np.random.default_rng(1))
    # Three standard errors of a share of 100,000 are at most 0.005.
    assert np.mean(outputs == 0.0) == pytest.approx(rate, abs=0.005)
    assert outputs.mean() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(outputs[outputs > 0], 1.0 / (1.0 - rate), rtol=1e-15)


def test_without_a_generator_nothing_is_left_out():
    inputs = np.random.default_rng(2).normal(size=(4, 3))
    outputs, cache = Dropout(0.9).forward({}, inputs)
    np.testing.assert_array_equal(outputs, inputs)
    np.testing.assert_array_equal(Dropout(0.9).vjp({}, cache, inputs)[0], inputs)


def test_what_was_left_out_gets_no_gradient():
    layer, ones = Dropout(0.5), np.ones((50, 20))
    outputs, cache = layer.forward({}, ones, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(layer.vjp({}, cache, ones)[0], outputs)


def test_each_call_draws_anew_and_the_same_generator_draws_the_same_in_any_precision():
    layer, generator = Dropout(0.5), np.random.default_rng(5)
    first = layer.mask((6, 7), generator, np.float32)
    assert first.dtype == np.float32
    assert np.any(layer.mask((6, 7), generator, np.float32) != first)
    np.testing.assert_array_equal(layer.mask((6, 7), np.random.default_rng(5), np.float64), first)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0,), "rate: expected a number from 0 to below 1, got 1.0"),
        ((-0.1,), "rate: expected a number of at least 0, got -0.1"),
        ((np.nan,), "rate: expected a number of at least 0, got nan"),
    ],
)
def test_what_makes_no_dropout_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Dropout(*arguments)
