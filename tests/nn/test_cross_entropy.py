"""Cross-entropy of classes: known values, what it refuses, and class weights."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import CrossEntropy, cross_entropy, one_hot
from motorsim.nn.cross_entropy import CrossEntropyOfScores


def test_guessing_costs_the_logarithm_of_the_number_of_classes():
    targets = one_hot([0, 1, 2, 3], 4)
    assert cross_entropy(np.full((4, 4), 0.25), targets)[0] == pytest.approx(np.log(4))
    assert CrossEntropyOfScores()(np.zeros((4, 4)), targets)[0] == pytest.approx(np.log(4))


def test_scores_that_all_move_together_change_nothing():
    rng = np.random.default_rng(1)
    scores, targets = rng.normal(size=(6, 3)), one_hot(rng.integers(0, 3, 6), 3)
    loss = CrossEntropyOfScores()
    value, gradient = loss(scores, targets)
    moved, moved_gradient = loss(scores + 300.0, targets)
    assert moved == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(moved_gradient, gradient, atol=1e-13)
    np.testing.assert_allclose(gradient.sum(axis=-1), 0.0, atol=1e-16)


def test_a_class_without_weight_is_no_loss_and_the_others_count_for_more():
    probabilities, targets = np.array([[0.2, 0.8], [0.2, 0.8]]), one_hot([0, 1], 2)
    value, _ = CrossEntropy(output_weights=[1.0, 0.0])(probabilities, targets)
    assert value == pytest.approx(-np.log(0.2) / (2 * 0.5))


def test_a_certain_mistake_costs_much_but_not_infinitely():
    value, gradient = cross_entropy(np.array([[1.0, 0.0]], np.float32), one_hot([1], 2).astype(np.float32))
    assert 80 < value < 90
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("outputs", "targets", "message"),
    [
        (
            [[0.5, 0.6]],
            [[1.0, 0.0]],
            "outputs: expected probabilities that sum to 1.*use the Softmax readout",
        ),
        ([[1.5, -0.5]], [[1.0, 0.0]], "outputs: expected probabilities"),
        ([[0.5, 0.5]], [[1.0, 1.0]], "targets: expected probabilities.*one_hot"),
        ([[0.5, 0.5]], [[2.0, -1.0]], "targets: expected probabilities"),
        ([[0.5, 0.5]], [[np.nan, 1.0]], "targets: expected probabilities"),
    ],
)
def test_what_is_no_probability_is_refused(outputs, targets, message):
    with pytest.raises(InputError, match=message):
        cross_entropy(np.array(outputs), np.array(targets))


def test_a_mask_that_splits_the_classes_of_a_sample_is_refused():
    mask = np.array([[True, False]])
    with pytest.raises(InputError, match="mask: expected all classes of a sample in or out together"):
        cross_entropy(np.full((1, 2), 0.5), one_hot([1], 2), mask)
