import copy
import functools

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import LIFNeurons, RateCortex, random_preparatory_map
from motorsim.cortex.brian_mode import brian_session
from motorsim.cortex.spiking.network import SpikingModel
from motorsim.cortex.spiking.runner import TrialRunner, spiking_mode
from motorsim.cortex.spiking.trial import TrialJob


@pytest.fixture(scope="module")
def tiny():
    neurons = LIFNeurons(n_excitatory_inputs=3, n_inhibitory_inputs=3, background_hz=1000.0)
    return SpikingModel(np.arange(4) < 2, 3, neurons, 0.2, 40, 0)


@pytest.fixture(scope="module")
def jobs(tiny, open_loop):
    return [
        TrialJob(f"trial {number}", functools.partial(open_loop, tiny, number), copy.copy)
        for number in range(3)
    ]


def brian_state():
    import brian2  # noqa: PLC0415 - slow to import

    names = ("codegen.target", "core.default_float_dtype", "core.stop_on_keyboard_interrupt")
    device = brian2.get_device()
    return [brian2.prefs[name] for name in names], type(device).__name__, np.geterr()


def test_results_come_in_the_order_of_the_jobs_and_each_is_told(tiny, jobs):
    told = {}
    kept = TrialRunner(tiny, "numpy", 1).run(jobs, on_result=told.__setitem__)
    assert [told[number] for number in range(3)] == kept
    alone = TrialRunner(tiny, "numpy", 1).run(jobs[2:])
    np.testing.assert_array_equal(kept[2].neuron, alone[0].neuron)
    assert TrialRunner(tiny, "numpy", 1).run([]) == []


def test_sessions_may_follow_each_other_with_a_rate_circuit_between(tiny, jobs, circuit, task):
    before = brian_state()
    first = TrialRunner(tiny, "numpy", 1).run(jobs[:1])
    rate = RateCortex(circuit, mode="numpy", dt_s=0.01)
    states = random_preparatory_map(circuit, rng=0, n_modes=4, harmonic_weights=(1.0,))
    rate = rate.prepare(task, rng=0, preparatory_map=states)
    rates = [rate.simulate(task, rng=0).population.rates]
    second = TrialRunner(tiny, "numpy", 1).run(jobs[:1])
    rates.append(rate.simulate(task, rng=0).population.rates)
    assert brian_state() == before
    np.testing.assert_array_equal(first[0].neuron, second[0].neuron)
    np.testing.assert_array_equal(first[0].time_s, second[0].time_s)
    np.testing.assert_array_equal(*rates)


def test_an_error_in_a_session_leaves_brian2_as_it_was(tiny, jobs):
    before = brian_state()

    def fail(number, _):
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        TrialRunner(tiny, "numpy", 1).run(jobs, on_result=fail)
    assert brian_state() == before


def test_a_build_leaves_brian2_as_it_was(model, compiled):
    before = brian_state()
    with brian_session("cpp_standalone", directory=compiled.folder / "unused", single=True) as brian:
        assert type(brian.get_device()).__name__ == "CPPStandaloneDevice"
    assert brian_state() == before


def test_the_mode_left_open_is_standalone_where_there_is_a_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", str(tmp_path / "none"))
    assert spiking_mode("auto") == "numpy"
    compiler = tmp_path / "compiler"
    compiler.touch(mode=0o755)
    monkeypatch.setenv("CXX", str(compiler))
    assert spiking_mode("auto") == "cpp_standalone"
    assert spiking_mode("cython") == "cython"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workers": 0}, "workers: expected an integer of at least 1, got 0"),
        ({"workers": -2}, "workers"),
        ({"mode": "fortran"}, "mode: expected one of auto, cpp_standalone, cython, numpy"),
    ],
)
def test_nonsense_is_refused_by_name(tiny, given, said):
    with pytest.raises(InputError, match=said):
        TrialRunner(tiny, **given)
