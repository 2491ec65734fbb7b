import numpy as np
import pytest
from scipy.linalg import expm

from motorsim.cortex import Circuit, RateCortex, RateFunction, find_compiler, stability_optimised_weights
from motorsim.cortex.rate_network import RateRun, run_rate_network

TAU_S, DT_S = 0.2, 0.002


@pytest.fixture(scope="module")
def circuit():
    return stability_optimised_weights(
        24, rng=0, spectral_radius=3.0, target_abscissa=0.6, max_iterations=500
    ).circuit


def run(circuit, drive_hz, *, n_samples, noise_hz=0.0, n_trials=1, mode="numpy", seed=0):
    job = RateRun(drive_hz, n_trials, n_samples, steps_per_sample=1, dt_s=DT_S, noise_hz=noise_hz)
    return run_rate_network(circuit, RateFunction(), TAU_S, job, mode=mode, seed=seed)


def driven_by_hand(circuit, drive_hz, n_samples):
    """Runge-Kutta 4 of `RateCortex.derivative`, written out."""
    cortex = RateCortex(circuit, mode="numpy")
    state = np.zeros(drive_hz.shape[2:])
    path = [state]
    for step in range(n_samples - 1):
        start, middle, end = drive_hz[step] if step < len(drive_hz) else [drive_hz[-1, -1]] * 3
        k1 = cortex.derivative(state, start)
        k2 = cortex.derivative(state + DT_S / 2 * k1, middle)
        k3 = cortex.derivative(state + DT_S / 2 * k2, middle)
        k4 = cortex.derivative(state + DT_S * k3, end)
        state = state + DT_S / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(state)
    return np.stack(path, axis=1)


def drive(rng, n_steps=20, n_conditions=3, n_units=24):
    """Input that wanders, jumps between steps, and is held at its last value."""
    values = np.cumsum(rng.standard_normal((n_steps * 3, n_conditions, n_units)), axis=0)
    return 3 * values.reshape(n_steps, 3, n_conditions, n_units)


def test_brian_integrates_the_derivative_that_the_cortex_states(circuit):
    drive_hz = drive(np.random.default_rng(0))
    states = run(circuit, drive_hz, n_samples=60)
    assert np.abs(states).max() > 5  # the rate function is bent there
    np.testing.assert_allclose(states, driven_by_hand(circuit, drive_hz, 60), rtol=0, atol=1e-12)


@pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler")
@pytest.mark.parametrize("mode", ["cython", "cpp_standalone"])
def test_compiled_modes_give_the_same_states(circuit, mode, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drive_hz = drive(np.random.default_rng(1))
    states = run(circuit, drive_hz, n_samples=30, mode=mode)
    np.testing.assert_allclose(states, run(circuit, drive_hz, n_samples=30), rtol=0, atol=1e-12)


def test_small_activity_follows_the_matrix_exponential(circuit):
    size = 1e-4
    drive_hz = np.zeros((2, 3, 1, 24))
    drive_hz[0] = size * np.arange(24)
    states = run(circuit, drive_hz, n_samples=200)[0]
    propagator = expm((circuit.weights - np.eye(24)) * DT_S / TAU_S)
    linear = [states[1]]
    for _ in range(198):
        linear.append(propagator @ linear[-1])
    np.testing.assert_allclose(states[1:], linear, atol=1e-6 * size * 24)


def test_without_connections_a_constant_input_is_approached_exponentially():
    circuit = Circuit.from_weights(np.zeros((2, 2)))
    states = run(circuit, np.full((1, 3, 1, 2), 3.0), n_samples=101)
    times_s = np.arange(101) * DT_S
    np.testing.assert_allclose(states[0, :, 0], 3 * (1 - np.exp(-times_s / TAU_S)), atol=1e-9)


def test_process_noise_has_the_standard_deviation_asked_for():
    circuit = Circuit.from_weights(np.zeros((50, 50)))
    states = run(circuit, np.zeros((1, 3, 4, 50)), n_samples=800, noise_hz=2.0, n_trials=2)
    assert states.shape == (8, 800, 50)
    assert states[:, 500:].std() == pytest.approx(2.0, rel=0.06)


def test_noise_is_decided_by_the_seed_and_leaves_the_global_generator_alone(circuit):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global generator is the point
    first, again, other = (
        run(circuit, np.zeros((1, 3, 1, 24)), n_samples=20, noise_hz=1.0, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_trials_come_condition_fastest(circuit):
    drive_hz = drive(np.random.default_rng(2), n_conditions=2)
    states = run(circuit, drive_hz, n_samples=10, n_trials=3)
    np.testing.assert_array_equal(states[:2], states[2:4])
    assert not np.allclose(states[0], states[1])
