"""Every optimiser: a pure update that goes down a quadratic; Adam by its algorithm."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import SGD, Adam, AdamW, Optimiser

OPTIMISERS = {
    "sgd": SGD(0.1),
    "adam": Adam(0.05),
    "adamw": AdamW(0.05, weight_decay=0.0),
}


@pytest.mark.parametrize("optimiser", OPTIMISERS.values(), ids=OPTIMISERS)
def test_quadratic_is_minimised(optimiser):
    assert isinstance(optimiser, Optimiser)
    rng = np.random.default_rng(1)
    target = {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    curvature = {"a": 1.0 + rng.random((3, 2)), "b": 1.0 + rng.random(4)}
    params = {name: np.zeros_like(array) for name, array in target.items()}
    state = optimiser.init(params)
    for _ in range(600):
        grads = {name: curvature[name] * (params[name] - target[name]) for name in params}
        params, state = optimiser.update(grads, state, params)
    assert state.iteration == 600
    for name, array in params.items():
        np.testing.assert_allclose(array, target[name], atol=1e-4)


@pytest.mark.parametrize("optimiser", [SGD(0.1), Adam(0.1), AdamW(0.1, weight_decay=0.3)])
def test_update_is_pure_keeps_the_type_and_obeys_the_rate_factor(optimiser):
    params = {"w": np.array([[1.0, -2.0]], dtype=np.float32)}
    grads = {"w": np.array([[0.5, 0.25]], dtype=np.float32)}
    state = optimiser.init(params)
    full, after = optimiser.update(grads, state, params)
    half, _ = optimiser.update(grads, state, params, rate_factor=0.5)
    still, _ = optimiser.update(grads, state, params, rate_factor=0.0)

    assert (state.iteration, after.iteration) == (0, 1)
    assert all(np.all(moment["w"] == 0) for moment in state.moments.values())
    np.testing.assert_array_equal(params["w"], [[1.0, -2.0]])
    assert full["w"].dtype == np.float32
    np.testing.assert_allclose(half["w"] - params["w"], 0.5 * (full["w"] - params["w"]), rtol=1e-5)
    np.testing.assert_array_equal(still["w"], params["w"])


def test_sgd_steps_against_the_gradient():
    updated, _ = SGD(0.1).update({"w": np.array([2.0, -4.0])}, SGD().init({}), {"w": np.array([1.0, 1.0])})
    np.testing.assert_allclose(updated["w"], [0.8, 1.4])


def test_adam_makes_its_first_two_steps_as_published():
    """Gradients 0.1 then -0.3, learning rate 0.01: algorithm 1 of Kingma & Ba 2015 worked by hand."""
    adam = Adam(0.01)
    params = {"w": np.array([1.0])}
    params, state = adam.update({"w": np.array([0.1])}, adam.init(params), params)
    np.testing.assert_allclose(state.moments["mean"]["w"], 0.01)
    np.testing.assert_allclose(state.moments["square"]["w"], 1e-5)
    np.testing.assert_allclose(params["w"], 1.0 - 0.01 * 0.1 / (0.1 + 1e-8), rtol=1e-14)

    first = params["w"].copy()
    params, state = adam.update({"w": np.array([-0.3])}, state, params)
    # m = 0.9 x 0.01 - 0.1 x 0.3 = -0.021, over 1 - 0.81 = 0.19;
    # v = 0.999e-5 + 9e-5 = 9.999e-5, over 1 - 0.998001 = 0.001999.
    expected = first + 0.01 * (0.021 / 0.19) / (np.sqrt(9.999e-5 / 0.001999) + 1e-8)
    np.testing.assert_allclose(params["w"], expected, rtol=1e-14)


def test_adamw_shrinks_weights_and_nothing_else():
    params = {"weights": np.full((2, 2), 3.0), "bias": np.full(2, 3.0)}
    grads = {name: np.zeros_like(array) for name, array in params.items()}
    optimiser = AdamW(0.1, weight_decay=0.5)
    updated, _ = optimiser.update(grads, optimiser.init(params), params)
    np.testing.assert_allclose(updated["weights"], 3.0 * (1 - 0.05))
    np.testing.assert_array_equal(updated["bias"], params["bias"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0.0), "learning_rate"),
        (lambda: Adam(-1e-3), "learning_rate"),
        (lambda: Adam(mean_decay=1.0), "mean_decay: expected a number of at least 0 and below 1"),
        (lambda: Adam(square_decay=1.5), "square_decay"),
        (lambda: Adam(epsilon=0.0), "epsilon"),
        (lambda: AdamW(weight_decay=-0.1), "weight_decay"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
