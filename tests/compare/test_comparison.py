import csv

import numpy as np
import pandas as pd
import pytest

from motorsim.checks import InputError
from motorsim.compare import Comparison, Dimensionality, HeldOutR2, combine, compare
from motorsim.compare.comparison import COLUMNS


def _comparison(world, name, reference_name="cortex"):
    return compare(
        world.seen(8, 1),
        world.seen(6, 2, quantity="hidden, state"),
        rng=0,
        fit_on=world.fit_on,
        test_on=world.test_on,
        metrics=[HeldOutR2(), Dimensionality()],
        n_subsamples=3,
        n_shuffles=3,
        candidate_name=name,
        reference_name=reference_name,
    )


def test_the_file_holds_every_float_exactly(world, tmp_path):
    comparison = _comparison(world, 'a "network", large')
    path = tmp_path / "comparison.csv"
    comparison.to_csv(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    for row, (_, expected) in zip(rows, comparison.table.iterrows(), strict=True):
        for column in ("value", "low", "high", "null", "null_high", "ceiling", "reference_value"):
            written = float(row[column]) if row[column] else np.nan
            assert np.array_equal(written, expected[column], equal_nan=True)
            assert not row[column] or row[column] == repr(float(expected[column]))
    assert [row["higher_is_more_alike"] for row in rows] == ["True", ""]
    assert {row["candidate"] for row in rows} == {'a "network", large'}


def test_the_columns_keep_their_order_whatever_the_table_has(world, tmp_path):
    comparison = _comparison(world, "network")
    turned = Comparison(comparison.table[list(COLUMNS[::-1])], "cortex", ("network",))
    for name, each in (("a", comparison), ("b", turned)):
        each.to_csv(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_write_leaves_what_was_there(world, tmp_path):
    path = tmp_path / "comparison.csv"
    path.write_text("finished")
    broken = Comparison(pd.DataFrame({"metric": ["x"]}), "cortex", ("network",))
    with pytest.raises(KeyError):
        broken.to_csv(path)
    assert path.read_text() == "finished"
    with pytest.raises(InputError, match="a file to write"):
        _comparison(world, "network").to_csv(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["comparison.csv"]


def test_candidates_go_into_one_table(world):
    first, second = _comparison(world, "one"), _comparison(world, "two")
    both = combine([first, second])
    assert both.candidates == ("one", "two")
    assert both.reference == "cortex"
    assert list(both.table["candidate"]) == ["one", "one", "two", "two"]
    assert list(both.table.index) == [0, 1, 2, 3]
    pd.testing.assert_frame_equal(both.table[:2], first.table)


def test_several_measurements_of_one_candidate_go_together(world):
    whole = _comparison(world, "one")
    parts = [Comparison(whole.table[rows], "cortex", ("one",)) for rows in (slice(0, 1), slice(1, 2))]
    both = combine(parts)
    assert both.candidates == ("one",)
    pd.testing.assert_frame_equal(both.table, whole.table)


def test_what_does_not_belong_together_is_refused(world):
    first = _comparison(world, "one")
    with pytest.raises(InputError, match="comparisons: expected at least one, got none"):
        combine([])
    with pytest.raises(
        InputError, match="each metric of a candidate once, got r2_candidate_to_reference of one twice"
    ):
        combine([first, first])
    with pytest.raises(InputError, match="expected one reference, got cortex, muscles"):
        combine([first, _comparison(world, "two", reference_name="muscles")])
