from dataclasses import replace

import numpy as np
import pytest

from motorsim.cortex import TrialError
from motorsim.cortex.spiking import session as module
from motorsim.cortex.spiking.network import SpikingModel
from motorsim.cortex.spiking.neurons import LIFNeurons
from motorsim.cortex.spiking.session import (
    SETTLE_S,
    SILENCING_MV,
    KeptTrial,
    Sampling,
    SlowDrive,
    recorded_neurons,
    run_session,
)
from motorsim.cortex.spiking.trial import TrialSpikes

N_TICKS = 300


@pytest.fixture(scope="module")
def model():
    return SpikingModel(np.arange(4) < 2, 5, LIFNeurons(), 0.2, 500, 3)


@pytest.fixture(scope="module")
def slow():
    rng = np.random.default_rng(0)
    return SlowDrive(
        weights=rng.standard_normal((4, 4)),
        drive_hz=rng.standard_normal((3, N_TICKS, 4)),
        feedback=None,
        gate=np.zeros(N_TICKS),
        silenced=None,
        spread_hz=np.diag([1.0, 2.0, 3.0, 4.0]),
        noise_hz=np.zeros(N_TICKS),
        baseline_hz=np.full(4, 10.0),
        hz_per_mv=2.5,
    )


@pytest.fixture(scope="module")
def spikes():
    """Return spikes on steps of 0.1 ms, many of them on the edges of bins."""
    rng = np.random.default_rng(1)
    step = np.sort(rng.integers(0, 5000, 4000))
    return TrialSpikes(rng.integers(0, 20, 4000), step * 1e-4)


@pytest.mark.parametrize(("causal", "before_steps"), [(False, 50), (True, 100)])
def test_counts_are_those_of_the_raw_spikes(model, spikes, causal, before_steps):
    sampling = Sampling(30, 0.01, np.array([2, 7, 19]), causal)
    kept = sampling.keep(model, spikes)
    step = np.round(spikes.time_s * 1e4).astype(int) - round(SETTLE_S * 1e4)
    for sample in range(30):
        first = 100 * sample - before_steps
        inside = (step >= first) & (step < first + 100)
        expected = np.bincount(spikes.neuron[inside] // 5, minlength=4)
        np.testing.assert_array_equal(kept.pool_counts[sample], expected)


def test_recorded_neurons_keep_every_spike_on_the_trials_clock(model, spikes):
    sampling = Sampling(30, 0.01, np.array([2, 7, 19]))
    kept = sampling.keep(model, spikes)
    for unit, neuron in enumerate((2, 7, 19)):
        clock_s = spikes.time_s[spikes.neuron == neuron] - SETTLE_S
        clock_s = clock_s[(clock_s > -1e-9) & (clock_s < 0.3 - 1e-9)]
        np.testing.assert_allclose(kept.time_s[kept.unit == unit], clock_s, atol=1e-12)
    trains = sampling.trains([kept, kept])
    assert (trains.n_trials, trains.n_units, trains.n_spikes) == (2, 3, 2 * len(kept.time_s))


def test_a_causal_bin_knows_nothing_of_what_comes_after_its_sample(model, spikes):
    sampling = Sampling(30, 0.01, np.array([0]), causal=True)
    sample = 17
    later = spikes.time_s > SETTLE_S + sample * 0.01 - 1e-9
    moved = TrialSpikes(spikes.neuron[~later], spikes.time_s[~later])
    counts, without = (sampling.keep(model, given).pool_counts for given in (spikes, moved))
    np.testing.assert_array_equal(counts[: sample + 1], without[: sample + 1])
    assert not without[sample + 1 :].any()


def test_trials_last_until_the_last_bin_is_whole():
    assert Sampling(30, 0.01, np.array([0])).n_ticks == 500


def test_recorded_neurons_are_spread_evenly_over_the_pools(model):
    chosen = recorded_neurons(model, 10)
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(np.sort(np.bincount(chosen // 5)), [2, 2, 3, 3])
    assert not np.array_equal(chosen, recorded_neurons(replace(model, seed=4), 10))


def test_a_trial_is_driven_by_its_condition_after_settling(model, slow):
    given = slow.trial(model, 2, seed=9)().values
    drive = given["drive.values"]
    assert drive.shape == (501, 4)
    assert not drive[:200].any()
    np.testing.assert_allclose(drive[200:500], slow.drive_hz[2])
    np.testing.assert_allclose(drive[500], slow.drive_hz[2, -1])
    np.testing.assert_allclose(given["recurrent_matrix.weight"].reshape(4, 4).T, slow.weights)
    assert given["pools.hz_per_mv"] == 2.5
    assert given["neurons.v"].min() >= 10.0
    assert given["neurons.v"].max() <= 20.0
    assert "light.values" not in given


def test_trials_differ_by_voltages_and_slow_states_alone(model, slow):
    first, again, other = (slow.trial(model, 0, seed=seed)().values for seed in (1, 1, 2))
    for name, value in first.items():
        np.testing.assert_array_equal(again[name], value)
    differ = {name for name, value in first.items() if not np.array_equal(other[name], value)}
    assert differ == {"neurons.v", "neurons.key", "pools.x"}


def test_slow_states_start_with_the_covariance_asked_for(model, slow):
    starts = np.array([slow.trial(model, 0, seed=seed)().values["pools.x"] for seed in range(400)])
    np.testing.assert_allclose(starts.std(axis=0), [1.0, 2.0, 3.0, 4.0], rtol=0.15)


def test_input_noise_gives_an_isolated_pool_the_deviation_asked_for(slow):
    long = SpikingModel(np.ones(50, bool), 2, LIFNeurons(n_inhibitory_inputs=0), 0.02, 4200, 0)
    noisy = replace(
        slow,
        weights=np.zeros((50, 50)),
        drive_hz=np.zeros((1, 4000, 50)),
        noise_hz=np.full(4000, 1.5),
        spread_hz=np.zeros((50, 50)),
    )
    drive = noisy.trial(long, 0, seed=0)().values["drive.values"]
    x, states = np.zeros(50), []
    for row in drive[200:]:
        x = long.decay * x + (1.0 - long.decay) * row
        states.append(x)
    assert np.std(states[200:]) == pytest.approx(1.5, rel=0.05)


def test_input_noise_acts_from_the_first_tick_on(model, slow):
    noisy = replace(slow, noise_hz=np.full(N_TICKS, 2.0)).trial(model, 0, seed=1)().values["drive.values"]
    still = slow.trial(model, 0, seed=1)().values["drive.values"]
    deviation = (noisy - still).std(axis=1)
    assert deviation[:200].mean() == pytest.approx(deviation[200:500].mean(), rel=0.1)
    assert deviation.min() > 0


def test_silence_feedback_and_light_act_in_their_windows(model, slow):
    silenced = np.zeros((N_TICKS, 4), bool)
    silenced[100:150, 1] = True
    gate = np.zeros(N_TICKS)
    gate[20:40] = 1.0
    course = np.zeros(N_TICKS)
    course[250:260] = 1.0
    feedback = np.arange(16.0).reshape(4, 4)
    full = replace(
        slow, silenced=silenced, gate=gate, feedback=feedback, light_mv=np.arange(20.0), light_course=course
    )
    given = full.trial(model, 1, seed=0)().values
    expected = np.zeros((501, 4))
    expected[300:350, 1] = SILENCING_MV
    np.testing.assert_array_equal(given["direct.values"], expected)
    np.testing.assert_array_equal(np.flatnonzero(given["gate.values"]), np.arange(220, 240))
    np.testing.assert_array_equal(np.flatnonzero(given["light.values"]), np.arange(450, 460))
    np.testing.assert_array_equal(given["neurons.light_mv"], np.arange(20.0))
    np.testing.assert_array_equal(given["fed_back_matrix.weight"], np.arange(16.0).reshape(4, 4).T.ravel())


class Trials:
    """Stands for a runner: each trial's spikes come from its own input, and some fail."""

    def __init__(self, model, fails=()):
        self.model, self.fails, self.ran = model, fails, []
        self.used_mode = "cpp_standalone"
        self.falls_back = False

    def compile(self):
        if self.falls_back:
            self.used_mode = "numpy"

    def run(self, jobs, *, on_result=None):
        for number, job in enumerate(jobs):
            name = job.name.partition(" (")[0]
            if name in self.fails:
                raise TrialError(f"{name}: its worker was ended by SIGKILL")
            self.ran.append(name)
            first = int(job.make_input().values["neurons.v"][0] * 1e6) % 20
            on_result(number, job.keep(TrialSpikes(np.array([first, 3]), np.array([0.25, 0.30]))))


def session(runner, slow, sampling, **given):
    usual = {"n_conditions": 3, "n_trials": 2, "seed": 5, "keep_in": None, "on_progress": None}
    return run_session(runner, slow, sampling, **(usual | given))


@pytest.fixture
def sampling():
    return Sampling(30, 0.01, np.array([3, 4]))


def test_every_condition_runs_as_often_as_asked_conditions_fastest(model, slow, sampling):
    runner, told = Trials(model), []
    kept = session(runner, slow, sampling, on_progress=told.append)
    assert len(kept) == 6
    assert all(isinstance(trial, KeptTrial) for trial in kept)
    assert runner.ran == [f"trial {number}" for number in range(6)]
    np.testing.assert_allclose(told, np.arange(1, 7) / 6)


def test_finished_trials_are_kept_through_an_error_and_not_run_again(model, slow, sampling, tmp_path):
    broken = Trials(model, fails=("trial 4",))
    with pytest.raises(TrialError, match=r"^trial 4:"):
        session(broken, slow, sampling, keep_in=tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    runner = Trials(model)
    resumed = session(runner, slow, sampling, keep_in=tmp_path)
    assert runner.ran == ["trial 4", "trial 5"]
    for one, other in zip(resumed, session(Trials(model), slow, sampling), strict=True):
        np.testing.assert_array_equal(one.pool_counts, other.pool_counts)
        np.testing.assert_array_equal(one.unit, other.unit)
        np.testing.assert_array_equal(one.time_s, other.time_s)


def test_ctrl_c_leaves_finished_trials(model, slow, sampling, tmp_path):
    def interrupt(fraction):
        if fraction > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session(Trials(model), slow, sampling, keep_in=tmp_path, on_progress=interrupt)
    runner = Trials(model)
    session(runner, slow, sampling, keep_in=tmp_path)
    assert runner.ran == ["trial 3", "trial 4", "trial 5"]


def test_a_damaged_trial_is_run_again_and_said(model, slow, sampling, tmp_path, caplog):
    session(Trials(model), slow, sampling, keep_in=tmp_path)
    damaged = sorted(tmp_path.iterdir())[2]
    damaged.write_bytes(damaged.read_bytes()[:100])
    runner, told = Trials(model), []
    session(runner, slow, sampling, keep_in=tmp_path, on_progress=told.append)
    assert runner.ran == ["trial 2"]
    assert "damaged" in caplog.text
    np.testing.assert_allclose(told, [5 / 6, 1.0])
    session(Trials(model), slow, sampling, keep_in=tmp_path, on_progress=told.append)
    assert told[-1] == 1.0


def test_more_trials_of_a_session_keep_those_there_are(model, slow, sampling, tmp_path):
    session(Trials(model), slow, sampling, keep_in=tmp_path)
    runner = Trials(model)
    session(runner, slow, sampling, keep_in=tmp_path, n_trials=3)
    assert runner.ran == ["trial 6", "trial 7", "trial 8"]


@pytest.mark.parametrize("changed", ["seed", "drive", "recorded", "causal", "wiring", "mode"])
def test_trials_of_another_session_are_not_taken(model, slow, sampling, tmp_path, changed):
    session(Trials(model), slow, sampling, keep_in=tmp_path)
    runner = Trials(replace(model, seed=4) if changed == "wiring" else model)
    if changed == "mode":
        runner.used_mode = "numpy"
    other = replace(slow, drive_hz=2.0 * slow.drive_hz) if changed == "drive" else slow
    if changed == "recorded":
        sampling = replace(sampling, recorded=np.array([3, 5]))
    if changed == "causal":
        sampling = replace(sampling, causal=True)
    session(runner, other, sampling, keep_in=tmp_path, seed=6 if changed == "seed" else 5)
    assert len(runner.ran) == 6


def test_trials_of_another_program_are_not_taken(model, slow, sampling, tmp_path, monkeypatch):
    session(Trials(model), slow, sampling, keep_in=tmp_path)
    monkeypatch.setattr(module, "made_by", lambda: ["another program"])
    runner = Trials(model)
    session(runner, slow, sampling, keep_in=tmp_path)
    assert len(runner.ran) == 6


def test_trials_are_kept_under_the_mode_that_ran_them(model, slow, sampling, tmp_path):
    fallen = Trials(model)
    fallen.falls_back = True
    session(fallen, slow, sampling, keep_in=tmp_path)
    assert all(path.name.startswith("numpy-") for path in tmp_path.iterdir())
    again = Trials(model)
    again.falls_back = True
    session(again, slow, sampling, keep_in=tmp_path)
    assert again.ran == []
    compiled = Trials(model)
    session(compiled, slow, sampling, keep_in=tmp_path)
    assert len(compiled.ran) == 6
