from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from motorsim.checks import InputError
from motorsim.compare import PhysiologySettings
from motorsim.io import read_arrays, save_recording
from motorsim.progress import Silent

CHECKOUT = Path(__file__).parents[2]
SYNTHETIC = CHECKOUT / "tests" / "compare" / "physiology"


def load_script(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    # pydantic looks the annotations up in the module's own name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def experiment():
    return load_script(CHECKOUT / "experiments" / "physiology.py", "physiology_experiment")


@pytest.fixture(scope="module")
def figure():
    return load_script(CHECKOUT / "figures" / "physiology.py", "physiology_figure")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, experiment):
    """Two small recordings, one with its rate form, measured."""
    folder = tmp_path_factory.mktemp("physiology")
    synthetic = load_script(SYNTHETIC / "synthetic_recording.py", "synthetic_recording")
    lines = ["seed = 1", "settings = { n_resamples = 20, n_random = 50, count_window_s = 0.1 }"]
    for seed in (0, 1):
        spiking, rate_form = synthetic.make_recordings(seed, n_trials=6)
        save_recording(folder / f"spiking-{seed}.nwb", spiking, session_description="made of formulas")
        save_recording(folder / f"rate-{seed}.nwb", rate_form, session_description="made of formulas")
        lines += ["[[recordings]]", f'spiking = "spiking-{seed}.nwb"', f'rate_form = "rate-{seed}.nwb"']
    toml = folder / "small.toml"
    toml.write_text("\n".join(lines))
    config = experiment.load_experiment(toml)
    record = experiment.run(config, results=folder / "results", progress=Silent())
    return toml, folder / "results" / "small", record


def test_the_table_holds_every_recording_and_its_judgement(finished):
    table = pd.read_csv(finished[1] / "physiology.csv").set_index("property")
    assert list(table.columns[:4]) == ["simulated", "low", "high", "interval"]
    assert (table["interval"] == "recordings").all()
    rate = table.loc["mean_rate_hz"]
    assert rate["low"] < rate["simulated"] < rate["high"]
    assert rate["inside"] in {"True", True}
    assert table.loc["fano_change", "real_low"] == -np.inf
    assert "rate_form_correlation_movement" in table.index


def test_what_is_printed_names_range_and_judgement(finished):
    lines = finished[2].notes["table"].splitlines()
    assert [cell.strip() for cell in lines[0].split("|")][:4] == [
        "property",
        "simulated (low to high)",
        "real range",
        "inside",
    ]
    rate = next(line for line in lines if line.startswith("mean_rate_hz"))
    assert [cell.strip() for cell in rate.split("|")][2:4] == ["5 - 20", "yes"]
    assert any("| below 0" in line for line in lines)
    assert lines[-1].endswith("properties with a real range lie inside it")


def test_a_finished_experiment_is_not_computed_again_and_its_own_configuration_repeats_it(
    finished, experiment
):
    toml, folder, record = finished
    again = experiment.run(experiment.load_experiment(toml), results=folder.parent, progress=Silent())
    assert again == record
    assert experiment.load_experiment(folder / "config.toml") == experiment.load_experiment(toml)


def test_the_figure_shows_every_panel_and_is_written_whole(finished, figure):
    _, folder, _ = finished
    pdf, png = figure.draw(folder)
    assert pdf.stat().st_size > 10_000
    assert png.stat().st_size > 10_000
    content, _ = read_arrays(folder / "physiology.h5", figure.KIND, schema_version=figure.SCHEMA_VERSION)
    arrays = content["0"]["arrays"]
    fig = figure.physiology_figure([arrays], content["0"]["estimates"])
    letters = {text.get_text() for ax in fig.axes for text in ax.texts}
    assert set("abcdefghijk") <= letters
    fano = next(ax for ax in fig.axes if ax.get_ylabel() == "Fano factor")
    drawn = {line.get_label(): line.get_ydata() for line in fano.lines}
    np.testing.assert_array_equal(drawn["mean-matched"], arrays["fano"])
    scatter = next(ax for ax in fig.axes if ax.get_xlabel() == "rate form (Hz)")
    np.testing.assert_array_equal(scatter.lines[1].get_xdata(), arrays["rate_form_points_hz"][0])


def test_without_a_rate_form_the_figure_leaves_its_panels_out(finished, figure):
    content, _ = read_arrays(finished[1] / "physiology.h5", figure.KIND, schema_version=1)
    arrays = {name: value for name, value in content["0"]["arrays"].items() if "rate_form" not in name}
    fig = figure.physiology_figure([arrays], {})
    letters = {text.get_text() for ax in fig.axes for text in ax.texts}
    assert "i" in letters
    assert not {"j", "k"} & letters


def test_the_configuration_that_comes_with_it_holds_the_defaults(experiment):
    config = experiment.load_experiment(CHECKOUT / "experiments" / "physiology.toml")
    assert experiment.settings_of(config) == PhysiologySettings()


def test_bad_input_is_one_line_and_status_two(tmp_path, experiment, figure, capsys):
    toml = tmp_path / "missing.toml"
    toml.write_text('[[recordings]]\nspiking = "none.nwb"\n')
    assert experiment.main([str(toml), "--results", str(tmp_path), "--quiet"]) == 2
    assert figure.main([str(tmp_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert "recordings: expected a file that exists" in lines[0]
    assert "run experiments/physiology.py first" in lines[1]
    toml.write_text('[[recordings]]\nspiking = "none.nwb"\n[settings]\nwindow_s = 3\n')
    with pytest.raises(InputError, match=r"settings: expected only .*, got window_s"):
        experiment.settings_of(experiment.load_experiment(toml))
    toml.write_text("seed = 1\n")
    with pytest.raises(InputError, match="recordings"):
        experiment.load_experiment(toml)
