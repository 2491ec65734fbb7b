"""Mean squared error over what the mask and the weights leave."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import MeanSquaredError, mse


def test_loss_and_gradient_by_hand():
    outputs, targets = np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[[1.0, 0.0], [0.0, 4.0]]])
    loss, gradient = mse(outputs, targets)
    assert loss == pytest.approx(13 / 4)
    np.testing.assert_allclose(gradient, [[[0.0, 1.0], [1.5, 0.0]]])


@pytest.mark.parametrize("axes", [2, 3])
def test_mask_averages_over_what_it_leaves(axes):
    rng = np.random.default_rng(1)
    outputs, targets = rng.normal(size=(2, 3, 5, 4))
    mask = rng.random((3, 5, 4)[:axes]) < 0.5
    loss, gradient = mse(outputs, targets, mask)
    assert loss == pytest.approx(np.mean((outputs[mask] - targets[mask]) ** 2))
    assert np.all(gradient[~mask] == 0)


def test_mask_applies_to_outputs_that_lie_time_major_in_memory():
    rng = np.random.default_rng(2)
    outputs, targets = rng.normal(size=(2, 3, 5, 4))
    mask = rng.random((3, 5, 4)) < 0.5
    time_major = np.ascontiguousarray(outputs.swapaxes(0, 1)).swapaxes(0, 1)
    loss, gradient = mse(time_major, targets, mask)
    expected_loss, expected = mse(outputs, targets, mask)
    assert loss == pytest.approx(expected_loss, rel=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_equal_output_weights_do_nothing_and_a_weight_of_zero_drops_an_output():
    rng = np.random.default_rng(3)
    outputs, targets = rng.normal(size=(2, 3, 5, 2))
    equal, first = (
        MeanSquaredError(output_weights=np.full(2, 7.0)),
        MeanSquaredError(output_weights=[3.0, 0.0]),
    )
    assert equal(outputs, targets)[0] == pytest.approx(mse(outputs, targets)[0])
    first_only, _ = first(outputs, targets)
    assert first_only == pytest.approx(mse(outputs[..., :1], targets[..., :1])[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": np.zeros((2, 3, 5))}, r"targets: expected shape \(2, 3, 4\)"),
        (
            {"mask": np.ones((3, 2), bool)},
            r"mask: expected shape \(2, 3\) or \(2, 3, 4\), got shape \(3, 2\)",
        ),
        ({"mask": np.zeros((2, 3), bool)}, "mask: expected something left"),
        ({"mask": np.ones((2, 3))}, "mask: expected True and False"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {"outputs": np.zeros((2, 3, 4)), "targets": np.zeros((2, 3, 4))}
    with pytest.raises(InputError, match=message):
        mse(**{**arguments, **change})


def test_weights_for_another_number_of_outputs_are_refused():
    with pytest.raises(InputError, match="output_weights: expected 4 weights, one an output, got 3"):
        MeanSquaredError(output_weights=np.ones(3))(np.zeros((2, 4)), np.zeros((2, 4)))
