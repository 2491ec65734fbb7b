"""Stage *circuit*: the package's own circuit, the user's matrix, or one grown now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.config import CortexConfig
from motorsim.cortex import Circuit, amplified_modes, default_circuit, stability_optimised_weights
from motorsim.cortex.default_circuit import N_UNITS
from motorsim.io import load_matrix, read_arrays, write_arrays
from motorsim.pipeline.stage import Stage, StageContext

if TYPE_CHECKING:
    from pathlib import Path

    from motorsim.config import RunConfig

FILE = "circuit.h5"
SCHEMA_VERSION = 1


def load_circuit(folder: Path) -> Circuit:
    """Read the circuit that the stage wrote."""
    arrays, attributes = read_arrays(folder / FILE, "circuit", schema_version=SCHEMA_VERSION)
    return Circuit(
        arrays["weights"],
        arrays["excitatory"].astype(bool),
        arrays.get("initial_weights"),
        str(attributes["source"]),
    )


def _is_default(config: RunConfig) -> bool:
    """Whether the circuit asked for is the one that the package holds."""
    same_target = config.cortex.target_abscissa == CortexConfig().target_abscissa
    return config.cortex.n_units in {None, N_UNITS} and same_target


def _parameters(config: RunConfig) -> dict[str, Any]:
    cortex = config.cortex
    if cortex.weights_file is not None:
        return {"weights_name": cortex.weights_name}
    if _is_default(config):
        return {"default": True}
    return {
        "n_units": cortex.n_units,
        "seed": config.seed,
        "target_abscissa": cortex.target_abscissa,
        "max_iterations": cortex.max_iterations,
    }


def _files(config: RunConfig) -> tuple[Path, ...]:
    path = config.cortex.weights_file
    if path is None:
        return ()
    if not path.is_file():
        raise InputError("cortex.weights_file", "a .npy, .npz or .mat file", f"{path}, which does not exist")
    return (path,)


def _run(context: StageContext) -> dict[str, Any]:
    circuit = _make(context)
    circuit.require_stable()
    if not circuit.weights.any():
        raise InputError("cortex.weights_file", "a circuit with connections", "weights that are all 0")
    n_modes = context.config.cortex.chosen.n_modes
    assert n_modes is not None  # noqa: S101 - chosen by kind
    if n_modes > circuit.n_units:
        raise InputError(
            "cortex.n_modes", f"at most {circuit.n_units}, the units of the circuit", f"{n_modes}"
        )
    energies = amplified_modes(circuit).energies
    arrays: dict[str, Any] = {
        "weights": circuit.weights,
        "excitatory": circuit.excitatory.astype(np.int8),
        "energies": energies,
    }
    if circuit.initial_weights is not None:
        arrays["initial_weights"] = circuit.initial_weights
    write_arrays(
        context.staging / FILE, "circuit", arrays, {"source": circuit.source}, schema_version=SCHEMA_VERSION
    )
    context.progress.say(f"  {circuit.source}: {circuit.describe()}")
    return {
        "source": circuit.source,
        "found": circuit.describe(),
        "spectral_abscissa": circuit.spectral_abscissa,
        "top_energies": [float(energy) for energy in energies[:4]],
    }


def _make(context: StageContext) -> Circuit:
    cortex = context.config.cortex
    if cortex.weights_file is not None:
        matrix, description = load_matrix(cortex.weights_file, cortex.weights_name)
        if cortex.n_units not in {None, len(matrix)}:
            raise InputError(
                "cortex.n_units", f"{len(matrix)}, as in {description}", f"{cortex.n_units}", "leave it out"
            )
        try:
            return Circuit.from_weights(matrix, source=description)
        except InputError as error:
            raise InputError(
                f"cortex.weights_file, {description}", error.expected, error.got, error.mend
            ) from None
    if _is_default(context.config):
        return default_circuit()
    with context.progress.bar("stability optimisation", cortex.max_iterations) as update:
        grown = stability_optimised_weights(
            cortex.n_units or N_UNITS,
            rng=context.config.seed,
            target_abscissa=cortex.target_abscissa,
            max_iterations=cortex.max_iterations,
            on_progress=lambda iteration, abscissa: update(iteration, f"abscissa {abscissa:.3f}"),
        )
    if not grown.reached:
        context.progress.say(
            f"  stopped after {grown.n_iterations} iterations at abscissa {grown.abscissa[-1]:.3f}, "
            f"above the target of {cortex.target_abscissa:g}"
        )
    return grown.circuit


STAGE = Stage(
    name="circuit",
    title="circuit: connectivity and its stability",
    reads=(),
    outputs=(FILE,),
    code=("pipeline.circuit", "cortex", "io", "checks", "streams"),
    parameters=_parameters,
    run=_run,
    files=_files,
)
