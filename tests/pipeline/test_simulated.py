from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import Circuit
from motorsim.io import recording_to_arrays, write_arrays
from motorsim.pipeline.simulated import SimulatedCortex, SingleTrials, load_cortex, save_cortex
from motorsim.population import Population
from motorsim.recording import Recording


@pytest.fixture
def recordings():
    """Return two recordings of three conditions, eight samples and two units."""
    draws = np.random.default_rng(0)
    return [
        Recording(Population(draws.uniform(size=(3, 8, 2)), 0.01 * np.arange(8), ("a", "b", "c")))
        for _ in range(2)
    ]


@pytest.fixture
def trials():
    draws = np.random.default_rng(1)
    return SingleTrials(
        half_rates_hz=draws.uniform(size=(2, 3, 8, 2)),
        condition=np.tile(np.arange(3), 2),
        end_error_m=draws.uniform(size=6),
        hand_position_m=draws.uniform(size=(6, 8, 2)),
        unit_pool=np.array([0, 1, 1]),
        unit_excitatory=np.array([True, False, False]),
        unit_rate_hz=np.array([10.0, 20.0, 5.0]),
        unit_interval_cv=np.array([0.9, np.nan, 1.1]),
        spike_unit=np.array([0, 0, 2]),
        spike_time_s=np.array([0.01, 0.05, 0.02]),
        example=4,
    )


def cortex_of(recordings, trials):
    circuit = Circuit(np.array([[0.0, -1.0], [0.5, 0.0]]), np.array([True, False]), np.eye(2), "two units")
    return SimulatedCortex(*recordings, circuit, np.ones((3, 8, 2)), np.zeros((3, 2)), trials)


def test_what_is_saved_is_loaded_as_it_was(tmp_path, recordings, trials):
    cortex = cortex_of(recordings, trials)
    save_cortex(tmp_path, cortex, {"test": np.array([1, 0, 0], np.int8)})
    back = load_cortex(tmp_path)
    for name in ("recording", "rate_form"):
        rates = getattr(cortex, name).population.rates
        np.testing.assert_array_equal(getattr(back, name).population.rates, rates)
    for name, value in vars(trials).items():
        np.testing.assert_array_equal(getattr(back.trials, name), value)
    assert back.trials.unit_excitatory.dtype == bool
    np.testing.assert_array_equal(back.circuit.initial_weights, np.eye(2))
    assert back.circuit.source == "two units"


def test_conditions_of_one_trial_have_no_halves(tmp_path, recordings, trials):
    none = np.empty((0, 3, 8, 2))
    save_cortex(tmp_path, cortex_of(recordings, SingleTrials(**(vars(trials) | {"half_rates_hz": none}))), {})
    assert load_cortex(tmp_path).trials.half_rates_hz.shape == none.shape


def test_the_rate_form_of_a_rate_cortex_is_its_own_recording(tmp_path, recordings):
    save_cortex(tmp_path, cortex_of([recordings[0]] * 2, None), {})
    back = load_cortex(tmp_path)
    assert back.trials is None
    assert back.rate_form is back.recording


def test_a_file_of_an_older_layout_is_refused_in_words(tmp_path, recordings):
    arrays = {"recording": recording_to_arrays(recordings[0]), "desired_torque_nm": np.ones((3, 8, 2))}
    write_arrays(tmp_path / "cortex.h5", "simulated cortex", arrays, schema_version=1)
    with pytest.raises(InputError, match="circuit"):
        load_cortex(tmp_path)
