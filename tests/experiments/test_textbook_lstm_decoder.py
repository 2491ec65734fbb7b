from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.config import read_toml, validate
from motorsim.io import read_arrays
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.spikes import SpikeTrains

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"
GO_S, STOP_S, N_DIRECTIONS = 0.7, 1.7, 4


@pytest.fixture(scope="module")
def experiment():
    # Found by name, as pydantic and the processes that it starts will find it.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("lstm_decoder")
    sys.modules.pop("lstm_decoder", None)


@pytest.fixture
def settings(experiment):
    full = validate(experiment.Settings, read_toml(experiment.CONFIG))
    return full.model_copy(
        update={
            "session": full.session.model_copy(update={"n_directions": N_DIRECTIONS}),
            "decoding": full.decoding.model_copy(update={"n_folds": 2, "n_repeats": 1, "bin_s": 0.05}),
            "lstm": full.lstm.model_copy(update={"n_units": 32}),
        }
    )


def session(n_trials=20, n_units=24, seed=1):
    """Poisson neurons, tuned to direction from the go cue on and not before."""
    rng = np.random.default_rng(seed)
    condition = np.tile(np.arange(N_DIRECTIONS), n_trials)
    preferred = rng.uniform(0, 2 * np.pi, n_units)
    tuned_hz = 20 + 18 * np.cos(2 * np.pi * condition[:, None] / N_DIRECTIONS - preferred)
    events = []
    for rate_hz, start_s, stop_s in ((20.0 * np.ones_like(tuned_hz), 0.0, GO_S), (tuned_hz, GO_S, STOP_S)):
        counts = rng.poisson(rate_hz * (stop_s - start_s))
        trial, unit = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        events.append((trial, unit, rng.uniform(start_s, stop_s, counts.sum())))
    trial, unit, time_s = (np.concatenate(parts) for parts in zip(*events, strict=True))
    spikes = SpikeTrains.from_events(
        trial, unit, time_s, n_trials=len(condition), n_units=n_units, start_s=0.0, stop_s=STOP_S
    )
    times_s = np.arange(0.0, STOP_S, 0.01)
    labels = tuple(str(c) for c in condition)
    population = Population(np.ones((len(condition), len(times_s), 1)), times_s, labels, sample_axis="trial")
    return Recording(population, trials={"condition": condition}, events_s={"go_cue": GO_S}, spikes=spikes)


def test_direction_is_read_where_neurons_are_tuned_and_at_chance_where_they_are_not(
    experiment, settings, monkeypatch
):
    monkeypatch.setattr(experiment, "simulate", lambda *_: session())
    results = experiment.run(settings)
    assert results["chance"] == 0.25
    for name in experiment.DECODERS:
        assert results["movement"][name].mean() > 0.85
        assert abs(results["preparation"][name].mean() - 0.25) < 0.2


def test_no_rate_of_the_preparation_depends_on_a_spike_after_the_go_cue(experiment, settings):
    recording = session(n_trials=2)
    early = recording.spikes.times_s < GO_S
    trial, unit = np.divmod(
        np.repeat(np.arange(len(recording.spikes.boundaries) - 1), np.diff(recording.spikes.boundaries)),
        recording.spikes.n_units,
    )
    quiet = SpikeTrains.from_events(
        trial[early],
        unit[early],
        recording.spikes.times_s[early],
        n_trials=recording.spikes.n_trials,
        n_units=recording.spikes.n_units,
        start_s=0.0,
        stop_s=STOP_S,
    )
    without = Recording(recording.population, events_s=recording.events_s, spikes=quiet)
    whole, cut = (experiment.windows(each, settings.decoding) for each in (recording, without))
    np.testing.assert_allclose(whole["preparation"], cut["preparation"], atol=1e-9)
    assert not np.allclose(whole["movement"], cut["movement"])
    assert whole["preparation"].shape == (8, 8, 24)


def test_every_trial_is_tested_once_a_repeat_and_never_trained_on_then(experiment, settings):
    direction = np.tile(np.arange(N_DIRECTIONS), 10)
    decoding = settings.decoding.model_copy(update={"n_folds": 5, "n_repeats": 2})
    found = list(experiment.folds(direction, decoding, 3))
    assert len(found) == 10
    assert len({seed for seed, _, _ in found}) == 10
    tested = np.concatenate([test for _, _, test in found])
    np.testing.assert_array_equal(np.bincount(tested), np.full(40, 2))
    for _, train, test in found:
        assert not set(train) & set(test)
        np.testing.assert_array_equal(np.bincount(direction[test]), np.full(N_DIRECTIONS, 2))


def test_rates_are_standardised_by_training_trials_alone(experiment):
    rates = np.random.default_rng(1).normal(3.0, 2.0, (10, 5, 3))
    rates[:, :, 2] = 7.0
    train = np.arange(6)
    scaled = experiment.standardised(rates, train)
    np.testing.assert_allclose(scaled[train].mean(axis=(0, 1)), 0.0, atol=1e-12)
    np.testing.assert_allclose(scaled[train][..., :2].std(axis=(0, 1)), 1.0)
    assert not scaled[..., 2].any()
    moved = rates.copy()
    moved[6:] += 100.0
    np.testing.assert_array_equal(experiment.standardised(moved, train)[train], scaled[train])


def test_the_script_writes_and_prints_what_it_found(experiment, settings, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(experiment, "simulate", lambda *_: session(n_trials=4))
    monkeypatch.setattr(experiment, "validate", lambda *_: settings)
    assert experiment.main(["--quiet", "--results", str(tmp_path)]) == 0
    arrays, attributes = read_arrays(
        tmp_path / "textbook" / "lstm_decoder.h5", "LSTM decoder", schema_version=1
    )
    assert arrays["movement"]["lstm"].shape == arrays["movement"]["logistic_regression"].shape == (2,)
    assert attributes["seed"] == settings.seed
    printed = capsys.readouterr().out
    assert "LSTM less logistic regression" in printed
    assert "chance" in printed


def test_a_window_without_a_bin_is_refused(experiment, settings):
    decoding = settings.decoding.model_copy(update={"movement_s": (0.2, 0.2)})
    with pytest.raises(InputError, match="movement_s"):
        experiment.windows(session(n_trials=1), decoding)
