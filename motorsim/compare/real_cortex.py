"""Ranges of what recordings of motor cortex show, for a simulated cortex to be held against."""

from __future__ import annotations

import math
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
        Name, as in the rows of `jpca_controls` and of `physiology_table`.
    low, high
        Smallest and largest value seen, in the unit of the quantity; infinite where a finding has one side.
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
    RealRange(
        "mean_rate_hz", 5.0, 20.0, "units of motor cortex; 14 - 18 in movement in two public sets of spikes"
    ),
    RealRange("interval_cv", 0.7, 1.2, "customary for cortical neurons, no single source"),
    RealRange(
        "fano_change",
        -math.inf,
        0.0,
        "the mean-matched Fano factor falls at the stimulus in 14 of 14 data sets, Churchland et al. 2010 "
        "(Nat. Neurosci. 13:369)",
    ),
    RealRange(
        "tuned_fraction_movement",
        0.746,
        1.0,
        "241 of 323 cells (0.746), Georgopoulos et al. 1982 (J. Neurosci. 2:1527); 446 of 512 (0.87), "
        "Wang et al. 2010 (J. Neurosci. 30:958); no upper end, since more trials let more units pass",
    ),
    RealRange(
        "rate_form_alignment_p",
        0.0,
        0.05,
        "judged on the noise-free rate form: preparation and movement more nearly orthogonal than "
        "random subspaces, Elsayed et al. 2016 (Nat. Commun. 7:13239)",
    ),
    RealRange(
        "condition_invariant_over_tuned",
        1.0,
        math.inf,
        "the largest condition-invariant component exceeds every tuned one, Kaufman et al. 2016 "
        "(eNeuro 3(4) 0085-16)",
    ),
    RealRange(
        "tangling_cortex_over_torque",
        0.0,
        1.0,
        "cortex less tangled than muscles, Russo et al. 2018 (Neuron 97:953); torques stand in for muscles",
    ),
)
