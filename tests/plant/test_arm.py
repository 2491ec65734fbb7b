import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plant import Arm
from motorsim.types import Plant

FRICTIONLESS = Arm(joint_friction_n_m_s=((0.0, 0.0), (0.0, 0.0)))


def random_motion(seed, n=20):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.5, 2.5, (n, 2)), rng.normal(0.0, 4.0, (n, 2))


def central_difference(function, x, direction, step=1e-6):
    return (function(x + step * direction) - function(x - step * direction)) / (2 * step)


def inertia_derivatives(arm, q):
    """dM[i, j] / dq[k], the last axis k."""
    return np.stack([central_difference(arm.inertia, q, np.eye(2)[k]) for k in range(2)], -1)


def run(arm, state, torque, dt_s, n_steps):
    states = [state]
    for _ in range(n_steps):
        states.append(arm.step(states[-1], torque, dt_s)[0])
    return np.array(states)


def kinetic_energy(arm, states):
    q, qd = states[..., :2], states[..., 2:]
    return np.einsum("...i,...ij,...j", qd, arm.inertia(q), qd) / 2


def test_arm_keeps_the_contract_of_a_plant():
    assert isinstance(Arm(), Plant)


def test_hand_is_where_geometry_puts_it():
    hand = Arm().hand_position(np.array([[0.0, 0.0], [np.pi / 2, 0.0], [0.0, np.pi / 2]]))
    np.testing.assert_allclose(hand, [[0.63, 0.0], [0.0, 0.63], [0.30, 0.33]], atol=1e-15)


def test_jacobian_and_its_rate_are_derivatives_of_the_hand():
    arm = Arm()
    q, qd = random_motion(0)
    for joint in range(2):
        numerical = central_difference(arm.hand_position, q, np.eye(2)[joint])
        np.testing.assert_allclose(arm.hand_jacobian(q)[..., joint], numerical, atol=1e-9)
    along = central_difference(lambda t: arm.hand_jacobian(q + t * qd), 0.0, 1.0)
    np.testing.assert_allclose(arm.hand_jacobian_rate(q, qd), along, atol=1e-8)
    np.testing.assert_allclose(
        arm.hand_velocity(q, qd),
        central_difference(lambda t: arm.hand_position(q + t * qd), 0.0, 1.0),
        atol=1e-8,
    )


def test_inverse_kinematics_undoes_forward_kinematics_with_a_flexed_elbow():
    arm = Arm()
    rng = np.random.default_rng(1)
    q = np.stack([rng.uniform(-np.pi, np.pi, 50), rng.uniform(0.05, 3.0, 50)], -1)
    found = arm.inverse_kinematics(arm.hand_position(q))
    np.testing.assert_allclose(np.exp(1j * found), np.exp(1j * q), atol=1e-10)
    assert (found[:, 1] > 0).all()


def test_inverse_kinematics_reaches_the_edge_and_refuses_beyond():
    arm = Arm()
    np.testing.assert_allclose(arm.inverse_kinematics(np.array([0.63, 0.0])), [0.0, 0.0], atol=1e-7)
    with pytest.raises(
        InputError,
        match=r"hand_position_m: expected positions 0\.030 to 0\.630 m .* 0\.700 m at index \(1,\)",
    ):
        arm.inverse_kinematics(np.array([[0.0, 0.4], [0.0, 0.7]]))
    with pytest.raises(InputError, match=r"got 0\.010 m at index \(\)"):
        arm.inverse_kinematics(np.array([0.01, 0.0]))


def test_inertia_is_that_of_the_published_equations():
    # a1 = 0.025 + 0.045 + 1.0 x 0.30^2 = 0.16, a2 = 1.0 x 0.30 x 0.16 = 0.048, a3 = 0.045
    at_right_angle, straight = Arm().inertia(np.array([[0.3, np.pi / 2], [0.3, 0.0]]))
    np.testing.assert_allclose(at_right_angle, [[0.16, 0.045], [0.045, 0.045]], atol=1e-15)
    np.testing.assert_allclose(straight, [[0.256, 0.093], [0.093, 0.045]], atol=1e-15)


def test_inertia_is_symmetric_and_positive_definite():
    q, _ = random_motion(2, 200)
    inertia = Arm().inertia(q)
    np.testing.assert_array_equal(inertia, np.swapaxes(inertia, -1, -2))
    assert np.linalg.eigvalsh(inertia).min() > 0.009


def test_coriolis_matrix_holds_the_christoffel_symbols_of_the_inertia():
    arm = Arm()
    for q, qd in zip(*random_motion(3), strict=True):
        slope = inertia_derivatives(arm, q)
        christoffel = (slope + np.swapaxes(slope, 1, 2) - np.moveaxis(slope, 2, 0)) / 2
        np.testing.assert_allclose(arm.coriolis_matrix(q, qd), christoffel @ qd, atol=1e-8)


def test_coriolis_torque_is_the_published_one():
    q2, qd1, qd2 = 0.7, 2.0, -3.0
    torque = Arm().coriolis(np.array([0.1, q2]), np.array([qd1, qd2]))
    np.testing.assert_allclose(torque, 0.048 * np.sin(q2) * np.array([-qd2 * (2 * qd1 + qd2), qd1**2]))


def test_coriolis_forces_do_no_work():
    arm = Arm()
    for q, qd in zip(*random_motion(4), strict=True):
        skew = inertia_derivatives(arm, q) @ qd - 2 * arm.coriolis_matrix(q, qd)
        np.testing.assert_allclose(skew, -skew.T, atol=1e-8)


def test_acceleration_solves_the_equation_of_motion():
    arm = Arm()
    q, qd = random_motion(5)
    torque = np.random.default_rng(6).normal(size=(20, 2))
    inertial = np.einsum("nij,nj->ni", arm.inertia(q), arm.acceleration(q, qd, torque))
    friction = qd @ np.array([[0.05, 0.025], [0.025, 0.05]])
    np.testing.assert_allclose(inertial + arm.coriolis(q, qd) + friction, torque, atol=1e-12)


def test_friction_couples_the_joints():
    arm = Arm(joint_friction_n_m_s=((0.3, 0.1), (0.1, 0.2)))
    np.testing.assert_allclose(arm.friction(np.array([1.0, 10.0])), [1.3, 2.1])


def test_energy_is_conserved_without_friction_and_torque():
    state = np.array([[0.3, 1.2, 2.0, -3.0], [0.5, 0.4, -1.0, 5.0]])
    energy = kinetic_energy(FRICTIONLESS, run(FRICTIONLESS, state, np.zeros((2, 2)), 0.001, 1000))
    np.testing.assert_allclose(energy / energy[0], 1.0, atol=1e-8)


def test_friction_only_takes_energy_away():
    rng = np.random.default_rng(7)
    state = np.concatenate([rng.uniform(0.2, 2.0, (10, 2)), rng.normal(0.0, 3.0, (10, 2))], -1)
    energy = kinetic_energy(Arm(), run(Arm(), state, np.zeros((10, 2)), 0.001, 500))
    assert (np.diff(energy, axis=0) < 0).all()


def test_torque_adds_the_energy_it_works():
    arm, torque, dt_s = FRICTIONLESS, np.array([[0.4, -0.2]]), 0.0005
    states = run(arm, np.array([[0.4, 1.5, 0.0, 0.0]]), torque, dt_s, 1000)
    work = (torque * (states[-1, :, :2] - states[0, :, :2])).sum()
    np.testing.assert_allclose(kinetic_energy(arm, states)[-1, 0], work, rtol=1e-8)


def test_step_is_of_fourth_order():
    state, torque = np.array([[0.3, 1.2, 3.0, -4.0]]), np.array([[0.5, -0.3]])
    exact = run(Arm(), state, torque, 0.2 / 640, 640)[-1]
    errors = [np.abs(run(Arm(), state, torque, 0.2 / n, n)[-1] - exact).max() for n in (10, 20, 40)]
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ((ratios > 13) & (ratios < 20)).all()


def test_step_vjp_agrees_with_central_differences():
    arm = Arm()
    rng = np.random.default_rng(8)
    state = np.concatenate([rng.uniform(0.2, 2.0, (5, 2)), rng.normal(0.0, 3.0, (5, 2))], -1)
    torque, grad = rng.normal(size=(5, 2)), rng.normal(size=(5, 4))
    _, cache = arm.step(state, torque, 0.02)
    to_state, to_torque = arm.step_vjp(cache, grad)
    numerical_state = np.stack(
        [
            (central_difference(lambda x: arm.step(x, torque, 0.02)[0], state, unit, 1e-5) * grad).sum(-1)
            for unit in np.eye(4)
        ],
        -1,
    )
    numerical_torque = np.stack(
        [
            (central_difference(lambda u: arm.step(state, u, 0.02)[0], torque, unit, 1e-5) * grad).sum(-1)
            for unit in np.eye(2)
        ],
        -1,
    )
    assert np.linalg.norm(to_state - numerical_state) < 1e-8 * np.linalg.norm(numerical_state)
    assert np.linalg.norm(to_torque - numerical_torque) < 1e-8 * np.linalg.norm(numerical_torque)


def test_trials_of_a_batch_do_not_mix():
    rng = np.random.default_rng(9)
    state, torque = rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
    together = Arm().step(state, torque, 0.01)[0]
    alone = np.concatenate([Arm().step(state[i : i + 1], torque[i : i + 1], 0.01)[0] for i in range(4)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"upper_arm_length_m": 0.0}, "upper_arm_length_m: expected a number above 0"),
        ({"forearm_mass_kg": float("nan")}, "forearm_mass_kg: expected a number above 0"),
        ({"forearm_inertia_kg_m2": 0.02}, "at least mass x centre of mass.2 = 0.0256.*refer to the joints"),
        (
            {"joint_friction_n_m_s": ((0.05, 0.02), (0.03, 0.05))},
            "joint_friction_n_m_s: expected a symmetric",
        ),
        ({"joint_friction_n_m_s": ((0.05, 0.06), (0.06, 0.05))}, "without negative eigenvalues"),
        (
            {"joint_friction_n_m_s": (0.05, 0.05)},
            r"joint_friction_n_m_s: expected an array of shape \(2, 2\)",
        ),
    ],
)
def test_arms_that_cannot_exist_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        Arm(**parameters)


def test_bad_arrays_are_refused_by_name():
    arm = Arm()
    with pytest.raises(InputError, match="q: expected an array whose last axis has 2 entries"):
        arm.hand_position(np.zeros((4, 3)))
    with pytest.raises(InputError, match="q: expected finite numbers"):
        arm.inertia(np.array([0.0, np.nan]))
    with pytest.raises(InputError, match=r"torque: expected the shape \(4, 2\) of q"):
        arm.acceleration(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((3, 2)))
    with pytest.raises(InputError, match=r"command: expected an array \(batch, joint\) of shape \(4, 2\)"):
        arm.step(np.zeros((4, 4)), np.zeros((3, 2)), 0.01)
    with pytest.raises(InputError, match="state: expected an array"):
        arm.step(np.zeros((4, 2)), np.zeros((4, 2)), 0.01)
    with pytest.raises(InputError, match=r"dt_s: expected a number above 0, got -0\.01"):
        arm.step(np.zeros((4, 4)), np.zeros((4, 2)), -0.01)


def test_arms_with_equal_parameters_are_equal_and_hashable():
    assert Arm(joint_friction_n_m_s=[[0.05, 0.025], [0.025, 0.05]]) == Arm()
    assert hash(Arm()) == hash(Arm())
