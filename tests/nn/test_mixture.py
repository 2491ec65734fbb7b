"""A mixture is the sum of losses on parts of the outputs."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Huber, MeanLoss, MeanSquaredError, mse, poisson_nll
from motorsim.nn.mixture import MeanMixture, Mixture


def arrays(rng, shape=(3, 5, 4)):
    return rng.random(shape), rng.random(shape)


@pytest.mark.parametrize("kind", [Mixture, MeanMixture])
@pytest.mark.parametrize("masked", [False, True])
def test_value_and_gradient_are_those_of_the_parts(kind, masked):
    rng = np.random.default_rng(1)
    outputs, targets = arrays(rng)
    mask = rng.random((3, 5)) < 0.5 if masked else None
    value, gradient = kind(((slice(2), poisson_nll, 2.0), ((3,), Huber(0.1), 0.5)))(outputs, targets, mask)
    first, first_gradient = poisson_nll(outputs[..., :2], targets[..., :2], mask)
    second, second_gradient = Huber(0.1)(outputs[..., 3:], targets[..., 3:], mask)
    assert value == pytest.approx(2.0 * first + 0.5 * second, rel=1e-13)
    np.testing.assert_allclose(gradient[..., :2], 2.0 * first_gradient)
    np.testing.assert_allclose(gradient[..., 3:], 0.5 * second_gradient)
    assert not gradient[..., 2].any()


def test_outputs_named_twice_pay_twice():
    outputs, targets = arrays(np.random.default_rng(2))
    value, gradient = Mixture(((slice(4), mse, 1.0), ([0, 1, 2, 3], mse, 2.0)))(outputs, targets)
    once, once_gradient = mse(outputs, targets)
    assert value == pytest.approx(3 * once)
    np.testing.assert_allclose(gradient, 3 * once_gradient)


def test_an_output_that_is_masked_out_hands_its_share_to_no_other():
    outputs, targets = arrays(np.random.default_rng(3))
    mask = np.ones((3, 5, 4), dtype=bool)
    mask[..., 0] = False
    whole = Mixture(
        ((slice(0, 2), MeanSquaredError(output_weights=[3.0, 1.0]), 1.0), (slice(2, 4), mse, 1.0))
    )
    value, _ = whole(outputs, targets, mask)
    second, _ = mse(outputs[..., 1], targets[..., 1])
    others, _ = mse(outputs[..., 2:], targets[..., 2:])
    assert value == pytest.approx(second / 4 + others)


def test_a_part_of_which_nothing_counts_costs_nothing():
    outputs, targets = arrays(np.random.default_rng(4))
    mask = np.zeros((3, 5, 4), dtype=bool)
    mask[..., 3] = True
    value, gradient = Mixture(((slice(0, 2), mse, 1.0), (slice(3, 4), mse, 1.0)))(outputs, targets, mask)
    assert value == pytest.approx(mse(outputs[..., 3:], targets[..., 3:])[0])
    assert not gradient[..., :3].any()


def test_only_a_mixture_of_means_is_a_mean():
    def last_time(outputs, targets, mask):
        gradient = np.zeros_like(outputs)
        gradient[:, -1] = 1.0
        return outputs[:, -1].sum(), gradient

    outputs, targets = arrays(np.random.default_rng(5))
    mixture = Mixture(((slice(0, 1), last_time, 2.0), (slice(1, 4), mse, 1.0)))
    assert mixture(outputs, targets)[0] == pytest.approx(
        2.0 * outputs[:, -1, 0].sum() + mse(outputs[..., 1:], targets[..., 1:])[0]
    )
    assert not isinstance(mixture, MeanLoss)
    assert isinstance(MeanMixture(((slice(1, 4), mse, 1.0),)), MeanLoss)
    with pytest.raises(InputError, match=r"parts\[1\]: expected a loss that is a mean"):
        MeanMixture(((slice(0, 1), mse, 2.0), (slice(1, 4), last_time, 1.0)))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((), "parts: expected at least one"),
        (((slice(2), mse),), r"parts\[0\]: expected \(outputs, loss, weight\)"),
        ((([0, 0], mse, 1.0),), "each output once"),
        ((([-1], mse, 1.0),), "a slice or indices of at least 0"),
        (((1.5, mse, 1.0),), "a slice or indices"),
        (((slice(2), "mse", 1.0),), "a loss such as mse"),
        (((slice(2), MeanSquaredError, 1.0),), "a loss such as mse"),
        (((slice(2), mse, -1.0),), r"parts\[0\] weight"),
    ],
)
def test_parts_that_are_none_are_refused(parts, message):
    with pytest.raises(InputError, match=message):
        Mixture(parts)


@pytest.mark.parametrize("chosen", [slice(0, 5), slice(4, 6), slice(2, 2), [4]])
def test_outputs_that_are_not_there_are_refused(chosen):
    outputs, targets = arrays(np.random.default_rng(6))
    with pytest.raises(InputError, match=r"parts\[0\]: expected some of the 4 outputs"):
        Mixture(((chosen, mse, 1.0),))(outputs, targets)
