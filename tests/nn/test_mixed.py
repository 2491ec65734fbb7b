"""Mixed puts the outputs of several readouts side by side."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Linear, PoissonRate, Workspace
from motorsim.nn.mixed import Mixed


def test_each_readout_makes_its_own_outputs_of_the_same_rates():
    torques, spikes = Linear(4, 2), PoissonRate(4, 3)
    mixed = Mixed((torques, spikes))
    parameters, rates = mixed.initial_parameters(rng=1), np.random.default_rng(2).normal(size=(5, 2, 4))
    outputs, _ = mixed.read(parameters, rates, Workspace().empty)
    for i, readout in enumerate(mixed.readouts):
        own = {name: parameters[f"{i}.{name}"] for name in ("weights", "bias")}
        expected, _ = readout.read(own, rates, Workspace().empty)
        np.testing.assert_array_equal(outputs[..., mixed.slices[i]], expected)
    assert (mixed.n_outputs, mixed.slices) == (5, (slice(0, 2), slice(2, 5)))


def test_readouts_of_the_same_shape_are_drawn_apart():
    drawn = Mixed((Linear(4, 2), Linear(4, 2))).initial_parameters(rng=1)
    assert not np.allclose(drawn["0.weights"], drawn["1.weights"])


def test_readouts_of_other_units_are_refused():
    with pytest.raises(InputError, match=r"readouts: expected one or more .* got 4 and 5"):
        Mixed((Linear(4, 2), Linear(5, 2)))
    with pytest.raises(InputError, match="got no readout"):
        Mixed(())


@pytest.mark.parametrize(
    ("readouts", "message"),
    [
        (Linear(4, 2), "readouts: expected a tuple of readouts"),
        (("linear",), r"readouts\[0\]: expected a readout such as"),
        ((Linear(4, 2), PoissonRate), r"readouts\[1\]: expected a readout such as"),
    ],
)
def test_what_is_no_readout_is_refused(readouts, message):
    with pytest.raises(InputError, match=message):
        Mixed(readouts)
