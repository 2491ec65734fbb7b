"""Runs that a signal ends amid Brian2, training, comparing or renaming, in processes of their own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import textwrap

import pytest

# Sends itself a signal within the loop of Brian2, once the second network has been updated, once a candidate
# has been compared, or when the finished networks are about to be renamed into place.
INTERRUPTED = textwrap.dedent(
    """
    import contextlib, os, signal, sys

    import motorsim.console
    from motorsim.cli import main
    from motorsim.progress import Silent

    # Where these tests run in the background, Ctrl-C comes ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stage, number = sys.argv[1], int(sys.argv[2])
    sys.argv[1:] = sys.argv[3:]

    class Trap(Silent):
        @contextlib.contextmanager
        def bar(self, description, total):
            def update(completed, note=""):
                if (stage, description) in {("fit", "goal-driven network"), ("compare", "comparison")}:
                    os.kill(os.getpid(), number)
            yield update

    motorsim.console.choose_progress = lambda **_: Trap()
    if stage == "rename":
        import pathlib

        replace = pathlib.Path.replace

        def replace_with_signal(self, target):
            if pathlib.Path(target).name == "network.h5":
                os.kill(os.getpid(), number)
            return replace(self, target)

        pathlib.Path.replace = replace_with_signal
    if stage == "simulate":
        import brian2

        run, calls = brian2.BrianObject.run, []

        def run_with_signal(self):
            calls.append(self)
            if len(calls) == 100:
                os.kill(os.getpid(), number)
            run(self)

        brian2.BrianObject.run = run_with_signal
    main()
    """
)


def interrupt(results, tiny, stage, number):
    arguments = [stage, int(number), "compare", tiny, "--results", results]
    command = [sys.executable, "-c", INTERRUPTED, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("stage", "number", "status", "word"),
    [
        ("simulate", signal.SIGINT, 130, "interrupted"),
        ("simulate", signal.SIGKILL, -9, None),
        ("fit", signal.SIGINT, 130, "interrupted"),
        ("fit", signal.SIGTERM, 143, "terminated"),
        ("fit", signal.SIGKILL, -9, None),
        ("rename", signal.SIGKILL, -9, None),
        ("compare", signal.SIGINT, 130, "interrupted"),
        ("compare", signal.SIGKILL, -9, None),
    ],
)
def test_an_interrupted_run_keeps_finished_stages_and_resumes_to_the_same_bytes(
    *, motorsim, tmp_path, tiny, finished, digests, stage, number, status, word
):
    folder = tmp_path / "tiny"
    kept = {
        "simulate": ("circuit.h5",),
        "fit": ("circuit.h5", "cortex.h5"),
        "rename": ("circuit.h5", "cortex.h5"),
        "compare": ("circuit.h5", "cortex.h5", "network.h5"),
    }[stage]
    if stage != "simulate":
        shutil.copytree(finished, folder)
        for name in set(digests(finished)) - set(kept):
            (folder / name).unlink()
    ended = interrupt(tmp_path, tiny, stage, number)
    assert ended.returncode == status, ended.stderr
    if word is not None:
        said = f"motorsim: {word} in stage {stage}; finished stages are kept"
        assert ended.stderr.splitlines()[-1].startswith(said)
        assert "Traceback" not in ended.stderr
        assert not list(folder.glob(".staging-*"))
        assert not list(folder.glob(".*.partial*"))
    expected = digests(finished)
    assert digests(folder) == {name: expected[name] for name in kept}
    resumed = motorsim("compare", tiny, "--results", tmp_path)
    assert resumed.exit_code == 0, resumed.output
    assert resumed.stdout.count("(earlier)") == len(kept)
    assert digests(folder) == expected
    assert not list(folder.glob(".staging-*"))
