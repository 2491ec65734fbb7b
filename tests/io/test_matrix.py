from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from motorsim.checks import InputError
from motorsim.io import load_array, load_matrix

MATRIX = np.random.default_rng(4).standard_normal((6, 6))


def save(path, layout, matrix=MATRIX):
    """Write ``matrix`` as `w` in one of the layouts that users have."""
    others = {
        "record": {"a": 1.0, "b": "x"},
        "title": "text",
        "cells": np.array([1, "a"], dtype=object),
        "n": 6.0,
    }
    match layout:
        case "npy":
            np.save(path := path / "m.npy", matrix)
        case "npy by columns":
            np.save(path := path / "m.npy", np.asfortranarray(matrix))
        case "npz":
            np.savez(path := path / "m.npz", w=matrix, bias=np.ones(6))
        case "npz compressed":
            np.savez_compressed(path := path / "m.npz", w=matrix, bias=np.ones(6))
        case "mat 4":
            scipy.io.savemat(path := path / "m.mat", {"w": matrix, "bias": np.ones(6)}, format="4")
        case "mat 5":
            scipy.io.savemat(path := path / "m.mat", others | {"w": matrix})
        case "mat 7":
            scipy.io.savemat(path := path / "m.mat", others | {"w": matrix}, do_compression=True)
        case "mat sparse":
            scipy.io.savemat(path := path / "m.mat", others | {"w": scipy.sparse.csc_array(matrix)})
    return path


LAYOUTS = ["npy", "npy by columns", "npz", "npz compressed", "mat 4", "mat 5", "mat 7", "mat sparse"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_only_square_matrix_is_found(tmp_path, layout):
    path = save(tmp_path, layout, MATRIX * (MATRIX > 0))
    matrix, description = load_matrix(path)
    np.testing.assert_array_equal(matrix, MATRIX * (MATRIX > 0))
    assert matrix.dtype == np.float64
    assert "6 x 6" in description
    assert path.name in description
    assert str(tmp_path) not in description
    if path.suffix != ".npy":
        np.testing.assert_array_equal(load_matrix(path, "w")[0], matrix)


@pytest.mark.parametrize("item", ["f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"])
@pytest.mark.parametrize("layout", ["npy", "mat 5", "mat 7"])
def test_every_type_of_number_is_read(tmp_path, layout, item):
    matrix = (np.arange(25).reshape(5, 5) % 3).astype(item)
    np.testing.assert_array_equal(load_matrix(save(tmp_path, layout, matrix))[0], matrix)


def test_numbers_from_machines_of_the_other_byte_order(tmp_path):
    def element(kind, content):
        return struct.pack(">II", kind, len(content)) + content + b"\0" * (-len(content) % 8)

    parts = [struct.pack(">II", 6, 0), struct.pack(">ii", 2, 2), b"weights", struct.pack(">4d", 1, 2, 3, 4)]
    variable = b"".join(element(kind, part) for kind, part in zip((6, 5, 1, 9), parts, strict=True))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    (tmp_path / "five.mat").write_bytes(header + element(14, variable))
    (tmp_path / "four.mat").write_bytes(struct.pack(">5i", 1000, 2, 2, 0, 2) + b"w\0" + parts[3])
    for name in ("five.mat", "four.mat"):
        np.testing.assert_array_equal(load_matrix(tmp_path / name)[0], [[1, 3], [2, 4]])
    assert load_matrix(tmp_path / "five.mat")[1] == "weights (2 x 2 double) of five.mat"


@pytest.mark.parametrize("layout", ["npz", "mat 4", "mat 5", "mat 7"])
def test_an_array_has_the_axes_that_were_asked_for(tmp_path, layout):
    path = save(tmp_path, layout)
    np.testing.assert_array_equal(load_array(path, "w", ("unit", "time")), MATRIX)
    with pytest.raises(InputError, match=r"w: expected an array \(unit, time, condition\)"):
        load_array(path, "w", ("unit", "time", "condition"))
    with pytest.raises(InputError, match=r"name: expected a variable of m\..*w \(6 x 6"):
        load_array(path, "W", ("unit", "time"))


def test_a_tensor_keeps_its_order_of_axes(tmp_path):
    tensor = np.arange(24.0).reshape(2, 3, 4)
    scipy.io.savemat(tmp_path / "t.mat", {"t": tensor}, do_compression=True)
    np.testing.assert_array_equal(load_array(tmp_path / "t.mat", "t", ("unit", "time", "condition")), tensor)


def test_npy_files_have_no_names(tmp_path):
    np.testing.assert_array_equal(load_array(save(tmp_path, "npy"), None, ("row", "column")), MATRIX)
    with pytest.raises(InputError, match=r"name: expected None"):
        load_matrix(save(tmp_path, "npy"), "w")


@pytest.mark.parametrize(
    "variables", [{"a": MATRIX, "b": MATRIX}, {"a": np.ones((2, 3)), "b": np.ones(4)}, {}]
)
@pytest.mark.parametrize("suffix", [".npz", ".mat"])
def test_several_candidates_or_none_are_listed(tmp_path, suffix, variables):
    path = tmp_path / f"m{suffix}"
    if suffix == ".npz":
        np.savez(path, **variables)
    else:
        scipy.io.savemat(path, variables, oned_as="column")
    with pytest.raises(InputError, match="a file with one square matrix") as caught:
        load_matrix(path)
    assert all(f"{name} (" in str(caught.value) for name in variables)


@pytest.mark.parametrize("layout", ["npy", "npz", "mat 5"])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "square"),
        (np.ones((2, 2, 2)), "square"),
        (np.ones((0, 0)), "square"),
        (np.array([[1.0, np.nan], [np.inf, 0.0]]), r"2 NaN or infinite values, the first at index \(0, 1\)"),
        (np.ones((2, 2)) * 1j, "real numbers|square"),
        (np.array([[None, 1], [2, 3]], dtype=object), "real numbers|square"),
        (np.array([["a", "b"], ["c", "d"]]), "real numbers|square"),
    ],
)
def test_what_is_no_square_matrix_of_finite_numbers_is_refused(tmp_path, layout, matrix, message):
    if layout == "mat 5" and matrix.dtype == object:
        matrix = np.array([[{}, 1], [2, 3]], dtype=object)
    elif layout == "mat 5" and matrix.dtype.kind == "U":
        matrix = "ab"
    path = save(tmp_path, layout, matrix)
    with pytest.raises(InputError, match=message):
        load_matrix(path)
    with pytest.raises(InputError, match=message):
        load_matrix(path, None if layout == "npy" else "w")


def test_a_structure_that_was_asked_for_is_refused(tmp_path):
    with pytest.raises(
        InputError, match="record: expected an array of real numbers, got a variable of type struct"
    ):
        load_matrix(save(tmp_path, "mat 5"), "record")


@pytest.mark.parametrize(
    ("name", "message"), [("m.csv", "ends in"), ("m.npy", "no such file"), ("d.npz", "a folder")]
)
def test_files_that_are_not_there_or_of_another_kind(tmp_path, name, message):
    (tmp_path / "d.npz").mkdir()
    with pytest.raises(InputError, match=message):
        load_matrix(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"x", b"MATLAB 5.0 MAT-file", b"word " * 100, b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".mat"])
def test_files_that_are_not_what_their_names_say(tmp_path, suffix, content):
    (tmp_path / f"m{suffix}").write_bytes(content)
    with pytest.raises(InputError):
        load_matrix(tmp_path / f"m{suffix}")


def test_matlab_7_3_is_told_how_to_be_resaved(tmp_path):
    (tmp_path / "m.mat").write_bytes(b"MATLAB 7.3 MAT-file, Platform".ljust(512) + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match=r"version 7\.3.*resave it with -v7"):
        load_matrix(tmp_path / "m.mat")


def npy_claiming(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(800)


def element(kind, content):
    """Return one element of a little-endian MATLAB 5 file."""
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def mat_of(parts, *, class_code=6, compressed=False, lost_bytes=0):
    """Return a MATLAB 5 file of one variable: dimensions, name and what ``parts`` adds."""
    content = element(6, struct.pack("<II", class_code, 0)) + b"".join(element(*part) for part in parts)
    variable = element(14, content)
    if compressed:
        packed = zlib.compress(variable)
        packed = packed[: len(packed) - lost_bytes]
        variable = struct.pack("<II", 15, len(packed)) + packed
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + variable


def mat_claiming(shape, *, compressed):
    return mat_of([(5, struct.pack("<2i", *shape)), (1, b"weights"), (9, bytes(800))], compressed=compressed)


@pytest.mark.parametrize("shape", [(10**6, 10**6), (11, 11)])
@pytest.mark.parametrize("layout", ["npy", "npz", "mat 4", "mat 5", "mat 7"])
def test_absurd_claims_are_refused_before_anything_is_allocated(tmp_path, layout, shape):
    path = tmp_path / f"m.{layout[:3]}"
    match layout:
        case "npy":
            path.write_bytes(npy_claiming(shape))
        case "npz":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("w.npy", npy_claiming(shape))
        case "mat 4":
            path.write_bytes(struct.pack("<5i", 0, *shape, 0, 2) + b"w\0" + bytes(800))
        case "mat 5" | "mat 7":
            path.write_bytes(mat_claiming(shape, compressed=layout == "mat 7"))
    with pytest.raises(InputError, match="at most" if layout.startswith("np") else "at most|truncated"):
        load_matrix(path)


def test_a_sparse_matrix_cannot_fill_the_memory(tmp_path):
    size = 50_000
    starts = np.zeros(size + 1, "<i4").tobytes()
    parts = [(5, struct.pack("<2i", size, size)), (1, b"weights"), (5, b""), (5, starts), (9, b"")]
    (tmp_path / "m.mat").write_bytes(mat_of(parts, class_code=5))
    with pytest.raises(InputError, match="at most 1073741824 bytes"):
        load_matrix(tmp_path / "m.mat")


def test_a_compressed_variable_without_its_checksum_is_not_believed(tmp_path):
    parts = [(5, struct.pack("<2i", 2, 2)), (1, b"weights"), (9, np.arange(4.0).tobytes())]
    (tmp_path / "m.mat").write_bytes(mat_of(parts, compressed=True))
    np.testing.assert_array_equal(load_matrix(tmp_path / "m.mat")[0], [[0, 2], [1, 3]])
    (tmp_path / "m.mat").write_bytes(mat_of(parts, compressed=True, lost_bytes=4))
    with pytest.raises(InputError, match="does not end"):
        load_matrix(tmp_path / "m.mat")


def test_a_file_that_holds_more_than_it_says_is_not_believed(tmp_path):
    (tmp_path / "m.npy").write_bytes(npy_claiming((2, 2)))
    with pytest.raises(InputError, match="as many bytes as"):
        load_matrix(tmp_path / "m.npy")


def test_an_archive_that_unpacks_to_more_than_a_gibibyte_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = npy_claiming((12_000, 12_000))[:-800]
        archive.writestr("w.npy", header + bytes(2**20))
    with pytest.raises(InputError, match="at most"):
        load_matrix(tmp_path / "m.npz")


@pytest.mark.filterwarnings("ignore:Reading")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_damaged_file_gives_numbers_or_one_error(tmp_path, layout):
    rng = np.random.default_rng(6)
    path = save(tmp_path, layout)
    whole = path.read_bytes()
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.integers(1, 8)):
            damaged[rng.integers(rng.choice([200, len(damaged)]))] = rng.choice([0, 255, rng.integers(256)])
        if rng.random() < 0.3:
            del damaged[rng.integers(len(damaged)) :]
        path.write_bytes(damaged)
        try:
            load_matrix(path)
        except InputError:
            refused += 1
    assert refused > 30


def test_published_circuits_and_muscles(shared_data):
    for path in sorted((shared_data / "soc").glob("*.mat")):
        matrix, description = load_matrix(path)
        expected = scipy.io.loadmat(path, variable_names=["optimW"])["optimW"]
        np.testing.assert_array_equal(matrix, expected)
        assert description.startswith("optimW (200 x 200 double)")
    muscles = load_array(shared_data / "emg" / "EMG.mat", "all_EMG", ("unit", "time", "condition"))
    np.testing.assert_array_equal(muscles, scipy.io.loadmat(shared_data / "emg" / "EMG.mat")["all_EMG"])
    assert muscles.shape == (13, 3341, 8)
