import numpy as np
import pytest

from motorsim.analysis.circular_shift import circular_shift
from motorsim.checks import InputError


def _rates(seed, shape=(4, 12, 5)):
    return np.random.default_rng(seed).standard_normal(shape)


def _shifts(rates, shifted):
    """The forward shift of every condition and unit, (condition, unit)."""
    n_times = rates.shape[1]
    matches = np.stack([(np.roll(rates, shift, axis=1) == shifted).all(axis=1) for shift in range(n_times)])
    assert (matches.sum(axis=0) == 1).all()
    return matches.argmax(axis=0)


def test_units_move_as_wholes_in_all_conditions_each_its_own_way():
    rates = _rates(0, (4, 40, 30))
    shifts = _shifts(rates, circular_shift(rates, rng=1))
    assert (shifts == shifts[0]).all()
    assert len(np.unique(shifts[0])) > 10


def test_samples_move_with_all_their_units():
    rates = _rates(2, (30, 40, 4))
    shifted = circular_shift(rates, rng=3, apart="samples")
    shifts = _shifts(rates, shifted)
    assert (shifts == shifts[:, :1]).all()
    assert len(np.unique(shifts[:, 0])) > 10
    products = [np.einsum("ctu,ctv->cuv", x, x) for x in (rates, shifted)]
    np.testing.assert_allclose(products[0], products[1])


def test_both_apart_moves_everything():
    rates = _rates(4, (10, 40, 10))
    shifts = _shifts(rates, circular_shift(rates, rng=5, apart="samples and units"))
    assert (np.ptp(shifts, axis=0) > 0).all()
    assert (np.ptp(shifts, axis=1) > 0).all()


def test_spectra_are_kept():
    rates = _rates(6)
    spectra = [np.abs(np.fft.rfft(x, axis=1)) for x in (rates, circular_shift(rates, rng=7))]
    np.testing.assert_allclose(spectra[0], spectra[1])


def test_all_allowed_shifts_and_no_others_are_drawn_equally_often():
    rates = _rates(8, (1, 10, 9000))
    shifts = _shifts(rates, circular_shift(rates, rng=9, least_shift=3))
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [3, 4, 5, 6, 7]
    assert np.abs(counts / 1800 - 1).max() < 0.1


def test_same_seed_same_shift_and_the_data_are_left_alone():
    rates = _rates(10)
    kept = rates.copy()
    assert np.array_equal(circular_shift(rates, rng=1), circular_shift(rates, rng=1))
    assert not np.array_equal(circular_shift(rates, rng=1), circular_shift(rates, rng=2))
    assert np.array_equal(rates, kept)


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="at least 2 times a condition, got 1"):
        circular_shift(_rates(11)[:, :1], rng=0)
    with pytest.raises(InputError, match="least_shift: expected at most half of the 12 times, got 7"):
        circular_shift(_rates(11), rng=0, least_shift=7)
    with pytest.raises(InputError, match="least_shift: expected an integer of at least 1"):
        circular_shift(_rates(11), rng=0, least_shift=0)
    with pytest.raises(InputError, match="apart: expected one of samples, samples and units, units"):
        circular_shift(_rates(11), rng=0, apart="times")
    bad = _rates(11)
    bad[0, 0, 3] = np.inf
    with pytest.raises(InputError, match="NaN or infinity in units 3"):
        circular_shift(bad, rng=0)
