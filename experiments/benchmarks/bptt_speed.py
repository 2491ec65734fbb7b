"""Measure one training step of every cell beside its matrix products alone, PyTorch and JAX.

    python experiments/benchmarks/bptt_speed.py [--rounds 5] [--peer-python PATH] [--avx512] [--results DIR]

Each contender runs in a process of its own, one at a time, all of them once a round; what is compared are
the medians over rounds, and ratios of the same round. The peers (``pip install 'motorsim[peers]'``) may live
in an environment of their own: ``--peer-python`` is its interpreter. Memory is what the steps add to the peak
of the process. ``--avx512`` runs ours and the products once more with OpenBLAS told to use its AVX-512
kernels: it does not know some processors that have them. ``<results>/benchmarks/bptt_speed.csv`` holds every
number printed. Leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from bptt_contenders import N_GATES

from motorsim.files import atomic_path

SIZES = ((8, 200, 100), (32, 200, 100), (108, 200, 100), (64, 512, 200))
PEERS = {cell: [f"torch {cell}"] for cell in N_GATES}
PEERS["leaky"].append("jax leaky")
AVX512 = "avx512 "
COLUMNS = ("batch", "units", "times", "contender", "ms", "lowest_ms", "highest_ms", "mb", "ratio_to_ours")

Size = tuple[int, int, int]


def run_contender(python: str, contender: str, size: Size, least_s: float) -> dict[str, float] | None:
    """Return what `bptt_contenders.py` prints, or None where it cannot run."""
    batch, units, times = map(str, size)
    script = str(Path(__file__).with_name("bptt_contenders.py"))
    told = {"OPENBLAS_CORETYPE": "SkylakeX"} if contender.startswith(AVX512) else {}
    name = contender.removeprefix(AVX512)
    command = [python, script, name, "--batch", batch, "--units", units, "--times", times]
    done = subprocess.run(  # noqa: S603  our own script
        [*command, "--least-s", str(least_s)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | told,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        print(f"  {contender} did not run: {last[0]}", file=sys.stderr)
        return None
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def measure_size(
    size: Size, rounds: int, peer_python: str, least_s: float, *, avx512: bool = False
) -> dict[str, list[dict[str, float]]]:
    """Return every contender's measurements, one a round."""
    contenders = []
    for cell in N_GATES:
        ours = [cell, f"products {cell}"]
        contenders += [*ours, *PEERS[cell], *(AVX512 + name for name in ours if avx512)]
    measured: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        for contender in contenders:
            python = peer_python if contender.startswith(("torch", "jax")) else sys.executable
            result = run_contender(python, contender, size, least_s)
            if result is not None:
                measured.setdefault(contender, []).append(result)
    return measured


def summarise(size: Size, measured: dict[str, list[dict[str, float]]]) -> list[dict[str, float | str]]:
    """Return a row a contender: its times, its memory, and how much longer it takes than ours."""
    rows: list[dict[str, float | str]] = []
    for contender, runs in measured.items():
        cell = contender.split()[-1]
        times = [run["ms"] for run in runs]
        ratios = [run["ms"] / own["ms"] for run, own in zip(runs, measured[cell], strict=False)]
        rows.append(
            {
                **dict(zip(("batch", "units", "times"), size, strict=True)),
                "contender": contender,
                "ms": statistics.median(times),
                "lowest_ms": min(times),
                "highest_ms": max(times),
                "mb": statistics.median(run["mb"] for run in runs),
                "ratio_to_ours": statistics.median(ratios),
            }
        )
    return rows


def print_rows(rows: list[dict[str, float | str]]) -> None:
    """Print one size's table."""
    first = rows[0]
    print(f"\nbatch {first['batch']}, {first['units']} units, {first['times']} steps")
    print(f"  {'':18} {'ms':>8} {'range':>17} {'MB':>7} {'x ours':>7}")
    for row in rows:
        spread = f"{row['lowest_ms']:.1f} - {row['highest_ms']:.1f}"
        print(
            f"  {row['contender']:18} {row['ms']:8.1f} {spread:>17} {row['mb']:7.0f}"
            f" {row['ratio_to_ours']:7.2f}",
            flush=True,
        )


def main() -> None:
    """Measure all sizes, print and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--avx512", action="store_true", help="ours with OpenBLAS's AVX-512 kernels as well")
    parser.add_argument("--quick", action="store_true", help="one short round of the small sizes")
    parser.add_argument("--results", type=Path, default=Path("results"))
    given = parser.parse_args()
    rows: list[dict[str, float | str]] = []
    for size in SIZES[:2] if given.quick else SIZES:
        measured = measure_size(
            size,
            1 if given.quick else given.rounds,
            given.peer_python,
            0.2 if given.quick else 0.5,
            avx512=given.avx512,
        )
        rows += summarise(size, measured)
        print_rows(rows[-len(measured) :])
    folder = given.results / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / "bptt_speed.csv") as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    print(f"\n{folder / 'bptt_speed.csv'}")


if __name__ == "__main__":
    main()
