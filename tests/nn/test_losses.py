"""What holds for every loss: gradients, masks, parts, types, and the values that PyTorch computes."""

from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import (
    Huber,
    MeanLoss,
    MeanSquaredError,
    binary_cross_entropy,
    cross_entropy,
    mse,
    poisson_nll,
)
from motorsim.nn.binary_cross_entropy import BinaryCrossEntropy, BinaryCrossEntropyOfScores
from motorsim.nn.cross_entropy import CrossEntropy, CrossEntropyOfScores
from motorsim.nn.mixture import MeanMixture
from motorsim.nn.poisson_nll import PoissonNLL, PoissonNLLOfLogRates, PoissonNLLOfSoftplusScores

TORCH = np.load(Path(__file__).with_name("torch_values") / "losses.npz")
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0])


def scores(rng, shape):
    return 2.0 * rng.normal(size=shape)


def probabilities(rng, shape):
    raw = rng.random(shape) + 0.1
    return raw / raw.sum(axis=-1, keepdims=True)


def separate(rng, shape):
    return 0.1 + 0.8 * rng.random(shape)


def bits(rng, shape):
    return (rng.random(shape) < 0.5).astype(float)


def counts(rng, shape):
    return rng.poisson(1.5, shape).astype(float)


# Loss of given output weights, draw of outputs, draw of targets.
LOSSES = {
    "mse": (MeanSquaredError, scores, scores),
    "huber": (lambda **w: Huber(0.7, **w), scores, scores),
    "cross entropy": (CrossEntropy, probabilities, probabilities),
    "cross entropy of scores": (CrossEntropyOfScores, scores, probabilities),
    "binary": (BinaryCrossEntropy, separate, bits),
    "binary of scores": (BinaryCrossEntropyOfScores, scores, separate),
    "poisson": (PoissonNLL, lambda r, s: r.random(s) + 0.1, counts),
    "poisson whole": (lambda **w: PoissonNLL(with_log_factorial=True, **w), separate, counts),
    "poisson of log rates": (PoissonNLLOfLogRates, scores, counts),
    "poisson of softplus scores": (PoissonNLLOfSoftplusScores, scores, counts),
    "mixture": (
        lambda **_: MeanMixture(
            ((slice(0, 1), mse, 2.0), ([3, 1], MeanSquaredError(output_weights=[1.0, 3.0]), 0.5))
        ),
        scores,
        scores,
    ),
}


def case(name, *, weighted=False, masked=None, shape=(3, 5, 4), seed=1):
    make, draw_outputs, draw_targets = LOSSES[name]
    rng = np.random.default_rng(seed)
    outputs, targets = draw_outputs(rng, shape), draw_targets(rng, shape)
    mask = None if masked is None else rng.random(shape[:masked]) < 0.6
    if masked == 3 and "cross entropy" in name:
        mask = np.repeat(mask[..., :1], shape[-1], axis=-1)
    return make(**({"output_weights": WEIGHTS} if weighted else {})), outputs, targets, mask


@pytest.mark.parametrize("masked", [None, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_gradient_by_complex_step(name, weighted, masked, complex_step):
    loss, outputs, targets, mask = case(name, weighted=weighted, masked=masked)
    value, gradient = loss(outputs, targets, mask)
    expected = complex_step(lambda y: loss(y, targets, mask)[0], outputs)
    assert np.linalg.norm(gradient - expected) < 1e-12 * np.linalg.norm(expected)
    assert np.isreal(value)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_by_central_differences(name, gradient_error):
    loss, outputs, targets, mask = case(name, weighted=True, masked=2)
    gradient = loss(outputs, targets, mask)[1]
    assert gradient_error(gradient, lambda y: loss(y, targets, mask)[0], outputs) < 1e-6


@pytest.mark.parametrize("name", LOSSES)
def test_what_the_mask_leaves_out_may_be_nan_and_does_not_count(name):
    loss, outputs, targets, mask = case(name, weighted=True, masked=2)
    value, gradient = loss(outputs, targets, mask)
    targets = np.where(mask[..., None], targets, np.nan)
    again, gradient_again = loss(outputs, targets, mask)
    assert again == value
    np.testing.assert_array_equal(gradient_again, gradient)
    assert not gradient[~mask].any()
    left, _ = loss(outputs[mask], targets[mask])
    assert value == pytest.approx(left, rel=1e-12)


@pytest.mark.parametrize("masked", [None, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_the_whole_is_the_weighted_mean_of_its_parts(name, weighted, masked):
    loss, outputs, targets, mask = case(name, weighted=weighted, masked=masked)
    assert isinstance(loss, MeanLoss)
    value, gradient = loss(outputs, targets, mask)
    whole, total = loss.weight(outputs.shape, mask), 0.0
    pulled = np.zeros_like(outputs)
    for part in (np.s_[:1], np.s_[1:, :2], np.s_[1:, 2:]):
        part_mask = None if mask is None else mask[part]
        share = loss.weight(outputs[part].shape, part_mask) / whole
        part_value, part_gradient = loss(outputs[part], targets[part], part_mask)
        total += share * part_value
        pulled[part] = share * part_gradient
    assert total == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(pulled, gradient, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_single_precision_stays_single_and_close(name):
    loss, outputs, targets, mask = case(name, weighted=True, masked=2)
    value, gradient = loss(outputs, targets, mask)
    single, single_gradient = loss(outputs.astype(np.float32), targets.astype(np.float32), mask)
    assert single_gradient.dtype == np.float32
    assert single == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(single_gradient, gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_arguments_are_left_as_they_were(name):
    loss, outputs, targets, mask = case(name, weighted=True, masked=2)
    before = outputs.copy(), targets.copy()
    loss(outputs, targets, mask)
    np.testing.assert_array_equal((outputs, targets), before)


@pytest.mark.parametrize("name", LOSSES)
def test_an_axis_more_or_less_before_the_last_changes_nothing(name):
    loss, outputs, targets, _ = case(name)
    value, gradient = loss(outputs, targets)
    flat, flat_gradient = loss(outputs.reshape(15, 4), targets.reshape(15, 4))
    assert flat == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(flat_gradient.reshape(3, 5, 4), gradient, rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_what_does_not_fit_is_refused(name):
    loss, outputs, targets, _ = case(name)
    with pytest.raises(InputError, match=r"targets: expected shape \(3, 5, 4\)"):
        loss(outputs, targets[:2])
    with pytest.raises(InputError, match=r"mask: expected shape \(3, 5\) or \(3, 5, 4\), got shape \(5, 3\)"):
        loss(outputs, targets, np.ones((5, 3), dtype=bool))
    with pytest.raises(InputError, match="mask: expected something left"):
        loss(outputs, targets, np.zeros((3, 5), dtype=bool))


@pytest.mark.parametrize("weights", [[1.0, -1.0], [0.0, 0.0], [np.nan, 1.0], [[1.0]]])
def test_weights_without_a_mean_are_refused(weights):
    with pytest.raises(InputError, match="output_weights"):
        MeanSquaredError(output_weights=weights)


def test_equal_weights_do_nothing():
    for name in set(LOSSES) - {"mixture"}:
        make, *_ = LOSSES[name]
        _, outputs, targets, mask = case(name, masked=2)
        plain, equal = make(), make(output_weights=np.full(4, 7.0))
        assert equal(outputs, targets, mask)[0] == pytest.approx(plain(outputs, targets, mask)[0], rel=1e-13)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("mse", mse),
        ("huber", Huber()),
        ("huber_delta_0.3", Huber(0.3)),
        ("cross_entropy_scores", CrossEntropyOfScores()),
        ("cross_entropy_scores_far", CrossEntropyOfScores()),
        ("cross_entropy_scores_soft_targets", CrossEntropyOfScores()),
        ("cross_entropy_probabilities", cross_entropy),
        ("binary_cross_entropy_scores", BinaryCrossEntropyOfScores()),
        ("binary_cross_entropy_scores_far", BinaryCrossEntropyOfScores()),
        ("binary_cross_entropy_probabilities", binary_cross_entropy),
        ("poisson_nll_log_rates", PoissonNLLOfLogRates()),
        ("poisson_nll_rates", poisson_nll),
        ("poisson_nll_softplus_scores", PoissonNLLOfSoftplusScores()),
    ],
)
def test_values_and_gradients_are_those_of_pytorch(name, loss):
    value, gradient = loss(TORCH[f"{name}/inputs"], TORCH[f"{name}/targets"])
    assert value == pytest.approx(TORCH[f"{name}/value"], rel=1e-5)
    expected = TORCH[f"{name}/gradient"]
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"mixture"}))
def test_outputs_that_are_not_numbers_make_a_loss_that_is_none(name):
    loss, outputs, targets, _ = case(name)
    outputs[1, 2] = np.nan
    assert np.isnan(loss(outputs, targets)[0])


def test_what_is_infinite_where_nothing_counts_goes_too():
    loss, outputs, targets, mask = case("poisson of log rates", masked=2)
    value, gradient = loss(outputs, targets, mask)
    outputs[~mask] = 1e4
    again, gradient_again = loss(outputs, targets, mask)
    assert again == value
    np.testing.assert_array_equal(gradient_again, gradient)
