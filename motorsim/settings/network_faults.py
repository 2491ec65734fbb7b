"""Settings of the networks that are valid alone and do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.settings.fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorsim.settings.networks import NetworkConfig
    from motorsim.settings.run import RunConfig

_GATED = ("lstm", "gru")
_SIGNED = ("tanh", "linear")


def network_faults(config: RunConfig) -> Iterator[str]:
    """Return every fault of the networks that are fitted, in words."""
    for name, network in config.fit.networks.items():
        key = f"fit.{name}"
        yield from _time_faults(key, network, config.task.dt_s)
        yield from _cell_faults(key, network)
        yield from _structure_faults(key, network)
    if config.fit.data_driven.target == "spikes" and config.cortex.kind != "spiking":
        expected = "rates with cortex.kind = rate, which has no spikes"
        yield fault("fit.data_driven.target", expected, "spikes")


def _time_faults(key: str, network: NetworkConfig, dt_s: float) -> Iterator[str]:
    if network.cell != "leaky":
        return
    if network.tau_s < dt_s:
        yield fault(f"{key}.tau_s", f"at least task.dt_s = {dt_s:g}", network.tau_s)
    elif network.learn_time_constants and network.tau_s == dt_s:
        yield fault(f"{key}.tau_s", f"more than task.dt_s = {dt_s:g} where it is learned", network.tau_s)


def _cell_faults(key: str, network: NetworkConfig) -> Iterator[str]:
    """Refuse what the cell does not have, rather than leave it out in silence."""
    with_cell = f"with {key}.cell = {network.cell}"
    if network.cell != "leaky":
        if network.learn_time_constants:
            yield fault(f"{key}.learn_time_constants", f"false {with_cell}; take leaky", "true")
        if network.noise_std:
            yield fault(f"{key}.noise_std", f"0 {with_cell}; take leaky", network.noise_std)
    if network.cell in _GATED:
        if network.activation != "tanh":
            yield fault(f"{key}.activation", f"tanh {with_cell}, whose gates are set", network.activation)
        if network.smoothness_penalty:
            expected = f"0 {with_cell}; take leaky or vanilla"
            yield fault(f"{key}.smoothness_penalty", expected, network.smoothness_penalty)


def _structure_faults(key: str, network: NetworkConfig) -> Iterator[str]:
    if network.rank > network.n_units:
        yield fault(f"{key}.rank", f"at most {key}.n_units = {network.n_units}", network.rank)
    if network.rank and (network.dale or network.density < 1):
        beside = f"{key}.dale = {network.dale:g} and {key}.density = {network.density:g}"
        yield fault(f"{key}.rank", f"0 with {beside}: low rank goes with neither", network.rank)
    if not network.dale:
        return
    if network.cell in _GATED:
        yield fault(f"{key}.dale", f"0 with {key}.cell = {network.cell}; take leaky or vanilla", network.dale)
    elif network.activation in _SIGNED:
        why = "whose rates below 0 would turn excitation into inhibition; take relu, softplus or sigmoid"
        yield fault(f"{key}.dale", f"0 with {key}.activation = {network.activation}, {why}", network.dale)
    if round(network.dale * network.n_units) == 0:
        least = f"0, or enough for one of {key}.n_units = {network.n_units}"
        yield fault(f"{key}.dale", least, network.dale)
