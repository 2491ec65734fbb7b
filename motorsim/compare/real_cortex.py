"""Ranges of jPCA in recordings of motor cortex, for a simulated cortex to be held against."""

from __future__ import annotations

from dataclasses import dataclass

_EXCERPTS = (
    "three published excerpts of recordings during reaching, four data sets and windows: "
    "6 components, 10 ms bins (one bin size assumed), windows of 200 - 350 ms"
)


@dataclass(frozen=True)
class RealRange:
    """The values that one quantity takes in real motor cortex, of monkeys or people.

    Attributes
    ----------
    quantity
        Name, as in the rows of `jpca_controls`.
    low, high
        Smallest and largest value seen, in the unit of the quantity.
    source
        Where they were seen.
    """

    quantity: str
    low: float
    high: float
    source: str


REAL_CORTEX: tuple[RealRange, ...] = (
    RealRange("jpca_r2_best", 0.38, 0.68, _EXCERPTS),
    RealRange("jpca_r2_skew", 0.29, 0.52, _EXCERPTS),
    RealRange(
        "jpca_ratio",
        0.67,
        0.90,
        f"{_EXCERPTS}; their four pairs of R^2 give 0.67 - 0.87, the summary of the same excerpts 0.90",
    ),
    RealRange("jpca_frequency_1_hz", 0.9, 1.8, _EXCERPTS),
    RealRange(
        "jpca_top_plane_variance",
        0.21,
        0.61,
        "0.28 - 0.32 in monkeys, Churchland et al. 2012 (Nature 487:51); 0.21 and 0.61 in people, "
        "Pandarinath et al. 2015 (eLife 4:e07436)",
    ),
)
