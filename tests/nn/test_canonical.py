"""A readout and its own loss are computed together: the same numbers, and stable ones."""

import numpy as np
import pytest

from motorsim.nn import (
    BinaryCrossEntropy,
    CrossEntropy,
    Linear,
    PoissonNLL,
    PoissonRate,
    Sigmoid,
    Softmax,
    Workspace,
    binary_cross_entropy,
    canonical,
    cross_entropy,
    mse,
    one_hot,
    poisson_nll,
)
from motorsim.nn.mixed import Mixed
from motorsim.nn.mixture import MeanMixture, Mixture

WEIGHTS = np.array([0.5, 2.0, 1.0])


def classes(rng):
    return one_hot(rng.integers(0, 3, (6, 2)), 3)


def bits(rng):
    return (rng.random((6, 2, 3)) < 0.5).astype(float)


def counts(rng):
    return rng.poisson(1.5, (6, 2, 3)).astype(float)


PAIRS = {
    "softmax": (Softmax(4, 3), cross_entropy, classes),
    "softmax weighted": (Softmax(4, 3), CrossEntropy(output_weights=WEIGHTS), classes),
    "sigmoid": (Sigmoid(4, 3), binary_cross_entropy, bits),
    "sigmoid weighted": (Sigmoid(4, 3), BinaryCrossEntropy(output_weights=WEIGHTS), bits),
    "exp": (PoissonRate(4, 3), poisson_nll, counts),
    "softplus": (PoissonRate(4, 3, link="softplus"), poisson_nll, counts),
    "softplus whole": (
        PoissonRate(4, 3, link="softplus"),
        PoissonNLL(with_log_factorial=True, output_weights=WEIGHTS),
        counts,
    ),
    "mixed": (
        Mixed((Linear(4, 1), PoissonRate(4, 2))),
        MeanMixture(((slice(0, 1), mse, 2.0), (slice(1, 3), poisson_nll, 0.5))),
        counts,
    ),
}


def run(readout, loss, parameters, rates, *, targets, mask):
    workspace = Workspace()
    outputs, cache = readout.read(parameters, rates, workspace.empty)
    value, grad = loss(outputs, targets, mask)
    grad_rates, gradients = readout.read_vjp(parameters, cache, grad, workspace.empty)
    return value, {"rates": grad_rates} | gradients


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_together_they_compute_the_same(name, masked):
    rng = np.random.default_rng(1)
    readout, loss, draw = PAIRS[name]
    together = canonical(readout, loss)
    assert together != (readout, loss)
    parameters = {key: rng.normal(size=shape) for key, shape in readout.parameter_shapes.items()}
    rates, targets = rng.normal(size=(6, 2, 4)), draw(rng)
    mask = rng.random((6, 2)) < 0.5 if masked else None
    value, gradients = run(readout, loss, parameters, rates, targets=targets, mask=mask)
    stable, stable_gradients = run(*together, parameters, rates, targets=targets, mask=mask)
    assert stable == pytest.approx(value, rel=1e-12)
    assert stable_gradients.keys() == gradients.keys()
    for key, gradient in gradients.items():
        np.testing.assert_allclose(stable_gradients[key], gradient, atol=1e-13)


# The slope of the loss of one output, by the score and the target, where the score is far.
FAR = {
    "softmax": ([[1e4, -1e4], [1e4, -1e4]], [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.5, -0.5]]),
    "sigmoid": ([[1e4, -1e4], [1e4, -1e4]], [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.25, -0.25]]),
    "softplus": (
        [[1e4, -1e4], [1e4, -1e4]],
        [[0.0, 0.0], [3.0, 3.0]],
        [[0.25, 0.0], [0.25 * (1 - 3e-4), -0.75]],
    ),
    "exp": ([[-1e4, -1e4]], [[0.0, 3.0]], [[0.0, -1.5]]),
}


@pytest.mark.parametrize("name", FAR)
def test_far_scores_have_the_right_slope_in_single_precision(name):
    scores, targets, expected = (np.array(part, np.float32) for part in FAR[name])
    _, loss = canonical(*PAIRS[name][:2])
    value, gradient = loss(scores, targets)
    assert np.isfinite(value)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_other_pairs_come_back_as_they_were():
    for pair in ((Linear(4, 3), mse), (Softmax(4, 3), mse), (Sigmoid(4, 3), poisson_nll)):
        assert canonical(*pair) == pair


def test_a_readout_that_two_losses_share_is_left_as_it_was():
    readout = Mixed((Linear(4, 1), PoissonRate(4, 2)))
    shared = Mixture(((slice(1, 3), poisson_nll, 1.0), (slice(2, 3), mse, 1.0)))
    some = Mixture(((slice(0, 2), poisson_nll, 1.0),))
    turned = Mixture((([2, 1], poisson_nll, 1.0),))
    for loss in (shared, some, turned):
        assert canonical(readout, loss) == (readout, loss)


def test_a_mixture_that_covers_one_readout_leaves_the_others():
    readout = Mixed((PoissonRate(4, 2), Softmax(4, 2)))
    found, loss = canonical(readout, Mixture((([2, 3], cross_entropy, 1.0), (slice(0, 1), mse, 1.0))))
    assert found.readouts == (PoissonRate(4, 2), Linear(4, 2))
    assert loss.parts[1] == (slice(0, 1), mse, 1.0)
