"""Rectified networks learn four patterns, and directions on a screen, where planted errors show."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from motorsim.config import read_toml, validate
from motorsim.io import read_arrays

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"


@pytest.fixture(scope="module")
def experiment():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("feed_forward")


@pytest.fixture(scope="module")
def settings(experiment):
    full = validate(experiment.FeedForwardSettings, read_toml(TEXTBOOK / "feed_forward.toml"))
    return full.model_copy(
        update={
            "n_epochs": 400,
            "patterns": full.patterns.model_copy(update={"learning_rate": 0.2, "n_seeds": 8}),
            "direction": full.direction.model_copy(update={"n_train": 120, "n_test": 400, "n_seeds": 1}),
        }
    )


@pytest.fixture(scope="module")
def courses(experiment, settings):
    return experiment.run(settings)


def test_the_file_holds_the_system_of_the_textbook():
    content = read_toml(TEXTBOOK / "feed_forward.toml")
    assert content["n_epochs"] == 1000
    assert content["patterns"]["bits"] == [0, 1, 1, 0]
    assert len(set(content["patterns"]["classes"])) == 3
    assert content["patterns"]["n_hidden"] == 5
    assert content["screen"]["n_pixels"] == 16


def test_patterns_are_learned_with_one_output_and_with_classes(courses):
    # Some draws leave too few rectifiers that answer to any pattern: about one in twelve with one output.
    assert courses["4-5-1"].n_solved >= 6
    assert courses["4-5-3"].n_solved == 8
    for name in ("4-5-1", "4-5-3"):
        loss = courses[name].loss
        assert np.median(loss[:, -1]) < 0.02 * np.median(loss[:, 0])


def test_directions_of_other_images_are_far_above_chance_and_shuffled_ones_are_not(courses):
    assert courses["screen"].right.mean() > 0.75
    # Three standard errors of 400 guesses at 1 in 8 are 5 %.
    assert courses["screen, directions shuffled"].right.mean() < 0.125 + 0.05


def test_directions_are_shuffled_anew_for_each_network(experiment, settings, monkeypatch):
    learned = []

    def learn(draw, samples, **_):
        learned.append(samples)
        return experiment.Course(np.zeros((1, 2)), np.zeros(1))

    monkeypatch.setattr(experiment, "learn", learn)
    three = settings.direction.model_copy(update={"n_seeds": 3})
    experiment.run(settings.model_copy(update={"direction": three}))
    right, shuffled = learned[-2], learned[-1]
    assert len(shuffled) == 3
    targets = [samples.targets for samples in [right, *shuffled]]
    for number, one in enumerate(targets):
        np.testing.assert_array_equal(one.sum(axis=0), right.targets.sum(axis=0))
        for other in targets[:number]:
            # By chance an eighth of the directions stays.
            assert np.mean(one.argmax(axis=1) == other.argmax(axis=1)) < 0.25
    for samples in shuffled:
        np.testing.assert_array_equal(samples.inputs, right.inputs)
        np.testing.assert_array_equal(samples.test_targets, right.test_targets)


def test_each_network_may_have_samples_of_its_own(experiment, settings):
    problem = experiment.pattern_problems(settings)["4-5-1"]
    one, other = problem.samples, experiment.Samples.known(problem.samples.inputs, np.full((4, 1), 3.0))
    course = problem.learn(settings.model_copy(update={"n_epochs": 1}), samples=[one] * 7 + [other])
    alike = problem.learn(settings.model_copy(update={"n_epochs": 1}))
    np.testing.assert_array_equal(course.loss[:7], alike.loss[:7])
    assert course.loss[7, 0] > 2 * alike.loss[7, 0]
    with pytest.raises(ValueError, match="shorter"):
        problem.learn(settings, samples=[one] * 7)


def test_ascent_diverges_and_solves_nothing(courses):
    for name in ("4-5-1", "4-5-3", "screen"):
        course = courses[f"{name}, ascent"]
        assert course.n_diverged == len(course.right)
        assert np.all(np.nanmax(course.loss, axis=1) > 100 * course.loss[:, 0])
        assert course.n_solved == 0
        assert np.all(np.isnan(course.right))


def test_a_network_that_diverged_is_not_solved_though_it_happens_to_be_right(experiment):
    loss = np.array([[1.0, 0.5, 0.1], [1.0, 9.0, np.nan], [1.0, 9.0, np.inf], [1.0, 0.8, 0.3]])
    course = experiment.Course(loss, np.array([1.0, 1.0, 1.0, 0.5]))
    assert (course.n_solved, course.n_diverged) == (1, 2)
    np.testing.assert_array_equal(course.diverged, [False, True, True, False])
    lost = experiment.Course(loss[1:3], course.right[1:3])
    header, some, none = experiment.describe({"some": course, "none": lost}).splitlines()
    assert header.split() == ["all", "right", "right", "loss", "before", "after", "diverged"]
    assert some.split() == ["some", "1/4", "75.0%", "1.000", "0.2000", "2/4"]
    assert none.split() == ["none", "0/2", "-", "1.000", "-", "2/2"]


def test_a_wrong_first_layer_shows_on_images(courses):
    right = courses["screen"]
    for error in ("no error for the first layer", "1 - relu for its derivative"):
        wrong = courses[f"screen, {error}"]
        assert wrong.right.mean() < right.right.mean() - 0.02
        assert wrong.loss[0, -1] > 2 * right.loss[0, -1]


def test_the_four_patterns_are_separable_by_a_line_so_they_cannot_tell_a_first_layer_that_learns(courses):
    inputs = np.array(read_toml(TEXTBOOK / "feed_forward.toml")["patterns"]["inputs"])
    with_bias = np.column_stack([inputs, np.ones(4)])
    bits = np.array([0.0, 1.0, 1.0, 0.0])
    np.testing.assert_allclose(with_bias @ np.linalg.lstsq(with_bias, bits)[0], bits, atol=1e-12)
    assert courses["4-5-1, no error for the first layer"].n_solved >= 6


def test_targets_of_another_size_are_refused(experiment, settings):
    problem = next(iter(experiment.pattern_problems(settings).values()))
    assert "(sample, output) of shape (4, 1), got shape (4, 2)" in experiment.refusal(problem)


def test_a_target_is_drawn_in_its_direction(experiment, settings):
    screen = settings.screen.model_copy(update={"jitter_pixels": 0.0, "noise": 0.0})
    images = experiment.draw_images(screen, np.array([0, 2, 4, 6]), np.random.default_rng(1))
    assert images.shape == (4, 16, 16, 1)
    rows, columns = np.indices((16, 16)) - 7.5
    weight = images[..., 0] / images.sum(axis=(1, 2, 3))[:, None, None]
    centre = np.stack([(weight * columns).sum(axis=(1, 2)), -(weight * rows).sum(axis=(1, 2))], axis=1)
    expected = screen.distance_pixels * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    np.testing.assert_allclose(centre, expected, atol=0.05)


def test_images_of_one_direction_differ_and_the_test_has_others(experiment, settings):
    samples = experiment.screen_problem(settings).samples
    assert np.abs(samples.inputs[0] - samples.inputs[8]).max() > 0.5
    assert np.abs(samples.inputs[0] - samples.test_inputs[0]).max() > 0.5


def test_the_script_writes_what_it_found(experiment, tmp_path, monkeypatch, capsys):
    text = (TEXTBOOK / "feed_forward.toml").read_text()
    for line, small in (("n_epochs = 1000", "n_epochs = 2"), ("n_seeds = 20", "n_seeds = 2")):
        assert line in text
        text = text.replace(line, small)
    (tmp_path / "small.toml").write_text(text)
    arguments = ["feed_forward", str(tmp_path / "small.toml"), "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert experiment.main() == 0
    assert "4-5-3, ascent" in capsys.readouterr().out
    arrays, _ = read_arrays(tmp_path / "textbook" / "feed_forward.h5", "feed_forward", schema_version=1)
    assert arrays["4-5-1"]["loss"].shape == (2, 3)
    assert arrays["screen"]["right"].shape == (5,)
    assert arrays["example_image"].shape == (16, 16)


def test_an_unknown_setting_is_refused_in_one_line(experiment, tmp_path, monkeypatch, capsys):
    (tmp_path / "wrong.toml").write_text((TEXTBOOK / "feed_forward.toml").read_text() + "n_layers = 3\n")
    monkeypatch.setattr(
        sys, "argv", ["feed_forward", str(tmp_path / "wrong.toml"), "--results", str(tmp_path)]
    )
    assert experiment.main() == 2
    assert "direction.n_layers" in capsys.readouterr().err
