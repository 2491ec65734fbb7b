import logging
import sys

import brian2
import pytest

from motorsim.checks import InputError
from motorsim.cortex import brian_mode
from motorsim.cortex.brian_mode import brian_session, cache_folder, find_compiler, resolve_mode


def without_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CXX", "no-such-compiler")


@pytest.mark.parametrize("mode", ["auto", "cython", "cpp_standalone"])
def test_without_compiler_numpy_runs_and_one_line_says_so(monkeypatch, tmp_path, caplog, mode):
    without_compiler(monkeypatch, tmp_path)
    assert find_compiler() is None
    with caplog.at_level(logging.WARNING):
        assert resolve_mode(mode) == "numpy"
    assert [record.message for record in caplog.records] == [
        "no C++ compiler found: Brian2 runs on its NumPy target (slower, same results to rounding)"
    ]


def test_numpy_needs_no_compiler_and_no_line(monkeypatch, tmp_path, caplog):
    without_compiler(monkeypatch, tmp_path)
    assert resolve_mode("numpy") == "numpy"
    assert not caplog.records


def test_auto_compiles_where_there_is_a_compiler(monkeypatch):
    monkeypatch.setattr(brian_mode, "find_compiler", lambda: "/usr/bin/c++")
    assert resolve_mode("auto") == "cython"


def test_unknown_mode_lists_the_known_ones():
    with pytest.raises(InputError, match="auto, cpp_standalone, cython, numpy"):
        resolve_mode("gpu")


def test_session_puts_preferences_back_even_after_an_error():
    before = brian2.prefs["codegen.target"]
    inside = []

    def fail():
        with brian_session("numpy"):
            inside.append(brian2.prefs["codegen.target"])
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert inside == ["numpy"]
    assert brian2.prefs["codegen.target"] == before


def test_compile_cache_lies_where_the_project_is(monkeypatch, tmp_path):
    monkeypatch.delenv("MOTORSIM_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert cache_folder() == tmp_path / ".motorsim_cache" / "brian2"
    monkeypatch.setenv("MOTORSIM_CACHE", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere" / "brian2"


def test_a_compiler_that_cxx_names_is_the_only_one_that_counts(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert find_compiler() is None
    monkeypatch.setenv("CXX", f"{sys.executable} -flag")
    assert find_compiler() == sys.executable


def test_where_the_cache_cannot_be_written_another_folder_is_used(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MOTORSIM_CACHE", str(tmp_path / "file"))
    with brian_session("cython") as brian:
        assert not brian.prefs["codegen.runtime.cython.cache_dir"].startswith(str(tmp_path))
    assert "MOTORSIM_CACHE" in caplog.text
