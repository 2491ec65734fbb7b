from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "experiments" / "rate_and_spiking.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="experiments are not part of the wheel")


@pytest.fixture(scope="module")
def experiment():
    spec = importlib.util.spec_from_file_location("rate_and_spiking", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["rate_and_spiking"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["rate_and_spiking"]


def test_what_all_conditions_share_is_no_agreement_of_the_tuned_part(experiment):
    rng = np.random.default_rng(0)
    shared = 10.0 * rng.standard_normal((1, 40, 30))
    a, b = (shared + rng.standard_normal((8, 40, 30)) for _ in range(2))
    assert experiment.correlation(a, b) > 0.95
    assert abs(experiment.correlation(experiment.tuned(a), experiment.tuned(b))) < 0.1


def test_the_amplified_states_are_one_a_condition(experiment):
    states = experiment.AmplifiedStates(np.eye(4))

    class Reaches:
        n_conditions = 2

    np.testing.assert_array_equal(states(Reaches()), np.eye(4)[:2])


def test_neurons_that_do_not_divide_into_pools_are_one_line_of_error(experiment, capsys, tmp_path):
    assert experiment.main(["--neurons", "12001", "--results", str(tmp_path)]) == 2
    assert "n_neurons" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
