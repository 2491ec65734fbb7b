"""Background input: Poisson counts that depend on a trial's key alone, the same in every Brian2 mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from motorsim.types import FloatArray

# One integer hash a neuron and step instead of a generator's state: a trial's counts hang on its key alone,
# not on the mode, the build or the worker. The mixing is the 32-bit finaliser "lowbias32" found by Chris
# Wellons' search (public domain); the counts follow by inversion of the distribution function.
_HASH = """
static inline unsigned int _mixed(unsigned int h) {
    h ^= h >> 16; h *= 0x7feb352dU; h ^= h >> 15; h *= 0x846ca68bU; h ^= h >> 16;
    return h;
}
"""
_CPP = (
    _HASH
    + """
static inline float background_count(int key, int unit, int step) {
    unsigned int h = _mixed((unsigned int)key);
    h = _mixed(h ^ (unsigned int)unit);
    h = _mixed(h ^ (unsigned int)step);
    return (float)(%(sum)s);
}
"""
)
_CYTHON = """
cdef inline unsigned int _mixed(unsigned int h):
    h = h ^ (h >> 16)
    h = h * <unsigned int>0x7feb352d
    h = h ^ (h >> 15)
    h = h * <unsigned int>0x846ca68b
    return h ^ (h >> 16)

cdef inline double background_count(double key, double unit, double step):
    cdef unsigned int h = _mixed(<unsigned int><long long>key)
    h = _mixed(h ^ <unsigned int><long long>unit)
    h = _mixed(h ^ <unsigned int><long long>step)
    cdef double u = (h + 0.5) / 4294967296.0
    cdef double term = %(none)r
    cdef double total = term
    cdef int count = 0
    while u > total and count < %(most)d:
        count += 1
        term *= %(mean)r / count
        total += term
    return count
"""
_MOST = 50


def poisson_counts(key: int, unit: FloatArray, step: FloatArray, mean: float) -> FloatArray:
    """Return Poisson counts for units and steps, their broadcast shape; a function of the arguments alone."""
    mixed = _mixed(np.asarray(key))
    for part in (unit, step):
        mixed = _mixed(mixed ^ np.asarray(part, dtype=np.int64).astype(np.uint32))
    u = (mixed + 0.5) / 2.0**32
    terms = np.exp(-mean) * np.cumprod(np.concatenate([[1.0], mean / np.arange(1, _MOST + 1)]))
    return np.searchsorted(np.cumsum(terms)[:-1], u, side="left").astype(np.float64)


def _mixed(value: NDArray[Any]) -> NDArray[np.uint32]:
    h = np.atleast_1d(value).astype(np.int64).astype(np.uint32)  # arrays wrap in silence, scalars warn
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return h ^ (h >> np.uint32(16))


def background_counts(brian: Any, mean: float) -> Any:
    """Return the Brian2 function background_count(key, unit, step) for a mean count a step."""

    def counts(key: Any, unit: Any, step: Any) -> FloatArray:
        return poisson_counts(int(np.asarray(key).flat[0]), unit, step, mean)

    function = brian.Function(
        counts, arg_units=[1, 1, 1], return_unit=1, arg_names=["key", "unit", "step"], stateless=True
    )
    numbers = {"mean": float(mean), "none": float(np.exp(-mean)), "most": _MOST}
    terms = np.exp(-mean) * np.cumprod(np.concatenate([[1.0], mean / np.arange(1, _MOST + 1)]))
    limits = np.floor(np.cumsum(terms)[:-1] * 2.0**32 - 0.5)
    limits = limits[limits < 2.0**32 - 1].astype(np.int64)
    total = " + ".join(f"(h > {limit}U)" for limit in limits)
    function.implementations.add_implementation("cpp", _CPP % {"sum": total}, name="background_count")
    function.implementations.add_implementation("cython", _CYTHON % numbers, name="background_count")
    return function
