import numpy as np
import pytest

from motorsim.analysis import participation_ratio
from motorsim.checks import InputError


def _white(n_samples, n_units, seed):
    samples = np.random.default_rng(seed).standard_normal((n_samples, n_units))
    return np.linalg.qr(samples - samples.mean(axis=0))[0]


@pytest.mark.parametrize("n_units", [4, 19])
def test_even_variance_counts_every_dimension(n_units):
    assert participation_ratio(_white(20, n_units, 0).reshape(4, 5, -1) + 7) == pytest.approx(n_units)


def test_known_spectrum_in_more_units_than_samples():
    scaled = _white(20, 3, 1) * np.sqrt([4.0, 2.0, 1.0])
    embedding = np.linalg.qr(np.random.default_rng(2).standard_normal((50, 3)))[0]
    assert participation_ratio((scaled @ embedding.T).reshape(4, 5, 50)) == pytest.approx(49 / 21)


def test_one_dimension_is_one_and_scale_does_not_count():
    line = np.arange(12.0).reshape(3, 4, 1) * np.arange(1, 6)
    assert participation_ratio(line) == pytest.approx(1.0)
    rates = np.random.default_rng(3).random((3, 4, 5))
    assert participation_ratio(100 * rates) == pytest.approx(participation_ratio(rates))


def test_constant_rates_are_refused():
    with pytest.raises(InputError, match="rates that vary"):
        participation_ratio(np.full((2, 3, 4), 0.3))
