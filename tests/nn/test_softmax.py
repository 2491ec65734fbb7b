"""Softmax outputs are probabilities, however far the scores."""

import numpy as np
import pytest

from motorsim.nn import Softmax, Workspace
from motorsim.nn.softmax import softmax


def test_outputs_are_probabilities_in_the_ratio_of_the_exponentials():
    rng = np.random.default_rng(1)
    parameters = {"weights": rng.normal(size=(3, 4)), "bias": rng.normal(size=3)}
    rates = rng.normal(size=(5, 2, 4))
    outputs, _ = Softmax(4, 3).read(parameters, rates, Workspace().empty)
    scores = rates @ parameters["weights"].T + parameters["bias"]
    np.testing.assert_allclose(outputs.sum(axis=-1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(np.log(outputs[..., 0] / outputs[..., 2]), scores[..., 0] - scores[..., 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_scores_neither_overflow_nor_leave_one(dtype):
    probabilities = softmax(np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]], dtype=dtype))
    np.testing.assert_array_equal(probabilities[0], [1.0, 0.0, 0.0])
    np.testing.assert_allclose(probabilities[1], 1 / 3, rtol=1e-6)
