from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from motorsim.io import read_arrays

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"
SMALL = "n_seeds = 3\nn_units = 8\ngain = 2.0\nlearning_rate = 0.3\nn_iterations = 400\n"


@pytest.fixture(scope="module")
def experiment():
    # Found by name, as pydantic and the processes that it starts will find it.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("truth_table")
    sys.modules.pop("truth_table", None)


@pytest.fixture(scope="module")
def settings(experiment):
    return experiment.Settings(n_seeds=2, n_units=8, gain=2.0, learning_rate=0.3, n_iterations=2000)


def plain_of(network):
    names = {
        "W": "cell.input_weights",
        "R": "cell.recurrent_weights",
        "V": "readout.weights",
        "b": "readout.bias",
    }
    return {letter: network.effective_parameters[name][None] for letter, name in names.items()}


def test_the_cases_are_those_of_the_textbook_and_x2_comes_first(experiment):
    second, first = experiment.BITS.T
    for x1, x2, not_x2, exclusive in zip(
        first, second, experiment.TABLES["NOT x2"], experiment.TABLES["exclusive-or"], strict=True
    ):
        assert not_x2 == 1 - x2
        assert exclusive == (x1 != x2)
    stated = {(1, 0): 1, (1, 1): 0, (0, 1): 0, (0, 0): 1}
    assert stated == {
        (int(x1), int(x2)): int(y)
        for x1, x2, y in zip(first, second, experiment.TABLES["NOT x2"], strict=True)
    }


@pytest.mark.parametrize("table", ["NOT x2", "exclusive-or"])
def test_the_network_learns_what_it_cannot_without_recurrence(experiment, settings, table):
    targets = experiment.TABLES[table]
    for seed in range(settings.n_seeds):
        outputs, _ = experiment.learn(
            experiment.initial_network(settings, seed, recurrent=True), targets, settings
        )
        assert experiment.n_right(outputs, targets) == 4
        cut, losses = experiment.learn(
            experiment.initial_network(settings, seed, recurrent=False), targets, settings
        )
        # The best function of x1 alone is one half everywhere.
        assert losses[-1] == pytest.approx(0.25, abs=1e-6)
        np.testing.assert_allclose(cut, 0.5, atol=1e-2)


def test_the_plain_network_without_mistakes_has_the_gradients_of_the_package(experiment, settings):
    network = experiment.initial_network(settings, 0, recurrent=True)
    table = experiment.TABLES["exclusive-or"]
    targets, mask = np.zeros((4, 2, 1)), np.zeros((4, 2), dtype=bool)
    targets[:, -1, 0], mask[:, -1] = table, True
    loss, expected = network.loss_and_gradients(experiment.BITS[..., None], targets, mask=mask)
    plain_loss, grads = experiment.plain_gradients(plain_of(network), table)
    assert plain_loss[0] == pytest.approx(loss, rel=1e-12)
    for letter, name in (("W", "input_weights"), ("R", "recurrent_weights")):
        np.testing.assert_allclose(grads[letter][0], expected[f"cell.{name}"], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(grads["V"][0], expected["readout.weights"], rtol=1e-10)


def test_mistakes_of_the_form_alone_have_true_gradients_of_another_network(experiment, settings):
    table = experiment.TABLES["exclusive-or"]
    weights = experiment.draw_weights(settings)
    step = 1e-6
    for mistake, factor in ((experiment.SHARED, 1.0), (experiment.TWICE, 2.0), (experiment.CUT, 1.0)):
        _, grads = experiment.plain_gradients(weights, table, mistake)
        losses = []
        for sign in (1, -1):
            moved = weights | {"W": weights["W"].copy()}
            moved["W"][0, 0, 0] += sign * step
            losses.append(experiment.plain_gradients(moved, table, mistake)[0][0])
        slope = (losses[0] - losses[1]) / (2 * step)
        assert factor * grads["W"][0, 0, 0] == pytest.approx(slope, rel=1e-6)


def test_outputs_that_are_no_numbers_are_never_right(experiment):
    assert experiment.n_right(np.full(4, np.nan), experiment.TABLES["NOT x2"]) == 0


def test_a_small_run_writes_every_network_and_prints_the_table(experiment, tmp_path, capsys):
    config = tmp_path / "small.toml"
    config.write_text(SMALL)
    assert experiment.main([str(config), "--results", str(tmp_path)]) == 0
    arrays, attributes = read_arrays(
        tmp_path / "textbook" / "truth_table.h5", "truth table", schema_version=1
    )
    assert arrays["NOT x2"]["learned"]["outputs"].shape == (3, 4)
    assert arrays["NOT x2"]["learned"]["loss"].shape == (3, 400)
    assert set(arrays["exclusive-or"]["mistakes"]) == set(experiment.MISTAKES)
    assert attributes["n_units"] == 8
    printed = capsys.readouterr().out
    assert printed.count("0 of 3") >= 4
    assert "derivative of sigma left out" in printed


def test_settings_that_make_no_sense_are_refused_in_one_line(experiment, tmp_path, capsys):
    config = tmp_path / "bad.toml"
    config.write_text(SMALL.replace("n_units = 8", "n_units = 0"))
    assert experiment.main([str(config), "--results", str(tmp_path)]) == 2
    assert "n_units" in capsys.readouterr().err
