import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorsim.analysis.kernel_cka import kernel_cka
from motorsim.analysis.linear_cka import linear_cka
from motorsim.checks import InputError


def _rates(seed, shape=(5, 6, 4)):
    return np.random.default_rng(seed).standard_normal(shape)


def _rotation(n_units, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n_units)))[0]


def _song_hsic(k, l):  # noqa: E741
    """Equation 5 of Song et al. (2012), as it is printed."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    ones = np.ones(n)
    return (
        np.trace(k @ l)
        + (ones @ k @ ones) * (ones @ l @ ones) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (ones @ k @ l @ ones)
    ) / (n * (n - 3))


def _radial(x, sigma):
    return np.exp(-np.sum((x[:, None] - x) ** 2, axis=2) / (2 * sigma**2))


def test_linear_kernel_is_linear_cka():
    a, b = _rates(0), _rates(1, (5, 6, 7))
    found, expected = kernel_cka(a, b, kernel="linear"), linear_cka(a, b)
    assert found.similarity == pytest.approx(expected.similarity, abs=1e-12)
    assert found.angular_distance_rad == pytest.approx(expected.angular_distance_rad, abs=1e-12)
    assert found.bandwidth_a is None


def test_radial_kernel_takes_the_median_distance_of_different_samples():
    a, b = _rates(2, (15, 3)), _rates(3, (15, 5))
    sigmas = []
    for x in (a, b):
        distances = [np.linalg.norm(x[i] - x[j]) for i in range(15) for j in range(i)]
        sigmas.append(0.5 * np.median(distances))
    found = kernel_cka(a, b, bandwidth_ratio=0.5)
    assert (found.bandwidth_a, found.bandwidth_b) == pytest.approx(sigmas, abs=1e-12)
    centring = np.eye(15) - 1 / 15
    k, l = (centring @ _radial(x, s) @ centring for x, s in zip((a, b), sigmas, strict=True))  # noqa: E741
    expected = np.sum(k * l) / np.sqrt(np.sum(k * k) * np.sum(l * l))
    assert found.similarity == pytest.approx(expected, abs=1e-12)


def test_debiased_is_the_u_statistic_of_song():
    a, b = _rates(4, (12, 3)), _rates(5, (12, 20))
    k, l = a @ a.T, b @ b.T  # noqa: E741
    expected = _song_hsic(k, l) / np.sqrt(_song_hsic(k, k) * _song_hsic(l, l))
    assert kernel_cka(a, b, kernel="linear", debiased=True).similarity == pytest.approx(expected, abs=1e-12)
    radial = kernel_cka(a, b, debiased=True)
    k, l = _radial(a, radial.bandwidth_a), _radial(b, radial.bandwidth_b)  # noqa: E741
    expected = _song_hsic(k, l) / np.sqrt(_song_hsic(k, k) * _song_hsic(l, l))
    assert radial.similarity == pytest.approx(expected, abs=1e-12)


def test_independent_populations_are_at_zero_only_without_bias():
    found = {True: [], False: []}
    for seed in range(60):
        a, b = _rates(seed, (20, 50)), _rates(1000 + seed, (20, 50))
        for debiased, values in found.items():
            values.append(kernel_cka(a, b, kernel="linear", debiased=debiased).similarity)
    error = np.std(found[True]) / np.sqrt(60)
    assert abs(np.mean(found[True])) < 4 * error < 0.05
    assert min(found[False]) > 0.6


def test_wide_radial_kernel_is_the_linear_one():
    a, b = _rates(6), _rates(7)
    wide = kernel_cka(a, b, bandwidth_ratio=1e3)
    assert wide.similarity == pytest.approx(linear_cka(a, b).similarity, abs=1e-5)


def test_narrow_radial_kernel_sees_a_curve_that_a_linear_one_does_not():
    x = np.linspace(-1, 1, 41)[:, None]
    assert kernel_cka(x, x**2, kernel="linear").similarity == pytest.approx(0, abs=1e-12)
    assert kernel_cka(x, x**2).similarity > 0.1


@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(1e-3, 1e3),
    kernel=st.sampled_from(["rbf", "linear"]),
    debiased=st.booleans(),
)
def test_ignores_rotation_scale_and_shift(seed, scale, kernel, debiased):
    a, b = _rates(seed), _rates(seed + 1)
    options = {"kernel": kernel, "debiased": debiased}
    moved = kernel_cka(scale * a @ _rotation(4, seed) + 2, b @ _rotation(4, seed + 1) - 5, **options)
    assert moved.similarity == pytest.approx(kernel_cka(a, b, **options).similarity, abs=1e-9)


@pytest.mark.parametrize("debiased", [False, True])
def test_angle_is_a_metric(debiased):
    rng = np.random.default_rng(8)
    for _ in range(200):
        centre = rng.standard_normal((8, 3))
        x, y, z = (centre + 10 ** rng.uniform(-2, 1) * rng.standard_normal((8, 3)) for _ in range(3))
        pairs = ((x, y), (y, z), (x, z), (y, x), (x, x))
        xy, yz, xz, yx, xx = (kernel_cka(*pair, debiased=debiased).angular_distance_rad for pair in pairs)
        assert xy == pytest.approx(yx, abs=1e-12)
        assert xz <= xy + yz + 1e-12
        assert xx < 1e-12


def test_unusable_input_is_refused():
    a = _rates(9)
    with pytest.raises(InputError, match="kernel: expected one of linear, rbf, got 'cosine'"):
        kernel_cka(a, a, kernel="cosine")
    with pytest.raises(InputError, match="bandwidth_ratio"):
        kernel_cka(a, a, bandwidth_ratio=0)
    with pytest.raises(InputError, match="4 samples or more for the estimate without bias, got 3"):
        kernel_cka(a[:1, :3], a[:1, :3], debiased=True)
    with pytest.raises(InputError, match=r"b: expected samples most pairs of which differ.*linear kernel"):
        kernel_cka(a, np.where(np.arange(6)[:, None] == 0, a, 1.0))
    with pytest.raises(InputError, match="a: expected rates that vary"):
        kernel_cka(np.ones_like(a), a)
    with pytest.raises(InputError, match="b: expected the conditions and times of a"):
        kernel_cka(a, a[:4])
