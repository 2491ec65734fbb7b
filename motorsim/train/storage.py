"""Storage: a network as arrays and settings, in memory and as HDF5, without pickle; weights as ``.npz``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_choice
from motorsim.files import atomic_write_bytes
from motorsim.io import read_arrays, write_arrays
from motorsim.io.hdf5 import required
from motorsim.nn import FeedForward, Network

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

AnyNetwork: TypeAlias = Network | FeedForward

KIND = "network"
SCHEMA_VERSION = 2

_KINDS: dict[str, type[AnyNetwork]] = {"recurrent": Network, "feed-forward": FeedForward}


def network_to_arrays(network: AnyNetwork) -> dict[str, Any]:
    """Return what rebuilds a network: its kind, its settings and its parameter arrays.

    Raises
    ------
    InputError
        If it is no network, for instance what holds one.
    """
    _check_network(network)
    kind = next(name for name, of_kind in _KINDS.items() if isinstance(network, of_kind))
    return {"network": kind, "configuration": network.configuration, "parameters": network.to_arrays()}


def network_from_arrays(arrays: Mapping[str, Any]) -> AnyNetwork:
    """Rebuild a network from `network_to_arrays`.

    Raises
    ------
    InputError
        If settings or arrays are missing or do not fit each other.
    """
    kind = _KINDS[check_choice("network", required(arrays, "network"), _KINDS)]
    return kind.from_configuration(required(arrays, "configuration"), required(arrays, "parameters"))


def save_network(path: str | os.PathLike[str], network: AnyNetwork) -> None:
    """Write a network to an HDF5 file, whole or not at all.

    Raises
    ------
    InputError
        If it is no network, for instance what holds one, or ``path`` cannot be written.
    """
    write_arrays(path, KIND, network_to_arrays(network), schema_version=SCHEMA_VERSION)


def load_network(path: str | os.PathLike[str]) -> AnyNetwork:
    """Read a network that `save_network` wrote.

    Raises
    ------
    InputError
        If the file is missing, truncated, of another kind or of a newer schema, or does not hold a network.
    """
    arrays, _ = read_arrays(path, KIND, schema_version=SCHEMA_VERSION)
    return network_from_arrays(arrays)


def export_weights(path: str | os.PathLike[str], network: AnyNetwork) -> None:
    """Write every array that a network computes with to a plain ``.npz`` file, whole or not at all.

    They are named as in `motorsim.nn.Network.effective_parameters`; ``numpy.load`` reads them anywhere.

    Raises
    ------
    InputError
        If it is no network, or ``path`` does not end in ``.npz`` or cannot be written.
    """
    _check_network(network)
    if not str(path).endswith(".npz"):
        raise InputError("path", "a file that ends in .npz", str(path))
    buffer = io.BytesIO()
    arrays = network.effective_parameters if isinstance(network, Network) else network.to_arrays()
    np.savez(buffer, allow_pickle=False, **arrays)
    atomic_write_bytes(path, buffer.getvalue())


def _check_network(network: Any) -> None:
    if isinstance(network, AnyNetwork):
        return
    inside = isinstance(getattr(network, "network", None), AnyNetwork)
    mend = "hand over its attribute network" if inside else ""
    raise InputError("network", "a Network or FeedForward", type(network).__name__, mend)
