from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.io import load_population, save_population, write_arrays
from motorsim.io.population import population_to_arrays
from motorsim.population import Population

STORED = Path(__file__).parents[1] / "data" / "population_schema1.h5"


def stored_population():
    """Return what the stored file holds; numbers that every machine computes alike."""
    rates = np.arange(2 * 4 * 3).reshape(2, 4, 3) / 7.0
    return Population(
        rates,
        np.array([-0.01, 0.0, 0.01, 0.02]),
        ("0°", "180°"),
        ("a", "b", "ç"),
        "trial",
        "muscle activity",
        "go cue",
    )


def assert_same(left, right):
    np.testing.assert_array_equal(left.rates, right.rates)
    np.testing.assert_array_equal(left.times_s, right.times_s)
    for name in ("condition_labels", "unit_labels", "sample_axis", "quantity", "zero"):
        assert getattr(left, name) == getattr(right, name)


def test_a_population_comes_back_whole(tmp_path):
    save_population(tmp_path / "a.h5", stored_population())
    assert_same(load_population(tmp_path / "a.h5"), stored_population())


def test_layout_1_stays_readable():
    assert STORED.stat().st_size < 20_000
    assert_same(load_population(STORED), stored_population())


@pytest.mark.parametrize(
    "missing", ["rates", "times_s", "condition_labels", "unit_labels", "sample_axis", "zero"]
)
def test_what_is_missing_is_named(tmp_path, missing):
    arrays = population_to_arrays(stored_population())
    del arrays[missing]
    write_arrays(tmp_path / "a.h5", "population", arrays, schema_version=1)
    with pytest.raises(InputError, match=f"^{missing}: expected a dataset of that name"):
        load_population(tmp_path / "a.h5")


def test_content_that_does_not_fit_is_refused(tmp_path):
    arrays = population_to_arrays(stored_population()) | {"times_s": np.arange(3.0)}
    write_arrays(tmp_path / "a.h5", "population", arrays, schema_version=1)
    with pytest.raises(InputError, match="times_s"):
        load_population(tmp_path / "a.h5")
