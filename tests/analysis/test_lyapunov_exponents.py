import numpy as np
import pytest

from motorsim.analysis.lyapunov_exponents import lyapunov_exponents
from motorsim.checks import InputError


def _henon(states):
    x, y = states.T
    return np.stack([1 - 1.4 * x**2 + y, 0.3 * x], axis=1)


def _henon_jacobian(states):
    matrices = np.zeros((len(states), 2, 2))
    matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 0] = -2.8 * states[:, 0], 1.0, 0.3
    return matrices


def test_linear_map_has_the_logarithms_of_its_singular_growth():
    basis = np.array([[1.0, 0.5, 0.2], [0.0, 1.0, 0.7], [0.0, 0.0, 1.0]])
    matrix = basis @ np.diag([0.5, -0.9, 0.2]) @ np.linalg.inv(basis)
    result = lyapunov_exponents(
        lambda x: x @ matrix.T,
        lambda x: np.tile(matrix, (len(x), 1, 1)),
        np.ones((2, 3)),
        n_steps=50,
        dt_s=0.1,
        rng=0,
    )
    expected = np.log([0.9, 0.5, 0.2]) / 0.1
    assert np.allclose(result.exponents_per_s, expected, atol=1e-6)
    assert not result.chaotic.any()
    assert (result.kaplan_yorke_dimension == 0).all()


def test_henon_map_has_its_published_exponents_and_constant_contraction():
    result = lyapunov_exponents(
        _henon, _henon_jacobian, np.array([[0.1, 0.1], [-0.3, 0.2]]), n_steps=20_000, rng=1
    )
    assert result.exponents_per_s == pytest.approx(np.tile([0.419, -1.623], (2, 1)), abs=0.01)
    assert result.exponents_per_s.sum(axis=1) == pytest.approx(np.log(0.3), abs=1e-10)
    assert result.kaplan_yorke_dimension == pytest.approx(1.258, abs=0.01)
    assert result.chaotic.all()
    assert (result.standard_error_per_s < 0.02).all()


def test_fewer_exponents_are_the_largest_ones():
    result = lyapunov_exponents(
        _henon, _henon_jacobian, np.array([[0.1, 0.1]]), n_steps=5000, rng=2, n_exponents=1
    )
    assert result.exponents_per_s.shape == (1, 1)
    assert result.exponents_per_s[0, 0] == pytest.approx(0.419, abs=0.02)


@pytest.mark.parametrize(("gain", "chaotic"), [(0.7, False), (2.0, True)])
def test_random_network_is_quiet_below_and_chaotic_above_gain_one(gain, chaotic):
    rng = np.random.default_rng(3)
    n_units = 100
    weights = gain * rng.standard_normal((n_units, n_units)) / np.sqrt(n_units)

    def step(x):
        return np.tanh(x @ weights.T)

    def jacobian(x):
        return (1 - step(x) ** 2)[:, :, None] * weights

    start = rng.standard_normal((2, n_units))
    result = lyapunov_exponents(step, jacobian, start, n_steps=400, n_exponents=4, rng=4)
    assert (result.chaotic == chaotic).all()
    if not chaotic:
        radius = np.abs(np.linalg.eigvals(weights)).max()
        assert result.exponents_per_s[:, 0] == pytest.approx(np.log(radius), abs=0.02)


def test_exponents_are_conditional_on_the_input_at_each_step():
    # Growth by the input itself: the mean log of what is put in, transient left out.
    inputs = np.array([9.0] * 5 + [0.5, 0.25] * 10)[:, None]
    result = lyapunov_exponents(
        lambda x, u: u * x,
        lambda _, u: u[:, :, None] * np.ones((1, 1, 1)),
        np.ones((3, 1)),
        n_steps=20,
        n_transient=5,
        inputs=inputs,
        rng=5,
    )
    assert result.exponents_per_s == pytest.approx(1.5 * np.log(0.5))
    assert result.last_states == pytest.approx(9.0**5 * 0.125**10)


def test_jacobians_are_multiplied_in_the_order_of_time():
    # Three maps in turn that do not commute: the exponents are those of C B A, not of A B C.
    maps = np.random.default_rng(14).standard_normal((3, 2, 2))
    result = lyapunov_exponents(
        lambda x, u: 0.0 * x * u,
        lambda _, u: maps[u[:, 0].astype(int)],
        np.ones((1, 2)),
        n_steps=300,
        n_transient=0,
        inputs=np.tile([[0.0], [1.0], [2.0]], (100, 1)),
        rng=7,
    )
    growth = np.sort(np.log(np.abs(np.linalg.eigvals(maps[2] @ maps[1] @ maps[0]))) / 3)[::-1]
    reverse = np.sort(np.log(np.abs(np.linalg.eigvals(maps[0] @ maps[1] @ maps[2]))) / 3)[::-1]
    assert abs(growth[0] - reverse[0]) > 0.1
    assert result.exponents_per_s[0] == pytest.approx(growth, abs=0.02)


def _bad():
    fine = {"step": _henon, "jacobian": _henon_jacobian, "states": np.ones((1, 2)) * 0.1, "n_steps": 20}
    zero = np.zeros((1, 2, 2))
    return [
        (fine | {"n_exponents": 3}, "n_exponents: expected an integer from 1 to 2"),
        (fine | {"states": np.ones(2)}, "states"),
        (fine | {"n_steps": 5}, "n_steps: expected an integer of at least 10"),
        (fine | {"step": lambda x: (x, None)}, "step: .*returns a tuple.*cell.step"),
        (fine | {"step": lambda x: x[:, :1]}, "step: .*shape"),
        (fine | {"jacobian": lambda x: x}, "jacobian: .*one matrix a state"),
        (fine | {"states": np.full((1, 2), 1e30), "n_steps": 40}, "diverges"),
        (fine | {"jacobian": lambda _: zero}, "stretch of 0"),
        (fine | {"inputs": np.ones((3, 1))}, "inputs"),
        (fine | {"step": 3}, "step: expected a function"),
    ]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("number", range(10))
def test_bad_input_is_named(number):
    keywords, message = _bad()[number]
    with pytest.raises(InputError, match=message):
        lyapunov_exponents(**keywords, rng=0)
