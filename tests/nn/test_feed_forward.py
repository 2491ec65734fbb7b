"""A feed-forward network never changes, learns by its exact gradient, and refuses what does not fit."""

import pickle

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.binary_cross_entropy import binary_cross_entropy
from motorsim.nn.bptt import BPTT
from motorsim.nn.conv2d import Conv2D
from motorsim.nn.cross_entropy import CrossEntropy, cross_entropy
from motorsim.nn.dense import Dense
from motorsim.nn.dropout import Dropout
from motorsim.nn.feed_forward import FeedForward
from motorsim.nn.flatten import Flatten
from motorsim.nn.labels import one_hot
from motorsim.nn.layer_norm import LayerNorm
from motorsim.nn.linear import Linear
from motorsim.nn.mse import mse
from motorsim.nn.penalties import RatePenalty, WeightPenalty
from motorsim.nn.pooling import AvgPool2D, MaxPool2D
from motorsim.nn.sigmoid import Sigmoid
from motorsim.nn.softmax import Softmax
from motorsim.nn.trainable import Trainable

IMAGE_LAYERS = (
    Conv2D(1, 2, 3, activation="tanh"),
    MaxPool2D(2),
    Conv2D(2, 3, 2, padding="valid", activation="softplus"),
    AvgPool2D(2, stride=1),
    Flatten(),
    LayerNorm(3),
)
PENALTIES = (WeightPenalty(0.3), RatePenalty(0.2))


def _network(seed=0, **keywords):
    return FeedForward.initialise((Dense(3, 5, "tanh"), Dense(5, 2)), (3,), rng=seed, **keywords)


def _inputs(seed=0, shape=(6, 3)):
    return np.random.default_rng(seed).normal(size=shape)


def _classifier(layers, input_shape, readout):
    """Return a network, inputs and class targets."""
    network = FeedForward.initialise(layers, input_shape, rng=3, readout=readout)
    targets = one_hot(np.arange(6) % readout.n_outputs, readout.n_outputs)
    return network, _inputs(4, (6, *input_shape)), targets


PROBLEMS = {
    "mse": (*(_network(), _inputs(), _inputs(1, (6, 2))), mse),
    "softmax": (*_classifier((Dense(3, 5, "tanh"),), (3,), Softmax(5, 3)), cross_entropy),
    "sigmoid": (*_classifier((Dense(3, 5, "softplus"),), (3,), Sigmoid(5, 3)), binary_cross_entropy),
    "linear readout": (*_classifier((Dense(3, 5, "relu"),), (3,), Linear(5, 3)), mse),
    "softmax with squared error": (*_classifier((Dense(3, 5, "tanh"),), (3,), Softmax(5, 3)), mse),
    "images": (*_classifier(IMAGE_LAYERS, (6, 6, 1), Softmax(3, 4)), cross_entropy),
}
MASK = np.array([True, False, True, True, False, True])


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_gradients_with_penalties_equal_central_differences_and_the_complex_step(name, mask, gradient_error):
    network, inputs, targets, loss = PROBLEMS[name]
    _, gradients = network.loss_and_gradients(inputs, targets, loss=loss, mask=mask, penalties=PENALTIES)

    def objective(key, moved):
        # Complex parameters need complex inputs: a product keeps the type of the first.
        parameters = {k: v.astype(moved.dtype) for k, v in network.parameters.items()} | {key: moved}
        arrays = (inputs.astype(moved.dtype), targets.astype(moved.dtype))
        keywords = {"loss": loss, "mask": mask, "penalties": PENALTIES}
        return network.compute_loss_and_gradients(parameters, *arrays, **keywords)[0]

    for key, array in network.parameters.items():
        assert gradient_error(gradients[key], lambda moved, key=key: objective(key, moved), array) < 1e-6
        expected = np.empty_like(array)
        for index in np.ndindex(array.shape):
            moved = array.astype(np.complex128)
            moved[index] += 1e-30j
            expected[index] = objective(key, moved).imag / 1e-30
        assert np.linalg.norm(gradients[key] - expected) < 1e-12 * np.linalg.norm(expected)


@pytest.mark.parametrize("name", PROBLEMS)
def test_loss_alone_is_that_with_gradients(name):
    network, inputs, targets, loss = PROBLEMS[name]
    value, gradients = network.loss_and_gradients(inputs, targets, loss=loss)
    assert network.loss(inputs, targets, loss=loss) == value
    assert value == pytest.approx(loss(network.forward(inputs), targets)[0], rel=1e-12)
    assert list(gradients) == list(network.parameters)


def test_outputs_are_those_of_the_last_layer_read_out():
    network = FeedForward.initialise((Dense(3, 5, "tanh"),), (3,), rng=1, readout=Softmax(5, 4))
    hidden = np.tanh(_inputs() @ network.parameters["layers.0.weights"].T)
    scores = np.exp(hidden @ network.parameters["readout.weights"].T)
    np.testing.assert_allclose(network.forward(_inputs()), scores / scores.sum(axis=1, keepdims=True))
    assert network.n_outputs == 4
    assert network.n_parameters == 15 + 5 + 20 + 4


def test_scores_far_apart_have_a_finite_loss_and_gradient_in_single_precision():
    network = FeedForward.initialise((Dense(1, 1),), (1,), rng=1, readout=Softmax(1, 2), dtype="float32")
    parameters = network.to_arrays() | {
        "layers.0.weights": np.array([[1e4]], np.float32),
        "readout.weights": np.array([[1.0], [-1.0]], np.float32),
    }
    far = network.with_parameters(parameters)
    value, gradients = far.loss_and_gradients(np.ones((1, 1)), np.array([[0.0, 1.0]]), loss=cross_entropy)
    assert value == pytest.approx(2e4)
    np.testing.assert_allclose(gradients["readout.bias"], [1.0, -1.0])


def test_penalties_see_the_last_layer_as_rates():
    seen = []

    def watch(parameters, rates):
        seen.append((set(parameters), rates))
        return 0.0, {}, None

    network = FeedForward.initialise((Dense(3, 5, "tanh"),), (3,), rng=1, readout=Linear(5, 2))
    network.loss_and_gradients(_inputs(), np.zeros((6, 2)), penalties=(watch,))
    hidden = np.tanh(_inputs() @ network.parameters["layers.0.weights"].T)
    np.testing.assert_allclose(seen[0][1], hidden[None], rtol=1e-12)
    assert seen[0][0] == set(network.parameters)


def test_dropout_acts_only_where_gradients_are_drawn_with_a_generator():
    layers = (Dense(3, 40, "tanh"), Dropout(0.5), Dense(40, 2))
    network = FeedForward.initialise(layers, (3,), rng=1)
    batch = (_inputs(), np.zeros((6, 2)))
    silent = network.loss_and_gradients(*batch)[0]
    noisy = [network.loss_and_gradients(*batch, rng=np.random.default_rng(k))[0] for k in (1, 1, 2)]
    assert silent == network.loss(*batch)
    assert noisy[0] == noisy[1] != noisy[2]
    assert silent not in noisy


def test_it_is_trainable():
    assert isinstance(_network(), Trainable)


def test_same_seed_draws_the_same_network_and_single_precision_is_the_rounded_double():
    first, again, other = _network(7), _network(7), _network(8)
    single = _network(7, dtype="float32")
    for name, array in first.parameters.items():
        np.testing.assert_array_equal(array, again.parameters[name])
        np.testing.assert_array_equal(single.parameters[name], array.astype(np.float32))
        assert name.endswith("bias") or np.all(array != other.parameters[name])
    value, gradients = single.loss_and_gradients(_inputs(), np.zeros((6, 2)))
    assert isinstance(value, float)
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype("float32")}
    assert single.forward(_inputs()).dtype == np.float32


def test_parameters_cannot_be_changed_from_outside():
    arrays = _network().to_arrays()
    network = _network().with_parameters(arrays)
    arrays["layers.1.bias"] += 1.0
    np.testing.assert_array_equal(network.parameters["layers.1.bias"], 0.0)
    with pytest.raises(ValueError, match="read-only"):
        network.parameters["layers.1.bias"][0] = 1.0
    with pytest.raises(TypeError):
        network.parameters["layers.1.bias"] = np.ones(2)


def test_network_goes_to_a_worker_and_back_and_stays_read_only():
    network = pickle.loads(pickle.dumps(_network(readout=Softmax(2, 3))))  # noqa: S301
    expected = _network(readout=Softmax(2, 3)).forward(_inputs())
    np.testing.assert_array_equal(network.forward(_inputs()), expected)
    assert not network.parameters["readout.bias"].flags.writeable


def test_targets_outside_the_mask_may_be_missing_but_not_inside():
    network, inputs = _network(), _inputs()
    targets = np.zeros((6, 2))
    expected = network.loss(inputs, targets, mask=MASK)
    targets[~MASK] = np.nan
    assert network.loss(inputs, targets, mask=MASK) == expected
    assert np.isfinite(network.loss_and_gradients(inputs, targets, mask=MASK)[0])
    targets[0, 1] = np.nan
    with pytest.raises(InputError, match=r"1 NaN or infinite values, the first at index \(0, 1\)"):
        network.loss(inputs, targets, mask=MASK)


def test_mask_may_leave_out_single_outputs():
    network, inputs = _network(), _inputs()
    mask = np.ones((6, 2), bool)
    mask[:, 1] = False
    expected = np.mean(network.forward(inputs)[:, 0] ** 2)
    assert network.loss(inputs, np.zeros((6, 2)), mask=mask) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("layers", "input_shape", "readout", "message"),
    [
        ((Dense(4, 5),), (3,), None, r"layers\[0\]: expected Dense to follow inputs of shape \(4,\)"),
        ((Conv2D(1, 2, 3),), (6, 6, 1), None, r"layers: expected one axis of outputs.* put Flatten\(\)"),
        ((Dense(3, 5),), (3,), Softmax(4, 2), "readout: expected a readout of 5 units.*got 4"),
        ((Dense(3, 5),), 3, None, r"input_shape: expected a tuple of sizes such as \(4,\)"),
        (
            (Flatten(), Dense(3, 5)),
            (3, 0),
            None,
            r"input_shape\[1\]: expected an integer of at least 1, got 0",
        ),
        ((Flatten(),), (3,), None, "parameters: expected arrays, at least one, .* got none"),
        ((), (3,), None, "layers: expected a tuple of at least one layer"),
    ],
)
def test_parts_that_do_not_fit_are_refused(layers, input_shape, readout, message):
    with pytest.raises(InputError, match=message):
        FeedForward.initialise(layers, input_shape, rng=0, readout=readout)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": np.zeros(2)}, "parameters: expected layers.0.weights.*extra"),
        ({"layers.0.bias": np.zeros(4)}, r"parameters\['layers.0.bias'\].*\(5\).*shape \(4,\)"),
        ({"layers.0.bias": np.full(5, np.inf)}, "finite numbers, got 5 NaN"),
        ({"layers.0.bias": np.zeros(5, np.float32)}, "all float32 or all float64, got float32, float64"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        _network().with_parameters(_network().to_arrays() | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((6, 4))}, r"inputs: .*\(sample, axis 1\).*\(any, 3\).* got shape \(6, 4\)"),
        ({"inputs": np.zeros((0, 3))}, "inputs: expected at least 1 along sample"),
        ({"inputs": np.zeros((6, 3), int)}, "inputs: expected floating-point numbers, got int64"),
        ({"inputs": np.full((6, 3), np.nan)}, "inputs: expected finite numbers"),
        ({"targets": np.zeros((6, 1))}, r"targets: .*\(6, 2\).* got shape \(6, 1\)"),
        ({"targets": np.zeros(6)}, r"targets: .*\(sample, output\)"),
        ({"targets": np.zeros((6, 2), int)}, "targets: expected floating-point numbers"),
        ({"mask": np.ones(6)}, "mask: expected True and False, got float64"),
        ({"mask": np.ones(5, bool)}, r"mask: expected shape \(6,\) or \(6, 2\)"),
        ({"mask": np.zeros(6, bool)}, "mask: expected at least one True"),
    ],
)
def test_batches_that_do_not_fit_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        _network().loss_and_gradients(**{"inputs": _inputs(), "targets": np.zeros((6, 2)), **change})


def test_another_number_type_and_ways_through_time_are_refused():
    with pytest.raises(InputError, match="dtype: expected one of float32, float64"):
        _network(dtype="complex128")
    network = _network()
    with pytest.raises(InputError, match="bptt: expected None for a feed-forward network"):
        network.compute_loss_and_gradients(
            network.parameters, _inputs(), np.zeros((6, 2)), loss=mse, bptt=BPTT(recompute=True)
        )


def test_cross_entropy_of_outputs_that_are_no_probabilities_is_refused():
    with pytest.raises(InputError, match="use the Softmax readout"):
        _network().loss(_inputs(), one_hot(np.zeros(6, int), 2), loss=CrossEntropy())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _network(readout="softmax"), "readout: expected a readout such as"),
        (lambda: FeedForward((Dense(3, 5),), {}, (3,), Softmax), "readout: expected a readout such as"),
        (lambda: _network(dtype="double precision"), "dtype: expected one of float32, float64"),
        (lambda: _network().loss(_inputs(), np.zeros((6, 2)), loss="mse"), "loss: expected a loss such as"),
        (
            lambda: _network().loss_and_gradients(_inputs(), np.zeros((6, 2)), rng=1),
            "rng: expected a numpy.random.Generator",
        ),
        (
            lambda: _network().loss_and_gradients(_inputs(), np.zeros((6, 2)), penalties=RatePenalty(1.0)),
            "penalties: expected a sequence of penalties",
        ),
    ],
)
def test_what_is_of_another_kind_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
