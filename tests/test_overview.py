from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from motorsim.checks import InputError
from motorsim.overview import installation, list_runs, show_run, show_runs, what_was_found
from motorsim.workspace import Workspace


def finish(folder, *stages, seed=1):
    with Workspace(folder) as workspace:
        workspace.describe_run(seed=seed, configuration_hash="0")
        for stage in stages:

            def write(staging, stage=stage):
                (staging / f"{stage}.txt").write_text(stage, encoding="utf-8")
                return {"summary": f"found by {stage}"}

            workspace.run_stage(stage, "key", [f"{stage}.txt"], write)
        return SimpleNamespace(folder=folder, records=workspace.stages, computed=stages[1:])


def test_runs_are_listed_by_name_with_finished_stages_and_seed(tmp_path):
    finish(tmp_path / "b", "circuit", "simulate", seed=7)
    finish(tmp_path / "a")
    (tmp_path / "no run").mkdir()
    entries = list_runs(tmp_path)
    assert [(entry.name, entry.stages, entry.seed) for entry in entries] == [
        ("a", (), 1),
        ("b", ("circuit", "simulate"), 7),
    ]
    record = json.loads((tmp_path / "b" / "provenance.json").read_text(encoding="utf-8"))
    assert entries[1].finished_at == record["stages"]["simulate"]["finished_at"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stages": 3}', '{"stages": {"fit": 1}}'])
def test_a_damaged_record_does_not_hide_the_other_runs(tmp_path, text):
    finish(tmp_path / "whole", "circuit")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "provenance.json").write_text(text, encoding="utf-8")
    damaged, whole = list_runs(tmp_path)
    assert damaged.stages == ("(damaged record)",)
    assert whole.stages == ("circuit",)


def test_no_folder_means_no_runs_and_a_file_is_refused(tmp_path, capsys):
    assert list_runs(tmp_path / "none") == []
    show_runs([], tmp_path / "none")
    assert capsys.readouterr().out == f"no runs in {tmp_path / 'none'}\n"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a folder"):
        list_runs(tmp_path / "file")


def test_a_run_is_shown_in_the_order_asked_with_what_ran_earlier_and_where_the_files_lie(tmp_path, capsys):
    folder = tmp_path / ("a long folder name " * 10).strip()
    result = finish(folder, "circuit", "simulate", "fit")
    show_run(result, ["circuit", "simulate"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["stage", "time", "peak", "memory", "found"]
    assert lines[1].startswith("circuit")
    assert "(earlier)" in lines[1]
    assert lines[2].startswith("simulate")
    assert "(earlier)" not in lines[2]
    assert "MB" in lines[2]
    assert lines[2].rstrip().endswith("found by simulate")
    assert lines[-2:] == [str(folder / "circuit.txt"), str(folder / "simulate.txt")]
    assert not any("fit" in line for line in lines)


def test_brackets_in_names_are_shown_as_they_are(tmp_path, capsys):
    result = finish(tmp_path / "[bold]", "circuit")
    show_run(result, ["circuit"])
    assert f"{tmp_path}/[bold]/circuit.txt" in capsys.readouterr().out


def test_a_folder_of_files_is_one_line(tmp_path, capsys):
    record = SimpleNamespace(
        wall_s=1.0,
        peak_memory_bytes=1,
        notes={},
        outputs={"figures/a.pdf": "", "figures/a.png": "", "b.csv": ""},
    )
    show_run(SimpleNamespace(folder=tmp_path, records={"figures": record}, computed=()), ["figures"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [f"{tmp_path}/figures/ (2 files)", f"{tmp_path}/b.csv"]


@pytest.mark.parametrize(
    ("stage", "notes", "found"),
    [
        ("circuit", {"spectral_abscissa": 0.1499}, "spectral abscissa 0.150"),
        ("simulate", {"summary": "hand error 1.2 mm on fitted"}, "hand error 1.2 mm on fitted"),
        ("fit", {"goal-driven": {"variance_explained_test": 0.9}}, "goal-driven 0.900"),
        (
            "fit",
            {"summary": "its own words", "goal-driven": {"variance_explained_test": 0.9}},
            "its own words",
        ),
        ("figures", {"n": 3}, ""),
    ],
)
def test_the_main_numbers_come_from_the_notes(stage, notes, found):
    assert what_was_found(stage, notes) == found


def test_the_installation_is_described_without_importing_brian2():
    code = (
        "import sys; from motorsim.overview import installation; found = installation();"
        "assert 'brian2' not in sys.modules; print(found['brian2'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == installation()["brian2"]
    assert {"python", "motorsim", "platform", "compiler", "cores", "BLAS", "cache"} <= set(installation())


@pytest.mark.parametrize(("compiler", "target"), [(None, "numpy"), ("/usr/bin/g++", "cython")])
def test_the_target_follows_the_compiler(monkeypatch, compiler, target):
    monkeypatch.setattr("motorsim.cortex.brian_mode.find_compiler", lambda: compiler)
    assert installation()["Brian2 target"].startswith(target)
