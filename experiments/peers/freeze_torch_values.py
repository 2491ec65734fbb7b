"""Freeze what PyTorch computes, for the tests of `motorsim.nn` to compare with.

    python experiments/peers/freeze_torch_values.py [FOLDER]

writes cells, losses, optimisers and layers (.npz) to FOLDER, by default tests/nn/torch_values, whose README
says what each holds. Needs torch (extra ``peers``); the tests do not. Everything is drawn from fixed seeds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Values = dict[str, np.ndarray]
"""Arrays by name, as they are frozen."""

FOLDER = Path(__file__).parents[2] / "tests" / "nn" / "torch_values"
BATCH, TIMES, FEATURES, UNITS = 3, 5, 4, 6

NETS: dict[str, Callable[..., nn.RNNBase]] = {
    "rnn_tanh": lambda **options: nn.RNN(FEATURES, UNITS, nonlinearity="tanh", **options),
    "rnn_relu": lambda **options: nn.RNN(FEATURES, UNITS, nonlinearity="relu", **options),
    "lstm": lambda **options: nn.LSTM(FEATURES, UNITS, **options),
    "gru": lambda **options: nn.GRU(FEATURES, UNITS, **options),
}
DEPTHS: dict[str, dict[str, Any]] = {
    "single": {},
    "stacked": {"num_layers": 2},
    "bidirectional": {"bidirectional": True},
    "stacked_bidirectional": {"num_layers": 2, "bidirectional": True},
}

OPTIMISERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {"lr": 0.05}),
    "momentum": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.02, "alpha": 0.9, "eps": 1e-6}),
    "adam": (torch.optim.Adam, {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8}),
    "adamw": (torch.optim.AdamW, {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.05}),
}

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "conv2d": (lambda: nn.Conv2d(2, 3, (3, 2)), (2, 2, 6, 7)),
    "conv2d_strided_padded": (lambda: nn.Conv2d(2, 3, (3, 2), stride=(2, 3), padding=1), (2, 2, 6, 7)),
    "conv2d_same": (lambda: nn.Conv2d(2, 3, 3, padding="same"), (2, 2, 6, 7)),
    "max_pool2d": (lambda: nn.MaxPool2d(2), (2, 2, 5, 6)),
    "max_pool2d_overlapping": (lambda: nn.MaxPool2d((3, 2), stride=(2, 1)), (2, 2, 6, 7)),
    "avg_pool2d": (lambda: nn.AvgPool2d(2), (2, 2, 5, 6)),
    "avg_pool2d_overlapping": (lambda: nn.AvgPool2d((3, 2), stride=(2, 1)), (2, 2, 6, 7)),
    "layer_norm": (lambda: nn.LayerNorm(7, eps=1e-5), (4, 3, 7)),
}


def freeze_cells() -> Values:
    """Return inputs, weights, outputs and gradients of a mean-squared error for every recurrent net."""
    values: Values = {}
    for kind, build in NETS.items():
        for depth, options in DEPTHS.items():
            torch.manual_seed(1)
            net = build(batch_first=True, **options)
            inputs = torch.randn(BATCH, TIMES, FEATURES, requires_grad=True)
            outputs, _ = net(inputs)
            targets = torch.randn_like(outputs)
            value = functional.mse_loss(outputs, targets)
            value.backward()
            case = {"inputs": inputs, "targets": targets, "outputs": outputs, "value": value}
            for name, parameter in net.named_parameters():
                case |= {f"state/{name}": parameter, f"gradient/{name}": parameter.grad}
            case["gradient/inputs"] = inputs.grad
            values |= _prefixed(f"{kind}/{depth}", case)
    return values


def freeze_losses() -> Values:
    """Return inputs, targets, value and gradient of every loss, each a mean."""
    torch.manual_seed(2)
    scores = 3.0 * torch.randn(3, 4, 5)
    far = 60.0 * torch.randn(3, 4, 5)
    labels = torch.randint(5, (3, 4))
    one_hot = functional.one_hot(labels, 5).float()
    soft = torch.softmax(torch.randn(3, 4, 5), dim=-1)
    bits = torch.randint(2, (3, 4, 5)).float()
    counts = torch.poisson(torch.full((3, 4, 5), 1.5))
    cases: dict[str, tuple[torch.Tensor, torch.Tensor, Callable[..., torch.Tensor]]] = {
        "mse": (scores, torch.randn(3, 4, 5), functional.mse_loss),
        "huber": (scores, torch.randn(3, 4, 5), functional.huber_loss),
        "huber_delta_0.3": (
            scores,
            torch.randn(3, 4, 5),
            lambda y, t: functional.huber_loss(y, t, delta=0.3),
        ),
        "cross_entropy_scores": (scores, one_hot, _cross_entropy),
        "cross_entropy_scores_far": (far, one_hot, _cross_entropy),
        "cross_entropy_scores_soft_targets": (scores, soft, _cross_entropy),
        "cross_entropy_probabilities": (
            torch.softmax(scores, dim=-1),
            one_hot,
            lambda y, t: -(t * torch.log(y)).sum(dim=-1).mean(),
        ),
        "binary_cross_entropy_scores": (scores, bits, functional.binary_cross_entropy_with_logits),
        "binary_cross_entropy_scores_far": (far, bits, functional.binary_cross_entropy_with_logits),
        "binary_cross_entropy_probabilities": (torch.sigmoid(scores), bits, functional.binary_cross_entropy),
        "poisson_nll_log_rates": (scores, counts, functional.poisson_nll_loss),
        "poisson_nll_rates": (
            torch.exp(scores),
            counts,
            lambda y, t: functional.poisson_nll_loss(y, t, log_input=False, eps=0.0),
        ),
        "poisson_nll_softplus_scores": (
            scores,
            counts,
            lambda y, t: functional.poisson_nll_loss(functional.softplus(y), t, log_input=False, eps=0.0),
        ),
    }
    values: Values = {}
    for name, (inputs, targets, loss) in cases.items():
        leaf = inputs.clone().requires_grad_()
        value = loss(leaf, targets)
        value.backward()
        case = {"inputs": leaf, "targets": targets, "value": value, "gradient": leaf.grad}
        values |= _prefixed(name, case)
    return values


def freeze_optimisers() -> Values:
    """Return 20 updates of x^T A x / 2 - b^T x by every optimiser, in float64, and their settings."""
    torch.manual_seed(3)
    half = torch.randn(5, 5, dtype=torch.float64)
    problem = {
        "matrix": half @ half.T / 5 + 0.1 * torch.eye(5, dtype=torch.float64),
        "vector": torch.randn(5, dtype=torch.float64),
        "start": torch.randn(5, dtype=torch.float64),
    }
    values = _prefixed("problem", problem)
    for name, (build, settings) in OPTIMISERS.items():
        x = problem["start"].clone().requires_grad_()
        optimiser = build([x], **settings)
        trajectory = []
        for _ in range(20):
            optimiser.zero_grad()
            (x @ problem["matrix"] @ x / 2 - problem["vector"] @ x).backward()
            optimiser.step()
            trajectory.append(x.detach().clone())
        values |= _prefixed(name, {"trajectory": torch.stack(trajectory)})
        values |= {f"{name}/settings/{key}": np.asarray(value) for key, value in settings.items()}
    return values


def freeze_layers() -> Values:
    """Return inputs, parameters, outputs and pulled-back gradients of every layer, channels first."""
    values: Values = {}
    for name, (build, shape) in LAYERS.items():
        torch.manual_seed(4)
        layer = build()
        for parameter in layer.parameters():
            nn.init.normal_(parameter)
        inputs = torch.randn(shape, requires_grad=True)
        outputs = layer(inputs)
        grad_outputs = torch.randn_like(outputs)
        outputs.backward(grad_outputs)
        case = {"inputs": inputs, "outputs": outputs, "grad_outputs": grad_outputs}
        for key, parameter in layer.named_parameters():
            case |= {key: parameter, f"gradient/{key}": parameter.grad}
        case["gradient/inputs"] = inputs.grad
        values |= _prefixed(name, case)
    return values


def _cross_entropy(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    # PyTorch takes the classes on the second axis.
    return functional.cross_entropy(scores.movedim(-1, 1), targets.movedim(-1, 1))


def _prefixed(prefix: str, case: Mapping[str, torch.Tensor]) -> Values:
    return {f"{prefix}/{name}": tensor.detach().numpy() for name, tensor in case.items()}


def main() -> int:
    """Write every file and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    frozen = {
        "cells": freeze_cells(),
        "losses": freeze_losses(),
        "optimisers": freeze_optimisers(),
        "layers": freeze_layers(),
    }
    for name, values in frozen.items():
        path = folder / f"{name}.npz"
        np.savez_compressed(path, **values)
        print(f"{path}: {len(values)} arrays, {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
