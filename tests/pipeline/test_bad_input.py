from __future__ import annotations

import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

from motorsim.workspace import Workspace


@pytest.fixture
def run_folder(tmp_path, finished):
    """Return a copy of the finished run that may be damaged."""
    shutil.copytree(finished, tmp_path / "tiny")
    return tmp_path / "tiny"


def break_dale(weights):
    weights[0, 3] = -weights[:, 3].max()
    return weights


def set_nan(weights):
    weights[2, 5] = np.nan
    return weights


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights: weights[:, :-1], "a square matrix"),
        (set_nan, "the first at index (2, 5)"),
        (break_dale, "columns of one sign each (Dale's law; columns are presynaptic units), got 1 of 24"),
        (lambda weights: weights.T, "its rows have one sign each: transpose it"),
        (lambda weights: 10 * weights, "a circuit whose rest state is stable"),
        (lambda weights: weights.astype(complex), "an array of real numbers"),
        (lambda weights: 0 * weights, "a circuit with connections"),
        (lambda _: 0.1 * np.eye(3), "n_modes"),
    ],
)
def test_a_matrix_that_cannot_be_used_is_refused_and_the_finished_results_stay(
    *, motorsim, tiny, run_folder, digests, change, said
):
    before = digests(run_folder)
    bad = run_folder.parent / "bad.npy"
    np.save(bad, change(np.load(tiny.parent / "weights.npy")))
    result = motorsim("fit", tiny, "--results", run_folder.parent, "--set", f"cortex.weights_file={bad}")
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert digests(run_folder) == before


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.npy", None, "which does not exist"),
        ("short.npy", "truncated", "short.npy"),
        ("objects.npy", "objects", "a variable of type object"),
        ("claims.npy", "claims", "a claim of 79999966597832 bytes"),
        ("modern.mat", "v7.3", "got version 7.3"),
        ("text.txt", "text", "ends in .npy, .npz, .mat"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_the_finished_results_stay(
    *, motorsim, tiny, run_folder, digests, name, content, said
):
    before = digests(run_folder)
    path = run_folder.parent / name
    whole = (tiny.parent / "weights.npy").read_bytes()
    if content == "truncated":
        path.write_bytes(whole[:-9])
    elif content == "objects":
        np.save(path, np.array([[{}, 1], [2, 3]], dtype=object), allow_pickle=True)
    elif content == "claims":
        path.write_bytes(_claiming(whole))
    elif content == "v7.3":
        with h5py.File(path, "w", userblock_size=512) as file:
            file["W"] = np.eye(3)
        with path.open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    elif content == "text":
        path.write_text("1 2", encoding="utf-8")
    result = motorsim("fit", tiny, "--results", run_folder.parent, "--set", f"cortex.weights_file={path}")
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert digests(run_folder) == before


def _claiming(whole):
    """Return a .npy file whose header claims 80 TB."""
    length = len(whole) - 24 * 24 * 8
    header = whole[:length].replace(b"(24, 24), }", b"(3162277, 3162277), }")
    surplus = len(header) - length
    return header[: -surplus - 1] + b"\n" + whole[length:]


@pytest.mark.parametrize("name", ["circuit.h5", "cortex.h5", "network.h5"])
@pytest.mark.parametrize("damage", ["truncated", "one bit"])
def test_a_damaged_artefact_whose_key_matches_is_named_and_nothing_is_touched(
    *, motorsim, tiny, run_folder, digests, name, damage
):
    path = run_folder / name
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        del content[-100:]
    else:
        content[len(content) // 2] ^= 1
    path.write_bytes(content)
    before = digests(run_folder)
    result = motorsim("fit", tiny, "--results", run_folder.parent)
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert "delete it, and it is computed again" in result.stderr
    assert digests(run_folder) == before


def test_a_damaged_artefact_is_made_again_with_the_same_bytes_once_it_is_deleted(
    motorsim, tiny, run_folder, finished, digests
):
    path = run_folder / "network.h5"
    path.write_bytes(path.read_bytes()[:1000])
    assert motorsim("fit", tiny, "--results", run_folder.parent, "--force").exit_code == 0
    assert digests(run_folder) == digests(finished)
    path.unlink()
    assert motorsim("fit", tiny, "--results", run_folder.parent).exit_code == 0
    assert digests(run_folder) == digests(finished)


def test_a_damaged_record_is_named_and_nothing_is_touched(motorsim, tiny, run_folder, digests):
    record = run_folder / "provenance.json"
    record.write_text(record.read_text(encoding="utf-8")[:200], encoding="utf-8")
    before = digests(run_folder)
    result = motorsim("fit", tiny, "--results", run_folder.parent)
    assert result.exit_code == 2
    assert str(record) in result.stderr
    assert digests(run_folder) == before


def test_a_second_run_in_the_same_folder_is_told_who_holds_it(motorsim, tiny, run_folder, digests):
    before = digests(run_folder)
    with Workspace(run_folder):
        result = motorsim("fit", tiny, "--results", run_folder.parent)
    assert result.exit_code == 2
    assert f"in use by pid {os.getpid()}" in result.stderr
    assert digests(run_folder) == before


def test_results_that_cannot_be_written_are_said_at_once(motorsim, tiny, tmp_path):
    (tmp_path / "file").touch()
    for results in (tmp_path / "file", tmp_path / "file" / "below"):
        result = motorsim("fit", tiny, "--results", results)
        assert result.exit_code == 2
        assert "a results folder that can be written" in result.stderr
        assert "Traceback" not in result.output


def test_settings_that_fail_leave_the_whole_folder_as_it_was(motorsim, tiny, run_folder):
    def everything():
        return {path.name: path.read_bytes() for path in run_folder.iterdir()}

    before = everything()
    for override in ("task.rest_s=-1", "cortex.n_modes=x", "task.dt_s=0.004", "task.distances_m=[0.9]"):
        result = motorsim("fit", tiny, "--results", run_folder.parent, "--set", override)
        assert result.exit_code == 2
        assert everything() == before


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that makes a disk of so many kB at one place, smaller or larger than before."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no mount command")
    command = [mount, "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")

    def resize(size_kb):
        subprocess.run([mount, "-o", f"remount,size={size_kb}k", str(folder)], check=True)  # noqa: S603

    yield folder, resize
    subprocess.run([unmount, str(folder)], check=True)  # noqa: S603


def test_a_full_disk_is_said_keeps_finished_stages_and_with_room_the_run_goes_on(
    motorsim, tiny, small_disk, finished, digests
):
    folder, resize = small_disk
    result = motorsim("compare", tiny, "--results", folder)
    assert result.exit_code == 2, result.output
    assert f"the disk that holds {folder / 'tiny'}" in result.stderr
    assert "is full: nothing half written was kept, finished stages are untouched" in result.stderr
    assert digests(folder / "tiny") == {"circuit.h5": digests(finished)["circuit.h5"]}
    left = {path.name for path in (folder / "tiny").iterdir()}
    assert left == {"circuit.h5", "config.toml", "provenance.json", ".lock"}
    resize(4000)
    assert motorsim("compare", tiny, "--results", folder).exit_code == 0
    assert digests(folder / "tiny") == digests(finished)
