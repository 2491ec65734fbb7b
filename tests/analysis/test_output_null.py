import numpy as np
import pytest

from motorsim.analysis.output_null import output_null
from motorsim.analysis.principal_angles import principal_angles
from motorsim.checks import InputError


def _population(seed, preparation_scales, movement_scales, n_units=20):
    """Six latent signals; the first two drive the output."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((n_units, 6)))[0].T
    quiet = rng.standard_normal((12, 20, 6)) * preparation_scales
    moving = rng.standard_normal((12, 30, 6)) * movement_scales
    output = moving[..., :2] @ np.array([[1.0, 0.5, -1.0], [0.0, 2.0, 1.0]]) + [3.0, 0, 1]
    return quiet @ axes + 5, moving @ axes + 5, output, axes


def test_planted_potent_and_null_dimensions_are_found():
    quiet, moving, output, axes = _population(0, (0.1, 0.1, 2, 2, 2, 2), np.ones(6))
    found = output_null(quiet, moving, output, rng=0, n_outputs=2)
    assert found.r2 == pytest.approx(1.0)
    assert principal_angles(found.potent_axes, axes[:2]).angles_rad.max() < 1e-6
    assert principal_angles(found.null_axes, axes[2:]).angles_rad.max() < 1e-6
    assert np.allclose(found.null_axes @ found.readout, 0, atol=1e-9)
    basis = np.vstack([found.potent_axes, found.null_axes])
    assert np.allclose(basis @ basis.T, np.eye(6), atol=1e-12)


def test_shares_and_ratio_follow_the_planted_variances():
    quiet, moving, output, axes = _population(1, (1, 1, 2, 2, 2, 2), (3, 3, 1, 1, 1, 1))
    found = output_null(quiet, moving, output, rng=0, n_outputs=2)

    def share(epoch):
        states = epoch @ axes.T
        squares = np.sum((states - states.mean(axis=0)) ** 2, axis=(0, 1))
        return squares[2:].sum() / squares.sum()

    assert found.preparation_null_ratio == pytest.approx(share(quiet), abs=1e-9)
    assert found.movement_null_ratio == pytest.approx(share(moving), abs=1e-9)
    odds = [s / (1 - s) for s in (share(quiet), share(moving))]
    assert found.tuning_ratio == pytest.approx(odds[0] / odds[1])
    assert found.tuning_ratio == pytest.approx(8 / (4 / 18), rel=0.2)


def test_what_all_conditions_share_is_no_tuning():
    quiet, moving, output, axes = _population(2, np.ones(6), np.ones(6))
    plain = output_null(quiet, moving, output, rng=0, n_outputs=2)
    shared = 0.3 * np.sin(np.arange(20))[:, None] * axes[0]
    moved = output_null(quiet + shared, moving, output, rng=0, n_outputs=2)
    assert moved.preparation_null_ratio == pytest.approx(plain.preparation_null_ratio, abs=1e-9)


def test_null_preparation_beats_random_divisions_and_unrelated_preparation_does_not():
    quiet, moving, output, _ = _population(3, (0.2, 0.2, 1, 1, 1, 1), np.ones(6))
    assert output_null(quiet, moving, output, rng=0, n_outputs=2, n_random=199).p_above == 1 / 200
    p_values = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scales = rng.permutation([3.0, 2.0, 1.5, 1.0, 0.7, 0.5])
        quiet, moving, _, axes = _population(seed, scales, np.ones(6))
        turned = rng.standard_normal((6, 2))
        output = moving @ axes.T @ turned
        p_values.append(output_null(quiet, moving, output, rng=seed, n_outputs=2, n_random=99).p_above)
    assert np.mean(np.array(p_values) <= 0.05) < 0.15
    assert 0.3 < np.mean(p_values) < 0.7


def test_output_of_its_own_signals_and_its_components_give_one_division():
    quiet, moving, output, _ = _population(4, np.ones(6), np.ones(6))
    reduced = output_null(quiet, moving, output, rng=0, n_outputs=2)
    whole = output_null(quiet, moving, output[..., :2], rng=0, n_outputs=None)
    assert principal_angles(reduced.potent_axes, whole.potent_axes).angles_rad.max() < 1e-6
    assert np.allclose(moving @ whole.readout + whole.intercept, output[..., :2], atol=1e-9)


def test_unusable_input_is_refused():
    quiet, moving, output, _ = _population(5, np.ones(6), np.ones(6))
    with pytest.raises(InputError, match=r"n_components: expected more than the 3 outputs, got 3"):
        output_null(quiet, moving, np.random.default_rng(6).random((12, 30, 3)), rng=0, n_components=3)
    with pytest.raises(InputError, match="n_outputs: expected at most the rank of the output, 2, got 3"):
        output_null(quiet, moving, output, rng=0, n_outputs=3)
    with pytest.raises(InputError, match="output: expected a readout of rank 3, got a lower one"):
        output_null(quiet, moving, output, rng=0, n_outputs=None)
    with pytest.raises(InputError, match="output: expected the conditions and times of movement"):
        output_null(quiet, moving, output[:, :-1], rng=0)
    with pytest.raises(InputError, match="movement: expected the 12 conditions and 20 units"):
        output_null(quiet, moving[:-1], output[:-1], rng=0)
    with pytest.raises(InputError, match="at least 2 conditions, got 1"):
        output_null(quiet[:1], moving[:1], output[:1], rng=0)
    with pytest.raises(InputError, match="preparation: expected rates that differ between conditions"):
        output_null(np.repeat(quiet[:1], 12, axis=0), moving, output, rng=0, n_outputs=2)
