"""Every optimiser: a pure update that goes down a quadratic; Adam by its algorithm."""

from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.adam import Adam, AdamW
from motorsim.nn.momentum import Momentum
from motorsim.nn.optimiser import Optimiser
from motorsim.nn.rmsprop import RMSprop
from motorsim.nn.sgd import SGD

OPTIMISERS = {
    "sgd": SGD(0.1),
    "momentum": Momentum(0.05),
    "nesterov": Momentum(0.05, nesterov=True),
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


@pytest.mark.parametrize(
    "optimiser",
    [
        SGD(0.1),
        Momentum(0.1),
        Momentum(0.1, nesterov=True),
        RMSprop(0.1),
        Adam(0.1),
        AdamW(0.1, weight_decay=0.3),
    ],
)
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


@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.1), RMSprop(0.1), Adam(0.1), AdamW(0.1)])
def test_arrays_without_axes_are_updated_like_any_other(optimiser):
    single, vector = {"w": np.array(2.0)}, {"w": np.array([2.0])}
    states = [optimiser.init(single), optimiser.init(vector)]
    for slope in (0.3, -0.2):
        single, states[0] = optimiser.update({"w": np.array(slope)}, states[0], single)
        vector, states[1] = optimiser.update({"w": np.array([slope])}, states[1], vector)
    assert single["w"].shape == ()
    assert single["w"] == vector["w"][0]


@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.1), RMSprop(0.1), Adam(0.1), AdamW(0.1)])
def test_what_comes_in_is_never_written_to_nor_handed_out(optimiser):
    rng = np.random.default_rng(3)
    params = {"w": rng.normal(size=(4, 3)).astype(np.float32)}
    _, state = optimiser.update({"w": np.ones((4, 3), np.float32)}, optimiser.init(params), params)
    grads = {"w": rng.normal(size=(4, 3)).astype(np.float32)}
    held = [params["w"], grads["w"], *(moment["w"] for moment in state.moments.values())]
    for array in held:
        array.setflags(write=False)
    updated, after = optimiser.update(grads, state, params)
    for new in (updated["w"], *(moment["w"] for moment in after.moments.values())):
        assert not any(np.shares_memory(new, array) for array in held)


def test_momentum_adds_up_to_a_geometric_series_under_a_constant_gradient():
    """After n steps the velocity is g (1 - 0.8^n) / 0.2; Nesterov's step looks one term ahead."""
    grads, start = {"w": np.array([0.5])}, {"w": np.array([0.0])}
    for nesterov in (False, True):
        optimiser = Momentum(0.1, momentum=0.8, nesterov=nesterov)
        params, state = start, optimiser.init(start)
        for n in range(1, 6):
            before = params["w"]
            params, state = optimiser.update(grads, state, params)
            velocity = 0.5 * (1 - 0.8 ** (n + nesterov)) / 0.2
            np.testing.assert_allclose(before - params["w"], 0.1 * velocity, rtol=1e-12)


def test_rmsprop_makes_its_first_two_steps_as_published():
    rmsprop = RMSprop(0.01, square_decay=0.9, epsilon=1e-3)
    params = {"w": np.array([1.0])}
    params, state = rmsprop.update({"w": np.array([0.2])}, rmsprop.init(params), params)
    np.testing.assert_allclose(params["w"], 1.0 - 0.01 * 0.2 / (np.sqrt(0.004) + 1e-3), rtol=1e-14)
    first = params["w"].copy()
    params, _ = rmsprop.update({"w": np.array([-0.1])}, state, params)
    # s = 0.9 x 0.004 + 0.1 x 0.01 = 0.0046.
    np.testing.assert_allclose(params["w"], first + 0.01 * 0.1 / (np.sqrt(0.0046) + 1e-3), rtol=1e-14)


def _as_torch(values, name):
    set_by = {
        key.removeprefix(f"{name}/settings/"): values[key].tolist()
        for key in values
        if key.startswith(f"{name}/settings/")
    }
    rate = set_by["lr"]
    if name in ("adam", "adamw"):
        decay = {"weight_decay": set_by["weight_decay"]} if name == "adamw" else {}
        return (AdamW if decay else Adam)(rate, *set_by["betas"], set_by["eps"], **decay)
    if name == "rmsprop":
        return RMSprop(rate, set_by["alpha"], set_by["eps"])
    return SGD(rate) if name == "sgd" else Momentum(rate, set_by["momentum"], nesterov=name == "nesterov")


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_trajectory_is_that_of_pytorch(name):
    with np.load(Path(__file__).parent / "torch_values" / "optimisers.npz") as file:
        values = dict(file)
    optimiser = _as_torch(values, name)
    params = {"x": values["problem/start"][None]}  # two axes: what AdamW lets decay
    state = optimiser.init(params)
    for expected in values[f"{name}/trajectory"]:
        grads = {"x": params["x"] @ values["problem/matrix"] - values["problem/vector"]}
        params, state = optimiser.update(grads, state, params)
        np.testing.assert_allclose(params["x"][0], expected, rtol=1e-9, atol=1e-12)


def test_moments_of_single_precision_keep_their_digits():
    adam = Adam(0.1)
    params = {"w": np.zeros(1, np.float32)}
    _, state = adam.update({"w": np.array([0.7], np.float32)}, adam.init(params), params)
    np.testing.assert_allclose(state.moments["square"]["w"], 0.001 * 0.49, rtol=1e-6)


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
        (lambda: Momentum(0.0), "learning_rate"),
        (lambda: Momentum(momentum=1.0), "momentum: expected a number of at least 0 and below 1"),
        (lambda: Momentum(nesterov=1), "nesterov: expected True or False"),
        (lambda: RMSprop(np.nan), "learning_rate"),
        (lambda: RMSprop(square_decay=1.0), "square_decay"),
        (lambda: RMSprop(epsilon=-1.0), "epsilon"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
