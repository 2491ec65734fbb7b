"""Fast wiring: who sends fast synapses to whom, random between neurons and even between pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.cortex.spiking.neurons import LIFNeurons
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class FastWiring:
    """Fast inputs of every neuron, of one sign.

    ``sources`` (neuron, input) are the presynaptic neurons, ``delays_s`` (neuron, input) their delays. A
    source may come twice where inputs outnumber the pools of its sign.
    """

    sources: IntArray
    delays_s: FloatArray


def fast_wiring(
    excitatory: BoolArray, n_per_pool: int, neurons: LIFNeurons, *, rng: Seed
) -> tuple[FastWiring, FastWiring]:
    """Draw the excitatory and the inhibitory fast inputs of every neuron.

    Neurons are numbered pool after pool. Which neuron of a pool sends to which is random, but every pool gets
    as many inputs from each pool of a sign as from any other (to one), and each of its neurons sends equally
    often. So a pool's mean fast input follows the mean rates of the two populations alone: independent draws
    would couple the pools at random, with a spectral radius of a tenth at 60 neurons a pool, and add what
    the circuit then amplifies.

    Parameters
    ----------
    excitatory
        Sign of each pool, boolean (pool,).
    n_per_pool
        Neurons a pool.
    neurons
        How many inputs, and their delays.
    rng
        Seed of the wiring.

    Raises
    ------
    InputError
        If a pool is smaller than 2 neurons, or more inputs of a sign are asked for than there are neurons.
    """
    check_integer("n_per_pool", n_per_pool, minimum=2)
    signs = ((True, neurons.n_excitatory_inputs), (False, neurons.n_inhibitory_inputs))
    excitation, inhibition = (
        _wiring(np.asarray(excitatory), n_per_pool, neurons, n_inputs, sign=sign, rng=rng)
        for sign, n_inputs in signs
    )
    return excitation, inhibition


def _wiring(
    excitatory: BoolArray, n_per_pool: int, neurons: LIFNeurons, n_inputs: int, *, sign: bool, rng: Seed
) -> FastWiring:
    kind = "excitatory" if sign else "inhibitory"
    pools = np.flatnonzero(excitatory == sign)
    n_pools, n_neurons = len(excitatory), len(excitatory) * n_per_pool
    if n_inputs > max(len(pools) * n_per_pool - 1, 0):
        available = f"at most {max(len(pools) * n_per_pool - 1, 0)}, the {kind} neurons"
        raise InputError(f"n_{kind}_inputs", available, f"{n_inputs}")
    draws = stream(rng, f"fast {kind} wiring")
    sources = np.empty((n_neurons, n_inputs), dtype=np.int64)
    for pool in range(n_pools):
        own = np.arange(pool * n_per_pool, (pool + 1) * n_per_pool)
        sources[own] = _even_sources(own, pools, n_per_pool, n_inputs, draws)
    low, high = neurons.least_delay_s, neurons.greatest_delay_s
    return FastWiring(sources, draws.uniform(low, high, sources.shape))


def _even_sources(
    own: IntArray, pools: IntArray, n_per_pool: int, n_inputs: int, draws: np.random.Generator
) -> IntArray:
    """Deal the neurons of ``pools`` to those of one pool, one of each pool in turn, (neuron, input)."""
    n_slots = len(own) * n_inputs
    n_rounds = -(-n_slots // max(len(pools), 1))
    order = draws.permutation(pools)
    n_shuffles = -(-n_rounds // n_per_pool)
    shuffles = draws.random((len(pools), n_shuffles, n_per_pool)).argsort(axis=2)
    dealt = shuffles.reshape(len(pools), -1)[:, :n_rounds] + (order * n_per_pool)[:, None]
    slots = dealt.T.ravel()[:n_slots]
    _swap_autapses(slots, np.repeat(own, n_inputs), own, max(len(pools), 1))
    sources: IntArray = slots.reshape(len(own), n_inputs)
    return sources


def _swap_autapses(sources: IntArray, targets: IntArray, own: IntArray, period: int) -> None:
    """Let a neuron dealt to itself change places with another of its pool, in place.

    Where too few were dealt for that, its neighbour takes its place.
    """
    for slot in np.flatnonzero(sources == targets):
        of_pool = np.arange(slot % period, len(sources), period)
        fits = of_pool[(sources[of_pool] != targets[slot]) & (targets[of_pool] != sources[slot])]
        if len(fits):
            sources[[slot, fits[0]]] = sources[[fits[0], slot]]
        else:
            sources[slot] = own[(sources[slot] - own[0] + 1) % len(own)]
