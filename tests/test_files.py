from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from motorsim.checks import DiskFullError, InputError
from motorsim.files import (
    atomic_path,
    atomic_write_bytes,
    atomic_write_text,
    file_digest,
    remove_partial_files,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refuse(code):
    def refusing(self, *_):
        raise OSError(code, os.strerror(code), str(self))

    return refusing


def test_a_text_is_written_whole_with_its_folders(tmp_path):
    target = tmp_path / "a" / "b.txt"
    atomic_write_text(target, "Grüße\n")
    assert target.read_bytes() == "Grüße\n".encode()
    assert names(target.parent) == ["b.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:  # noqa: PT012 - the body is what fails
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_the_disk_has_the_content_before_the_name_and_then_the_name(tmp_path, monkeypatch):
    events, replace = [], Path.replace
    monkeypatch.setattr(
        "motorsim.files.sync", lambda path: events.append("folder" if path == tmp_path else "content")
    )
    monkeypatch.setattr(Path, "replace", lambda self, target: (events.append("name"), replace(self, target)))
    atomic_write_text(tmp_path / "a.txt", "x")
    assert events == ["content", "name", "folder"]


def test_temporary_paths_keep_the_suffix_and_never_collide(tmp_path):
    with atomic_path(tmp_path / "a.pdf") as one, atomic_path(tmp_path / "a.pdf") as other:
        assert one.suffix == other.suffix == ".pdf"
        assert one != other
        one.touch()
        other.touch()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_keeps_the_old_file(tmp_path, monkeypatch, code):
    target = tmp_path / "a.txt"
    target.write_text("old")
    monkeypatch.setattr(Path, "write_bytes", refuse(code))
    with pytest.raises(DiskFullError, match="full"):
        atomic_write_bytes(target, b"new")
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_place_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a place that can be written"):
        atomic_write_text(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(InputError, match="a file to write"):
        atomic_write_text(tmp_path, "x")
    monkeypatch.setattr(Path, "write_bytes", refuse(errno.EACCES))
    with pytest.raises(InputError, match="Permission denied"):
        atomic_write_text(tmp_path / "a.txt", "x")


def test_refusals_that_concern_another_place_pass_through(tmp_path):
    with pytest.raises(PermissionError), atomic_path(tmp_path / "a.txt"):
        raise PermissionError(errno.EACCES, "no", "/elsewhere/b.txt")


def test_only_leftovers_of_this_package_are_removed(tmp_path):
    kept = ["a.txt", ".hidden", ".mine.partial", ".a.partial.txt"]
    for name in [*kept, ".a.0123456789ab.partial.txt", ".b.0123456789ab.partial"]:
        (tmp_path / name).touch()
    (tmp_path / (folder := ".c.0123456789ab.partial")).mkdir()
    assert remove_partial_files(tmp_path) == 2
    assert names(tmp_path) == sorted([*kept, folder])


def test_what_a_killed_writer_leaves_is_recognised(tmp_path):
    writer = atomic_path(tmp_path / "rates.h5")
    writer.__enter__().touch()
    assert remove_partial_files(tmp_path) == 1


def test_a_digest_is_the_sha256_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(InputError, match="No such file"):
        file_digest(tmp_path / "b")
