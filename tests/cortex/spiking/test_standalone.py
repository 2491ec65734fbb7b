import copy
import functools
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import DiskFullError
from motorsim.cortex import LIFNeurons, find_compiler
from motorsim.cortex.spiking import standalone
from motorsim.cortex.spiking.in_process import in_process_network
from motorsim.cortex.spiking.network import SpikingModel
from motorsim.cortex.spiking.runner import TrialRunner
from motorsim.cortex.spiking.standalone import CompiledNetwork, CompileError, compiled_network
from motorsim.cortex.spiking.trial import TrialError, TrialInput, TrialJob


@pytest.fixture(scope="module")
def trial(model, open_loop):
    rng = np.random.default_rng(8)
    return open_loop(
        model,
        1,
        pools__closed=np.ones(1),
        pools__baseline_hz=np.full(model.n_pools, 20.0),
        pools__hz_per_mv=np.full(1, 3.0),
        recurrent_matrix__weight=0.3 * rng.standard_normal(model.n_pools**2),
        drive__values=3.0 * rng.standard_normal((model.n_ticks + 1, model.n_pools)),
    )


def run(program, trial):
    return program.run(trial, started=lambda _: None)


@pytest.fixture(scope="module")
def spikes(compiled, trial):
    return run(compiled, trial)


def same_beginning(first, second):
    """Return how many spikes are the same before rounding has moved one."""
    n = min(len(first.neuron), len(second.neuron))
    differs = (first.neuron[:n] != second.neuron[:n]) | (np.abs(first.time_s[:n] - second.time_s[:n]) > 1e-6)
    return int(np.argmax(differs)) if differs.any() else n


def beginning(model, trial, mode, n_ticks=150):
    """Return the spikes of the first ticks of a trial, run inside Python."""
    values = {
        name: value[: n_ticks + 1] if name.endswith(".values") else value
        for name, value in trial.values.items()
    }
    with in_process_network(replace(model, n_ticks=n_ticks), mode) as network:
        return network.run(TrialInput(values))


def test_numpy_gives_the_same_spikes_until_rounding_separates_them(model, trial, spikes):
    assert same_beginning(beginning(model, trial, "numpy"), spikes) > 150
    assert len(spikes.neuron) > 1000


@pytest.mark.slow
def test_cython_gives_the_same_spikes_until_rounding_separates_them(model, trial, spikes):
    assert same_beginning(beginning(model, trial, "cython"), spikes) > 150


def test_a_trial_is_the_same_again_and_another_input_gives_other_spikes(compiled, trial, spikes):
    again = run(compiled, trial)
    np.testing.assert_array_equal(again.neuron, spikes.neuron)
    np.testing.assert_array_equal(again.time_s, spikes.time_s)
    other = run(compiled, TrialInput(dict(trial.values) | {"neurons.key": np.array([99])}))
    assert same_beginning(other, spikes) < 500


def test_workers_do_not_change_the_spikes(model, compiled, open_loop):
    jobs = [
        TrialJob(f"trial {number}", functools.partial(open_loop, model, number), copy.copy)
        for number in range(4)
    ]
    one, two = (TrialRunner(model, "cpp_standalone", workers).run(jobs) for workers in (1, 2))
    assert not np.array_equal(one[0].neuron, one[1].neuron)
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.neuron, second.neuron)
        np.testing.assert_array_equal(first.time_s, second.time_s)


def test_the_build_is_used_again(model, compiled):
    before = (compiled.folder / "main").stat().st_mtime_ns
    again = compiled_network(model)
    assert again.folder == compiled.folder
    assert (again.folder / "main").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "values",
    [
        {"drive.values": np.zeros((3, 4))},
        {"pools.x": np.zeros(3)},
    ],
)
def test_a_value_of_the_wrong_size_is_an_error(compiled, values):
    with pytest.raises(TrialError, match="does not match expected size"):
        run(compiled, TrialInput(values))


class FullDisk(standalone.tempfile.TemporaryDirectory):
    """A scratch folder in which one file can be opened, but holds nothing."""

    full = ""

    def __enter__(self):
        folder = super().__enter__()
        (Path(folder) / self.full).symlink_to("/dev/full")
        return folder


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("full", "kind"), [("spikes.bin", "spikes"), ("value0.bin", "input")])
def test_no_room_on_the_disk_is_said(compiled, trial, monkeypatch, full, kind):
    monkeypatch.setattr(FullDisk, "full", full)
    monkeypatch.setattr(standalone.tempfile, "TemporaryDirectory", FullDisk)
    with pytest.raises(DiskFullError, match=rf"no room for a trial's {kind} in .*set TMPDIR"):
        run(compiled, trial)


@pytest.fixture
def bad_compiler(tmp_path, monkeypatch):
    """Let the compiler fail on one file of the network, and builds go to an empty folder."""
    if find_compiler() is None:
        pytest.skip("no C++ compiler")
    script = tmp_path / "failing-compiler"
    script.write_text(
        '#!/bin/sh\ncase "$*" in\n*network.cpp*)\n'
        'echo "network.cpp:7: no room for a register" >&2; exit 1 ;;\nesac\n'
        'while [ $# -gt 1 ]; do if [ "$1" = -o ]; then : > "$2"; fi; shift; done\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    monkeypatch.setenv("MOTORSIM_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def small(open_loop):
    neurons = LIFNeurons(n_excitatory_inputs=1, n_inhibitory_inputs=1)
    model = SpikingModel(np.arange(4) < 2, 2, neurons, 0.2, 20, 0)
    return model, [TrialJob("trial 0", functools.partial(open_loop, model, 0), copy.copy)]


@pytest.mark.usefixtures("bad_compiler")
def test_a_compiler_that_fails_halfway_is_an_error_with_its_last_lines(small):
    model, jobs = small
    with pytest.raises(CompileError, match=r"the last lines were\n(.*\n)*.*no room for a register"):
        TrialRunner(model, "cpp_standalone").run(jobs)
    left = list(standalone.cache_folder().glob("standalone/*"))
    assert all(path.suffix == ".lock" for path in left)


@pytest.mark.usefixtures("bad_compiler")
def test_where_the_mode_is_left_open_numpy_takes_over_with_a_warning(small, caplog):
    model, jobs = small
    runner = TrialRunner(model, "auto", 1)
    assert runner.used_mode == "cpp_standalone"
    (spikes,) = runner.run(jobs)
    assert runner.used_mode == "numpy"
    assert len(spikes.neuron) > 0
    warnings = [record.message for record in caplog.records if record.name.startswith("motorsim")]
    assert len(warnings) == 1
    assert "no room for a register" in warnings[0]
    runner.run(jobs)
    assert len([record for record in caplog.records if record.name.startswith("motorsim")]) == 1


def test_without_a_compiler_numpy_is_used(small, monkeypatch, caplog):
    monkeypatch.setenv("CXX", "no-such-compiler")
    runner = TrialRunner(small[0])
    assert runner.used_mode == "numpy"
    assert runner.used_mode == "numpy"
    assert runner.compile() is None
    assert caplog.text.count("no C++ compiler found") == 1


def test_a_cache_that_cannot_be_written_is_a_compile_error(small, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MOTORSIM_CACHE", str(tmp_path / "file"))
    with pytest.raises(CompileError, match=r"\$MOTORSIM_CACHE names another folder"):
        compiled_network(small[0])


def test_old_builds_are_removed_but_not_those_in_use(tmp_path):
    for age_h in range(10):
        folder = tmp_path / f"build{age_h}"
        folder.mkdir()
        (folder / "settable.json").touch()
        os.utime(folder / "settable.json", (time.time() - 3600 * age_h,) * 2)
        (tmp_path / f"build{age_h}.lock").touch()
    for name, age_s in ((".building-new", 0), (".building-old", 7200)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    standalone._prune(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert left == [".building-new", *(f"build{age}" for age in range(6))]
    assert not (tmp_path / "build9.lock").exists()


def test_running_a_trial_marks_its_build_as_used(tmp_path):
    main = tmp_path / "main"
    main.write_text('#!/bin/sh\n: > "$2/spikes.bin"\n')
    main.chmod(0o755)
    used = tmp_path / "settable.json"
    used.touch()
    os.utime(used, (0, 0))
    run(CompiledNetwork(tmp_path, {}), TrialInput({}))
    assert used.stat().st_mtime > 0
