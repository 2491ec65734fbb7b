"""An LSTM without a cell state and a GRU that resets its input: right gradients of wrong equations."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.config import read_toml, validate
from motorsim.io import read_arrays
from motorsim.nn import GRU, LSTM, Linear, Network
from motorsim.types import SequenceCell

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"
WRONG = ("CelllessLSTM", "ResetInputGRU")


@pytest.fixture(scope="module")
def experiment():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("memory_errors")
    for name in ("memory_errors", "memory", "wrong_cells"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def full(experiment):
    return validate(experiment.Settings, read_toml(experiment.CONFIG))


@pytest.fixture
def settings(full):
    small = {"n_seeds": 2, "delays_s": (0.1, 0.2), "n_units": 8, "n_trials": 16, "n_resamples": 50}
    return full.model_copy(update=small | {"n_updates": 60, "learning_rates": (3e-3, 1e-3)})


@pytest.fixture
def in_threads(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def _problem(cell, seed):
    """Return parameters, a state (batch, state) and inputs (batch, feature)."""
    rng = np.random.default_rng(seed)
    parameters = {name: 0.7 * rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}
    return parameters, rng.normal(size=(2, *parameters["initial_state"].shape)), rng.normal(size=(2, 3))


def test_nothing_is_carried_by_the_c_of_the_wrong_lstm(experiment):
    cell = experiment.CelllessLSTM(3, 5)
    parameters, state, inputs = _problem(cell, 1)
    drive = state[:, :5] @ parameters["recurrent_weights"].T
    drive_i, _, drive_g, drive_o = np.split(
        drive + inputs @ parameters["input_weights"].T + parameters["bias"], 4, axis=1
    )
    got, _ = cell.step(parameters, state, inputs)
    expected = _sigmoid(drive_o) * np.tanh(_sigmoid(drive_i) * np.tanh(drive_g))
    np.testing.assert_allclose(cell.rates(got), expected, rtol=1e-13)
    moved = state + np.concatenate([np.zeros((2, 5)), np.ones((2, 5))], axis=1)
    np.testing.assert_array_equal(cell.step(parameters, moved, inputs)[0], got)
    right, _ = LSTM(3, 5).step(parameters, state, inputs)
    assert np.abs(right - got).max() > 0.1


def test_the_reset_gate_of_the_wrong_gru_scales_the_input_too(experiment):
    cell = experiment.ResetInputGRU(3, 5)
    parameters, state, inputs = _problem(cell, 2)
    by_state_r, by_state_z, by_state_n = np.split(state @ parameters["recurrent_weights"].T, 3, axis=1)
    by_input = inputs @ parameters["input_weights"].T + parameters["bias"]
    by_input_r, by_input_z, by_input_n = np.split(by_input, 3, axis=1)
    r, z = _sigmoid(by_state_r + by_input_r), _sigmoid(by_state_z + by_input_z)
    n = np.tanh(r * (by_input_n + by_state_n + parameters["recurrent_bias"]))
    got, _ = cell.step(parameters, state, inputs)
    np.testing.assert_allclose(got, (1.0 - z) * n + z * state, rtol=1e-13)
    right, _ = GRU(3, 5).step(parameters, state, inputs)
    assert np.abs(right - got).max() > 0.1


@pytest.mark.parametrize("kind", WRONG)
def test_gradients_are_the_right_ones_of_the_wrong_equations(experiment, kind):
    cell = getattr(sys.modules["wrong_cells"], kind)(3, 4)
    rng = np.random.default_rng(3)
    network = Network(
        cell,
        Linear(4, 2),
        {f"cell.{name}": 0.7 * rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}
        | {
            f"readout.{name}": rng.normal(size=shape) for name, shape in Linear(4, 2).parameter_shapes.items()
        },
    )
    inputs, targets = rng.normal(size=(3, 6, 3)), rng.normal(size=(3, 6, 2))
    _, gradients = network.loss_and_gradients(inputs, targets)
    for name, gradient in gradients.items():
        expected = np.empty_like(gradient)
        for index in np.ndindex(gradient.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = network.parameters[name].copy()
                moved[index] += step
                changed = network.with_parameters({**network.parameters, name: moved})
                sides.append(changed.loss(inputs, targets))
            expected[index] = (sides[0] - sides[1]) / 2e-5
        assert np.linalg.norm(gradient - expected) < 1e-6 * np.linalg.norm(expected), name


@pytest.mark.parametrize("kind", WRONG)
def test_pull_back_and_jacobian_equal_complex_steps(experiment, kind):
    cell = getattr(sys.modules["wrong_cells"], kind)(3, 4)
    parameters, state, inputs = _problem(cell, 4)
    rng = np.random.default_rng(5)
    following, cache = cell.step(parameters, state, inputs)
    grad = rng.normal(size=following.shape)
    grad_state, grad_inputs, gradients = cell.step_vjp(parameters, cache, grad)
    np.testing.assert_allclose(
        np.einsum("bi,bij->bj", grad, cell.jacobian(parameters, state, inputs)), grad_state, atol=1e-13
    )

    def change(name, direction):
        given = {**parameters, "state": state, "input": inputs}
        given = {key: value.astype(complex) for key, value in given.items()}
        given[name] = given[name] + 1e-30j * direction
        turned, _ = cell.step(given, given.pop("state"), given.pop("input"))
        return np.sum(grad * turned.imag) / 1e-30

    for name, gradient in {**gradients, "state": grad_state, "input": grad_inputs}.items():
        direction = rng.normal(size=gradient.shape)
        assert change(name, direction) == pytest.approx(np.sum(gradient * direction), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("kind", "right"), [(WRONG[0], LSTM), (WRONG[1], GRU)])
def test_wrong_cells_start_as_the_right_ones_do_and_keep_the_type(experiment, kind, right):
    cell = getattr(sys.modules["wrong_cells"], kind)(3, 4)
    assert isinstance(cell, SequenceCell)
    start, expected = cell.initial_parameters(rng=7), right(3, 4).initial_parameters(rng=7)
    assert set(start) == set(expected)
    for name, array in start.items():
        np.testing.assert_array_equal(array, expected[name])
    network = Network.initialise(cell, Linear(4, 2), rng=7, dtype=np.float32)
    assert network.forward(np.ones((2, 3, 3), dtype=np.float32)).outputs.dtype == np.float32


def test_without_a_cell_state_a_short_delay_costs_many_updates_that_the_lstm_does_not_need(experiment, full):
    short = full.model_copy(update={"delays_s": (0.1,), "n_updates": 150, "n_trials": 100})
    rate = {"delay_s": 0.1, "learning_rate": 3e-3, "seed": 0}
    assert experiment.learn(short, "LSTM", **rate)[-1] >= 0.9
    assert experiment.learn(short, "GRU that resets the input too", **rate)[-1] >= 0.9
    assert experiment.learn(short, "LSTM without a cell state", **rate)[-1] < 0.5


def test_the_last_look_is_after_the_whole_budget(experiment, settings):
    np.testing.assert_array_equal(experiment.looks(settings), [50, 60])
    even = settings.model_copy(update={"n_updates": 100})
    np.testing.assert_array_equal(experiment.looks(even), [50, 100])


@pytest.mark.parametrize(("bridging", "n_tried"), [(3e-3, 1), (1e-3, 2), (None, 2)])
def test_rates_are_tried_until_one_bridges(experiment, settings, monkeypatch, bridging, n_tried):
    asked = []

    def learn(settings, kind, *, delay_s, learning_rate, seed):
        asked.append(learning_rate)
        return np.array([0.5, 0.95] if learning_rate == bridging else [0.95, 0.85])

    monkeypatch.setattr(experiment, "learn", learn)
    courses = experiment.try_rates(settings, "GRU", 0.2, 0)
    assert asked == list(settings.learning_rates[:n_tried])
    assert np.isnan(courses[n_tried:]).all()
    assert np.isfinite(courses[:n_tried]).all()


def test_the_best_rate_of_each_network_counts_and_its_first_look_with_enough(experiment, settings):
    nan = np.nan
    tried = np.array(
        [[[0.95, 0.8], [0.3, 0.85]], [[0.2, 0.92], [nan, nan]], [[0.95, 0.94], [nan, nan]]]
    )  # (network, learning rate, look)
    best = experiment.best_courses(tried)
    np.testing.assert_array_equal(best, [[0.3, 0.85], [0.2, 0.92], [0.95, 0.94]])
    np.testing.assert_array_equal(experiment.updates_needed(best, settings), [np.inf, 60, 50])
    one = settings.model_copy(update={"delays_s": (0.1,)})
    (row,) = experiment.summarise({"GRU": tried[:, None]}, one).to_dict("records")
    assert row["right (%)"] == pytest.approx(100 * (0.85 + 0.92 + 0.94) / 3)
    assert 85.0 <= row["low"] < row["right (%)"] < row["high"] <= 94.0
    assert (row["bridged"], row["updates, median"], row["most"]) == ("2 of 3", 60, np.inf)


def test_a_reduced_run_goes_through_all_networks(experiment, full, in_threads, tmp_path, capsys):
    small = {"n_seeds": 1, "n_units": 4, "n_updates": 2, "n_trials": 8, "learning_rates": "[3e-3]"}
    lines = [line for line in experiment.CONFIG.read_text().splitlines() if line.split(" ")[0] not in small]
    config = tmp_path / "small.toml"
    config.write_text("\n".join(lines + [f"{name} = {value}" for name, value in small.items()]))
    assert experiment.main([str(config), "--workers", "1", "--quiet", "--results", str(tmp_path)]) == 0
    path = tmp_path / "textbook" / "memory_errors.h5"
    arrays, attributes = read_arrays(path, experiment.KIND, schema_version=1)
    assert set(arrays["networks"]) == set(experiment.CELLS)
    for fractions in arrays["networks"].values():
        assert fractions.shape == (1, 2, 1, 1)
        assert np.isfinite(fractions).all()
    np.testing.assert_array_equal(arrays["delays_s"], full.delays_s)
    assert attributes["n_units"] == 4
    assert capsys.readouterr().out.count("LSTM without a cell state") == 2


def test_a_ladder_that_falls_and_an_unknown_setting_are_refused(experiment, settings, tmp_path, capsys):
    with pytest.raises(InputError, match="delays_s"):
        experiment.run(settings.model_copy(update={"delays_s": (1.0, 0.1)}))
    (tmp_path / "wrong.toml").write_text(experiment.CONFIG.read_text() + "n_layers = 3\n")
    assert experiment.main([str(tmp_path / "wrong.toml"), "--results", str(tmp_path)]) == 2
    assert "n_layers" in capsys.readouterr().err
