"""One contender of `bptt_speed.py` in a process of its own: time training steps, and print them as JSON.

    python experiments/benchmarks/bptt_contenders.py leaky --batch 32 --units 200 --times 100

A step is forward, mean squared error and backward in float32, from inputs (batch, time, 10) and targets
(batch, time, 200) to the gradient of every parameter; where it can be had it returns the loss. The peers need
torch and jax but not motorsim, so that they can run from an environment of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

N_INPUTS, N_OUTPUTS, LEAK = 10, 200, 0.2
N_GATES = {"leaky": 1, "vanilla": 1, "gru": 3, "lstm": 4}
OURS, TORCH, PRODUCTS = "motorsim", "torch", "products"


def _arrays(batch: int, units: int, times: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)  # noqa: E731
    weights = {
        "recurrent": draw(units, units) / np.float32(np.sqrt(units)),
        "input": draw(units, N_INPUTS) / np.float32(np.sqrt(N_INPUTS)),
        "bias": np.zeros(units, np.float32),
        "readout": draw(N_OUTPUTS, units) / np.float32(np.sqrt(units)),
        "readout_bias": np.zeros(N_OUTPUTS, np.float32),
    }
    return draw(batch, times, N_INPUTS), draw(batch, times, N_OUTPUTS), weights


def _motorsim(cell: str, batch: int, units: int, times: int) -> Callable[[], Any]:
    from motorsim.nn import (  # noqa: PLC0415  a peer's environment lacks it
        GRU,
        LSTM,
        Leaky,
        Linear,
        Network,
        Vanilla,
        Workspace,
        mse,
    )

    kinds = {
        "leaky": lambda: Leaky(N_INPUTS, units, LEAK, 1.0),
        "vanilla": lambda: Vanilla(N_INPUTS, units),
        "lstm": lambda: LSTM(N_INPUTS, units),
        "gru": lambda: GRU(N_INPUTS, units),
    }
    network = Network.initialise(kinds[cell](), Linear(units, N_OUTPUTS), rng=1, dtype=np.float32)
    inputs, targets, weights = _arrays(batch, units, times)
    workspace, parameters = Workspace(), dict(network.parameters)
    if cell == "leaky":  # the numbers that the peers have
        names = {
            "cell.recurrent_weights": "recurrent",
            "cell.input_weights": "input",
            "readout.weights": "readout",
        }
        parameters |= {ours: weights[theirs] for ours, theirs in names.items()}
    return lambda: network.compute_loss_and_gradients(
        parameters, inputs, targets, loss=mse, workspace=workspace
    )[0]


def _products(cell: str, batch: int, units: int, times: int) -> Callable[[], Any]:
    """Return the matrix products of a step alone, into arrays that are there."""
    gates = N_GATES[cell] * units
    zeros = lambda *shape: np.zeros(shape, np.float32)  # noqa: E731
    rows = times * batch
    state, recurrent, gate = zeros(batch, units), zeros(units, gates), zeros(batch, gates)
    recurrent_back = zeros(gates, units)
    inputs, rates, drive, outputs = (zeros(rows, width) for width in (N_INPUTS, units, gates, N_OUTPUTS))
    to_drive, to_outputs, to_rates = zeros(N_INPUTS, gates), zeros(units, N_OUTPUTS), zeros(N_OUTPUTS, units)

    def multiply() -> None:
        np.matmul(inputs, to_drive, out=drive)
        for _ in range(times):
            np.matmul(state, recurrent, out=gate)
        np.matmul(rates, to_outputs, out=outputs)
        np.matmul(outputs, to_rates, out=rates)
        np.matmul(outputs.T, rates)
        for _ in range(times):
            np.matmul(gate, recurrent_back, out=state)
        np.matmul(drive.T, rates)
        np.matmul(drive.T, inputs)

    return multiply


def _torch(cell: str, batch: int, units: int, times: int) -> Callable[[], Any]:
    import torch  # noqa: PLC0415  only where it is the contender

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    inputs, targets = (torch.from_numpy(array) for array in _arrays(batch, units, times)[:2])
    if cell == "leaky":
        return _torch_leaky(torch, inputs, targets, units)
    kind = {"vanilla": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    recurrent = kind(N_INPUTS, units, batch_first=True)
    readout = torch.nn.Linear(units, N_OUTPUTS)
    parameters = [*recurrent.parameters(), *readout.parameters()]

    def step() -> None:
        for parameter in parameters:
            parameter.grad = None
        rates, _ = recurrent(inputs)
        torch.nn.functional.mse_loss(readout(rates), targets).backward()

    return step


def _torch_leaky(torch: Any, inputs: Any, targets: Any, units: int) -> Callable[[], Any]:
    arrays = _arrays(*inputs.shape[:1], units, inputs.shape[1])[2]
    weights = {name: torch.from_numpy(array).requires_grad_(True) for name, array in arrays.items()}

    def step() -> float:
        for weight in weights.values():
            weight.grad = None
        driven = inputs @ weights["input"].T + weights["bias"]
        state = torch.zeros(inputs.shape[0], units)
        rates = []
        for time_now in range(inputs.shape[1]):
            drive = torch.tanh(state) @ weights["recurrent"].T + driven[:, time_now]
            state = (1.0 - LEAK) * state + LEAK * drive
            rates.append(torch.tanh(state))
        outputs = torch.stack(rates, 1) @ weights["readout"].T + weights["readout_bias"]
        loss = torch.nn.functional.mse_loss(outputs, targets)
        loss.backward()
        return float(loss.detach())

    return step


def _jax(batch: int, units: int, times: int) -> Callable[[], Any]:
    import jax  # noqa: PLC0415  only where it is the contender
    from jax import numpy as jnp  # noqa: PLC0415

    inputs, targets, weights = _arrays(batch, units, times)

    def loss(weights: dict[str, Any], inputs: Any, targets: Any) -> Any:
        driven = inputs @ weights["input"].T + weights["bias"]

        def advance(state: Any, drive: Any) -> tuple[Any, Any]:
            drive = jnp.tanh(state) @ weights["recurrent"].T + drive
            state = (1.0 - LEAK) * state + LEAK * drive
            return state, jnp.tanh(state)

        start = jnp.zeros((inputs.shape[0], units), jnp.float32)
        _, rates = jax.lax.scan(advance, start, driven.swapaxes(0, 1))
        outputs = rates.swapaxes(0, 1) @ weights["readout"].T + weights["readout_bias"]
        return jnp.mean((outputs - targets) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    arguments = jax.tree.map(jnp.asarray, (weights, inputs, targets))
    return lambda: float(jax.block_until_ready(step(*arguments))[0])


def build(contender: str, batch: int, units: int, times: int) -> Callable[[], Any]:
    """Return what makes one step of ``"leaky"``, ``"products lstm"``, ``"torch gru"`` or ``"jax leaky"``."""
    who, _, cell = contender.rpartition(" ")
    if who == "jax":
        return _jax(batch, units, times)
    maker = {"": _motorsim, OURS: _motorsim, PRODUCTS: _products, TORCH: _torch}[who]
    return maker(cell, batch, units, times)


def measure(step: Callable[[], Any], least_s: float) -> dict[str, float]:
    """Return the median time of a step in ms and the memory that steps take on top, in MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times_s: list[float] = []
    while sum(times_s) < least_s or len(times_s) < 5:
        start = time.perf_counter()
        step()
        times_s.append(time.perf_counter() - start)
    return {"ms": 1e3 * statistics.median(times_s), "steps": len(times_s), "mb": (peak - before) / 1024}


def main() -> None:
    """Measure one contender and print the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("contender")
    for name in ("batch", "units", "times"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--least-s", type=float, default=1.0)
    given = parser.parse_args()
    step = build(given.contender, given.batch, given.units, given.times)
    print(json.dumps(measure(step, given.least_s)))


if __name__ == "__main__":
    main()
