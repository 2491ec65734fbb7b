"""Populations as HDF5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.io.hdf5 import read_arrays, required, write_arrays
from motorsim.population import Population

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

KIND = "population"
SCHEMA_VERSION = 1
_TEXTS = ("sample_axis", "quantity", "zero")


def save_population(path: str | os.PathLike[str], population: Population) -> None:
    """Write a population, whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    DiskFullError
        If the disk is full.
    """
    write_arrays(path, KIND, population_to_arrays(population), schema_version=SCHEMA_VERSION)


def load_population(path: str | os.PathLike[str]) -> Population:
    """Read a population that `save_population` wrote; `InputError` if it cannot be used."""
    return population_from_arrays(read_arrays(path, KIND, schema_version=SCHEMA_VERSION)[0])


def population_to_arrays(population: Population) -> dict[str, Any]:
    """Return the population as named arrays and texts, for a file that holds more beside it."""
    return {
        "rates": population.rates,
        "times_s": population.times_s,
        "condition_labels": np.asarray(population.condition_labels),
        "unit_labels": np.asarray(population.unit_labels),
    } | {name: getattr(population, name) for name in _TEXTS}


def population_from_arrays(arrays: Mapping[str, Any]) -> Population:
    """Rebuild what `population_to_arrays` took apart; `InputError` if something is missing or unfit."""
    return Population(
        rates=required(arrays, "rates"),
        times_s=required(arrays, "times_s"),
        condition_labels=required(arrays, "condition_labels"),
        unit_labels=required(arrays, "unit_labels"),
        **{name: required(arrays, name) for name in _TEXTS},
    )
