from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from motorsim.checks import DiskFullError, InputError
from motorsim.workspace import Workspace

# A line of three stages, each with the digests of the one before in its key.
LINE = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from motorsim.provenance import stage_key
    from motorsim.workspace import Workspace

    RAN = []

    def run_line(folder, parameters=None, interrupt=lambda stage, staging: None):
        parameters = {"simulate": 1, "fit": 2, "compare": 3} | (parameters or {})
        RAN.clear()
        with Workspace(folder) as workspace:
            inputs = {}
            for stage, parameter in parameters.items():
                key = stage_key(stage, {"n": parameter}, inputs, "code")
                if workspace.status(stage, key) != "current":
                    def write(staging, stage=stage, parameter=parameter, inputs=inputs):
                        RAN.append(stage)
                        (staging / f"{stage}.txt").write_text(f"{parameter} {sorted(inputs.items())}")
                        interrupt(stage, staging)
                        (staging / "figures").mkdir()
                        (staging / "figures" / f"{stage}.pdf").write_text(f"{parameter}")
                        return {"loss": parameter}
                    workspace.run_stage(stage, key, [f"{stage}.txt", "figures/*.pdf"], write, inputs=inputs)
                inputs = dict(workspace.stages[stage].outputs)
    """
)
exec(LINE)  # noqa: S102 - the same text runs in processes that are killed


def files(folder):
    names = [
        path
        for path in Path(folder).rglob("*")
        if path.is_file() and path.name not in {".lock", "provenance.json"}
    ]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in names}


def finish(folder):
    """Run the line to its end in this process; return the stages that ran."""
    run_line(folder)  # noqa: F821 - defined by LINE
    return list(RAN)  # noqa: F821


def uninterrupted(tmp_path):
    finish(tmp_path / "uninterrupted")
    return files(tmp_path / "uninterrupted")


def killed(folder, script):
    process = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", LINE + textwrap.dedent(script), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode


def test_a_finished_line_is_not_run_again_and_its_record_tells_what_happened(tmp_path):
    assert finish(tmp_path) == ["simulate", "fit", "compare"]
    assert finish(tmp_path) == []
    record = json.loads((tmp_path / "provenance.json").read_text())
    assert record["schema_version"] == 1
    stage = record["stages"]["fit"]
    assert set(stage["outputs"]) == {"fit.txt", "figures/fit.pdf"}
    assert stage["inputs"] == record["stages"]["simulate"]["outputs"]
    assert stage["notes"] == {"loss": 2}
    assert stage["wall_s"] >= 0
    assert stage["peak_memory_bytes"] > 1e6
    assert stage["finished_at"].endswith("+00:00")
    assert str(tmp_path) not in json.dumps(record)


def test_only_a_changed_stage_and_those_that_read_it_run_again(tmp_path):
    finish(tmp_path)
    run_line(tmp_path, {"fit": 20})  # noqa: F821
    assert RAN == ["fit", "compare"]  # noqa: F821
    assert files(tmp_path)["figures/fit.pdf"] == "20"
    run_line(tmp_path, {"fit": 20, "compare": 30})  # noqa: F821
    assert RAN == ["compare"]  # noqa: F821


def test_a_missing_output_is_made_again_and_a_changed_one_is_refused(tmp_path):
    finish(tmp_path)
    (tmp_path / "figures" / "fit.pdf").unlink()
    assert finish(tmp_path) == ["fit"]
    (tmp_path / "fit.txt").write_text("tampered")
    with pytest.raises(
        InputError,
        match=r"fit\.txt: expected the file that `fit` wrote .*delete it, and it is computed again",
    ):
        finish(tmp_path)
    (tmp_path / "fit.txt").unlink()
    assert finish(tmp_path) == ["fit"]


def test_status_is_missing_then_current_then_stale(tmp_path):
    with Workspace(tmp_path) as workspace:
        assert workspace.status("fit", "key") == "missing"
        workspace.run_stage("fit", "key", ["a"], lambda staging: (staging / "a").write_text("x") and None)
        assert workspace.status("fit", "key") == "current"
        assert workspace.status("fit", "other") == "stale"


def test_files_that_a_stage_no_longer_writes_are_removed(tmp_path):
    def writer(*names):
        return lambda staging: [(staging / name).touch() for name in names] and None

    with Workspace(tmp_path) as workspace:
        workspace.run_stage("figures", "1", ["*.pdf"], writer("a.pdf", "b.pdf"))
        workspace.run_stage("figures", "2", ["*.pdf"], writer("b.pdf", "c.pdf"))
        assert {path.name for path in tmp_path.glob("*.pdf")} == {"b.pdf", "c.pdf"}


@pytest.mark.parametrize(
    ("names", "message"),
    [(["a"], "to write b, got a"), ([], "got no file"), (["a", "b", "c"], "only a, b, got c")],
)
def test_a_stage_writes_what_it_announced(tmp_path, names, message):
    with Workspace(tmp_path) as workspace:
        with pytest.raises(InputError, match=message):
            workspace.run_stage(
                "fit",
                "key",
                ["a", "b"],
                lambda staging: [(staging / name).touch() for name in names] and None,
            )
        assert workspace.status("fit", "key") == "missing"
    assert files(tmp_path) == {}


@pytest.mark.parametrize("notes", [{"loss": float("nan")}, {"loss": {1}}])
def test_notes_that_cannot_be_recorded_cost_no_finished_result(tmp_path, notes):
    with Workspace(tmp_path) as workspace:
        workspace.run_stage("fit", "1", ["a"], lambda staging: (staging / "a").write_text("old") and None)
        with pytest.raises(InputError, match="notes"):
            workspace.run_stage(
                "fit", "2", ["a"], lambda staging: (staging / "a").write_text("new") and notes
            )
        assert workspace.status("fit", "1") == "current"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_stage_leaves_finished_results_untouched(tmp_path, error):
    finish(tmp_path)
    before = files(tmp_path)

    def interrupt(stage, staging):
        if stage == "fit":
            raise error

    with pytest.raises(error):
        run_line(tmp_path, {"fit": 20}, interrupt)  # noqa: F821
    assert files(tmp_path) == before
    assert finish(tmp_path) == []


@pytest.mark.parametrize("stage", ["simulate", "fit", "compare"])
def test_a_kill_in_a_stage_costs_that_stage_only(tmp_path, stage):
    script = f"""
    def interrupt(stage, staging):
        if stage == "{stage}":
            (staging / ".half.0123456789ab.partial").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    run_line(sys.argv[1], interrupt=interrupt)
    """
    assert killed(tmp_path / "line", script) == -signal.SIGKILL
    assert (tmp_path / "line" / f".staging-{stage}").is_dir()
    line = ["simulate", "fit", "compare"]
    assert finish(tmp_path / "line") == line[line.index(stage) :]
    assert files(tmp_path / "line") == uninterrupted(tmp_path)
    assert not list((tmp_path / "line").glob(".staging-*"))


def test_a_kill_beside_any_rename_never_leaves_a_wrong_record(tmp_path):
    # A line makes twelve renames: four a stage, two of its files and two of the record.
    script = """
    replace = Path.replace

    def run_and_die(folder, moment, after):
        calls = []
        def deadly(self, target):
            calls.append(target)
            if len(calls) == moment and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(self, target)
            if len(calls) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
        Path.replace = deadly
        run_line(folder)

    for moment, after in [(moment, 0) for moment in range(1, 13)] + [(10, 1), (12, 1)]:
        child = os.fork()
        if not child:
            run_and_die(f"{sys.argv[1]}/{moment} {after}", moment, after)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    """
    assert killed(tmp_path / "lines", script) == 0
    expected = uninterrupted(tmp_path)
    for folder in (tmp_path / "lines").iterdir():
        moment, after = map(int, folder.name.split())
        assert finish(folder) == ["simulate", "fit", "compare"][(moment - 1 + after) // 4 :]
        assert files(folder) == expected
    assert len(list((tmp_path / "lines").iterdir())) == 14


def test_a_kill_while_new_results_replace_old_ones_keeps_the_two_apart(tmp_path):
    script = """
    replace = Path.replace
    def deadly(self, target):
        replace(self, target)
        if str(target).endswith("fit.pdf"):
            os.kill(os.getpid(), signal.SIGKILL)
    run_line(sys.argv[1])
    Path.replace = deadly
    run_line(sys.argv[1], {"fit": 20})
    """
    assert killed(tmp_path / "line", script) == -signal.SIGKILL
    assert files(tmp_path / "line")["figures/fit.pdf"] == "20"
    assert files(tmp_path / "line")["fit.txt"].startswith("2 ")
    assert finish(tmp_path / "line") == ["fit"]
    assert files(tmp_path / "line") == uninterrupted(tmp_path)


@pytest.mark.parametrize("where", ["stage", "sync", "replace"])
def test_a_full_disk_is_said_and_keeps_finished_stages(tmp_path, monkeypatch, where):
    finish(tmp_path)
    before = files(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    with monkeypatch.context() as patch:
        if where == "sync":
            patch.setattr("motorsim.workspace.sync", full)
        if where == "replace":
            patch.setattr(Path, "replace", full)
        interrupt = full if where == "stage" else lambda *_: None
        with pytest.raises(DiskFullError, match=r"full: .*make room and run again"):
            run_line(tmp_path, {"fit": 20}, interrupt)  # noqa: F821
    assert files(tmp_path) == before
    assert finish(tmp_path) == []


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    with Workspace(tmp_path):
        with pytest.raises(InputError, match=f"{tmp_path.name}, got one in use by pid {os.getpid()} on"):
            Workspace(tmp_path).__enter__()
        script = "Workspace(sys.argv[1]).__enter__()"
        assert killed(tmp_path, script) == 1
    with Workspace(tmp_path):
        pass


def test_a_killed_run_leaves_no_lock(tmp_path):
    script = "Workspace(sys.argv[1]).__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    assert killed(tmp_path, script) == -signal.SIGKILL
    assert finish(tmp_path) == ["simulate", "fit", "compare"]


def test_a_folder_that_cannot_be_made_or_written_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "results"):
        with pytest.raises(InputError, match="folder: expected a results folder that can be written"):
            Workspace(folder).__enter__()

    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        Workspace(tmp_path / "results").__enter__()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "a damaged one"),
        ("[]", "a damaged one"),
        ('{"schema_version": 1}', "a damaged one"),
        ('{"schema_version": 1, "stages": {"fit": {"key": 1}}}', "a damaged one"),
        ('{"schema_version": 2, "stages": {}}', "layout 2; upgrade motorsim"),
    ],
)
def test_a_record_that_cannot_be_read_is_said_and_unlocks_the_folder(tmp_path, content, message):
    (tmp_path / "provenance.json").write_text(content)
    for _ in range(2):
        with pytest.raises(InputError, match=message):
            Workspace(tmp_path).__enter__()


def test_a_record_cannot_reach_outside_its_folder(tmp_path):
    finish(tmp_path)
    path = tmp_path / "provenance.json"
    path.write_text(path.read_text().replace("figures/fit.pdf", "../fit.pdf"))
    with pytest.raises(InputError, match="inside the results folder"):
        Workspace(tmp_path).__enter__()


def test_a_run_is_described_and_the_description_kept(tmp_path):
    with Workspace(tmp_path) as workspace:
        workspace.describe_run(seed=7, configuration_hash="ab", brian2_target="numpy")
    finish(tmp_path)
    record = json.loads((tmp_path / "provenance.json").read_text())
    assert (record["seed"], record["configuration_hash"], record["brian2_target"]) == (7, "ab", "numpy")
    assert record["versions"]["numpy"]
    assert set(record["stages"]) == {"simulate", "fit", "compare"}
