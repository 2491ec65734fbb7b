"""What all textbook scripts share: where results go, and how a run ends early."""

from __future__ import annotations

import importlib
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"
SCRIPTS = (
    "exclusive_or",
    "feed_forward",
    "lstm_decoder",
    "memory",
    "memory_errors",
    "softmax_gate",
    "truth_table",
    "visual_reach",
)


@pytest.fixture(scope="module")
def load():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module
    for name in SCRIPTS:
        sys.modules.pop(name, None)


@pytest.fixture
def run_main(load, monkeypatch, tmp_path):
    """Return a function that runs a script by name with something in place of its work."""

    def run(name, work, results=tmp_path):
        script = load(name)
        monkeypatch.setattr(script, "run", work)
        monkeypatch.setattr(sys, "argv", [f"{name}.py", "--results", str(results)])
        return script.main()

    return run


@pytest.mark.parametrize("name", SCRIPTS)
def test_results_that_cannot_be_kept_are_not_worked_for(name, run_main, tmp_path, capsys):
    worked = []
    (tmp_path / "file").touch()
    assert run_main(name, lambda *_, **__: worked.append(1), tmp_path / "file") == 2
    assert capsys.readouterr().err.startswith(f"{name}: folder: expected a place that can be written")
    assert not worked


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_interrupted_script_ends_with_one_line(name, run_main, tmp_path, capsys):
    def work(*_, **__):
        raise KeyboardInterrupt

    assert run_main(name, work) == 130
    assert capsys.readouterr().err == "interrupted; nothing was written\n"
    assert not list((tmp_path / "textbook").iterdir())


def test_interrupted_workers_do_not_finish_what_they_are_at(load):
    workers = load("workers")
    processes = ProcessPoolExecutor(1, get_context("spawn"), initializer=workers.begin_worker)
    tasks = []

    def work():
        with workers.ending_at_once(processes) as pool:
            tasks.extend(pool.submit(time.sleep, seconds) for seconds in (0.0, 5.0, 5.0, 5.0))
            tasks[0].result()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert all(task.cancelled() or task.exception() is not None for task in tasks[1:])
