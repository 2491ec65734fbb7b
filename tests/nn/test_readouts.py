"""What holds for every readout: gradients, types, and what a read leaves alone."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Linear, PoissonRate, Sigmoid, Softmax, SoftmaxGated, Workspace
from motorsim.nn.mixed import Mixed
from motorsim.types import Readout

READOUTS = {
    "linear": Linear(4, 3),
    "softmax": Softmax(4, 3),
    "gated": SoftmaxGated(4),
    "sigmoid": Sigmoid(4, 3),
    "exp": PoissonRate(4, 3),
    "softplus": PoissonRate(4, 3, link="softplus"),
    "mixed": Mixed((Linear(4, 2), PoissonRate(4, 1), Softmax(4, 3), SoftmaxGated(4))),
}


def case(readout, rng):
    shapes = readout.parameter_shapes
    parameters = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return parameters, rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, readout.n_outputs))


@pytest.mark.parametrize("numerical", ["gradient_error", "complex_step"])
@pytest.mark.parametrize("name", READOUTS)
def test_gradients_of_rates_and_parameters(name, numerical, request):
    readout, rng = READOUTS[name], np.random.default_rng(1)
    parameters, rates, grad = case(readout, rng)

    def project(params, rates):
        # All arrays of a run are of one type.
        kind = np.result_type(rates, *params.values())
        params, rates = {key: array.astype(kind) for key, array in params.items()}, rates.astype(kind)
        return np.sum(grad * readout.read(params, rates, Workspace().empty)[0])

    workspace = Workspace()
    _, cache = readout.read(parameters, rates, workspace.empty)
    grad_rates, gradients = readout.read_vjp(parameters, cache, grad, workspace.empty)
    pulled = {"rates": (grad_rates, lambda r: project(parameters, r), rates)} | {
        key: (gradients[key], lambda p, key=key: project(parameters | {key: p}, rates), array)
        for key, array in parameters.items()
    }
    assert set(gradients) == set(readout.parameter_shapes)
    for gradient, function, array in pulled.values():
        assert gradient.shape == array.shape
        compute = request.getfixturevalue(numerical)
        if numerical == "gradient_error":
            assert compute(gradient, function, array) < 1e-6
        else:
            expected = compute(function, array)
            assert np.linalg.norm(gradient - expected) < 1e-12 * np.linalg.norm(expected)


@pytest.mark.parametrize("name", READOUTS)
def test_single_precision_stays_single_and_rates_as_they_were(name):
    readout, rng = READOUTS[name], np.random.default_rng(2)
    parameters, rates, grad = case(readout, rng)
    single = {key: array.astype(np.float32) for key, array in parameters.items()}
    rates = rates.astype(np.float32)
    before, workspace = rates.copy(), Workspace()
    outputs, cache = readout.read(single, rates, workspace.empty)
    outputs = outputs.copy()
    grad_rates, gradients = readout.read_vjp(single, cache, grad.astype(np.float32), workspace.empty)
    assert {outputs.dtype, grad_rates.dtype, *(g.dtype for g in gradients.values())} == {np.dtype("f4")}
    np.testing.assert_array_equal(rates, before)
    np.testing.assert_allclose(
        outputs, readout.read(parameters, rates.astype(float), Workspace().empty)[0], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", READOUTS)
def test_every_readout_keeps_the_contract(name):
    readout = READOUTS[name]
    assert isinstance(readout, Readout)
    drawn = readout.initial_parameters(rng=3)
    assert {key: array.shape for key, array in drawn.items()} == dict(readout.parameter_shapes)


@pytest.mark.parametrize("kind", [Softmax, Sigmoid, PoissonRate])
def test_sizes_that_are_not_positive_are_refused(kind):
    with pytest.raises(InputError, match="n_units"):
        kind(0, 3)
    with pytest.raises(InputError, match="n_outputs"):
        kind(3, -1)
