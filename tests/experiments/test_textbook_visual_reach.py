"""A network that sees the target learns, from pixels to rates, what a cortex does; reduced to seconds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

from motorsim.checks import InputError
from motorsim.config import read_toml, validate
from motorsim.io import read_arrays

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"
SMALL = {"n_seeds": "2", "dt_s": "0.05", "n_units": "16", "n_updates": "2", "n_trials": "1"}


@pytest.fixture(scope="module")
def experiment():
    # Found by name, as pydantic and the processes that it starts will find it.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("visual_reach")
    sys.modules.pop("visual_reach", None)


@pytest.fixture(scope="module")
def full(experiment):
    return validate(experiment.Settings, read_toml(experiment.CONFIG))


@pytest.fixture(scope="module")
def settings(full):
    return full.model_copy(update={"dt_s": 0.05, "n_units": 64, "n_updates": 250, "n_trials": 2})


@pytest.fixture(scope="module")
def session(experiment, settings):
    return experiment.simulate(settings)


@pytest.fixture(scope="module")
def learned(experiment, session, settings):
    return experiment.train(session, settings, experiment.STRIDED, 1)


def scores(experiment, session, settings, network):
    rng, conditions = np.random.default_rng(5), np.arange(session.task.n_conditions)
    seen = experiment.draw_trials(session, settings, experiment.STRIDED, conditions, rng)
    return experiment.judge(session, [network.forward(seen).outputs.astype(np.float64)])


def clean(settings):
    still = settings.screen.model_copy(update={"jitter_pixels": 0.0, "noise": 0.0})
    return settings.model_copy(update={"screen": still})


def test_the_screen_is_empty_at_rest_then_shows_the_target_where_it_is_and_lights_up_at_the_go_cue(
    experiment, session, settings
):
    conditions = np.arange(session.task.n_conditions)
    images = experiment.draw_trials(
        session, clean(settings), "max pooling", conditions, np.random.default_rng(1)
    )
    rest, preparation, movement = (
        np.flatnonzero(session.task.epoch(name)) for name in ("rest", "preparation", "movement")
    )
    assert images.dtype == np.float32
    assert not images[:, rest].any()
    rows, columns = np.indices((16, 16)) - 7.5
    weight = images[:, preparation[0], ..., 0] / images[:, preparation[0]].sum(axis=(1, 2, 3))[:, None, None]
    centre = np.stack([(weight * columns).sum(axis=(1, 2)), -(weight * rows).sum(axis=(1, 2))], axis=1)
    way_m = session.task.reaches.target_m - session.task.reaches.start_m
    np.testing.assert_allclose(centre, 55.0 * way_m, atol=0.15)
    frame = np.ones((16, 16), dtype=bool)
    frame[1:-1, 1:-1] = False
    change = images[:, movement[0], ..., 0] - images[:, preparation[-1], ..., 0]
    np.testing.assert_allclose(change, np.broadcast_to(frame * settings.frame, change.shape), atol=1e-6)


def test_every_image_trembles_and_has_its_own_noise(experiment, session, settings):
    rng, same = np.random.default_rng(1), np.zeros(2, dtype=int)
    still = settings.screen.model_copy(update={"jitter_pixels": 0.0})
    for screen in (settings.screen.model_copy(update={"noise": 0.0}), still):
        given = settings.model_copy(update={"screen": screen})
        images = experiment.draw_trials(session, given, "max pooling", same, rng)
        shown = images[:, session.task.epoch("preparation")]
        assert np.abs(shown[0] - shown[1]).max(axis=(1, 2, 3)).min() > 0.05
        assert np.abs(np.diff(shown, axis=1)).max(axis=(2, 3, 4)).min() > 0.05
    rest = images[:, session.task.epoch("rest")]
    assert rest.std() == pytest.approx(settings.screen.noise, rel=0.1)


def test_strides_shrink_the_image_fourfold_along_a_side_and_pooling_without_a_stride_does_not(
    experiment, full
):
    encoded = {kind: experiment.build_encoder(kind, full).layers[-1].n_inputs for kind in experiment.KINDS}
    for kind in (experiment.MAX, experiment.AVERAGE, experiment.STRIDED, experiment.RANDOM):
        assert encoded[kind] == 4 * 4 * 8
    assert encoded[experiment.ONE_BY_ONE] == 14 * 14 * 8
    assert encoded[experiment.COORDINATES] == 3
    sizes = {
        kind: experiment.build_network(kind, full, 10, 1).n_parameters
        for kind in (experiment.MAX, experiment.AVERAGE, experiment.STRIDED)
    }
    assert len(set(sizes.values())) == 1


def test_the_error_reaches_the_first_filter_but_of_an_encoder_that_is_fixed(experiment, session, settings):
    short = settings.model_copy(update={"n_updates": 3, "batch_size": 2})
    for kind, moves in ((experiment.MAX, True), (experiment.RANDOM, False)):
        start = experiment.build_network(kind, short, session.rates_hz.shape[2], 1).effective_parameters
        network, _ = experiment.train(session, short, kind, 1)
        for name, array in network.effective_parameters.items():
            moved = np.abs(array - start[name]).max() > 1e-4
            assert moved == (moves or not name.startswith("encoder.")), name
    same = experiment.build_network(experiment.MAX, short, session.rates_hz.shape[2], 1)
    np.testing.assert_array_equal(start["encoder.0.weights"], same.effective_parameters["encoder.0.weights"])


def test_nothing_is_fitted_to_a_held_out_target(experiment, session, settings, monkeypatch):
    seen = []

    def watch(*arguments):
        seen.append(arguments[3])
        return session.task.inputs[arguments[3]]

    monkeypatch.setattr(experiment, "draw_trials", watch)
    experiment.train(session, settings.model_copy(update={"n_updates": 40}), experiment.COORDINATES, 1)
    assert set(np.concatenate(seen)) == set(np.flatnonzero(~session.test))
    fitted_hz = session.rates_hz[~session.test]
    np.testing.assert_allclose(session.mean_hz, fitted_hz.mean(axis=(0, 1)))
    assert session.targets[~session.test].std() == pytest.approx(1.0)
    by_distance = session.test.reshape(2, 16)
    np.testing.assert_array_equal(by_distance.sum(axis=1), [4, 4])


def test_the_readout_is_fitted_without_the_held_out_targets(session, settings):
    again = session.cortex.prepare(
        session.task, rng=settings.seed, fit_on=~session.test, ridge=settings.readout_ridge
    )
    np.testing.assert_allclose(session.cortex.readout.weights, again.readout.weights, rtol=1e-9, atol=1e-15)


def test_units_count_by_their_range_and_weak_ones_less(experiment):
    rng = np.random.default_rng(1)
    rates_hz = 10.0 + rng.uniform(-1.0, 1.0, (4, 30, 3)) * np.array([10.0, 10.0, 0.1])
    mean_hz, scale_hz = experiment.scaling(rates_hz, 5.0)
    scaled = (rates_hz - mean_hz) / scale_hz
    assert scaled.std() == pytest.approx(1.0)
    expected = np.ptp(rates_hz, axis=(0, 1)) + 5.0
    np.testing.assert_allclose(scale_hz / scale_hz[0], expected / expected[0])


def test_the_cortex_makes_its_reaches_by_its_own_rates_and_the_mean_over_targets_makes_none(
    experiment, session
):
    own = experiment.judge(session, [session.targets])
    assert own["r2_held_out"] == pytest.approx(1.0)
    assert own["error_m"].max() < 0.02
    np.testing.assert_allclose(own["held_out_rates_hz"], session.rates_hz[session.test], rtol=1e-5)
    mean = np.broadcast_to(session.targets.mean(axis=0), session.targets.shape)
    none = experiment.judge(session, [mean])
    assert abs(none["r2_held_out"]) < 0.1
    np.testing.assert_allclose(none["error_m"], session.task.reaches.distance_m, atol=0.02)


def test_fitted_and_held_out_targets_are_scored_apart(experiment, session):
    outputs = session.targets.copy()
    outputs[session.test] = session.targets.mean(axis=0)
    found = experiment.judge(session, [outputs])
    assert found["r2_fitted"] == pytest.approx(1.0)
    assert abs(found["r2_held_out"]) < 0.1


def test_errors_of_preparation_do_not_move_the_arm_which_is_held(experiment, session):
    before = ~session.task.epoch("movement")
    wrong = session.targets.copy()
    wrong[:, before] += np.random.default_rng(1).normal(0.0, 1.0, wrong[:, before].shape)
    for targets, moves in ((wrong, False), (wrong[:, ::-1], True)):
        path_m, _ = session.hand_m(targets)
        own_m, _ = session.hand_m(session.targets)
        assert (np.abs(path_m - own_m).max() > 0.01) == moves


def test_scores_are_means_over_repetitions(experiment, session):
    mean = np.broadcast_to(session.targets.mean(axis=0), session.targets.shape)
    one, other = (experiment.judge(session, [outputs]) for outputs in (session.targets, mean))
    both = experiment.judge(session, [session.targets, mean])
    for name in ("r2_fitted", "r2_held_out", "error_m"):
        np.testing.assert_allclose(both[name], (one[name] + other[name]) / 2, atol=1e-12)


def test_a_network_learns_from_pixels_to_reach_targets_that_it_was_not_trained_on(
    experiment, session, settings, learned
):
    network, course = learned
    assert course["training_loss"].shape == (250,)
    assert course["training_loss"][-10:].mean() < 0.5 * course["training_loss"][0]
    found = scores(experiment, session, settings, network)
    assert found["r2_fitted"] > 0.6
    assert found["r2_held_out"] > 0.5
    distance_m = session.task.reaches.distance_m
    assert found["error_m"][session.test].mean() < 0.6 * distance_m[session.test].mean()


def test_what_it_does_depends_on_the_target_that_it_sees(experiment, session, settings, learned):
    opposite = np.roll(np.arange(32).reshape(2, 16), 8, axis=1).ravel()
    rng = np.random.default_rng(5)
    seen = experiment.draw_trials(session, settings, experiment.STRIDED, opposite, rng)
    outputs = learned[0].forward(seen).outputs.astype(np.float64)
    assert experiment.judge(session, [outputs])["r2_held_out"] < 0.0
    assert experiment.judge(session, [outputs[opposite]])["r2_held_out"] > 0.5


def test_it_moves_when_the_frame_lights_up_and_not_by_the_clock(experiment, session, settings, learned):
    given = settings.model_copy(update={"frame": 1e-6})
    without = scores(experiment, session, given, learned[0])
    lit = scores(experiment, session, settings, learned[0])
    assert without["r2_held_out"] < lit["r2_held_out"] - 0.2


def test_intervals_over_seeds_are_those_of_student(experiment):
    values = np.array([0.80, 0.83, 0.91])
    low, high = student.interval(0.95, 2, loc=values.mean(), scale=values.std(ddof=1) / np.sqrt(3))
    assert experiment.with_interval(values, 3) == f"{values.mean():.3f} +- {(high - low) / 2:.3f}"
    assert experiment.with_interval(values[:1], 2) == "0.80"


def write_small(experiment, folder, changes):
    lines = experiment.CONFIG.read_text().splitlines()
    for name, value in changes.items():
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"{name} ")]
        lines[place] = f"{name} = {value}"
    (folder / "small.toml").write_text("\n".join(lines))
    return str(folder / "small.toml")


def test_the_script_writes_what_a_figure_needs_and_prints_the_table(experiment, tmp_path, capsys):
    config = write_small(experiment, tmp_path, SMALL)
    assert experiment.main([config, "--workers", "1", "--quiet", "--results", str(tmp_path)]) == 0
    file = tmp_path / "textbook" / "visual_reach.h5"
    arrays, attributes = read_arrays(file, experiment.KIND, schema_version=experiment.SCHEMA_VERSION)
    assert '"n_updates":2' in attributes["settings"]
    assert set(arrays["networks"]) == set(experiment.KINDS)
    for got in arrays["networks"].values():
        assert got["training_loss"].shape == (2, 2)
        assert got["r2_held_out"].shape == got["n_encoded"].shape == (2,)
        assert got["error_m"].shape == (2, 32)
        assert got["hand_position_m"].shape == (2, 32, 28, 2)
        assert got["held_out_rates_hz"].shape == (2, 8, 28, 200)
    assert arrays["networks"][experiment.ONE_BY_ONE]["n_encoded"].tolist() == [1568, 1568]
    assert set(arrays["references"]) == {experiment.CORTEX, experiment.MEAN}
    assert arrays["session"]["example_images"].shape == (28, 16, 16)
    assert arrays["session"]["held_out"][arrays["session"]["example_condition"]]
    printed = capsys.readouterr().out
    for name in (*experiment.KINDS, experiment.CORTEX, experiment.MEAN):
        assert name in printed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"distance_pixels": "7.0"}, "distance_pixels: expected at most 6.5"),
        ({"movement_s": "0.5"}, "movement_s"),
        ({"learning_rate": "0.0"}, "learning_rate"),
    ],
)
def test_settings_that_make_no_experiment_are_refused_in_one_line(
    experiment, tmp_path, capsys, change, message
):
    config = write_small(experiment, tmp_path, change)
    assert experiment.main([config, "--quiet", "--results", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("visual_reach: ")
    assert message in error
    assert not list((tmp_path / "textbook").glob("*"))


def test_a_run_needs_a_worker(experiment, settings):
    with pytest.raises(InputError, match="workers"):
        experiment.run(settings, workers=0)
