"""Sigmoid outputs are probabilities, each on its own."""

import numpy as np

from motorsim.nn import Sigmoid, Workspace


def test_outputs_are_the_logistic_function_of_the_scores():
    rng = np.random.default_rng(1)
    parameters = {"weights": rng.normal(size=(3, 4)), "bias": rng.normal(size=3)}
    rates = rng.normal(size=(5, 2, 4))
    outputs, _ = Sigmoid(4, 3).read(parameters, rates, Workspace().empty)
    scores = rates @ parameters["weights"].T + parameters["bias"]
    np.testing.assert_allclose(outputs, 1 / (1 + np.exp(-scores)), rtol=1e-13)


def test_far_scores_do_not_overflow():
    parameters = {"weights": np.array([[1e4]]), "bias": np.zeros(1)}
    outputs, _ = Sigmoid(1, 1).read(parameters, np.array([[1.0], [-1.0]]), Workspace().empty)
    np.testing.assert_array_equal(outputs, [[1.0], [0.0]])
