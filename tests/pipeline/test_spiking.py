from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from motorsim.config import load_config
from motorsim.cortex import Calibration, SpikingCortex, amplified_modes, augmented_abscissa, default_circuit
from motorsim.cortex.spiking.in_process import InProcessNetwork
from motorsim.io import load_recording
from motorsim.pipeline import StageContext, simulate
from motorsim.pipeline.circuit import load_circuit
from motorsim.pipeline.common import build_split, build_task
from motorsim.pipeline.compare import load_table
from motorsim.pipeline.figures import collect_inputs
from motorsim.pipeline.report import _summary
from motorsim.pipeline.simulated import load_cortex
from motorsim.pipeline.spiking import _fit_to_lag, average_trials, single_trials
from motorsim.plots import standard_figures
from motorsim.plots.standard_inputs import StandardInputs
from motorsim.progress import Silent
from motorsim.settings.sections import BY_KIND
from motorsim.task import score_reaches

N_TRIALS, N_CALIBRATING = 10, 3


@pytest.fixture(scope="module")
def config(spiking_toml):
    return load_config(spiking_toml)


@pytest.fixture(scope="module")
def session(spikes):
    return load_recording(spikes / "cortex.nwb")


@pytest.fixture
def lagging(monkeypatch):
    """Return a function that lets neurons be measured at once, with a lag of so many seconds."""

    def give(lag_s):
        def calibrate(self, task, *, on_progress=None):
            rate_hz = np.zeros(2)
            return Calibration(np.full(self.circuit.n_units, 18.0), 7.0, lag_s, 0.8, 0.2, rate_hz, rate_hz)

        monkeypatch.setattr("motorsim.cortex.spiking.cortex.SpikingCortex.calibrate", calibrate)

    return give


def choose(recording, trials):
    signals = ("hand_position_m", "hand_velocity_m_s", "torque_nm")
    return replace(
        recording,
        population=recording.population.select(trials),
        spikes=recording.spikes.select(trials),
        trials={name: column[trials] for name, column in recording.trials.items()},
        **{name: getattr(recording, name)[trials] for name in signals},
    )


def notes_of(folder):
    return json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["stages"]["simulate"]["notes"]


def test_later_stages_read_the_averages_over_the_trials_of_the_session(spikes, session, config):
    task, cortex = build_task(config), load_cortex(spikes)
    assert session.population.rates.shape == (N_TRIALS, task.n_times, 12)
    by_repeat = session.population.rates.reshape(2, 5, task.n_times, 12)
    np.testing.assert_allclose(cortex.recording.population.rates, by_repeat.mean(axis=0))
    np.testing.assert_array_equal(cortex.trials.half_rates_hz, by_repeat)
    assert cortex.recording.population.condition_labels == task.reaches.labels
    for name in ("hand_position_m", "hand_velocity_m_s", "torque_nm"):
        each = getattr(session, name).reshape(2, 5, task.n_times, 2)
        np.testing.assert_allclose(getattr(cortex.recording, name), each.mean(axis=0))


def test_the_session_holds_every_trial_with_its_spikes_and_neurons(spikes, session, config):
    assert session.spikes.n_trials == N_TRIALS
    assert session.spikes.n_units == 24
    assert set(session.units) == {"neuron", "pool", "excitatory"}
    np.testing.assert_array_equal(session.trials["condition"], np.tile(np.arange(5), 2))
    kept = load_cortex(spikes).trials
    shown = session.spikes.select([kept.example])
    assert len(kept.spike_time_s) == shown.n_spikes
    seconds = session.spikes.stop_s - session.spikes.start_s
    assert kept.unit_rate_hz.mean() == pytest.approx(session.spikes.n_spikes / (24 * N_TRIALS * seconds))
    assert not build_split(config, build_task(config)).test[kept.condition[kept.example]]


def test_the_rate_form_beside_it_is_without_noise_and_starts_from_the_measured_rest(spikes, config):
    cortex = load_cortex(spikes)
    rest = build_task(config).epoch("rest")
    rates = cortex.rate_form.population.rates
    np.testing.assert_allclose(rates[:, rest], notes_of(spikes)["neurons"]["baseline_hz"], atol=1e-9)
    assert np.abs(cortex.recording.population.rates[:, rest].std(axis=1)).min() > 0


def test_a_circuit_that_was_given_is_left_as_it_is_and_its_stability_with_the_lag_is_noted(spikes):
    noted = notes_of(spikes)["stability"]
    circuit = load_circuit(spikes)
    np.testing.assert_array_equal(load_cortex(spikes).circuit.weights, circuit.weights)
    assert noted["augmented_abscissa"] == noted["augmented_abscissa_before"]
    assert noted["augmented_abscissa"] == pytest.approx(augmented_abscissa(circuit, 0.2, noted["lag_s"]))


def test_single_trials_are_scored_beside_the_reaches_without_noise(spikes, session, config):
    noted = notes_of(spikes)
    test = build_split(config, build_task(config)).test[session.trials["condition"]]
    error_mm = 1e3 * session.trials["end_error_m"]
    assert noted["hand_error_fitted_mm"]["median"] == pytest.approx(np.median(error_mm[~test]))
    assert noted["hand_error_test_mm"]["max"] == pytest.approx(error_mm[test].max())
    assert noted["success_fitted"] == pytest.approx((error_mm[~test] <= 20).mean())
    form = load_cortex(spikes).rate_form
    score = score_reaches(build_task(config), form.hand_position_m, form.hand_velocity_m_s)
    fitted = ~test[:5]
    median_mm = noted["rate_form"]["hand_error_fitted_mm"]["median"]
    assert median_mm == pytest.approx(1e3 * np.median(score.error_m[fitted]))
    assert f"{noted['hand_error_fitted_mm']['median']:.1f} mm on fitted" in noted["summary"]
    assert noted["brian2_mode"] == "numpy"


def test_rates_are_held_against_the_reliability_of_their_averages(spikes):
    table = load_table(spikes).set_index(["metric", "candidate"])
    for metric in ("rates_r2_test", "rates_r2_test_tuned"):
        ceilings = table.loc[metric]["ceiling"]
        assert ceilings.nunique() == 1
        assert 0.0 <= ceilings.iloc[0] < 1.0
        assert table.loc[metric]["note"].str.contains("Spearman").all()
    assert not table.loc["cca_test"]["note"].str.contains("Spearman").any()


def test_the_page_tells_single_trials_beside_reaches_without_noise_and_what_limits_the_fit(spikes):
    stages = json.loads((spikes / "provenance.json").read_text(encoding="utf-8"))["stages"]
    table, noted = load_table(spikes), notes_of(spikes)
    told = dict(_summary(stages, table))
    label = "hand error, fitted conditions (mm, median of single trials, and without noise)"
    medians = [each["hand_error_fitted_mm"]["median"] for each in (noted, noted["rate_form"])]
    assert [float(number) for number in told[label].split(", ")] == pytest.approx(medians, rel=0.01)
    ceiling = told["noise ceiling of the R² of rates on held-out conditions"]
    ceilings = table.set_index(["metric", "candidate"])["ceiling"]
    assert ceiling == pytest.approx(ceilings["rates_r2_test", "data-driven"])
    assert told["abscissa with that lag (stable below 1)"] < 1


def test_its_figure_shows_one_trial_all_hands_and_both_forms(spikes, config):
    inputs = collect_inputs(config, spikes).spiking
    assert inputs.hand_position_m.shape[0] == N_TRIALS
    assert inputs.spike_time_s.min() >= inputs.clock.times_s[0]
    assert inputs.unit_preferred_rad.shape == (24,)
    assert list(standard_figures(StandardInputs(spiking=inputs))) == ["figure_7_spikes"]


def test_the_odd_trial_out_belongs_to_no_half(session):
    test = np.zeros(5, bool)
    longer, first = (choose(session, trials) for trials in ([*range(N_TRIALS), *range(5)], [*range(5)]))
    halves, whole = (single_trials(each, 5, test).half_rates_hz for each in (longer, session))
    np.testing.assert_array_equal(halves, whole)
    assert single_trials(first, 5, test).half_rates_hz.shape == (0, *session.population.rates[:5].shape)
    np.testing.assert_array_equal(average_trials(first, 5).population.rates, session.population.rates[:5])


def test_the_key_follows_whatever_changes_the_spikes_and_nothing_else(spiking_toml):
    def parameters(*overrides):
        return simulate.STAGE.parameters(load_config(spiking_toml, overrides))

    same = parameters()
    for override in ("spiking.workers=2", "baseline_hz=15.0", "dt_s=0.001"):
        assert parameters(f"cortex.{override}") == same, override
    for name, value in BY_KIND["spiking"].items():
        assert name == "n_modes" or parameters(f"cortex.{name}={value}") == same, name
    for override in (
        "mode=cython",
        "kind=rate",
        "noise_hz=0.1",
        "preparation=static",
        "trigger_hz=5.0",
        "preparatory_norm_hz=30.0",
        "spiking.n_trials=3",
        "spiking.n_neurons=480",
        "spiking.rest_noise_hz=1.0",
        "spiking.loop_gain=0.9",
        "spiking.decoder_ridge=0.1",
    ):
        assert parameters(f"cortex.{override}") != same, override
    rate = parameters("cortex.kind=rate")
    assert parameters("cortex.kind=rate", "cortex.spiking.n_trials=3") == rate
    assert parameters("cortex.kind=rate", "cortex.baseline_hz=15.0") != rate


def test_a_circuit_of_the_package_counts_by_what_it_is_optimised_to_and_a_given_one_does_not(spiking_toml):
    def optimised_to(path, *overrides):
        return simulate.STAGE.parameters(load_config(path, overrides))["cortex"]["optimised_to"]

    assert optimised_to(spiking_toml, "cortex.target_abscissa=0.3") is None
    assert optimised_to(None, "cortex.target_abscissa=0.3") == 0.3


def test_the_lag_goes_into_the_circuit_that_the_package_made_and_not_into_one_that_was_given(
    spiking_toml, tmp_path
):
    lag_s = 0.005
    start = SpikingCortex(default_circuit(), n_neurons=4000)
    for path, optimised in ((None, True), (spiking_toml, False)):
        config = load_config(path, ("cortex.spiking.lag_iterations=20",))
        grown = _fit_to_lag(StageContext(config, tmp_path, tmp_path, tmp_path, Silent()), start, lag_s)
        before, after = (augmented_abscissa(each.circuit, 0.2, lag_s) for each in (start, grown))
        assert (after < 0.8 * before) is optimised
        assert (grown.circuit is start.circuit) is not optimised
        if optimised:
            (trigger,) = grown.movement_inputs
            avoided = amplified_modes(grown.circuit).states[:100]
            np.testing.assert_allclose(avoided @ trigger.pattern, 0.0, atol=1e-9)
        excitatory = start.circuit.excitatory
        excitation = grown.circuit.weights[:, excitatory]
        np.testing.assert_array_equal(excitation, start.circuit.weights[:, excitatory])


KILLED = textwrap.dedent(
    """
    import contextlib, functools, os, signal, sys

    import motorsim.console
    import motorsim.cortex.spiking.calibration
    import motorsim.pipeline.common
    from motorsim.cli import main
    from motorsim.cortex import LIFNeurons, SpikingCortex
    from motorsim.progress import Silent

    signal.signal(signal.SIGINT, signal.default_int_handler)
    after, number = int(sys.argv[1]), int(sys.argv[2])
    sys.argv[1:] = sys.argv[3:]
    coarse = functools.partial(SpikingCortex, neurons=LIFNeurons(dt_s=0.001))
    motorsim.pipeline.common.SpikingCortex = coarse
    motorsim.cortex.spiking.calibration._REPEATS = 1

    class Trap(Silent):
        @contextlib.contextmanager
        def bar(self, description, total):
            def update(completed, note=""):
                if description == "spiking trials" and completed >= after:
                    os.kill(os.getpid(), number)
            yield update

    motorsim.console.choose_progress = lambda **_: Trap()
    main()
    """
)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGKILL, -9), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_session_broken_off_is_taken_up_where_it_was(
    *, motorsim, spiking_toml, spikes, coarse, digests, tmp_path, monkeypatch, number, status
):
    arguments = [4, int(number), "simulate", spiking_toml, "--results", tmp_path]
    command = [sys.executable, "-c", KILLED, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == status, ended.stderr
    kept = tmp_path / "spikes" / ".kept-simulate"
    assert len(list(kept.glob("[!.]*.npz"))) == 4
    ran = []
    run = InProcessNetwork.run
    monkeypatch.setattr(InProcessNetwork, "run", lambda self, trial: (ran.append(trial), run(self, trial))[1])
    with coarse():
        resumed = motorsim("simulate", spiking_toml, "--results", tmp_path)
    assert resumed.exit_code == 0, resumed.output
    assert len(ran) == N_CALIBRATING + N_TRIALS - 4
    assert not kept.exists()
    assert digests(tmp_path / "spikes")["cortex.h5"] == digests(spikes)["cortex.h5"]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "n_neurons=250",
            "cortex.spiking.n_neurons: expected a multiple of the 12 pools, got 250; 252 is near",
        ),
        (
            "n_neurons=120",
            "cortex.spiking.n_neurons: expected at least 204, since every neuron has 100 E and 100 I inputs",
        ),
        ("loop_gain=20.0", "expected a circuit whose rest state is stable"),
    ],
)
def test_neurons_that_cannot_make_the_circuit_are_refused_by_the_name_of_the_setting(
    *, motorsim, spiking_toml, tmp_path, override, said
):
    arguments = ["--results", tmp_path, "--set", f"cortex.spiking.{override}"]
    result = motorsim("simulate", spiking_toml, *arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "spikes" / "cortex.h5").exists()


def test_a_given_circuit_that_the_lag_makes_unstable_is_refused_with_its_abscissa_and_advice(
    *, motorsim, spiking_toml, tmp_path, lagging
):
    weights = np.array([[0.0, -6.0], [6.0, 0.0]])
    folder = tmp_path / "given"
    folder.mkdir()
    np.save(folder / "pair.npy", np.kron(np.eye(3), weights)[:, [1, 3, 5, 0, 2, 4]][[1, 3, 5, 0, 2, 4]])
    lagging(0.02)
    options = ["--set", f"cortex.weights_file={folder / 'pair.npy'}", "--set", "cortex.n_modes=2"]
    result = motorsim("simulate", spiking_toml, "--results", tmp_path, *options)
    assert result.exit_code == 2, result.output
    assert "cortex.weights_file: expected a circuit that is stable with the neurons' lag" in result.stderr
    assert "lag of 20.0 ms, got abscissa" in result.stderr
    assert "at loop gain 1 (stable below 1); lower cortex.spiking.loop_gain" in result.stderr


def test_the_packages_circuit_is_optimised_for_the_lag_and_refused_where_that_does_not_suffice(
    *, motorsim, tmp_path, lagging
):
    lagging(0.005)
    options = ["task.n_directions=5", "task.distances_m=[0.1]", "compare.jpca_components=4"]
    arguments = [part for option in options for part in ("--set", option)]

    def steps(number):
        return motorsim(
            "simulate", "--results", tmp_path, "--set", f"cortex.spiking.lag_iterations={number}", *arguments
        )

    result = steps(1)
    assert result.exit_code == 2, result.output
    assert "cortex.spiking.lag_iterations: expected a circuit that is stable" in result.stderr
    assert "take more steps, or lower cortex.spiking.loop_gain" in result.stderr
