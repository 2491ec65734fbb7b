from __future__ import annotations

import importlib
import math
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from motorsim.cortex.spiking.neurons import LIFNeurons
from motorsim.cortex.spiking.trial import TrialSpikes

BENCHMARKS = Path(__file__).parents[2] / "experiments" / "benchmarks"


@pytest.fixture
def speed(monkeypatch):
    # Found by name, as the processes that it starts will find it.
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("cortex_speed")
    for name in ("cortex_speed", "nest_network"):
        sys.modules.pop(name, None)


@pytest.fixture
def nest_network(speed):
    return sys.modules["nest_network"]


def spikes(*trains):
    neuron = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    return TrialSpikes(neuron, np.concatenate([np.asarray(train, dtype=float) for train in trains]))


class Contestant:
    """Takes a set time for a trial and writes down what it was asked for."""

    def __init__(self, name, log, *, trial_s=0.0, clock=None):
        self.name, self.setup_s, self._log, self._trial_s, self._clock = name, 0.0, log, trial_s, clock

    def run(self, seeds):
        self._log.append((self.name, tuple(seeds)))
        if self._clock is not None:
            self._clock[0] += self._trial_s * len(seeds)
        return [spikes(0.3 + np.cumsum(np.tile([0.01, 0.03], 20))) for _ in seeds]

    def close(self):
        self._log.append((self.name, "closed"))


def test_the_network_is_the_one_of_the_stated_size(speed):
    model = speed.Case().model
    assert model.n_neurons == 8000
    assert (model.neurons.n_excitatory_inputs, model.neurons.n_inhibitory_inputs) == (100, 100)
    assert model.neurons.background_hz == 0
    assert model.n_ticks == 1500


def test_a_regular_train_has_its_rate_and_no_irregularity(speed):
    rate_hz, cv = speed.rate_and_cv([spikes(np.arange(0.01, 1.2, 0.02))], 1, 1.2)
    assert rate_hz == pytest.approx(50.0)
    assert cv == pytest.approx(0.0, abs=1e-9)


def test_spikes_before_the_network_has_settled_do_not_count(speed):
    early = np.linspace(0.0, speed.SETTLE_S - 1e-6, 40)
    late = speed.SETTLE_S + 0.001 + 0.02 * np.arange(25)
    rate_hz, cv = speed.rate_and_cv([spikes(np.concatenate([early, late]))], 1, speed.SETTLE_S + 0.5)
    assert rate_hz == pytest.approx(50.0)
    assert cv == pytest.approx(0.0, abs=1e-9)


def test_intervals_of_one_and_three_parts_vary_by_half_their_mean(speed):
    train = 0.3 + np.cumsum(np.tile([0.01, 0.03], 200))
    cv = speed.rate_and_cv([spikes(train)], 1, 10.0)[1]
    assert cv == pytest.approx(0.5, rel=0.01)


def test_intervals_never_span_two_neurons_or_two_trials(speed):
    trial = spikes(0.3 + 0.02 * np.arange(20), 0.7 + 0.04 * np.arange(20))
    rate_hz, cv = speed.rate_and_cv([trial, trial], 2, 1.7)
    assert cv == pytest.approx(0.0, abs=1e-9)
    assert rate_hz == pytest.approx(20 / 1.5)


def test_the_first_spike_that_differs_dates_the_parting(speed):
    one = spikes([0.0101, 0.0300], [0.0200, 0.0405])
    other = spikes([0.0101, 0.0300], [0.0200, 0.0406])
    assert speed.same_until_s(one, other, 1e-4) == pytest.approx(0.0405)


def test_rounding_within_a_step_is_no_difference_and_order_neither(speed):
    one = TrialSpikes(np.array([0, 1]), np.array([0.0101, 0.0200]))
    other = TrialSpikes(np.array([1, 0]), np.array([0.0200 + 3e-9, 0.0101 - 2e-9]))
    assert speed.same_until_s(one, other, 1e-4) == math.inf


def test_a_spike_that_only_one_has_is_a_difference(speed):
    assert speed.same_until_s(spikes([0.01, 0.05]), spikes([0.01]), 1e-4) == pytest.approx(0.05)
    assert speed.same_until_s(spikes([0.01], []), spikes([], [0.01]), 1e-4) == pytest.approx(0.01)


def test_everyone_runs_the_same_trials_of_a_round_and_takes_turns_in_front(speed):
    log = []
    speed.race([Contestant("a", log), Contestant("b", log)], rounds=3, n_trials=2)
    assert [name for name, _ in log] == ["a", "b", "b", "a", "a", "b"]
    assert [seeds for _, seeds in log] == [(1, 2), (1, 2), (3, 4), (3, 4), (5, 6), (5, 6)]


def test_trials_per_minute_are_counted_in_wall_time(speed, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    slow, fast = (
        Contestant(name, [], trial_s=trial_s, clock=clock) for name, trial_s in (("a", 2.0), ("b", 0.5))
    )
    found = speed.race([slow, fast], rounds=2, n_trials=4)
    np.testing.assert_allclose(found["a"], 30.0)
    np.testing.assert_allclose(found["b"], 120.0)


def test_the_ratio_is_taken_round_by_round_and_to_the_fastest(speed):
    table = speed.Table()
    found = {"own": np.array([40.0, 90.0]), "x": np.array([10.0, 30.0]), "y": np.array([20.0, 30.0])}
    speed.add_ratios(speed.Case(), found, table)
    by_quantity = {row[3]: [float(value) for value in row[4:]] for row in table.rows}
    assert by_quantity["times x"] == [3.5, 3.0, 4.0]
    assert by_quantity["times the fastest NEST"] == [2.5, 2.0, 3.0]


def test_contenders_of_the_same_activity_pass(speed):
    case = speed.Case(n_pools=1, n_per_pool=2, duration_s=1.2)
    table = speed.Table()
    speed.compare_activity(case, [Contestant("own", []), Contestant("other", [])], table, n_trials=2)
    values = {row[2:4]: float(row[4]) for row in table.rows}
    assert values["own", "rate Hz"] == values["other", "rate Hz"] == pytest.approx(20.0)
    assert values["other", "same spikes until s"] == math.inf


@pytest.mark.parametrize("other_s", [np.tile([0.012, 0.036], 10), np.full(40, 0.02)])
def test_speeds_of_different_activity_are_not_compared(speed, other_s):
    class Another(Contestant):
        def run(self, seeds):
            return [spikes(0.3 + np.cumsum(other_s)) for _ in seeds]

    case = speed.Case(n_pools=1, n_per_pool=2, duration_s=1.2)
    with pytest.raises(SystemExit, match="other: rate and CV"):
        speed.compare_activity(case, [Contestant("own", []), Another("other", [])], speed.Table(), n_trials=2)


def test_cost_quadratic_in_neurons_and_linear_in_trials_is_told_so(speed, monkeypatch):
    def pretend(function, case, *settings):
        if function is speed.build:
            return 1.0, 5e8
        workers, n_trials = settings
        return 1e-7 * case.model.n_neurons**2 * n_trials / workers, 10**9

    monkeypatch.setattr(speed, "in_fresh_process", pretend)
    table = speed.Table()
    speed.measure_scaling((2000, 4000, 8000), table, duration_s=0.5, trials=(2, 6))
    values = {row[1:4]: float(row[4]) for row in table.rows}
    for runner in ("1 worker", "2 workers"):
        assert values["all sizes", runner, "power of neurons"] == pytest.approx(2.0)
        assert values["all sizes", runner, "power of trials"] == pytest.approx(1.0)
    assert values["4000 neurons", "2 workers", "s a trial-second, 6 trials"] == pytest.approx(1.6)
    assert values["4000 neurons", "2 workers", "peak memory GB"] == pytest.approx(1.0)


def test_the_table_is_written_with_its_header(speed, tmp_path, capsys):
    table = speed.Table()
    table.add("speed", "no noise", "motorsim", "trials per minute", [3.0, 1.0, 2.0])
    table.write(tmp_path / "benchmarks" / "cortex_speed.csv")
    lines = (tmp_path / "benchmarks" / "cortex_speed.csv").read_text().splitlines()
    assert lines == [
        "part,case,runner,quantity,median,lowest,highest",
        "speed,no noise,motorsim,trials per minute,2,1,3",
    ]
    assert "(1 to 3)" in capsys.readouterr().out


def test_a_function_runs_in_a_process_of_its_own(speed):
    assert speed.in_fresh_process(math.sqrt, 4.0) == 2.0


def test_without_nest_the_way_out_is_said(speed, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SystemExit):
        speed.main([])
    assert "--no-nest" in capsys.readouterr().err


def test_no_rounds_are_refused(speed, capsys):
    with pytest.raises(SystemExit):
        speed.main(["--no-nest", "--rounds", "0"])
    assert "at least 1, got 0" in capsys.readouterr().err


def test_the_build_cache_of_the_user_is_left_alone(speed, monkeypatch):
    monkeypatch.setenv(speed.CACHE_VARIABLE, "mine")
    with speed.cache_of_its_own():
        folder = Path(speed.os.environ[speed.CACHE_VARIABLE])
        assert folder.is_dir()
    assert speed.os.environ[speed.CACHE_VARIABLE] == "mine"
    assert not folder.exists()


def test_nest_gets_the_membrane_in_millivolts(nest_network):
    neurons = LIFNeurons(background_hz=1000.0, background_mv=0.2)
    given = nest_network.neuron_parameters(neurons)
    # C dV/dt = -C V / tau + I: with C = tau in milliseconds, a constant current of I settles V at I.
    assert given["I_e"] * given["tau_m"] / given["C_m"] == pytest.approx(28.0 - 2.0)
    assert (given["tau_syn_ex"], given["tau_syn_in"]) == (5.0, 5.0)
    assert (given["V_th"], given["V_reset"], given["E_L"]) == (20.0, 10.0, 0.0)


def test_nest_is_given_one_step_less_of_refractory_time(nest_network):
    assert nest_network.neuron_parameters(LIFNeurons())["t_ref"] == pytest.approx(1.9)


@pytest.mark.parametrize("decay_s", [0.005, 0.0001])
def test_a_background_spike_brings_in_the_charge_of_its_jump(nest_network, decay_s):
    neurons = LIFNeurons()
    given = nest_network.neuron_parameters(neurons, decay_s)
    weight = nest_network.weight_pa(neurons, 0.2, decay_s)
    assert weight * 1e3 * decay_s / given["C_m"] == pytest.approx(0.2)
    assert given["tau_syn"] == [5.0, pytest.approx(1e3 * decay_s)]


@pytest.mark.slow
def test_compiling_and_running_a_small_network_is_measured(speed, tmp_path):
    table = speed.Table()
    with speed.cache_of_its_own():
        speed.measure_scaling((400, 800), table, duration_s=0.02, trials=(1, 2))
    values = {row[1:4]: float(row[4]) for row in table.rows}
    assert 0.01 < values["800 neurons", "2 workers", "peak memory GB"] < 3.0
    assert values["400 neurons", "1 worker", "s a trial-second, 2 trials"] > 0


@pytest.mark.slow
def test_nest_makes_the_same_first_spikes(speed, nest_network):
    pytest.importorskip("nest")
    case = speed.Case(n_per_pool=4, duration_s=0.05)
    network = nest_network.NestTrials(case.model, layout="2 processes")
    try:
        theirs = network.run([3, 4])
    finally:
        network.close()
    with speed.cache_of_its_own():
        ours = speed.CortexTrials(case).run([3, 4])
    for one, other in zip(ours, theirs, strict=True):
        assert len(one.neuron) > 100
        assert speed.same_until_s(one, other, case.model.neurons.dt_s) > 0.02
