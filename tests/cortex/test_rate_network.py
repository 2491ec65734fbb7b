import numpy as np
import pytest
from scipy.linalg import expm

from motorsim.checks import InputError
from motorsim.cortex import (
    Circuit,
    Drive,
    RateEquation,
    RateFunction,
    find_compiler,
    stability_optimised_weights,
)
from motorsim.cortex.rate_network import RateRun, run_rate_network

TAU_S, DT_S = 0.2, 0.002


@pytest.fixture(scope="module")
def circuit():
    return stability_optimised_weights(
        24, rng=0, spectral_radius=3.0, target_abscissa=0.6, max_iterations=500
    ).circuit


def run(circuit, drive, *, n_samples, mode="numpy", seed=0, baseline_hz=20.0, on_progress=None, **options):
    drive = drive if isinstance(drive, Drive) else Drive(drive)
    options = {"noise_hz": 0.0, "n_trials": 1} | options
    job = RateRun(drive, n_samples=n_samples, steps_per_sample=1, dt_s=DT_S, **options)
    equation = RateEquation(circuit, RateFunction(baseline_hz), TAU_S)
    return run_rate_network(equation, job, mode=mode, seed=seed, on_progress=on_progress)


def by_hand(circuit, drive, n_samples, baseline_hz=20.0):
    """Runge-Kutta 4 of the equation as the paper states it, written out."""
    drive = drive if isinstance(drive, Drive) else Drive(drive)
    function, rows = RateFunction(baseline_hz), drive.feedforward_hz

    def derivative(x, h, step):
        rate = function.rate_change(x)
        if drive.silenced is not None and step < len(drive.silenced):
            rate = np.where(drive.silenced[step], -np.asarray(baseline_hz), rate)
        if drive.feedback is not None and drive.feedback_steps[0] <= step < drive.feedback_steps[1]:
            h = h + np.einsum("ij,cj->ci", drive.feedback, x)
        return (-x + np.einsum("ij,cj->ci", circuit.weights, rate) + h) / TAU_S

    state = np.zeros(rows.shape[2:])
    path = [state]
    for step in range(n_samples - 1):
        start, middle, end = rows[step] if step < len(rows) else [rows[-1, -1]] * 3
        k1 = derivative(state, start, step)
        k2 = derivative(state + DT_S / 2 * k1, middle, step)
        k3 = derivative(state + DT_S / 2 * k2, middle, step)
        k4 = derivative(state + DT_S * k3, end, step)
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
    np.testing.assert_allclose(states, by_hand(circuit, drive_hz, 60), rtol=0, atol=1e-12)


def everything_at_once(rng):
    """Feedback in the middle, and units silenced from the first step, across its start, and to the end."""
    feedback = rng.standard_normal((24, 24)) * (rng.random((24, 24)) < 0.8)
    silenced = np.zeros((60, 24), bool)
    silenced[:5, :3] = silenced[8:14, 3:6] = silenced[50:, 5:9] = True
    return Drive(drive(rng), feedback, (11, 33), silenced), rng.uniform(5, 40, 24)


def test_brian_integrates_feedback_silence_and_spread_baselines_too():
    circuit = stability_optimised_weights(24, rng=1, spectral_radius=3.0, target_abscissa=0.6).circuit
    given, baseline_hz = everything_at_once(np.random.default_rng(3))
    expected = by_hand(circuit, given, 60, baseline_hz)
    states = run(circuit, given, n_samples=60, baseline_hz=baseline_hz)
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-12)
    equation = RateEquation(circuit, RateFunction(baseline_hz), TAU_S)
    path = equation.integrate(np.zeros((3, 24)), given, n_samples=60, dt_s=DT_S)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e-12)
    for left_out in ({"feedback": None}, {"silenced": None}):
        other = Drive(
            given.feedforward_hz, **({"feedback": given.feedback, "silenced": given.silenced} | left_out)
        )
        assert np.abs(by_hand(circuit, other, 60, baseline_hz) - expected).max() > 0.1


@pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler")
@pytest.mark.parametrize("mode", ["cython", "cpp_standalone"])
def test_compiled_modes_give_the_same_states(circuit, mode, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given, baseline_hz = everything_at_once(np.random.default_rng(1))
    states = run(circuit, given, n_samples=30, mode=mode, baseline_hz=baseline_hz)
    np.testing.assert_allclose(states, by_hand(circuit, given, 30, baseline_hz), rtol=0, atol=1e-12)


def test_progress_rises_to_one_over_all_phases_of_a_run(circuit):
    told = []
    given, _ = everything_at_once(np.random.default_rng(1))
    run(circuit, given, n_samples=50, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_closed_loop_sees_the_rates_of_every_step_and_its_input_is_held_over_the_step(circuit):
    seen = []

    def hand_drive(step, rate_change_hz):
        seen.append((step, rate_change_hz.copy()))
        return np.full((2, 24), step % 3)

    states = run(circuit, np.zeros((1, 3, 2, 24)), n_samples=20, hand_drive=hand_drive)
    assert [step for step, _ in seen] == list(range(20))
    held = np.broadcast_to((np.arange(20) % 3)[:, None, None, None], (20, 3, 2, 24))
    np.testing.assert_allclose(states, by_hand(circuit, held, 20), rtol=0, atol=1e-12)
    rates = np.stack([rates for _, rates in seen], axis=1)
    np.testing.assert_allclose(rates, RateFunction().rate_change(states), rtol=0, atol=1e-12)


def test_the_loop_cannot_be_closed_outside_python(circuit):
    with pytest.raises(InputError, match="mode: expected numpy or cython where the hand feeds back"):
        run(
            circuit,
            np.zeros((1, 3, 1, 24)),
            n_samples=3,
            mode="cpp_standalone",
            hand_drive=lambda _, rates: rates,
        )


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
