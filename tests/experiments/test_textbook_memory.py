from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.config import read_toml, validate
from motorsim.io import read_arrays

TEXTBOOK = Path(__file__).parents[2] / "experiments" / "textbook"


@pytest.fixture(scope="module")
def experiment():
    # Found by name, as pydantic and the processes that it starts will find it.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TEXTBOOK))
        yield importlib.import_module("memory")
    sys.modules.pop("memory", None)


@pytest.fixture
def settings(experiment):
    full = validate(experiment.Settings, read_toml(experiment.CONFIG))
    small = {
        "n_seeds": 2,
        "delays_s": (0.1, 0.2),
        "n_units": 8,
        "n_updates": 3,
        "n_trials": 16,
        "n_resamples": 50,
    }
    return full.model_copy(update=small)


def test_a_target_is_flashed_then_hidden_and_the_reach_follows_the_go_cue(experiment, settings):
    silent = settings.model_copy(update={"input_noise_std": 0.0})
    inputs, targets, counts, target = experiment.draw_trials(
        silent, np.array([0.2, 0.4]), np.random.default_rng(1)
    )
    direction = experiment.target_positions()[target]
    assert inputs.shape == (2, 4 + 8 + 12, 3)  # rest and flash, the longer delay, movement, in steps of 50 ms
    np.testing.assert_array_equal(inputs[:, 2:4, :2], np.repeat(direction[:, None], 2, axis=1))
    assert not inputs[:, :2, :2].any()
    assert not inputs[:, 4:, :2].any()
    for trial, go in enumerate((8, 12)):
        assert not inputs[trial, :go, 2].any()
        assert inputs[trial, go : go + 12, 2].all()
        np.testing.assert_array_equal(counts[trial], np.arange(24) < go + 12)
        assert not targets[trial, :go].any()
        np.testing.assert_allclose(
            targets[trial, go + 8 : go + 12], direction[trial] * np.ones((4, 1)), atol=1e-12
        )
        distance = np.linalg.norm(targets[trial, go : go + 12], axis=1)
        assert (np.diff(distance) > -1e-12).all()
        assert distance[0] > 0


def test_all_inputs_carry_noise_of_the_stated_size(experiment, settings):
    inputs, *_ = experiment.draw_trials(settings, np.full(500, 0.2), np.random.default_rng(1))
    assert inputs[:, :2].std() == pytest.approx(settings.input_noise_std, rel=0.05)


class Hand:
    """Stands in for a network: reaches where it is told."""

    def __init__(self, place):
        self.place = place

    def forward(self, inputs):
        outputs = np.zeros((*inputs.shape[:2], 2))
        outputs[:, -1] = self.place(inputs)
        return type("Trajectory", (), {"outputs": outputs})


def test_a_reach_is_right_where_it_ends_nearest_to_its_own_target(experiment, settings):
    def judge(place):
        silent = settings.model_copy(update={"input_noise_std": 0.0, "n_trials": 400})
        return experiment.fraction_right(Hand(place), silent, 0.2, np.random.default_rng(1))

    assert judge(lambda inputs: inputs[:, 3, :2]) == 1.0
    assert judge(lambda inputs: 0.55 * inputs[:, 3, :2]) == 1.0
    assert judge(lambda inputs: 0.45 * inputs[:, 3, :2]) == 0.0  # nearer to the start
    assert judge(lambda inputs: -inputs[:, 3, :2]) == 0.0
    assert judge(lambda _: np.array([1.0, 0.0])) == pytest.approx(1 / 8, abs=0.06)


def test_what_counts_is_the_longest_delay_bridged_with_all_shorter_ones(experiment, settings):
    longer = settings.model_copy(update={"delays_s": (0.2, 0.5, 1.0)})
    nan = np.nan
    fractions = np.array(
        [
            [[0.95, nan], [0.2, 0.92], [0.5, 0.1]],
            [[0.1, 0.2], [nan, nan], [nan, nan]],
            [[0.9, nan], [0.9, nan], [0.95, nan]],
            [[0.95, nan], [0.2, 0.1], [0.95, nan]],
        ]
    )
    np.testing.assert_array_equal(experiment.bridged_s(fractions, longer), [0.5, 0.0, 1.0, 0.2])


def test_a_climb_tries_every_learning_rate_before_it_gives_up(experiment, settings, monkeypatch):
    asked = []

    def train_at(settings, kind, initialisation, *, delay_s, learning_rate, seed):
        asked.append((delay_s, learning_rate))
        return (0.95 if (delay_s, learning_rate) in {(0.1, 3e-3), (0.2, 1e-3)} else 0.3), 7

    monkeypatch.setattr(experiment, "train_at", train_at)
    longer = settings.model_copy(update={"delays_s": (0.1, 0.2, 0.3, 0.4), "learning_rates": (3e-3, 1e-3)})
    fractions, updates = experiment.climb(longer, "GRU", "gaussian", 1)
    assert asked == [(0.1, 3e-3), (0.2, 3e-3), (0.2, 1e-3), (0.3, 3e-3), (0.3, 1e-3)]
    assert experiment.bridged_s(fractions[None], longer) == [0.2]
    assert updates.sum() == 5 * 7


def test_a_short_delay_is_bridged_within_the_budget_and_a_network_that_never_learned_does_not(
    experiment, settings
):
    enough = settings.model_copy(update={"n_units": 32, "n_updates": 800, "n_trials": 100})
    fraction, n_updates = experiment.train_at(
        enough, "LSTM", "gaussian", delay_s=0.2, learning_rate=3e-3, seed=0
    )
    assert fraction >= 0.9
    assert n_updates < 800
    untrained, _ = experiment.train_at(settings, "LSTM", "gaussian", delay_s=0.2, learning_rate=3e-3, seed=0)
    assert untrained < 0.5


def test_a_reduced_run_goes_through_all_networks(experiment, settings, tmp_path, capsys):
    config = tmp_path / "small.toml"
    lines = experiment.CONFIG.read_text().splitlines()
    small = {
        "n_seeds": 1,
        "delays_s": "[0.1, 0.2]",
        "n_units": 4,
        "n_updates": 2,
        "n_trials": 8,
        "learning_rates": "[3e-3]",
    }
    kept = [line for line in lines if line.split(" ")[0] not in small]
    config.write_text("\n".join(kept + [f"{name} = {value}" for name, value in small.items()]))
    assert experiment.main([str(config), "--workers", "1", "--quiet", "--results", str(tmp_path)]) == 0
    arrays, _ = read_arrays(tmp_path / "textbook" / "memory.h5", "memory", schema_version=1)
    assert set(arrays["networks"]) == {"vanilla", "GRU", "LSTM"}
    for kind in arrays["networks"].values():
        assert set(kind) == {"gaussian", "orthogonal"}
        for got in kind.values():
            assert got["fraction_right"].shape == got["n_updates"].shape == (1, 2, 1)
            assert got["bridged_s"].shape == (1,)
    assert capsys.readouterr().out.count("orthogonal") == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delays_s": (0.5, 0.2)}, "delays_s"),
        ({"delays_s": (0.22,)}, "dt_s"),
        ({"reach_s": 0.6}, "reach_s"),
    ],
)
def test_times_that_make_no_trial_are_refused(experiment, settings, change, message):
    with pytest.raises(InputError, match=message):
        experiment.run(settings.model_copy(update=change))
