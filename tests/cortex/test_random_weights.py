import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import random_balanced_weights


@pytest.mark.parametrize("excitatory_fraction", [0.25, 0.5, 0.8])
def test_bulk_of_the_spectrum_fills_the_disc_asked_for(excitatory_fraction):
    weights = random_balanced_weights(
        600, rng=0, spectral_radius=10.0, excitatory_fraction=excitatory_fraction
    )
    # A few eigenvalues may stand outside the disc: the mean weight is not zero (Rajan & Abbott 2006).
    radii = np.sort(np.abs(np.linalg.eigvals(weights)))
    assert radii[-7] == pytest.approx(10.0, rel=0.12)


def test_dales_law_density_and_ratio():
    weights = random_balanced_weights(400, rng=1, excitatory_fraction=0.75, inhibition_ratio=3.0)
    assert (weights[:, :300] >= 0).all()
    assert (weights[:, 300:] <= 0).all()
    assert np.count_nonzero(np.diag(weights)) == 0
    assert np.count_nonzero(weights) / (400 * 399) == pytest.approx(0.1, abs=0.005)
    assert -weights.min() / weights.max() == pytest.approx(3.0)


def test_seed_decides_the_matrix():
    np.testing.assert_array_equal(random_balanced_weights(50, rng=3), random_balanced_weights(50, rng=3))
    assert not np.array_equal(random_balanced_weights(50, rng=3), random_balanced_weights(50, rng=4))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"connection_probability": 1.0}, "connection_probability"),
        ({"excitatory_fraction": 0.001}, "excitatory_fraction"),
        ({"n_units": 1}, "n_units"),
        ({"inhibition_ratio": -1}, "inhibition_ratio"),
    ],
)
def test_bad_arguments_are_named(arguments, name):
    with pytest.raises(InputError, match=name):
        random_balanced_weights(**{"n_units": 50, **arguments}, rng=0)
