"""Back-propagation through layers and a readout, on arrays already checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.nn.canonical import canonical
from motorsim.nn.parts import part_of, whole_of
from motorsim.nn.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Cost, Penalty
    from motorsim.types import BoolArray, Floats, Layer, Parameters, Readout

LAYERS = "layers"
READOUT = "readout"


def run_layers(
    layers: Layer, readout: Readout | None, parameters: Mapping[str, Floats], inputs: Floats
) -> Floats:
    """Return the outputs, (sample, output), of inputs (sample, ...)."""
    outputs, _ = layers.forward(part_of(parameters, LAYERS), inputs)
    if readout is None:
        return outputs
    return readout.read(part_of(parameters, READOUT), outputs, Workspace().empty)[0]


def compute_layer_loss(
    layers: Layer,
    readout: Readout | None,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss,
    mask: BoolArray | None,
) -> float:
    """Return the loss alone; arguments as in `compute_layer_gradients`."""
    if readout is not None:
        readout, loss = canonical(readout, loss)
    return loss(run_layers(layers, readout, parameters, inputs), targets, mask)[0]


def compute_layer_gradients(
    layers: Layer,
    readout: Readout | None,
    parameters: Mapping[str, Floats],
    inputs: Floats,
    targets: Floats,
    *,
    loss: Loss,
    mask: BoolArray | None,
    penalties: Iterable[Penalty],
    rng: np.random.Generator | None,
) -> tuple[Cost, Parameters]:
    """Return loss plus penalties, and the gradient of every parameter array.

    Parameters
    ----------
    layers, readout, parameters
        The network; names start with ``layers.`` or ``readout.``. Without a readout the outputs are those
        of the layers.
    inputs
        (sample, ...).
    targets
        (sample, output).
    loss
        Called with outputs, targets, mask; returns the loss and its gradient with respect to the outputs.
    mask
        (sample,) or (sample, output); ``None`` for all of it.
    penalties
        What is added to the loss; they see the outputs of the layers as rates, (1, sample, unit).
    rng
        What dropout is drawn from; ``None`` for none.
    """
    params = part_of(parameters, LAYERS)
    rates, cache = layers.forward(params, inputs, rng=rng)
    total: Cost
    grad_readout: Parameters = {}
    if readout is None:
        total, grad_rates = loss(rates, targets, mask)
    else:
        readout, loss = canonical(readout, loss)
        readout_params, allocate = part_of(parameters, READOUT), Workspace().empty
        outputs, readout_cache = readout.read(readout_params, rates, allocate)
        total, grad_outputs = loss(outputs, targets, mask)
        grad_rates, grad_readout = readout.read_vjp(readout_params, readout_cache, grad_outputs, allocate)
    costs = [penalty(parameters, rates[None]) for penalty in penalties]
    for cost, _, grad in costs:
        total = total + cost
        grad_rates = grad_rates if grad is None else grad_rates + grad[0]
    _, grad_layers = layers.vjp(params, cache, grad_rates)
    gradients = whole_of({LAYERS: grad_layers, READOUT: grad_readout})
    for _, grad_parameters, _ in costs:
        for name, gradient in grad_parameters.items():
            gradients[name] = gradients[name] + gradient
    return total, {name: gradients[name] for name in parameters}
