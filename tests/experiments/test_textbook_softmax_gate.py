"""Textbook system A: a softmax-gated network learns from a teacher, and each usual error is told apart."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from motorsim.config import read_toml, validate
from motorsim.io import read_arrays

FOLDER = Path(__file__).parents[2] / "experiments" / "textbook"


@pytest.fixture(scope="module")
def experiment():
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("softmax_gate")
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("softmax_gate", "gated_by_hand"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def by_hand(experiment):
    return sys.modules["gated_by_hand"]


@pytest.fixture(scope="module")
def settings(experiment):
    return validate(experiment.Settings, read_toml(experiment.CONFIG) | {"n_seeds": 1})


@pytest.fixture(scope="module")
def results(experiment, settings):
    return experiment.run(settings)


def test_the_settings_are_those_of_the_textbook(settings):
    assert (settings.n_times, settings.n_features, settings.n_iterations) == (10, 10, 1000)


def test_the_loss_falls_by_99_percent_and_so_it_does_on_new_sequences(results):
    assert results.loss.shape == (1, 1001)
    assert (results.share < 0.01).all()
    assert (results.new_share < 0.01).all()


def test_random_targets_cannot_be_met(results):
    assert (results.random_share >= 0.64).all()
    assert (results.random_share >= results.floor_share).all()
    assert (results.random_share < results.floor_share + 0.15).all()


def test_what_each_usual_error_leaves(results, by_hand):
    left = dict(zip(by_hand.MISTAKES, results.mistake_share.min(axis=1), strict=True))
    worse_than_nothing = (by_hand.ONE_SIGNAL, by_hand.NO_RATE)
    assert all(left[name] > 1.0 for name in worse_than_nothing)
    assert left[by_hand.DOT] > 0.5
    assert left[by_hand.PAST] > 0.5
    assert left[by_hand.NO_FIRST] > 10 * results.new_share.max()
    # Every step has a target of its own, so that nothing need be carried back.
    assert left[by_hand.CUT] < 0.01


@pytest.mark.slow
def test_all_seeds_learn_and_with_the_gates_diagonal_alone_some_do_not(experiment, by_hand):
    results = experiment.run(validate(experiment.Settings, read_toml(experiment.CONFIG)))
    assert len(results.share) == 10
    assert results.share.max() < 0.01
    assert results.new_share.max() < 0.01
    assert results.random_share.min() >= 0.64
    diagonal = results.mistake_share[list(by_hand.MISTAKES).index(by_hand.DIAGONAL)]
    assert diagonal.max() > 0.5


def test_without_a_mistake_the_gradients_by_hand_are_those_of_the_package(experiment, by_hand, settings):
    problem = experiment.Problem.draw(settings, 3)
    params = {name: array + 0.1 for name, array in problem.network.to_arrays().items()}
    value, gradients, _ = by_hand.loss_and_gradients(params, problem.inputs, problem.targets)
    expected, expected_gradients = problem.network.with_parameters(params).loss_and_gradients(
        problem.inputs, problem.targets
    )
    assert value == pytest.approx(expected, rel=1e-12)
    assert gradients.keys() == expected_gradients.keys()
    for name, gradient in expected_gradients.items():
        np.testing.assert_allclose(gradients[name], gradient, atol=1e-12 * np.abs(gradient).max())


def test_each_mistake_in_the_gradients_is_one(experiment, by_hand, settings):
    problem = experiment.Problem.draw(settings, 3)
    params = problem.network.to_arrays()
    _, right, _ = by_hand.loss_and_gradients(params, problem.inputs, problem.targets)
    in_the_loop = {by_hand.NO_RATE, by_hand.NO_FIRST}
    for mistake in by_hand.MISTAKES:
        _, wrong, _ = by_hand.loss_and_gradients(params, problem.inputs, problem.targets, mistake=mistake)
        same = all(np.allclose(wrong[name], right[name], rtol=1e-6) for name in right)
        assert same == (mistake in in_the_loop)


def test_the_least_loss_is_that_of_the_best_outputs(experiment):
    rng = np.random.default_rng(1)
    targets = rng.normal(size=(1, 4))
    # By search: outputs whose magnitudes sum to 1, signs those of the targets.
    shares = rng.dirichlet(np.ones(4), 200_000)
    found = np.mean((shares * np.sign(targets) - targets) ** 2, axis=-1).min()
    least = experiment.least_loss(targets)
    assert least <= found
    assert found == pytest.approx(least, rel=0.02)
    assert experiment.least_loss(np.array([[0.3, -0.4, 0.0]])) == 0.0


def test_the_script_writes_what_it_tells(experiment, monkeypatch, tmp_path, capsys):
    toml = tmp_path / "small.toml"
    toml.write_text(
        "n_seeds = 1\nn_features = 4\nn_times = 3\nn_sequences = 4\nn_new_sequences = 5\n"
        "learning_rate = 1.0\nn_iterations = 4\n"
    )
    monkeypatch.setattr(sys, "argv", ["softmax_gate", str(toml), "--results", str(tmp_path)])
    assert experiment.main() == 0
    arrays, _ = read_arrays(tmp_path / "textbook" / "softmax_gate.h5", experiment.KIND, schema_version=1)
    assert arrays["loss"].shape == (1, 5)
    assert arrays["mistake_loss"].shape == (7, 1, 4)
    told = capsys.readouterr().out
    assert "recurrent path cut" in told
    assert "random targets" in told


@pytest.mark.parametrize("content", ["n_seeds = 0\n", "unknown = 1\n", "n_seeds = 'two'\n"])
def test_a_toml_that_does_not_fit_is_one_line_of_error(experiment, monkeypatch, tmp_path, capsys, content):
    toml = tmp_path / "bad.toml"
    toml.write_text(content)
    monkeypatch.setattr(sys, "argv", ["softmax_gate", str(toml)])
    assert experiment.main() == 2
    assert capsys.readouterr().err.startswith("softmax_gate: ")
