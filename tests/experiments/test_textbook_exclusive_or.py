"""A 2-4-1 tanh network learns exclusive-or; a linear hidden layer, ascent and a lost error term do not."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from motorsim.config import read_toml, validate

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"


@pytest.fixture(scope="module")
def experiment():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("exclusive_or")


@pytest.fixture(scope="module")
def settings(experiment):
    full = validate(experiment.ExclusiveOrSettings, read_toml(TEXTBOOK / "exclusive_or.toml"))
    smaller = {"learning_rate": 0.5, "n_epochs": 800, "every_epochs": 200}
    return full.model_copy(update=smaller | {"n_seeds": 8, "n_control_seeds": 3})


@pytest.fixture(scope="module")
def courses(experiment, settings):
    return experiment.run(settings)


def test_the_file_holds_the_system_of_the_textbook():
    content = read_toml(TEXTBOOK / "exclusive_or.toml")
    numbers = {name: content[name] for name in ("n_hidden", "n_epochs", "every_epochs", "n_seeds")}
    assert numbers == {"n_hidden": 4, "n_epochs": 10_000, "every_epochs": 1000, "n_seeds": 100}


def test_every_network_solves_it(experiment, courses):
    course = courses[experiment.RIGHT]
    assert course.n_solved == 8
    assert course.loss[:, -1].max() < 0.02
    low, high = experiment.success_interval(course)
    assert 0.6 < low < 0.7
    assert high == pytest.approx(1.0)


def test_a_linear_hidden_layer_can_have_three_of_four_at_most(courses):
    course = courses["hidden layer linear"]
    assert course.right.max() <= 0.75
    # Under one straight line the best answer is one half for all.
    np.testing.assert_allclose(course.loss[:, -1], 0.25, atol=0.01)


@pytest.mark.parametrize("error", ["ascent", "no error term"])
def test_without_a_way_down_the_loss_ends_above_where_it_began(courses, error):
    course = courses[error]
    assert course.n_solved == 0
    assert np.all(course.loss[:, -1] > course.loss[:, 0])
    assert course.loss[:, -1].min() > 1.0


def test_a_value_squashed_twice_has_a_wrong_gradient_that_still_points_down(experiment, courses):
    assert courses["tanh' of a squashed value"].n_solved == 3
    samples = experiment.SAMPLES
    gradients = [
        experiment.draw(np.random.default_rng(1), n_hidden=4, layer=layer).loss_and_gradients(
            samples.inputs, samples.targets
        )[1]
        for layer in (experiment.Dense, experiment.SquashedTwiceDense)
    ]
    right, wrong = (np.concatenate([array.ravel() for array in found.values()]) for found in gradients)
    assert np.linalg.norm(wrong - right) > 0.05 * np.linalg.norm(right)
    assert right @ wrong > 0


def test_the_loss_is_told_from_the_start_to_the_end(experiment, courses, settings):
    course = courses[experiment.RIGHT]
    told = experiment.loss_every(course, settings.every_epochs)
    assert told.shape == (5,)
    assert told[0] == np.median(course.loss[:, 0])
    assert told[-1] == np.median(course.loss[:, -1])
    text = experiment.tell(courses, settings)
    assert "  800   " in text
    assert "solved by 8 of 8 networks" in text
