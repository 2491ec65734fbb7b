import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import (
    Drive,
    OptimalPreparation,
    PreparatoryPlan,
    RateEquation,
    RateFunction,
    RayPreparation,
    StaticPreparation,
    default_circuit,
    random_preparatory_map,
)
from motorsim.task import center_out

DT_S, N_STEPS = 0.005, 200


@pytest.fixture(scope="module")
def equation():
    return RateEquation(default_circuit(), RateFunction(), 0.2)


@pytest.fixture(scope="module")
def states(equation):
    return random_preparatory_map(equation.circuit, rng=0)(center_out(4, 0.1))


def prepared(equation, strategy, states, onsets_s):
    plan = PreparatoryPlan(np.stack(states), np.array(onsets_s), N_STEPS, DT_S)
    drive = strategy.drive(equation, plan)
    return equation.integrate(np.zeros_like(states[0]), drive, n_samples=N_STEPS + 1, dt_s=DT_S)


def distance(path, states):
    """Distance to the states relative to their norm, (time,), the greatest over conditions."""
    return (np.linalg.norm(path - states[:, None], axis=2) / np.linalg.norm(states, axis=1)[:, None]).max(
        axis=0
    )


@pytest.mark.parametrize(
    ("strategy", "settled"),
    [(RayPreparation(0.3), 1e-6), (OptimalPreparation(), 1e-3), (StaticPreparation(), 0.2)],
)
def test_every_strategy_rests_until_the_target_and_then_settles_on_the_state(
    equation, states, strategy, settled
):
    path = prepared(equation, strategy, [states], [0.2])
    np.testing.assert_array_equal(path[:, :41], 0.0)
    assert distance(path, states)[-1] < settled


def test_on_the_ray_nothing_but_the_state_itself_is_seen(equation, states):
    path = prepared(equation, RayPreparation(0.3), [states], [0.2])
    unit = states / np.linalg.norm(states, axis=1, keepdims=True)
    along = np.einsum("ctu,cu->ct", path, unit)
    off = path - along[..., None] * unit[:, None]
    assert np.abs(off).max() < 1e-3 * np.abs(path).max()
    norms = np.linalg.norm(states, axis=1, keepdims=True)
    np.testing.assert_allclose(along[:, 101:] / norms, 1.0, atol=1e-4)


def test_a_step_strays_further_than_where_it_started_and_feedback_does_not(equation, states):
    step = prepared(equation, StaticPreparation(), [states], [0.0])
    feedback = prepared(equation, OptimalPreparation(), [states], [0.0])
    assert distance(step, states).max() > 1.8
    assert distance(feedback, states).max() < 1.2
    np.testing.assert_array_less(distance(feedback, states)[20:], distance(step, states)[20:])


def test_a_linear_step_passes_through_the_mirror_image_of_the_reach(equation, states):
    small = 1e-3 * states
    step = prepared(equation, StaticPreparation(), [small], [0.0])
    nothing = Drive(np.zeros((1, 3, *small.shape)))
    reach = equation.integrate(small, nothing, n_samples=N_STEPS + 1, dt_s=DT_S)
    np.testing.assert_allclose(step, small[:, None] - reach, atol=1e-5 * np.abs(reach).max())


@pytest.mark.parametrize("strategy", [RayPreparation(0.3), OptimalPreparation()])
@pytest.mark.parametrize("switch_s", [0.3, 0.6])
def test_after_a_switch_the_new_state_is_prepared(equation, states, strategy, switch_s):
    new = states[[2, 3, 0, 1]]
    path = prepared(equation, strategy, [states, new], [0.1, switch_s])
    alone = prepared(equation, strategy, [states], [0.1])
    np.testing.assert_array_equal(path[:, : round(switch_s / DT_S)], alone[:, : round(switch_s / DT_S)])
    assert distance(path, new)[-1] < 1e-2
    assert distance(path, states)[-1] > 1.0


def test_on_the_ray_a_switch_stays_in_the_plane_of_both_states(equation, states):
    new = states[[2, 3, 0, 1]]
    path = prepared(equation, RayPreparation(0.3), [states, new], [0.1, 0.3])[0]
    plane = np.linalg.svd(np.stack([states[0], new[0]]), full_matrices=False)[2]
    assert np.abs(path - path @ plane.T @ plane).max() < 2e-3 * np.abs(path).max()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"onsets_s": np.array([0.2, 0.1])}, "onsets_s"),
        ({"onsets_s": np.array([0.2])}, "onsets_s"),
        ({"n_steps": 0}, "n_steps"),
        ({"states_hz": np.full((2, 1, 3), np.nan)}, "states_hz"),
    ],
)
def test_a_plan_that_does_not_fit_itself_is_refused(arguments, name):
    good = {"states_hz": np.zeros((2, 1, 3)), "onsets_s": np.array([0.1, 0.2]), "n_steps": 10, "dt_s": 0.002}
    with pytest.raises(InputError, match=name):
        PreparatoryPlan(**(good | arguments))


@pytest.mark.parametrize("strategy", [RayPreparation, StaticPreparation])
def test_a_tolerance_that_is_not_positive_is_refused(strategy):
    with pytest.raises(InputError, match="null_tolerance"):
        strategy(null_tolerance=0.0)
