import numpy as np
import pytest
from scipy.optimize import brentq

from motorsim.analysis.fixed_points import fixed_points
from motorsim.checks import InputError
from motorsim.cortex import RateCortex, default_circuit
from motorsim.nn import GRU, Adam, Linear, Network, Vanilla
from motorsim.train import fit


def _linear(matrix, at):
    matrix, at = np.asarray(matrix, float), np.asarray(at, float)
    return (lambda x: (x - at) @ matrix.T + at), (lambda x: np.tile(matrix, (len(x), 1, 1)))


def _find(step, jacobian, states, **keywords):
    return fixed_points(step, jacobian, states, **keywords)


def _duffing(x):
    """Double well with friction: nodes of a spiral kind at (+-1, 0), a saddle at the origin."""
    return np.stack([x[:, 1], x[:, 0] - x[:, 0] ** 3 - 0.4 * x[:, 1]], axis=1)


def _duffing_jacobian(x):
    matrices = np.zeros((len(x), 2, 2))
    matrices[:, 0, 1], matrices[:, 1, 0], matrices[:, 1, 1] = 1.0, 1 - 3 * x[:, 0] ** 2, -0.4
    return matrices


def _turn(angle, size=1.0):
    return size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize(
    ("matrix", "kind", "n_unstable"),
    [
        (np.diag([0.5, 0.9]), "stable node", 0),
        (np.diag([-0.5, -0.9]), "stable node", 0),
        (_turn(0.3, 0.95), "stable spiral", 0),
        (_turn(0.3, 1.05), "unstable spiral", 2),
        (np.diag([1.2, 1.5]), "unstable node", 2),
        (np.diag([0.5, 1.5]), "saddle", 1),
        (np.diag([0.5, -1.5]), "saddle", 1),
        (_turn(0.3, 1.0), "centre", 0),
    ],
)
def test_kinds_of_discrete_maps(matrix, kind, n_unstable):
    found = _find(*_linear(matrix, [1.0, -2.0]), np.random.default_rng(0).standard_normal((20, 2)))
    assert found.kinds == (kind,)
    assert found.states == pytest.approx(np.array([[1.0, -2.0]]), abs=1e-8)
    assert found.n_unstable.tolist() == [n_unstable]
    assert found.stable.tolist() == [kind.startswith("stable")]
    assert found.n_found.tolist() == [20]
    assert np.sort_complex(found.eigenvalues[0]) == pytest.approx(np.sort_complex(np.linalg.eigvals(matrix)))


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (np.diag([-0.5, -2.0]), "stable node"),
        ([[-0.1, -2.0], [2.0, -0.1]], "stable spiral"),
        ([[0.1, -2.0], [2.0, 0.1]], "unstable spiral"),
        (np.diag([0.5, 2.0]), "unstable node"),
        (np.diag([0.5, -2.0]), "saddle"),
        ([[0.0, -2.0], [2.0, 0.0]], "centre"),
    ],
)
def test_kinds_of_flows(matrix, kind):
    matrix = np.asarray(matrix, float)
    found = _find(
        lambda x: (x - 3.0) @ matrix.T,
        lambda x: np.tile(matrix, (len(x), 1, 1)),
        np.random.default_rng(1).standard_normal((20, 2)),
        continuous=True,
    )
    assert found.kinds == (kind,)
    assert found.states == pytest.approx(np.full((1, 2), 3.0), abs=1e-8)


def test_double_well_has_its_three_points():
    states = np.random.default_rng(2).uniform(-2, 2, (300, 2))
    found = _find(_duffing, _duffing_jacobian, states, continuous=True)
    assert found.kinds == ("stable spiral", "stable spiral", "saddle")
    assert np.sort(found.states[:2, 0]) == pytest.approx([-1.0, 1.0], abs=1e-8)
    assert found.states[:, 1] == pytest.approx(np.zeros(3), abs=1e-8)
    assert found.states[2] == pytest.approx(np.zeros(2), abs=1e-8)
    assert found.n_found.sum() == 300 - found.n_outliers
    assert (found.q <= 1e-20).all()


def test_planted_points_of_a_network_are_found_to_1e_8():
    # W and b are chosen such that tanh(W x + b) is fixed at each planted pattern.
    rng = np.random.default_rng(3)
    planted = np.sign(rng.standard_normal((3, 40))) * rng.uniform(0.6, 0.8, (3, 40))
    drive = np.arctanh(planted)
    design = np.column_stack([planted, np.ones(3)])
    solution = np.linalg.lstsq(design, drive, rcond=None)[0]
    weights, bias = solution[:-1].T, solution[-1]

    def step(x):
        return np.tanh(x @ weights.T + bias)

    def jacobian(x):
        return (1 - step(x) ** 2)[:, :, None] * weights

    near = planted[rng.integers(0, 3, 60)] + 0.05 * rng.standard_normal((60, 40))
    found = _find(step, jacobian, near)
    for point in planted:
        assert np.linalg.norm(found.states - point, axis=1).min() < 1e-8


def test_line_attractor_gives_marginal_points_that_stay_apart():
    axis = np.array([0.6, 0.8])
    matrix = 0.5 * np.eye(2) + 0.5 * np.outer(axis, axis)
    states = np.random.default_rng(4).standard_normal((30, 2))
    found = _find(*_linear(matrix, [0.0, 0.0]), states)
    assert set(found.kinds) == {"marginal"}
    assert not found.stable.any()
    assert len(found.states) == 30
    across = found.states @ np.array([-0.8, 0.6])
    assert across == pytest.approx(np.zeros(30), abs=1e-8)
    assert (np.ptp(found.states @ axis) > 0.5 * np.ptp(states @ axis)).all()


def test_ghost_of_a_fixed_point_is_a_slow_state_not_a_fixed_one():
    # dx/dt = x^2 + 0.01 has no zero; q is least at 0, where dx/dt = 0.01.
    found = _find(
        lambda x: x**2 + 0.01,
        lambda x: 2 * x[:, :, None],
        np.random.default_rng(5).standard_normal((30, 1)),
        continuous=True,
    )
    assert found.states.shape == (0, 1)
    assert found.kinds == ()
    assert found.slow_states[0] == pytest.approx([0.0], abs=1e-2)
    assert found.slow_q[0] == pytest.approx(0.5e-4, rel=1e-2)


def test_points_far_from_the_samples_are_outliers():
    # Zeros at 0 and 50; the samples are near 20 and 0.
    states = np.concatenate([np.random.default_rng(6).normal(0, 1, (50, 1)), [[49.0]]])
    keywords = {"continuous": True}
    step, jacobian = (lambda x: x * (50 - x) / 50), (lambda x: ((50 - 2 * x) / 50)[:, :, None])
    assert len(_find(step, jacobian, states, **keywords).states) == 2
    found = _find(step, jacobian, states, outlier_distance=2.0, **keywords)
    assert found.states == pytest.approx(np.zeros((1, 1)), abs=1e-8)
    assert found.n_outliers == 1


def test_input_moves_the_point_as_the_implicit_function_theorem_says():
    cell = Vanilla(2, 12, gain=0.8)
    params = cell.initial_parameters(rng=7)
    states = np.random.default_rng(8).standard_normal((20, 12))

    def find(inputs):
        return _find(
            lambda x, u: cell.step(params, x, u)[0],
            lambda x, u: cell.jacobian(params, x, u),
            states,
            inputs=inputs,
        )

    at, width = np.array([0.3, -0.5]), 1e-5
    middle = find(at)
    assert middle.input_sensitivity.shape == (1, 12, 2)
    for feature in range(2):
        shift = width * np.eye(2)[feature]
        moved = (find(at + shift).states - find(at - shift).states) / (2 * width)
        assert np.allclose(moved, middle.input_sensitivity[:, :, feature], atol=1e-5)


def test_points_under_different_inputs_are_kept_apart():
    inputs = np.repeat([[0.0], [1e-9]], 10, axis=0)
    found = _find(
        lambda x, u: 0.5 * x + u,
        lambda x, _: np.full((len(x), 1, 1), 0.5),
        np.random.default_rng(9).standard_normal((20, 1)),
        inputs=inputs,
    )
    assert len(found.states) == 2
    assert np.sort(found.inputs[:, 0]) == pytest.approx([0.0, 1e-9])
    assert found.n_found.tolist() == [10, 10]


def test_rate_cortex_stands_still_at_rest():
    cortex = RateCortex(default_circuit())
    n_units = cortex.circuit.n_units
    states = np.random.default_rng(10).standard_normal((5, n_units))
    found = _find(
        cortex.derivative, lambda x, _: cortex.jacobian(x), states, inputs=np.zeros(n_units), continuous=True
    )
    assert np.linalg.norm(found.states, axis=1).min() < 1e-8
    assert found.stable[0]
    assert found.eigenvalues[0].real.max() == pytest.approx(
        np.linalg.eigvals(cortex.jacobian(np.zeros((1, n_units)))[0]).real.max(), rel=1e-6
    )


def test_bistable_unit_agrees_with_a_scalar_root_finder():
    def step(x):
        return np.tanh(2.0 * x + 0.1)

    roots = [
        brentq(lambda x: np.tanh(2 * x + 0.1) - x, *ends) for ends in ((-1.5, -0.6), (-0.3, 0.1), (0.5, 1.5))
    ]
    found = _find(step, lambda x: (2 * (1 - step(x) ** 2))[:, :, None], np.linspace(-2, 2, 41)[:, None])
    assert np.sort(found.states[:, 0]) == pytest.approx(roots, abs=1e-8)
    assert found.stable.tolist() == [True, True, False]


def test_results_do_not_depend_on_the_order_of_the_states():
    states = np.random.default_rng(11).uniform(-2, 2, (100, 2))
    first = _find(_duffing, _duffing_jacobian, states, continuous=True)
    second = _find(_duffing, _duffing_jacobian, states[::-1], continuous=True)
    assert np.allclose(np.sort(first.states, axis=0), np.sort(second.states, axis=0), atol=1e-8)
    assert sorted(first.n_found) == sorted(second.n_found)


def _bad():
    step, jacobian = _linear(np.diag([0.5, 0.5]), [0.0, 0.0])
    states = np.random.default_rng(12).standard_normal((5, 2))
    return [
        (step, jacobian, states[:1], {}, "states"),
        (step, jacobian, np.ones((5, 2)), {}, "initial states that differ.*add noise"),
        (step, jacobian, np.full((5, 2), np.nan), {}, "finite"),
        (step, jacobian, states, {"tolerance": 0.0}, "tolerance"),
        (step, jacobian, states, {"n_iterations": 0}, "n_iterations"),
        (step, jacobian, states, {"inputs": np.ones((4, 1))}, "inputs"),
        (lambda x: (x, None), jacobian, states, {}, "cell.step"),
        (lambda x: x[:, 0], jacobian, states, {}, "step"),
        (step, step, states, {}, "jacobian"),
        (lambda x: x / 0 * np.inf, jacobian, states, {}, "NaN or infinity"),
    ]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("number", range(10))
def test_bad_input_is_named(number):
    step, jacobian, states, keywords, message = _bad()[number]
    with pytest.raises(InputError, match=message):
        fixed_points(step, jacobian, states, **keywords)


def _flip_flop(rng, n_trials=128, n_times=50):
    pulses = rng.choice([-1.0, 0.0, 1.0], (n_trials, n_times, 3), p=(0.06, 0.88, 0.06))
    pulses[:, 0] = rng.choice([-1.0, 1.0], (n_trials, 3))
    memory = np.empty_like(pulses)
    held = np.zeros((n_trials, 3))
    for time in range(n_times):
        held = np.where(pulses[:, time] != 0, pulses[:, time], held)
        memory[:, time] = held
    return pulses, memory


@pytest.mark.slow
def test_three_bit_flip_flop_trained_here_has_eight_stable_points():
    network = Network.initialise(GRU(3, 24), Linear(24, 3), rng=0)
    trained = fit(
        network, batches=_flip_flop, optimiser=Adam(learning_rate=0.01), n_iterations=600, rng=1
    ).network
    pulses, memory = _flip_flop(np.random.default_rng(2))
    run = trained.forward(pulses)
    assert np.mean((run.outputs - memory) ** 2) < 0.01
    cell = trained.cell
    params, readout_params = (
        {
            name.removeprefix(part): array
            for name, array in trained.effective_parameters.items()
            if part in name
        }
        for part in ("cell.", "readout.")
    )
    sampled = run.states[:, ::7].reshape(-1, 24)
    sampled = sampled + 0.05 * np.random.default_rng(3).standard_normal(sampled.shape)
    found = fixed_points(
        lambda x, u: cell.step(params, x, u)[0],
        lambda x, u: cell.jacobian(params, x, u),
        sampled,
        inputs=np.zeros(3),
    )
    stable = found.states[found.stable]
    assert len(stable) == 8
    readout = trained.readout.read(readout_params, stable, lambda _, shape, dtype: np.empty(shape, dtype))[0]
    corners = {tuple(row) for row in np.sign(readout)}
    assert len(corners) == 8
    assert np.abs(readout) == pytest.approx(np.ones((8, 3)), abs=0.15)
    assert (found.n_unstable[8:] >= 1).all()
