"""Cross-entropy of outputs that are each on or off."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import binary_cross_entropy, cross_entropy
from motorsim.nn.binary_cross_entropy import BinaryCrossEntropyOfScores


def test_one_output_is_a_choice_between_two_classes():
    rng = np.random.default_rng(1)
    on, wanted = rng.uniform(0.1, 0.9, (7, 1)), rng.random((7, 1))
    value, _ = binary_cross_entropy(on, wanted)
    both, _ = cross_entropy(np.hstack([on, 1 - on]), np.hstack([wanted, 1 - wanted]))
    assert value == pytest.approx(both, rel=1e-13)


def test_scores_cost_what_their_probabilities_cost():
    rng = np.random.default_rng(2)
    scores, targets = rng.normal(size=(4, 3)), rng.random((4, 3))
    value, gradient = BinaryCrossEntropyOfScores()(scores, targets)
    on = 1 / (1 + np.exp(-scores))
    expected, slope = binary_cross_entropy(on, targets)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slope * on * (1 - on), atol=1e-15)


@pytest.mark.parametrize(
    ("outputs", "targets", "message"),
    [
        ([[1.1]], [[1.0]], "outputs: expected probabilities from 0 to 1.*use the Sigmoid readout"),
        ([[-0.1]], [[1.0]], "outputs: expected probabilities"),
        ([[0.5]], [[1.2]], "targets: expected 0, 1 or probabilities between"),
        ([[0.5]], [[-0.2]], "targets: expected 0, 1"),
        ([[0.5]], [[np.nan]], "targets: expected 0, 1"),
    ],
)
def test_what_is_no_probability_is_refused(outputs, targets, message):
    with pytest.raises(InputError, match=message):
        binary_cross_entropy(np.array(outputs), np.array(targets))
