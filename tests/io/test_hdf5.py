from __future__ import annotations

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from motorsim.checks import DiskFullError, InputError
from motorsim.files import file_digest
from motorsim.io import read_arrays, write_arrays
from motorsim.io.hdf5 import required


def content(seed=0):
    rng = np.random.default_rng(seed)
    return {
        "small": rng.standard_normal((3, 2)),
        "large": rng.standard_normal((30, 20, 40)),
        "single": rng.standard_normal(5).astype(np.float32),
        "counts": np.arange(4, dtype=np.int16),
        "mask": np.array([True, False]),
        "eigenvalues": np.array([1 + 2j]),
        "empty": np.zeros((0, 3)),
        "labels": np.array(["Grüße", "", "b"]),
        "group": {"text": "naïve\n", "nothing": "", "n": 3, "x": 0.1 + 0.2, "yes": True, "inner": {}},
    }


def assert_equal(left, right):
    assert set(left) == set(right)
    for name, value in left.items():
        if isinstance(value, dict):
            assert_equal(value, right[name])
        else:
            assert type(value) is type(right[name])
            assert not hasattr(value, "dtype") or value.dtype == right[name].dtype
            np.testing.assert_array_equal(value, right[name])


def test_everything_comes_back_bit_for_bit(tmp_path):
    write_arrays(tmp_path / "a.h5", "test", content(), {"seed": 7, "name": "trial"}, schema_version=2)
    arrays, attributes = read_arrays(tmp_path / "a.h5", "test", schema_version=2)
    assert_equal(content(), arrays)
    assert attributes["seed"] == 7
    assert attributes["name"] == "trial"
    assert attributes["schema_version"] == 2
    assert isinstance(attributes["motorsim_version"], str)


def test_the_same_content_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_arrays(tmp_path / name, "test", content(seed), schema_version=1)
    assert file_digest(tmp_path / "a") == file_digest(tmp_path / "b") != file_digest(tmp_path / "c")


def test_no_time_of_writing_is_stored(tmp_path):
    write_arrays(tmp_path / "a.h5", "test", content(), schema_version=1)
    times = []
    with h5py.File(tmp_path / "a.h5") as file:
        file.visititems(lambda _, item: times.append(h5py.h5g.get_objinfo(item.id).mtime))
    assert times
    assert not any(times)


def test_large_arrays_are_compressed(tmp_path):
    write_arrays(tmp_path / "a.h5", "test", {"zeros": np.zeros((100, 1000))}, schema_version=1)
    assert (tmp_path / "a.h5").stat().st_size < 20_000


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": None}, "a: expected numbers, booleans, texts or a mapping"),
        ({"g": {"a": np.array([{}])}}, "g/a: expected numbers"),
        ({"a": np.array(["2020-01-01"], "M8[D]")}, "a: expected numbers"),
        ({"a": b"bytes"}, "a: expected numbers"),
        ({"a": 2**80}, "a: expected numbers"),
        ({"a": "x\0y"}, "without null characters"),
        ({"a": "\ud800"}, "UTF-8"),
        ({"a/b": 1}, "a name that is a text without a slash"),
        ({"": 1}, "a name that is a text"),
        ({1: 1}, "a name that is a text"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_nothing_written(tmp_path, arrays, message):
    with pytest.raises(InputError, match=message):
        write_arrays(tmp_path / "a.h5", "test", arrays, schema_version=1)
    assert list(tmp_path.iterdir()) == []


def test_mappings_do_not_nest_without_end(tmp_path):
    nested = {}
    nested["again"] = nested
    with pytest.raises(InputError, match="at most 8 mappings"):
        write_arrays(tmp_path / "a.h5", "test", nested, schema_version=1)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"kind": "x"}, "other names"),
        ({"a": np.ones(3)}, "a text or a number"),
        ({"a": "x" * 70_000}, "a short text"),
    ],
)
def test_attributes_are_short_and_their_own(tmp_path, attributes, message):
    with pytest.raises(InputError, match=message):
        write_arrays(tmp_path / "a.h5", "test", {}, attributes, schema_version=1)


def test_a_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    write_arrays(path, "test", {"x": 1}, schema_version=1)

    def full(self, _):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DiskFullError):
        write_arrays(path, "test", {"x": 2}, schema_version=1)
    assert read_arrays(path, "test", schema_version=1)[0] == {"x": 1}


def test_the_wrong_file_is_named_for_what_it_is(tmp_path):
    path = tmp_path / "a.h5"
    with pytest.raises(InputError, match="no such file"):
        read_arrays(path, "test", schema_version=1)
    with pytest.raises(InputError, match="a folder"):
        read_arrays(tmp_path, "test", schema_version=1)
    path.write_text("not HDF5")
    with pytest.raises(InputError, match="does not begin like one"):
        read_arrays(path, "test", schema_version=1)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match="of other origin"):
        read_arrays(path, "test", schema_version=1)
    write_arrays(path, "test", content(), schema_version=3)
    with pytest.raises(InputError, match=r"a file that holds a network, .*one that holds a test"):
        read_arrays(path, "network", schema_version=3)
    with pytest.raises(InputError, match=r"layout 3, written by motorsim .*upgrade motorsim"):
        read_arrays(path, "test", schema_version=2)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match="truncated"):
        read_arrays(path, "test", schema_version=3)


def hostile(file, case):
    match case:
        case "objects":
            file.create_dataset("x", data=["a"], dtype=h5py.string_dtype())
        case "compound":
            file["x"] = np.zeros(2, [("a", int)])
        case "link":
            file["x"] = h5py.ExternalLink("other.h5", "x")
        case "claim":
            file.create_dataset("x", shape=(10**6, 10**6), chunks=(100, 100), dtype="f8")
        case "unwritten":
            file.create_dataset("x", shape=(1000,), dtype="f8")
        case "external":
            file.create_dataset("x", shape=(8,), dtype="u1", external=[("/etc/hostname", 0, 8)])
        case "empty":
            file["x"] = h5py.Empty("f8")
        case "circle":
            file["x"] = file["/"]


@pytest.mark.parametrize(
    "case", ["objects", "compound", "link", "claim", "unwritten", "external", "empty", "circle"]
)
def test_what_motorsim_would_not_write_is_not_believed(tmp_path, case):
    path = tmp_path / "a.h5"
    write_arrays(path, "test", {}, schema_version=1)
    with h5py.File(path, "a") as file:
        hostile(file, case)
    with pytest.raises(InputError, match=r"^x"):
        read_arrays(path, "test", schema_version=1)


def test_a_missing_dataset_is_named_beside_those_that_are_there():
    with pytest.raises(InputError, match="rates: expected a dataset of that name in the file, got times_s"):
        required({"times_s": 1}, "rates")


def test_a_damaged_file_gives_content_or_one_error(tmp_path):
    rng = np.random.default_rng(5)
    path = tmp_path / "a.h5"
    write_arrays(path, "test", content(), schema_version=1)
    whole = path.read_bytes()
    refused = 0
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(rng.integers(1, 8)):
            damaged[rng.integers(rng.choice([1000, 8000, len(damaged)]))] = rng.integers(256)
        if rng.random() < 0.2:
            del damaged[rng.integers(len(damaged)) :]
        path.write_bytes(damaged)
        try:
            read_arrays(path, "test", schema_version=1)
        except InputError:
            refused += 1
    assert refused > 50
