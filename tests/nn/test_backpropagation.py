"""The gradient table: cells, activations, readouts, losses, penalties, masks, structures; pairs or in full.

Central differences in float64 (error below 1e-6 of the norm of an array's gradient) and, where all parts are
analytic, complex step (1e-12).
"""

import itertools
from functools import partial

import numpy as np
import pytest

from motorsim.nn import (
    BPTT,
    GRU,
    LSTM,
    Bidirectional,
    Dale,
    Dense,
    Huber,
    LayerNorm,
    Leaky,
    Linear,
    LowRank,
    MeanMixture,
    MeanSquaredError,
    Mixed,
    Network,
    PoissonRate,
    RatePenalty,
    Sequential,
    Sigmoid,
    SmoothnessPenalty,
    Softmax,
    SoftmaxGated,
    Sparse,
    Stacked,
    Vanilla,
    WeightPenalty,
    Workspace,
    binary_cross_entropy,
    cross_entropy,
    mse,
    poisson_nll,
)

BATCH, TIMES, INPUTS, UNITS = 2, 4, 3, 4
ACTIVATIONS = ("tanh", "sigmoid", "relu", "softplus", "linear")
CELLS = {
    **{f"vanilla {name}": Vanilla(INPUTS, UNITS, gain=1.2, activation=name) for name in ACTIVATIONS},
    **{f"leaky {name}": Leaky(INPUTS, UNITS, 0.01, 0.03, activation=name) for name in ACTIVATIONS},
    "leaky, learned times": Leaky(INPUTS, UNITS, 0.01, 0.03, learn_time_constants=True),
    "vanilla from zero": Vanilla(INPUTS, UNITS, learn_initial_state=False),
    "lstm": LSTM(INPUTS, UNITS),
    "lstm, peepholes": LSTM(INPUTS, UNITS, peepholes=True),
    "gru": GRU(INPUTS, UNITS, learn_initial_state=False),
    "stacked": Stacked((GRU(INPUTS, 2), Leaky(2, UNITS, 0.01, 0.02))),
    "bidirectional": Bidirectional(Vanilla(INPUTS, 3), LSTM(INPUTS, 1)),
}
MISFITS = {
    "linear mse": (Linear(UNITS, 3), mse),
    "linear weighted mse": (Linear(UNITS, 3), MeanSquaredError(output_weights=np.array([0.5, 2.0, 0.0]))),
    "linear huber": (Linear(UNITS, 3), Huber(0.6)),
    "softmax cross-entropy": (Softmax(UNITS, 3), cross_entropy),
    "softmax mse": (Softmax(UNITS, 3), mse),
    "gated mse": (SoftmaxGated(UNITS), mse),
    "sigmoid cross-entropy": (Sigmoid(UNITS, 3), binary_cross_entropy),
    "exp poisson": (PoissonRate(UNITS, 3, "exp"), poisson_nll),
    "softplus poisson": (PoissonRate(UNITS, 3, "softplus"), poisson_nll),
    "softplus mse": (PoissonRate(UNITS, 3, "softplus"), mse),
    "muscles and spikes": (
        Mixed((Linear(UNITS, 2), PoissonRate(UNITS, 1))),
        MeanMixture(((slice(0, 2), mse, 1.0), (slice(2, 3), poisson_nll, 0.7))),
    ),
}
PENALTIES = ("none", "weights", "rates", "smoothness", "all")
MASKS = ("all", "times", "outputs")
EXTRAS = {
    "plain": {},
    "recomputed": {},
    "dale": {"parametrisations": {"readout.weights": Dale(np.arange(UNITS) < 3)}},
    "sparse": {"parametrisations": {"cell.bias": Sparse(np.array([True, False, True, True]))}},
    "low rank": {"parametrisations": {"cell.recurrent_weights": LowRank(2)}},
    "encoder": {"encoder": Sequential((Dense(2, INPUTS, "tanh"), LayerNorm(INPUTS)))},
}
TABLE = (tuple(CELLS), tuple(MISFITS), PENALTIES, MASKS, tuple(EXTRAS))


def _goes_together(case):
    cell, misfit, penalty, mask, extra = case
    single = cell.startswith(("vanilla", "leaky"))
    return not (
        (penalty in ("smoothness", "all") and not single)
        or (mask == "outputs" and misfit == "softmax cross-entropy")
        or (extra in ("sparse", "low rank") and not single)
        or (extra in ("sparse", "low rank", "dale") and "muscles" in misfit)
        or (extra == "recomputed" and cell == "bidirectional")
        or (extra == "dale" and "gated" in misfit)
    )


def _full():
    return [case for case in itertools.product(*TABLE) if _goes_together(case)]


def _pairwise():
    """Return few cases that hold every pair of settings: greedily, the best of a sample."""
    cases = _full()
    pairs_of = {case: set(itertools.combinations(enumerate(case), 2)) for case in cases}
    left = set().union(*pairs_of.values())
    rng = np.random.default_rng(0)
    chosen = []
    while left:
        sample = [cases[i] for i in rng.choice(len(cases), 300, replace=False)]
        best = max(sample, key=lambda case: len(pairs_of[case] & left))
        if pairs_of[best] & left:
            chosen.append(best)
            left -= pairs_of[best]
        else:
            pair = next(iter(sorted(left)))
            chosen.append(next(case for case in cases if pair in pairs_of[case]))
            left -= pairs_of[chosen[-1]]
    return chosen


def _targets(misfit, shape, rng):
    if "cross-entropy" in misfit and "softmax" in misfit:
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
    if "cross-entropy" in misfit:
        return (rng.random(shape) < 0.5).astype(float)
    if "poisson" in misfit or "spikes" in misfit:
        return rng.poisson(1.5, shape).astype(float)
    return rng.normal(size=shape)


def _problem(case, seed):
    """Return a network with no number at its initial zero, and what its loss is computed from."""
    cell, misfit, penalty, mask, extra = case
    rng = np.random.default_rng(seed)
    readout, loss = MISFITS[misfit]
    network = Network.initialise(CELLS[cell], readout, rng=rng, **EXTRAS[extra])
    moved = {name: array + 0.2 * rng.normal(size=array.shape) for name, array in network.parameters.items()}
    costs = {
        "weights": (WeightPenalty(0.7),),
        "rates": (RatePenalty(0.9),),
        "smoothness": (SmoothnessPenalty(0.4, CELLS[cell]),) if "smooth" in penalty else (),
        "all": (WeightPenalty(0.7), RatePenalty(0.9), SmoothnessPenalty(0.4, CELLS[cell]))
        if penalty == "all"
        else (),
    }
    shape = (BATCH, TIMES, readout.n_outputs)
    keep = {"all": None, "times": rng.random(shape[:2]) < 0.6, "outputs": rng.random(shape) < 0.6}[mask]
    if keep is not None:
        keep[0, 0] = True
    arrays = (
        rng.normal(size=(BATCH, TIMES, 2 if extra == "encoder" else INPUTS)),
        _targets(misfit, shape, rng),
    )
    options = {
        "loss": loss,
        "mask": keep,
        "penalties": costs.get(penalty, ()),
        "bptt": BPTT(recompute=True) if extra == "recomputed" else None,
    }
    return network.with_parameters(moved), arrays, options


def _far_from_kinks(network, inputs):
    """Tell whether no rectifier changes side within the differences' reach."""
    hidden = network.forward(inputs).hidden
    return np.abs(hidden)[hidden > 0].min(initial=1.0) > 1e-3 and (hidden > 0).mean() > 0.1


def _check(case, gradient_error, complex_step):
    for seed in range(1, 30):
        network, (inputs, targets), options = _problem(case, seed)
        if "relu" not in case[0] or _far_from_kinks(network, inputs):
            break
    _, gradients = network.loss_and_gradients(inputs, targets, **options)
    assert list(gradients) == list(network.parameters)

    def value(array, name, targets=targets):
        moved = {**network.parameters, name: array}
        kinds = {key: entry.astype(array.dtype) for key, entry in moved.items()}
        typed = inputs.astype(array.dtype), targets.astype(array.dtype)
        return network.compute_loss_and_gradients(kinds, *typed, **options)[0]

    for name, gradient in gradients.items():
        array = network.parameters[name]
        if not gradient.any():  # an array that the loss does not depend on
            moved = value(array + 0.1, name)
            assert moved == pytest.approx(value(array, name), rel=1e-12), name
            continue
        assert gradient_error(gradient, partial(value, name=name), array) < 1e-6, name
        if not {"relu", "huber"} & set(" ".join(case).split()):
            expected = complex_step(partial(value, name=name), array)
            assert np.linalg.norm(gradient - expected) < 1e-12 * np.linalg.norm(expected), name


@pytest.mark.parametrize("case", _pairwise(), ids=", ".join)
def test_gradients_of_every_pair_of_settings(case, gradient_error, complex_step):
    _check(case, gradient_error, complex_step)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_every_combination(cell, gradient_error, complex_step):
    for case in _full():
        if case[0] == cell:
            _check(case, gradient_error, complex_step)


def _leaky(seed=3):
    network = Network.initialise(CELLS["leaky tanh"], Linear(UNITS, 2), rng=seed)
    rng = np.random.default_rng(seed)
    return network, rng.normal(size=(BATCH, TIMES, INPUTS)), rng.normal(size=(BATCH, TIMES, 2))


def test_loss_alone_is_the_loss_that_comes_with_the_gradients():
    network, inputs, targets = _leaky()
    assert network.loss(inputs, targets) == network.loss_and_gradients(inputs, targets)[0]


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_used_workspace_changes_nothing_and_gradients_outlive_it(cell):
    network = Network.initialise(cell, Linear(UNITS, 2), rng=4)
    _, inputs, targets = _leaky(4)
    workspace = Workspace()
    compute = partial(network.compute_loss_and_gradients, network.parameters, loss=mse, workspace=workspace)
    expected_loss, expected = network.loss_and_gradients(inputs, targets)
    loss, gradients = compute(inputs, targets)
    compute(-inputs, 3.0 * targets)
    assert loss == expected_loss
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, expected[name])
    assert compute(inputs, targets)[0] == expected_loss


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_single_precision_follows_double_precision(cell):
    network = Network.initialise(cell, Linear(UNITS, 2), rng=5)
    _, inputs, targets = _leaky(5)
    single = network.with_parameters({n: a.astype(np.float32) for n, a in network.parameters.items()})
    _, expected = network.loss_and_gradients(inputs, targets)
    _, gradients = single.loss_and_gradients(inputs, targets)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float32, name
        assert np.linalg.norm(gradient - expected[name]) <= 2e-5 * np.linalg.norm(expected[name]), name


def test_rows_of_a_batch_do_not_mix():
    network, inputs, targets = _leaky(6)
    _, whole = network.loss_and_gradients(inputs, targets)
    apart = [network.loss_and_gradients(inputs[i : i + 1], targets[i : i + 1])[1] for i in range(2)]
    for name, gradient in whole.items():
        np.testing.assert_allclose(gradient, (apart[0][name] + apart[1][name]) / 2, atol=1e-14)
