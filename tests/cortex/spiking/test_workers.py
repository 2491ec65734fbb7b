import contextlib
import copy
import functools
import gc
import operator
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import DiskFullError
from motorsim.cortex import LIFNeurons, TrialError
from motorsim.cortex.spiking.network import SpikingModel
from motorsim.cortex.spiking.standalone import CompiledNetwork
from motorsim.cortex.spiking.trial import TrialInput, TrialJob
from motorsim.cortex.spiking.workers import _Worker, run_here, run_processes, run_programs

# Stands for a compiled network: what a trial sets says what becomes of it.
PROGRAM = """#!/bin/sh
folder="$2"
case "$*" in
*end.killed=*) kill -9 $$ ;;
*end.failed=*) echo "a device failed"; exit 1 ;;
*end.full=*) exit 3 ;;
*end.late=*) sleep 5 > /dev/null 2>&1; : > "$0.finished" ;;
esac
: > "$folder/spikes.bin"
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "main"
    path.write_text(PROGRAM)
    path.chmod(0o755)
    (tmp_path / "settable.json").write_text("{}")
    return CompiledNetwork(
        tmp_path, dict.fromkeys(("end.killed", "end.failed", "end.full", "end.late"), "<f8")
    )


def job(number, end=None):
    values = {} if end is None else {f"end.{end}": np.ones(1)}
    return TrialJob(f"trial {number}", functools.partial(TrialInput, values), copy.copy)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("killed", "^trial 2: its worker was ended by SIGKILL$"),
        ("failed", "^trial 2: its worker failed with exit code 1: a device failed$"),
    ],
)
def test_a_program_that_ends_badly_is_one_error_with_its_trial(program, end, said):
    told = []
    jobs = [job(number, end if number == 2 else None) for number in range(5)]
    with pytest.raises(TrialError, match=said):
        run_programs(program, jobs, 1, lambda number, _: told.append(number))
    assert told == [0, 1]


def test_no_room_for_spikes_is_said(program):
    with pytest.raises(DiskFullError, match=r"no room for a trial's spikes in .*; set TMPDIR"):
        run_programs(program, [job(0, "full")], 1, lambda *_: None)


def test_at_an_error_other_programs_are_ended_and_no_more_begin(program):
    told = []
    jobs = [job(0, "late"), job(1), job(2, "killed"), *(job(number) for number in range(3, 20))]
    with pytest.raises(TrialError, match="trial 2"):
        run_programs(program, jobs, 2, lambda number, _: told.append(number))
    assert 1 in told
    assert 0 not in told
    assert len(told) < 10
    assert not (program.folder / "main.finished").exists()


def test_ctrl_c_ends_the_programs(program):
    def interrupt(number, _):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_programs(program, [job(0, "late"), job(1), job(2, "late")], 2, interrupt)
    assert not (program.folder / "main.finished").exists()


def test_an_error_in_making_or_keeping_a_trial_carries_its_name(program):
    broken = TrialJob("trial 7", functools.partial(TrialInput, {}), operator.attrgetter("torque"))
    with pytest.raises(TrialError, match=r"^trial 7: AttributeError: .*has no attribute 'torque'"):
        run_programs(program, [broken], 1, lambda *_: None)
    with pytest.raises(TrialError, match=r"^trial 8: ValueError: invalid literal") as raised:
        run_programs(
            program, [TrialJob("trial 8", functools.partial(int, "x"), copy.copy)], 1, lambda *_: None
        )
    assert isinstance(raised.value.__cause__, ValueError)


def test_scratch_folders_are_removed(program, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with pytest.raises(TrialError):
        run_programs(program, [job(0), job(1, "killed")], 1, lambda *_: None)
    assert list(scratch.iterdir()) == []


@pytest.fixture(scope="module")
def tiny():
    neurons = LIFNeurons(n_excitatory_inputs=3, n_inhibitory_inputs=3, background_hz=1000.0)
    return SpikingModel(np.arange(4) < 2, 3, neurons, 0.2, 40, 0)


@pytest.fixture(scope="module")
def jobs(tiny, open_loop):
    return [
        TrialJob(
            f"trial {number}",
            functools.partial(TrialInput, dict(open_loop(tiny, number).values)),
            copy.copy,
        )
        for number in range(4)
    ]


@pytest.fixture(scope="module")
def here(tiny, jobs):
    kept = {}
    run_here(tiny, "numpy", jobs, kept.__setitem__)
    return kept


def test_python_processes_give_the_spikes_of_one(tiny, jobs, here):
    kept = {}
    run_processes(tiny, "numpy", jobs, 2, kept.__setitem__)
    assert sorted(kept) == [0, 1, 2, 3]
    assert sum(len(spikes.neuron) for spikes in here.values()) > 20
    for number, spikes in here.items():
        np.testing.assert_array_equal(kept[number].neuron, spikes.neuron)
        np.testing.assert_array_equal(kept[number].time_s, spikes.time_s)


def test_a_worker_keeps_its_mode_for_as_long_as_it_lives(tiny, jobs):
    import brian2  # noqa: PLC0415 - slow to import

    before = brian2.prefs["codegen.target"]
    worker = _Worker(tiny, "numpy")
    worker.run(jobs[0])
    gc.collect()
    assert brian2.prefs["codegen.target"] == "numpy" != before
    worker.session.close()
    assert brian2.prefs["codegen.target"] == before


def test_a_python_worker_that_dies_is_one_error_with_the_trial(tiny):
    dies = [TrialJob(f"trial {number}", os.abort, copy.copy) for number in (3, 4)]
    with pytest.raises(TrialError, match=r"^trial 3 or one run beside it: its worker was ended; .*__main__"):
        run_processes(tiny, "numpy", dies, 2, lambda *_: None)


def test_an_error_in_a_python_worker_comes_back_whole(tiny):
    broken = [TrialJob(f"trial {number}", functools.partial(int, "x"), copy.copy) for number in (5, 6)]
    with pytest.raises(TrialError, match=r"^trial [56]: ValueError: invalid literal") as raised:
        run_processes(tiny, "numpy", broken, 2, lambda *_: None)
    assert "ValueError: invalid literal" in str(raised.value.__cause__)  # the worker's own traceback


SCRIPT = """
import copy, os, signal, time
import numpy as np
from motorsim.cortex import LIFNeurons
from motorsim.cortex.spiking.network import SpikingModel
from motorsim.cortex.spiking.runner import TrialRunner
from motorsim.cortex.spiking.trial import TrialJob

def run_on():
    os.write(1, b"begun\\n")  # in one piece
    time.sleep(600)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test's own process may ignore it
    model = SpikingModel(np.arange(4) < 2, 3, LIFNeurons(), 0.2, 200, 0)
    jobs = [TrialJob(f"trial {number}", run_on, copy.copy) for number in range(10)]
    TrialRunner(model, "numpy", 2).run(jobs)
"""


def members(session):
    """Return the processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[3]) == session and after[0] != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_no_python_worker_outlives_its_session(tmp_path, ended_by):
    script = tmp_path / "session.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(  # noqa: S603
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert [process.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
            alive = [os.pidfd_open(pid) for pid in members(process.pid)]
            assert len(alive) >= 3
            if ended_by == signal.SIGINT:
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            else:
                process.kill()
            _, said = process.communicate(timeout=30)
            for member in alive:
                assert select.select([member], [], [], 30)[0]  # readable once the process has ended
                os.close(member)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -ended_by
    assert said.count("Traceback") == (ended_by == signal.SIGINT)
