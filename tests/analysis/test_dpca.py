from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from motorsim.analysis.dpca import dpca
from motorsim.analysis.principal_angles import principal_angles
from motorsim.checks import InputError

FACTORS = ("stimulus", "decision")
STIMULUS, DECISION, BOTH = (f"{name} + {name}-time" for name in ("stimulus", "decision", "stimulus-decision"))


def _axes(n, n_units, seed):
    return np.random.default_rng(seed).standard_normal((n, n_units))


def _planted(seed, n_units=20):
    """Averages (stimulus, decision, time, unit) with one known direction, not orthogonal, in each part."""
    rng = np.random.default_rng(seed)
    axes = _axes(3, n_units, seed)
    times = np.linspace(0, 1, 15)
    stimulus = np.array([-1.0, 0, 2, -1])[:, None, None] * (1 + times) * 2
    decision = np.array([-1.0, 1])[None, :, None] * np.sin(3 * times)
    time = np.broadcast_to(np.cos(5 * times), (1, 1, 15)) * 3
    signals = np.stack([np.broadcast_to(s, (4, 2, 15)) for s in (stimulus, decision, time)], axis=-1)
    return signals @ axes + 5 * rng.random(n_units), axes


def _trials(seed, n_trials=10, noise=1.0):
    averages, axes = _planted(seed)
    rng = np.random.default_rng(seed + 100)
    return averages + noise * rng.standard_normal((n_trials, *averages.shape)), axes


def test_planted_marginalisations_are_demixed_exactly_without_noise():
    averages, axes = _planted(0)
    found = dpca(averages[None], factors=FACTORS, regularisation=0.0, rng=0)
    assert set(found.marginalisation) == {STIMULUS, DECISION, "time"}
    for planted, (name, axis) in enumerate(zip((STIMULUS, DECISION, "time"), axes, strict=True)):
        i = found.marginalisation.index(name)
        assert abs(found.encoders[i] @ axis) / np.linalg.norm(axis) == pytest.approx(1.0, abs=1e-9)
        # Each decoder is blind to the other two directions, though they overlap.
        assert np.abs(found.decoders[i] @ np.delete(axes, planted, axis=0).T).max() < 1e-9
    assert found.cumulative_variance_ratio[-1] == pytest.approx(1.0)
    assert sum(found.marginal_ratio.values()) == pytest.approx(1.0)
    assert found.marginal_ratio[BOTH] == pytest.approx(0.0, abs=1e-20)


def test_planted_directions_are_found_in_noisy_trials():
    trials, axes = _trials(1)
    found = dpca(trials, factors=FACTORS, n_components=1, rng=0)
    for name, axis in zip((STIMULUS, DECISION, "time"), axes, strict=True):
        encoder = found.encoders[found.marginalisation.index(name)]
        assert principal_angles(encoder[None], axis[None]).angles_rad[0] < 0.15
    assert found.cross_validation_error.shape == (13,)


def test_explained_variance_is_the_published_formula():
    trials, _ = _trials(2)
    found = dpca(trials, factors=FACTORS, rng=0, regularisation=0.1)
    rates = trials.mean(axis=0)
    rates = (rates - rates.mean(axis=(0, 1, 2))).reshape(-1, 20).T
    total = np.sum(rates**2)
    decoders, encoders = found.decoders, found.encoders.T
    for i in range(len(decoders)):
        alone = 1 - np.sum((rates - np.outer(encoders[:, i], decoders[i]) @ rates) ** 2) / total
        together = 1 - np.sum((rates - encoders[:, : i + 1] @ decoders[: i + 1] @ rates) ** 2) / total
        assert found.variance_ratio[i] == pytest.approx(alone, abs=1e-12)
        assert found.cumulative_variance_ratio[i] == pytest.approx(together, abs=1e-12)
    assert (np.diff(found.variance_ratio) <= 1e-12).all()
    squares = np.linalg.svd(rates, compute_uv=False)[: len(decoders)] ** 2
    assert np.allclose(found.pca_variance_ratio, np.cumsum(squares) / total)
    assert (found.cumulative_variance_ratio <= found.pca_variance_ratio + 1e-12).all()
    time_part = trials.mean(axis=(0, 1, 2)) - trials.mean(axis=(0, 1, 2, 3))
    time_part = np.broadcast_to(time_part, (4, 2, 15, 20)).reshape(-1, 20).T
    row = list(found.marginal_ratio).index("time")
    left = np.sum((time_part - np.outer(encoders[:, 0], decoders[0]) @ time_part) ** 2)
    assert found.marginal_variance_ratio[row, 0] == pytest.approx((np.sum(time_part**2) - left) / total)
    assert found.marginal_ratio["time"] == pytest.approx(np.sum(time_part**2) / total)


def test_a_hand_computed_case():
    """Two stimuli, two times, two units: each part lies on its own unit, and variances are 1, 4 and 0."""
    averages = np.array([[[1.0, 2.0], [1.0, -2.0]], [[-1.0, 2.0], [-1.0, -2.0]]])
    found = dpca(averages[None], factors=("stimulus",), join=(), regularisation=0.0, rng=0)
    assert found.marginalisation == ("time", "stimulus")
    assert np.allclose(found.variance_ratio, [0.8, 0.2])
    assert np.allclose(found.encoders, [[0, 1], [1, 0]])
    assert np.allclose(found.decoders, [[0, 1], [1, 0]])
    assert found.marginal_ratio == pytest.approx({"stimulus": 0.2, "time": 0.8, "stimulus-time": 0.0})
    assert np.allclose(found.components[1], [[1, 1], [-1, -1]])


@pytest.mark.parametrize("simultaneous", [True, False])
def test_regression_minimises_its_whole_loss(simultaneous):
    rng = np.random.default_rng(3)
    trials = rng.standard_normal((4, 3, 6, 4)) @ rng.standard_normal((4, 4)) + rng.standard_normal((3, 6, 4))
    strength = 0.3
    options = {"factors": ("stimulus",), "join": (), "rng": 0, "regularisation": strength}
    found = dpca(trials, n_components={"stimulus-time": 2}, simultaneous=simultaneous, **options)
    averages = trials.mean(axis=0)
    rates = (averages - averages.mean(axis=(0, 1))).reshape(-1, 4)
    part = averages - averages.mean(axis=0) - averages.mean(axis=1)[:, None] + averages.mean(axis=(0, 1))
    part = part.reshape(-1, 4)
    deviations = (trials - averages).reshape(-1, 4)
    noise = deviations.T @ deviations / 4
    noise = noise if simultaneous else np.diag(np.diag(noise))
    penalty = noise + strength**2 * np.sum(rates**2) * np.eye(4)

    def loss(entries):
        decoders, encoders = entries.reshape(2, 2, 4)
        product = encoders.T @ decoders
        return np.sum((part - rates @ product.T) ** 2) + np.trace(product @ penalty @ product.T)

    reached = loss(np.concatenate([found.decoders, found.encoders]).ravel())
    best = min(optimize.minimize(loss, rng.standard_normal(16)).fun for _ in range(5))
    assert reached == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize(("case", "strength"), [("plain", 0.0), ("regularised", 0.2)])
def test_agrees_with_the_authors_package(case, strength):
    with np.load(Path(__file__).parent / "dpca_values.npz", allow_pickle=False) as file:
        frozen = dict(file)
    found = dpca(frozen["averages"][None], factors=FACTORS, n_components=2, regularisation=strength, rng=0)
    for name, short in ((STIMULUS, "st"), (DECISION, "dt"), (BOTH, "sdt"), ("time", "t")):
        own = np.array(found.marginalisation) == name
        # The package orders components by another variance, and its signs are free.
        for kind in ("encoders", "decoders"):
            peer, ours = frozen[f"{case}_{kind}_{short}"], getattr(found, kind)[own]
            pairs = np.abs(frozen[f"{case}_encoders_{short}"] @ found.encoders[own].T).argmax(axis=1)
            signs = np.sign(np.sum(frozen[f"{case}_encoders_{short}"] * found.encoders[own][pairs], axis=1))
            assert np.allclose(peer, signs[:, None] * ours[pairs], atol=1e-9)


def test_unbalanced_trials_leave_no_trace_of_their_numbers():
    """Ten times the trials of one condition: its average, and so every share, stays what it was."""
    averages, _ = _planted(4)
    balanced = dpca(averages[None], factors=FACTORS, regularisation=0.01, rng=0)
    noise = np.random.default_rng(5).standard_normal((2, 4, 2, 15, 20))
    lists = [
        [
            np.repeat(
                np.stack([averages[i, j] + noise[0, i, j], averages[i, j] - noise[0, i, j]]),
                10 if (i, j) == (0, 0) else 1,
                axis=0,
            )
            for j in range(2)
        ]
        for i in range(4)
    ]
    found = dpca(lists, factors=FACTORS, regularisation=0.01, rng=0)
    assert found.marginal_ratio == pytest.approx(balanced.marginal_ratio, abs=1e-12)
    padded = np.full((20, 4, 2, 15, 20), np.nan)
    for i in range(4):
        for j in range(2):
            padded[: len(lists[i][j]), i, j] = lists[i][j]
    again = dpca(padded, factors=FACTORS, regularisation=0.01, rng=0)
    assert np.allclose(again.decoders, found.decoders)


def test_cross_validation_takes_more_strength_for_more_noise_and_none_is_perfect():
    quiet, loud = (_trials(6, n_trials=4, noise=noise)[0] for noise in (0.1, 6.0))
    options = {"factors": FACTORS, "n_components": 1, "rng": 0, "simultaneous": False}
    first, second = dpca(quiet, **options), dpca(loud, **options)
    assert second.regularisation > first.regularisation
    assert first.cross_validation_error.min() < 0.05 < second.cross_validation_error.min()
    assert second.regularisation in np.logspace(-4, 0, 13)
    assert np.array_equal(dpca(loud, **options).cross_validation_error, second.cross_validation_error)


def test_transform_of_the_averages_gives_the_components():
    trials, _ = _trials(7)
    found = dpca(trials, factors=FACTORS, regularisation=0.05, rng=0)
    assert np.allclose(np.moveaxis(found.transform(trials.mean(axis=0)), -1, 0), found.components)
    assert np.allclose(np.linalg.norm(found.encoders, axis=1), 1)
    assert (np.take_along_axis(found.encoders, np.abs(found.encoders).argmax(1)[:, None], 1) > 0).all()


def test_joined_marginalisations_hold_the_variance_of_their_members():
    trials, _ = _trials(8)
    options = {"factors": FACTORS, "regularisation": 0.1, "rng": 0}
    apart, joined = dpca(trials, join=(), **options), dpca(trials, **options)
    members = apart.marginal_ratio["stimulus"] + apart.marginal_ratio["stimulus-time"]
    assert joined.marginal_ratio[STIMULUS] == pytest.approx(members)
    assert len(apart.marginal_ratio) == 7


def test_unusable_input_is_refused():
    trials, _ = _trials(9, n_trials=3)
    options = {"factors": FACTORS, "rng": 0}
    with pytest.raises(InputError, match="at least 2 trials of every condition to leave one out"):
        dpca(trials[:1], **options)
    with pytest.raises(InputError, match="at most the rank of 'decision"):
        dpca(trials, n_components={DECISION: 21}, **options)
    with pytest.raises(InputError, match="n_components: expected names among"):
        dpca(trials, n_components={"decision": 1}, **options)
    with pytest.raises(InputError, match="at least one component"):
        dpca(trials, n_components={"time": 0}, **options)
    with pytest.raises(InputError, match="factors: expected at least one name"):
        dpca(trials, factors=("stimulus", "time"), rng=0)
    with pytest.raises(InputError, match="factors: expected a sequence of names"):
        dpca(trials, factors="stimulus", rng=0)
    with pytest.raises(InputError, match="names without - and"):
        dpca(trials, factors=("a-b", "c"), rng=0)
    with pytest.raises(InputError, match="regularisation: expected a number above 0"):
        dpca(trials, regularisation=(0.0, 1.0), **options)
    with pytest.raises(InputError, match="rates that vary"):
        dpca(np.ones_like(trials), **options)
    with pytest.raises(InputError, match="the 20 units of the fit along the last axis"):
        dpca(trials, regularisation=0.1, **options).transform(trials[..., :19])
