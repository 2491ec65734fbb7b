"""Rate networks: which networks the learning rules other than back-propagation take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from motorsim.checks import InputError
from motorsim.nn import Leaky, Linear, Network, Vanilla

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


RateCell = TypeVar("RateCell", bound="Leaky | Vanilla")


def check_rate_network(network: Network, *, cells: tuple[type, ...] = (Leaky, Vanilla)) -> None:
    """Refuse networks other than these cells with a `Linear` readout, no encoder and free parameters.

    Raises
    ------
    InputError
        If cell or readout are of another kind, there is an encoder, or parameters keep a structure.
    """
    kinds = " or ".join(kind.__name__ for kind in cells)
    if not isinstance(network, Network):
        raise InputError("network", f"a motorsim.nn.Network of {kinds} and Linear", type(network).__name__)
    if not isinstance(network.cell, cells):
        mend = "train other cells by back-propagation, motorsim.train.fit"
        raise InputError("network", f"a network whose cell is {kinds}", type(network.cell).__name__, mend)
    if not isinstance(network.readout, Linear):
        expected = "a network whose readout is Linear"
        raise InputError("network", expected, type(network.readout).__name__)
    if network.encoder is not None or network.parametrisations:
        got = (
            f"an encoder {type(network.encoder).__name__}, parametrisations {list(network.parametrisations)}"
        )
        mend = "train such networks by back-propagation, motorsim.train.fit"
        raise InputError("network", "neither encoder nor parametrisations", got, mend)


def with_drive_inputs(
    cell: RateCell, params: Mapping[str, Floats], weights: Floats
) -> tuple[RateCell, Parameters]:
    """Return a cell, and its parameters, that takes further inputs through ``weights``, (unit, further)."""
    wider = np.concatenate([params["input_weights"], weights], axis=1)
    return replace(cell, n_inputs=wider.shape[1]), dict(params) | {"input_weights": wider}
