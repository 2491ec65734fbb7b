from __future__ import annotations

import csv
import importlib
import tomllib
from pathlib import Path

import numpy as np
import pytest

from motorsim.io import read_arrays
from motorsim.progress import Silent

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

SMALL = """
seed = 3
n_workers = 1
[data]
n_units = 30
[test]
n_components = [6, 12]
n_surrogates = 19
[draws]
surrogates = 12
smooth = 4
tuning = 2
maps = 1
populations = 4
"""


@pytest.fixture(scope="module")
def experiment():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXPERIMENTS))
        return importlib.import_module("jpca_calibration")


@pytest.fixture(scope="module")
def finished(experiment, tmp_path_factory):
    """A small run: its folder and its table by data, components and statistic."""
    folder = tmp_path_factory.mktemp("calibration")
    (folder / "small.toml").write_text(SMALL)
    config = experiment.load_experiment(folder / "small.toml")
    experiment.run(config, results=folder, progress=Silent())
    rows = csv.DictReader((folder / "small" / "rejections.csv").read_text().splitlines())
    return folder / "small", {
        (row["data"], int(row["components"]), row["statistic"]): float(row["rejected"]) for row in rows
    }


def test_known_null_is_not_rejected_more_often_than_chance(finished):
    _, rejected = finished
    for components in (6, 12):
        for statistic in ("R^2 best", "R^2 skew"):
            assert rejected["surrogates, known null", components, statistic] <= 0.25  # 4 of 12: p = 0.002


def test_cortex_is_told_from_surrogates_once_the_components_span_its_states(finished):
    _, rejected = finished
    assert rejected["cortex", 12, "R^2 best"] >= 0.9
    assert rejected["cortex", 12, "R^2 skew"] >= 0.9
    assert rejected["smooth", 12, "R^2 skew"] <= 0.25


def test_every_test_is_kept_and_the_table_counts_them(experiment, finished):
    folder, rejected = finished
    content = read_arrays(folder / "tests.h5", experiment.KIND, schema_version=experiment.SCHEMA_VERSION)[0]
    kinds = [str(kind) for kind in content["kinds"]]
    surrogates = {"surrogates, known null": 12, experiment.FITTED: 12}
    sizes = surrogates | {"smooth": 4, "tuning": 2, "cortex": 4}
    assert kinds == list(sizes)
    for number, kind in enumerate(kinds):
        tests = content["tests"][str(number)]
        assert tests.shape == (sizes[kind], 2, 4)
        share = np.mean(tests[:, 1, 1] <= 0.05 + 1e-12)
        assert rejected[kind, 12, "R^2 skew"] == pytest.approx(share)


def test_interval_is_the_exact_binomial_one(experiment):
    """Clopper & Pearson: 0 of 20 cannot rule out 0.168, nor 1 of 20 anything from 0.0013 to 0.249."""
    config = experiment.TestConfig(n_components=(6,))
    p = np.full((20, 1, 4), 0.5)
    tests = {experiment.FITTED: p.copy()}
    tests[experiment.FITTED][0, 0, 1] = 0.05
    best, skew = (row for _, row in experiment.table_of(tests, config).iterrows())
    assert (best["rejected"], best["low"]) == (0.0, 0.0)
    assert best["high"] == pytest.approx(0.16843, abs=1e-5)
    assert (skew["low"], skew["high"]) == pytest.approx((0.00127, 0.24873), abs=1e-5)


def test_adjusted_share_is_measured_against_the_fitted_surrogates(experiment):
    tests = {experiment.FITTED: np.zeros((100, 1, 4)), "cortex": np.zeros((2, 1, 4))}
    tests[experiment.FITTED][:, 0, 3] = np.arange(100.0)
    tests["cortex"][:, 0, 3] = 94.0, 94.1
    table = experiment.table_of(tests, experiment.TestConfig(n_components=(6,)))
    of_skew = table[table["statistic"] == "R^2 skew"].set_index("data")["rejected_adjusted"]
    assert of_skew[experiment.FITTED] == pytest.approx(0.05)
    assert of_skew["cortex"] == 0.5


def test_tuning_without_dynamics_keeps_its_directions_at_all_times(experiment):
    config = experiment.CalibrationConfig(name="x")
    rates = experiment.tuned_rates(config, 0)
    assert rates.shape == config.shape == (36, 30, 60)
    spectrum = np.linalg.svd(rates.reshape(36, -1), compute_uv=False)
    assert spectrum[2] < 1e-10 * spectrum[0]
    peaks = np.abs(rates).max(axis=0).argmax(axis=0)
    assert np.ptp(peaks) > 15


def test_finished_results_are_not_computed_twice(experiment, finished, capsys):
    folder, _ = finished
    toml = folder.parent / "small.toml"
    before = (folder / "rejections.csv").stat().st_mtime_ns
    assert experiment.main([str(toml), "--results", str(folder.parent), "--quiet"]) == 0
    assert (folder / "rejections.csv").stat().st_mtime_ns == before
    assert "surrogates, fitted null" in capsys.readouterr().out


def test_unusable_settings_are_named_with_status_2(experiment, tmp_path, capsys):
    path = tmp_path / "odd.toml"
    path.write_text("[test]\nn_components = [5]\n")
    assert experiment.main([str(path), "--results", str(tmp_path)]) == 2
    assert "test.n_components" in capsys.readouterr().err


def test_the_experiment_that_ships_says_every_setting_the_code_has(experiment):
    shipped = EXPERIMENTS / "jpca_calibration.toml"
    config = experiment.load_experiment(shipped)
    said = tomllib.loads(shipped.read_text())
    whole = config.model_dump(mode="json", exclude={"name"})
    assert set(said) == set(whole)
    for key in ("data", "test", "draws"):
        assert set(said[key]) == set(whole[key])
    assert config == experiment.CalibrationConfig(name=config.name)
