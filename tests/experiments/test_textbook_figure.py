"""The figure of the textbook systems is drawn from what reduced runs of all scripts leave."""

from __future__ import annotations

import importlib
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from motorsim.plots import new_figure

CHECKOUT = Path(__file__).parents[2]
TEXTBOOK = CHECKOUT / "experiments" / "textbook"
SMALL = {
    "softmax_gate": {"n_seeds": 3, "n_sequences": 4, "n_new_sequences": 5, "n_iterations": 10},
    "truth_table": {"n_seeds": 3, "n_iterations": 5},
    "feed_forward": {"n_seeds": 2, "n_epochs": 60, "n_train": 24, "n_test": 40},
    "exclusive_or": {"n_seeds": 3, "n_control_seeds": 2, "n_epochs": 10},
    "lstm_decoder": {"n_folds": 2, "n_repeats": 2, "n_units": 4, "n_epochs": 1},
    "memory": {
        "n_seeds": 2,
        "delays_s": [0.1, 0.2],
        "n_units": 4,
        "n_updates": 1,
        "n_trials": 8,
        "right": 0.1,
        "learning_rates": [1e-3],
    },
    "visual_reach": {"n_seeds": 2, "dt_s": 0.05, "n_units": 8, "n_updates": 2, "n_trials": 1},
}


def in_threads(*_, **__):
    return ThreadPoolExecutor(1)


def small_windows(*_):
    rng = np.random.default_rng(3)
    return {name: rng.normal(size=(32, 2, 3)) for name in ("preparation", "movement")}


@pytest.fixture(scope="module")
def scripts():
    """The scripts by name, processes as threads and a session of random numbers in place of a cortex."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        found = {name: importlib.import_module(name) for name in SMALL}
        for name in ("memory", "visual_reach"):
            patch.setattr(found[name], "ProcessPoolExecutor", in_threads)
        trials = {"condition": np.arange(32) % 8}
        patch.setattr(found["lstm_decoder"], "simulate", lambda *_: SimpleNamespace(trials=trials))
        patch.setattr(found["lstm_decoder"], "windows", small_windows)
        yield found
    for name in SMALL:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def folder(scripts, tmp_path_factory):
    """What the scripts leave, and their small TOML files in the folder above."""
    results = tmp_path_factory.mktemp("results")
    for name, values in SMALL.items():
        text = (TEXTBOOK / f"{name}.toml").read_text(encoding="utf-8")
        for key, value in values.items():
            text, n_found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
            assert n_found, (name, key)
        (results / f"{name}.toml").write_text(text, encoding="utf-8")
        run_script(scripts[name], results)
    return results / "textbook"


def run_script(script, results):
    name = script.__name__
    options = ["--results", str(results)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [f"{name}.py", str(results / f"{name}.toml"), *options])
        assert script.main() == 0, name


@pytest.fixture(scope="module")
def figure():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CHECKOUT / "figures"))
        yield importlib.import_module("textbook")
    for name in [name for name in sys.modules if name.split(".")[0] in {"textbook", "textbook_panels"}]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def results(figure, folder):
    return figure.read_results(folder)


def panel(draw, *arguments):
    ax = new_figure(height_mm=40).add_subplot()
    draw(ax, *arguments)
    return ax


def dots(ax, row):
    """Values of the dots of a row, whose lines come before its bar."""
    within = [line for line in ax.lines if line.get_marker() == "o" and line.get_linestyle() == "None"]
    near = [line for line in within if len(line.get_ydata()) and abs(np.mean(line.get_ydata()) - row) < 0.3]
    return np.concatenate([line.get_xdata() for line in near]) if near else np.empty(0)


def test_one_figure_of_all_systems_is_drawn(figure, folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["textbook.py", str(folder)])
    assert figure.main() == 0
    assert {path.name for path in (folder / "figures").iterdir()} == {"textbook.pdf", "textbook.png"}
    assert str(folder / "figures" / "textbook.pdf") in capsys.readouterr().out


def test_every_panel_is_lettered_and_says_what_its_axes_are(figure, results):
    axes = [ax for part in figure.figure(results).subfigs for ax in part.axes]
    lettered = {text.get_text(): ax for ax in axes for text in ax.texts if text.get_fontsize() == 9.0}
    assert list(lettered) == list("abcdefghijklmno")
    assert lettered.pop("l").images
    lettered.pop("n")  # its rows are those of m
    for letter, ax in lettered.items():
        for axis in (ax.xaxis, ax.yaxis):
            named = any(re.search("[a-z]{3}", label.get_text()) for label in axis.get_ticklabels())
            assert axis.get_label_text() or named, letter


def test_without_results_all_scripts_to_run_are_named(figure, tmp_path, monkeypatch, capsys):
    (tmp_path / "memory.h5").touch()
    monkeypatch.setattr(sys, "argv", ["textbook.py", str(tmp_path)])
    assert figure.main() == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(f"experiments/textbook/{name}.py" in error for name in SMALL if name != "memory")
    assert "textbook/memory.py" not in error


def test_a_row_of_the_softmax_gate_holds_the_share_of_every_network(figure, results):
    found, attributes = results["softmax_gate"]
    mistakes = attributes["mistakes"].split("; ")
    ax = panel(figure.softmax_gate.shares_panel, found, mistakes)
    np.testing.assert_array_equal(dots(ax, 0), 100 * found["new_share"])
    for row, share in enumerate(found["mistake_share"], start=1):
        np.testing.assert_array_equal(dots(ax, row), 100 * share)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["as it should be", *mistakes, "random targets"]


def test_a_network_solves_a_table_only_with_all_four_cases_right(figure):
    targets = np.array([1.0, 0.0, 0.0, 1.0])
    outputs = np.array([[0.9, 0.1, 0.2, 0.8], [0.9, 0.1, 0.6, 0.8], [np.nan, 0.1, 0.2, 0.8], targets])
    forms = {"learned": {"outputs": outputs}, "mistakes": {}}
    ax = panel(
        figure.truth_table.solved_panel,
        {name: forms | {"targets": targets} for name in figure.truth_table.TABLES},
    )
    shown = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in {"o", "s"}]
    assert shown == [50.0, 50.0]


def test_networks_that_diverged_are_not_among_the_dots(figure, results):
    found = {
        f"screen{ending}": {"loss": np.zeros((2, 3)), "right": np.array([0.5, 1.0])}
        for ending in figure.rectifiers.FORMS
    }
    found["screen"]["loss"][0, -1] = np.nan
    found["screen, ascent"]["loss"][:, -1] = np.nan
    ax = panel(figure.rectifiers.screen_panel, found, 0.125)
    assert [len(dots(ax, row)) for row in range(5)] == [1, 2, 2, 0, 2]
    assert [text.get_text() for text in ax.texts] == ["all diverged"]


def test_the_example_is_an_image_that_the_networks_are_tested_on(figure, scripts, folder, results):
    script = scripts["feed_forward"]
    settings = script.FeedForwardSettings.model_validate_json(results["feed_forward"][1]["settings"])
    tested = script.screen_problem(settings).samples.test_inputs[1, ..., 0]
    ax = next(ax for part in figure.figure(results).subfigs for ax in part.axes if ax.get_title() == "screen")
    (inset,) = ax.child_axes
    np.testing.assert_array_equal(inset.images[0].get_array(), tested)


def test_a_course_ends_where_half_of_the_networks_have_diverged(figure):
    marks = sys.modules["textbook_panels.marks"]
    loss = np.ones((4, 10))
    loss[0, 3:] = np.nan
    (line,) = panel(marks.course, loss, "k").lines
    np.testing.assert_array_equal(line.get_xdata(), np.arange(10))
    loss[1:3, 6:] = np.nan
    (line,) = panel(marks.course, loss, "k").lines
    np.testing.assert_array_equal(line.get_xdata(), np.arange(6))


def test_every_network_has_its_delay_and_none_stands_below_the_ladder(figure):
    bridged_s = np.array([0.0, 0.2, 0.2, 0.7])
    networks = {
        kind: {form: {"bridged_s": bridged_s} for form in ("gaussian", "orthogonal")}
        for kind in figure.memory.KINDS
    }
    ax = panel(figure.memory.delays_panel, {"delays_s": np.array([0.2, 0.7]), "networks": networks})
    shown = np.concatenate([line.get_ydata() for line in ax.lines if line.get_marker() in {"o", "s"}])
    ticks = dict(zip((label.get_text() for label in ax.get_yticklabels()), ax.get_yticks(), strict=True))
    assert ticks["none"] < 0.2
    values, counts = np.unique(shown, return_counts=True)
    np.testing.assert_array_equal(values, [ticks["none"], 0.2, 0.7])
    np.testing.assert_array_equal(counts, [6, 12, 6])


def test_paths_start_from_zero_and_the_targets_are_those_held_out(figure, results):
    found, _ = results["visual_reach"]
    ax = panel(figure.visual_reach.reaches_panel, found)
    assert len(ax.lines) == 2 * found["session"]["held_out"].sum()
    for line in ax.lines[::2]:
        assert (line.get_xdata()[0], line.get_ydata()[0]) == (0.0, 0.0)
    distance_cm = np.linalg.norm(ax.collections[0].get_offsets(), axis=1)
    assert {round(float(distance), 6) for distance in distance_cm} == {6.0, 10.0}


def test_intervals_are_those_of_the_tables_of_the_scripts(figure, scripts):
    intervals, rng = sys.modules["textbook_panels.intervals"], np.random.default_rng(1)
    folds = {name: rng.random(15) for name in scripts["lstm_decoder"].DECODERS}
    table = scripts["lstm_decoder"].summarise({"preparation": folds, "movement": folds, "chance": 0.125})
    accuracy = intervals.resampled(folds["lstm"], np.mean, "folds drawn again")
    np.testing.assert_allclose(accuracy, table.iloc[0][["accuracy", "low", "high"]].astype(float))
    memory = scripts["memory"]
    delays = {form: {"bridged_s": rng.random(10)} for form in memory.INITIALISATIONS}
    settings = memory.validate(memory.Settings, memory.read_toml(memory.CONFIG))
    table = memory.summarise(dict.fromkeys(memory.CELLS, delays), settings)
    median = intervals.resampled(delays["gaussian"]["bridged_s"], np.median, "seeds drawn again")
    np.testing.assert_allclose(median, table.iloc[0][["bridged (s)", "low", "high"]].astype(float))


def test_a_share_has_the_interval_of_wilson_and_a_mean_that_of_student(figure):
    intervals = sys.modules["textbook_panels.intervals"]
    for n_right in (0, 7, 20):
        expected = stats.binomtest(n_right, 20).proportion_ci(method="wilson")
        share = intervals.proportion(n_right, 20)
        np.testing.assert_allclose(share, (n_right / 20, expected.low, expected.high), atol=1e-6)
    values = np.array([1.0, 2.0, 4.0])
    expected = stats.t(2, values.mean(), stats.sem(values)).interval(0.95)
    np.testing.assert_allclose(intervals.student(values), (values.mean(), *expected))
    assert intervals.student(values[:1]) == (1.0, 1.0, 1.0)
