import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import fit_torque_readout


def movement(rng, n_units=30, n_latent=6):
    latents = np.cumsum(rng.standard_normal((10, 80, n_latent)), axis=1)
    rates = latents @ rng.standard_normal((n_latent, n_units))
    preparation = rng.standard_normal((40, 3)) @ rng.standard_normal((3, n_units))
    return rates, preparation


def test_a_planted_readout_is_found_and_preparation_is_silent():
    rng = np.random.default_rng(0)
    rates, preparation = movement(rng)
    axes = np.linalg.svd(preparation, full_matrices=False)[2][:3]
    planted = rng.standard_normal((2, 30))
    planted -= planted @ axes.T @ axes
    readout = fit_torque_readout(rates, rates @ planted.T, preparation, dt_s=0.01, ridge=1e-12)
    assert readout.n_null == 3
    np.testing.assert_allclose(readout.torque_nm(rates), rates @ planted.T, atol=1e-5)
    np.testing.assert_allclose(readout.torque_nm(preparation), 0, atol=1e-10)
    assert readout.r2 == pytest.approx(1.0, abs=1e-9)


def test_matching_impulses_lowers_the_error_of_the_second_integral():
    rng = np.random.default_rng(1)
    rates, preparation = movement(rng)
    torque = rates @ rng.standard_normal((30, 2)) + 30 * np.sin(np.arange(80) / 5.0)[None, :, None]

    def final_position_error(impulse_time_s):
        readout = fit_torque_readout(rates, torque, preparation, dt_s=0.01, impulse_time_s=impulse_time_s)
        error = readout.torque_nm(rates) - torque
        return np.abs(np.cumsum(np.cumsum(error, axis=1), axis=1)[:, -1]).mean()

    assert final_position_error(0.1) < 0.5 * final_position_error(1e6)


def test_preparation_that_fills_the_space_leaves_no_readout():
    rng = np.random.default_rng(2)
    rates, _ = movement(rng)
    with pytest.raises(InputError, match="preparation_hz"):
        fit_torque_readout(rates, np.zeros((10, 80, 2)), rng.standard_normal((100, 30)), dt_s=0.01)


def test_shapes_must_agree():
    rng = np.random.default_rng(3)
    rates, preparation = movement(rng)
    with pytest.raises(InputError, match="torque_nm"):
        fit_torque_readout(rates, np.zeros((10, 79, 2)), preparation, dt_s=0.01)
