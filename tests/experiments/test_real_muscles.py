from __future__ import annotations

import csv
import importlib.util
import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.config import load_config
from motorsim.io import load_array, read_arrays
from motorsim.progress import Silent

CHECKOUT = Path(__file__).parents[2]
EXPERIMENTS = CHECKOUT / "experiments"


@pytest.fixture
def experiment(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    return importlib.import_module("real_muscles")


@pytest.fixture
def fits(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    return importlib.import_module("muscle_fits")


def cosine_muscles(n_samples=60, n_muscles=7):
    """Muscles (muscle, time, direction) with cosine tuning and a time course of their own each."""
    rng = np.random.default_rng(2)
    directions = 2 * np.pi * np.arange(8) / 8
    times = np.linspace(0.0, np.pi, n_samples)
    preferred, delay = rng.uniform(0, 2 * np.pi, n_muscles), rng.uniform(0, 1, n_muscles)
    tuning = 1 + np.cos(directions - preferred[:, None])
    course = np.sin(times - delay[:, None]) + 1
    noise = 0.01 * rng.standard_normal((n_muscles, n_samples, 8))
    return 5.0 * course[:, :, None] * tuning[:, None, :] + noise


@pytest.fixture
def toml(tmp_path):
    """A small experiment beside data of its own."""
    np.save(tmp_path / "muscles.npy", cosine_muscles())
    path = tmp_path / "small.toml"
    path.write_text(
        '[data]\nfile = "muscles.npy"\nbin_samples = 2\ntest_directions = [1, 6]\n'
        "[network]\nn_units = 16\nn_iterations = 30\n[controls]\nn_harmonics = 1\nn_surrogates = 5\n"
    )
    return path


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def finish(experiment, toml, results, **options):
    return experiment.run(experiment.load_experiment(toml), results=results, progress=Silent(), **options)


def test_bins_hold_the_mean_of_their_samples_and_what_fills_none_is_counted(fits):
    samples = np.random.default_rng(1).uniform(size=(3, 17, 8))
    muscles = fits.Muscles.of(samples, 5)
    assert muscles.activity.shape == (8, 3, 3)
    assert muscles.n_left_over == 2
    np.testing.assert_allclose(
        muscles.activity[4, 1, 2] * muscles.ranges[2], samples[2, 5:10, 4].mean(), rtol=1e-12
    )


def test_every_muscle_has_a_range_of_one_and_none_that_stands_still_is_taken(fits):
    samples = np.random.default_rng(1).uniform(size=(3, 16, 8)) * np.array([1.0, 30.0, 500.0])[:, None, None]
    np.testing.assert_allclose(np.ptp(fits.Muscles.of(samples, 4).activity, axis=(0, 1)), 1.0)
    samples[1] = 2.0
    with pytest.raises(InputError, match="muscle 2"):
        fits.Muscles.of(samples, 4)
    with pytest.raises(InputError, match="at most 8"):
        fits.Muscles.of(samples, 9)


def test_neither_the_test_nor_the_validation_direction_is_fitted_and_both_neighbours_of_the_test_are(fits):
    for test in range(8):
        fold = fits.Fold.of(test, 8)
        assert not fold.train[[fold.test, fold.validation]].any()
        assert fold.train.sum() == 6
        assert fold.train[[(test - 1) % 8, (test + 1) % 8]].all()


def test_what_the_test_direction_did_changes_no_prediction(fits):
    activity = np.ascontiguousarray(fits.Muscles.of(cosine_muscles(), 2).activity)
    fold = fits.Fold.of(3, 8)
    changed = activity.copy()
    changed[fold.test] = np.random.default_rng(4).uniform(size=changed[0].shape)
    both = [fits.Muscles(values, np.ones(7), 0) for values in (activity, changed)]
    settings = fits.NetworkConfig(n_units=8, n_iterations=6, evaluate_every=2)
    (_, before), (_, after) = (fits.fit_network(settings, muscles, fold, rng=1) for muscles in both)
    np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(*(fits.predict_task_only(muscles, fold, 1) for muscles in both))


def test_cosine_tuning_predicts_cosine_muscles_in_a_direction_it_has_not_seen(fits):
    muscles = fits.Muscles.of(cosine_muscles(), 2)
    folds = [fits.Fold.of(test, 8) for test in range(8)]
    predicted = np.stack([fits.predict_task_only(muscles, fold, 1) for fold in folds])
    assert fits.score(muscles.activity, predicted, folds)["held out"].pooled > 0.999


def test_held_out_scores_look_at_the_test_directions_and_fitted_scores_at_the_fitted(fits):
    activity = np.random.default_rng(1).uniform(size=(8, 12, 3))
    folds = [fits.Fold.of(test, 8) for test in (0, 3)]
    predicted = np.stack([activity, activity])
    for fold, made in zip(folds, predicted, strict=True):
        made[fold.test] = activity[fold.test].mean()
        made[fold.validation] = 100.0
    scores = fits.score(activity, predicted, folds)
    assert scores["fitted"].pooled == 1.0
    assert scores["held out"].pooled < 0.1


def test_the_network_is_told_the_direction_always_and_the_movement_from_the_cue_on(fits):
    directions = np.array([0.0, np.pi / 2])
    told = fits.build_inputs(directions, 10, 0.3)
    np.testing.assert_allclose(told[:, :, 0], [[1.0] * 10, [0.0] * 10], atol=1e-7)
    np.testing.assert_allclose(told[:, :, 1], [[0.0] * 10, [1.0] * 10], atol=1e-7)
    np.testing.assert_array_equal(told[1, :, 2], [0] * 3 + [1] * 7)


def test_a_run_leaves_arrays_scores_and_a_configuration_that_gives_the_same_run(experiment, toml, results):
    finish(experiment, toml, results)
    folder = results / "small"
    arrays, _ = read_arrays(folder / "muscles.h5", experiment.KIND, schema_version=experiment.SCHEMA_VERSION)
    assert arrays["predicted"]["network"].shape == (2, 8, 30, 7)
    rows = list(csv.DictReader((folder / "scores.csv").read_text().splitlines()))
    assert len(rows) == 2 * 2 * (7 + 1)
    by_muscle = {
        (row["model"], row["directions"], row["muscle"]): float(row["variance_explained"]) for row in rows
    }
    assert by_muscle["task-only", "held out", "all"] > 0.999
    again = experiment.load_experiment(folder / "config.toml")
    assert again == experiment.load_experiment(toml)


def test_the_same_seed_gives_the_same_files_and_nothing_is_computed_twice(experiment, toml, results):
    first = finish(experiment, toml, results)
    assert finish(experiment, toml, results) == first  # its time stamp too
    again = finish(experiment, toml, results, force=True)
    assert again != first
    assert again.outputs == first.outputs
    toml.write_text("seed = 2\n" + toml.read_text())
    assert finish(experiment, toml, results).outputs["muscles.h5"] != first.outputs["muscles.h5"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("muscles.npy", "missing.npy"), "data.file"),
        (("bin_samples", "bin_sample"), "did you mean bin_samples?"),
        (("n_units = 16", "n_units = -1"), "network.n_units"),
        (("[1, 6]", "[1, 8]"), "directions from 0 to 7"),
        (("[1, 6]", "[1, 1]"), "each direction once"),
        (("n_harmonics = 1", "n_harmonics = 9"), "harmonics"),
    ],
)
def test_bad_input_is_one_line_and_status_2_and_leaves_finished_results(
    experiment, toml, capsys, change, said
):
    results = toml.parent / "results"
    finish(experiment, toml, results)
    names = ("muscles.h5", "scores.csv", "config.toml")
    kept = [(results / "small" / name).read_bytes() for name in names]
    toml.write_text(toml.read_text().replace(*change))
    assert experiment.main([str(toml), "--results", str(results), "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert kept == [(results / "small" / name).read_bytes() for name in names]


def test_the_experiments_that_ship_say_every_setting_the_code_has(experiment):
    shipped = EXPERIMENTS / "real_muscles.toml"
    config = experiment.load_experiment(shipped)
    said = tomllib.loads(shipped.read_text())
    whole = config.model_dump(mode="json", exclude={"name"})
    assert {key: set(value) for key, value in said.items() if isinstance(value, dict)} == {
        key: set(value) for key, value in whole.items() if isinstance(value, dict)
    }


def test_the_order_of_the_real_directions_is_the_shortest_way_around_them(shared_data, fits):
    samples = load_array(shared_data / "emg" / "EMG.mat", "all_EMG", ("muscle", "time", "direction"))
    activity = fits.Muscles.of(samples, 20).activity.reshape(8, -1)
    distance = np.linalg.norm(activity[:, None] - activity, axis=2)
    rounds = np.array([(0, *rest) for rest in itertools.permutations(range(1, 8))])
    lengths = distance[rounds, np.roll(rounds, -1, axis=1)].sum(axis=1)
    np.testing.assert_allclose(lengths[0], lengths.min())


def test_the_published_circuit_is_given_by_a_path_beside_its_configuration(shared_data):
    config = load_config(EXPERIMENTS / "published_circuit.toml")
    assert config.name == "published_circuit"
    assert config.cortex.weights_file is not None
    assert config.cortex.weights_file.name == "SOC_Network_20210927T141434.mat"
    assert (shared_data / "soc" / config.cortex.weights_file.name).is_file()


@pytest.fixture
def figures():
    path = CHECKOUT / "figures" / "real_muscles.py"
    specification = importlib.util.spec_from_file_location("real_muscles_figures", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_figures_are_drawn_from_finished_results_alone(experiment, figures, toml, results):
    finish(experiment, toml, results)
    toml.unlink()
    paths = figures.draw(results / "small")
    assert {path.name for path in paths} == {
        f"{name}.{kind}" for name in ("muscles_fitted", "muscles_scores") for kind in ("pdf", "png")
    }
    assert all(path.is_file() for path in paths)


def test_the_figure_of_held_out_directions_shows_each_by_the_network_that_has_not_seen_it(figures):
    rng = np.random.default_rng(1)
    network = np.zeros((3, 3, 12, 2))
    tests = np.array([2, 0, 1])
    for fold, test in enumerate(tests):
        network[fold, test] = test + 1.0
    results = {
        "activity": rng.uniform(size=(3, 12, 2)),
        "directions_rad": np.arange(3.0),
        "test": tests,
        "predicted": {"network": network},
    }
    shown = {}
    figures.grid_figure = lambda _results, predicted, **_rest: shown.update(predicted=predicted)
    figures.held_out_figure(results)
    np.testing.assert_array_equal(shown["predicted"][:, 0, 0], [1.0, 2.0, 3.0])


def test_figures_of_an_unfinished_experiment_say_what_to_run(figures, tmp_path, capsys):
    assert figures.main([str(tmp_path)]) == 2
    assert "run experiments/real_muscles.py first" in capsys.readouterr().err
