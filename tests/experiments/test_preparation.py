from __future__ import annotations

import csv
import importlib.util
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from motorsim.cortex import RateCortex
from motorsim.io import read_arrays
from motorsim.task import center_out

CHECKOUT = Path(__file__).parents[2]


def script(folder):
    specification = importlib.util.spec_from_file_location(
        f"{folder}_preparation", CHECKOUT / folder / "preparation.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A small run of the experiment."""
    experiment, folder = script("experiments"), tmp_path_factory.mktemp("preparation")
    experiment.RateCortex = partial(RateCortex, mode="numpy", dt_s=0.005)
    experiment.TESTED = replace(experiment.TESTED, reaches=center_out(2, 0.10))
    experiment.FITTED = replace(experiment.FITTED, reaches=center_out(4, 0.10))
    experiment.DELAYS_S, experiment.LEFT_S = np.array([0.0, 0.35]), np.array([0.35])
    experiment.N_TRIALS = 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["preparation.py", "--folder", str(folder)])
        assert experiment.main() == 0
    return folder


def test_the_table_says_which_strategy_is_ready_and_which_never(results):
    with (results / "preparation.csv").open(newline="") as file:
        rows = {row["strategy"]: row for row in csv.DictReader(file)}
    assert rows["static step"]["ready_after_s"] == "nan"
    assert float(rows["along the ray"]["ready_after_s"]) == 0.35
    assert float(rows["static step"]["greatest_drift_mm"]) > 20
    assert float(rows["optimal feedback"]["greatest_drift_mm"]) < 3


def test_arrays_are_kept_by_strategy(results):
    arrays, attributes = read_arrays(results / "preparation.h5", "preparation", schema_version=1)
    assert attributes["seed"] == 1
    found = arrays["strategies"]["optimal feedback"]
    assert found["by_delay"]["error_m"].shape == (2, 2)
    assert found["switch_error_m"].shape == (1, 2)
    assert (found["switch_error_m"] < 0.01).all()
    assert found["noisy"]["distance_at_go"].shape == (4,)


def test_the_figure_is_drawn_from_them_and_asks_for_them_where_there_are_none(
    results, tmp_path, monkeypatch, capsys
):
    figure = script("figures")
    monkeypatch.setattr(sys, "argv", ["preparation.py", str(results)])
    assert figure.main() == 0
    assert {path.name for path in (results / "figures").iterdir()} == {"preparation.pdf", "preparation.png"}
    monkeypatch.setattr(sys, "argv", ["preparation.py", str(tmp_path)])
    assert figure.main() == 2
    assert "run experiments/preparation.py first" in capsys.readouterr().err
