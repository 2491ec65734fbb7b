"""Measure what a step of the stability optimisation costs, and how that grows with the number of units.

    python experiments/benchmarks/stability_cost.py [--units 100 200 400 800] [--repeats 5] [--lag-s 0.005]

prints milliseconds a step, the fastest of the repeats, and the exponent of a power law fitted to them. BLAS
works on one thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from motorsim.cortex import Circuit, optimise_stability, random_balanced_weights


def seconds_a_step(n_units: int, *, repeats: int, lag_s: float) -> float:
    """Return the least time that a step took, decomposition, gradient and projection together."""
    circuit = Circuit(random_balanced_weights(n_units, rng=0), np.arange(n_units) < n_units // 2)
    at_s: list[float] = []
    optimise_stability(
        circuit, lag_s=lag_s, max_iterations=repeats, on_progress=lambda *_: at_s.append(time.perf_counter())
    )
    return float(np.diff(at_s).min())


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", default=[100, 200, 400, 800])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--lag-s", type=float, default=0.0)
    options = parser.parse_args()
    seconds = []
    with threadpool_limits(1):
        for n_units in options.units:
            seconds.append(seconds_a_step(n_units, repeats=options.repeats, lag_s=options.lag_s))
            print(f"{n_units:5d} units   {1e3 * seconds[-1]:8.1f} ms a step", flush=True)
    if len(seconds) > 1:
        exponent = np.polyfit(np.log(options.units), np.log(seconds), 1)[0]
        print(f"grows as N^{exponent:.2f}")


if __name__ == "__main__":
    main()
