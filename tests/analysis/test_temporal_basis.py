import numpy as np
import pytest

from motorsim.analysis.temporal_basis import temporal_basis
from motorsim.checks import InputError

DT_S = 0.01


def _rates(seed, frequencies_hz, decays_s, n_conditions=10, n_units=20):
    times = DT_S * np.arange(80)[:, None]
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((n_conditions, 1 + 2 * len(frequencies_hz), n_units))
    phase = 2 * np.pi * times * np.array(frequencies_hz)
    damping = np.exp(-times / np.array(decays_s))
    functions = np.column_stack([np.ones(80), damping * np.cos(phase), damping * np.sin(phase)])
    return functions @ loadings


def test_frequencies_and_decays_that_all_conditions_share_are_found():
    found = temporal_basis(_rates(0, [1.5, 4.0], [0.5, 0.3]), 5, dt_s=DT_S)
    order = np.argsort(found.frequencies_hz)
    assert found.frequencies_hz[order] == pytest.approx([0.0, 1.5, 1.5, 4.0, 4.0], abs=1e-6)
    assert found.time_constants_s[order][1:] == pytest.approx([0.5, 0.5, 0.3, 0.3], rel=1e-6)
    assert abs(found.time_constants_s[order][0]) > 1e6
    assert found.r2 == pytest.approx(1.0)
    assert found.variance_ratio.sum() == pytest.approx(1.0)
    assert np.allclose(found.functions.T @ found.functions, np.eye(5), atol=1e-9)


def test_functions_are_the_right_singular_vectors_of_all_conditions_and_units():
    rates = np.random.default_rng(1).standard_normal((4, 9, 6))
    found = temporal_basis(rates, 3, dt_s=DT_S)
    singular, right = np.linalg.svd(rates.transpose(0, 2, 1).reshape(-1, 9))[1:]
    assert np.abs(np.diag(found.functions.T @ right[:3].T)) == pytest.approx(np.ones(3))
    assert found.variance_ratio == pytest.approx(singular[:3] ** 2 / np.sum(singular**2))


@pytest.mark.parametrize(
    ("rates", "n_functions", "message"),
    [
        (_rates(2, [2.0], [0.4]), 4, "n_functions: expected at most 3, the rank"),
        (
            np.random.default_rng(3).standard_normal((4, 9, 6)),
            9,
            "n_functions: expected fewer than the 9 times",
        ),
        (np.full((2, 9, 3), np.nan), 2, "units 0, 1, 2"),
        (np.ones((2, 9, 3)), 2, "rates that vary"),
        (np.ones((2, 2, 3)), 1, "at least 3 times"),
    ],
)
def test_bad_input_is_named(rates, n_functions, message):
    with pytest.raises(InputError, match=message):
        temporal_basis(rates, n_functions, dt_s=DT_S)
