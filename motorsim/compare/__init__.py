"""Two populations in, one table out: metric, interval, null and ceiling."""

from motorsim.compare.compare import compare, standard_metrics
from motorsim.compare.comparison import Comparison, combine
from motorsim.compare.controls import shuffled, smooth_random_like, task_only
from motorsim.compare.dimensionality import Dimensionality
from motorsim.compare.held_out_cca import HeldOutCCA
from motorsim.compare.held_out_procrustes import HeldOutProcrustes
from motorsim.compare.held_out_r2 import HeldOutR2
from motorsim.compare.jpca_controls import jpca_controls
from motorsim.compare.metric import Description, HeldOutMetric
from motorsim.compare.pair import Pair
from motorsim.compare.physiology import (
    Estimate,
    Physiology,
    PhysiologySettings,
    measure_physiology,
    physiology_table,
)
from motorsim.compare.prediction import score_prediction
from motorsim.compare.real_cortex import REAL_CORTEX, RealRange
from motorsim.compare.rotations import Rotations

__all__ = [
    "REAL_CORTEX",
    "Comparison",
    "Description",
    "Dimensionality",
    "Estimate",
    "HeldOutCCA",
    "HeldOutMetric",
    "HeldOutProcrustes",
    "HeldOutR2",
    "Pair",
    "Physiology",
    "PhysiologySettings",
    "RealRange",
    "Rotations",
    "combine",
    "compare",
    "jpca_controls",
    "measure_physiology",
    "physiology_table",
    "score_prediction",
    "shuffled",
    "smooth_random_like",
    "standard_metrics",
    "task_only",
]
