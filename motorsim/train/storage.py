"""Storage: a network as arrays and settings, in memory and as HDF5, without pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorsim.io import read_arrays, write_arrays
from motorsim.io.hdf5 import required
from motorsim.nn import Network

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

KIND = "network"
SCHEMA_VERSION = 1


def network_to_arrays(network: Network) -> dict[str, Any]:
    """Return what rebuilds a network: its settings and its parameter arrays."""
    return {"configuration": dict(network.configuration), "parameters": network.to_arrays()}


def network_from_arrays(arrays: Mapping[str, Any]) -> Network:
    """Rebuild a network from `network_to_arrays`.

    Raises
    ------
    InputError
        If settings or arrays are missing or do not fit each other.
    """
    return Network.from_configuration(required(arrays, "configuration"), required(arrays, "parameters"))


def save_network(path: str | os.PathLike[str], network: Network) -> None:
    """Write a network to an HDF5 file, whole or not at all."""
    write_arrays(path, KIND, network_to_arrays(network), schema_version=SCHEMA_VERSION)


def load_network(path: str | os.PathLike[str]) -> Network:
    """Read a network that `save_network` wrote.

    Raises
    ------
    InputError
        If the file is missing, truncated, of another kind or of a newer schema, or does not hold a network.
    """
    arrays, _ = read_arrays(path, KIND, schema_version=SCHEMA_VERSION)
    return network_from_arrays(arrays)
