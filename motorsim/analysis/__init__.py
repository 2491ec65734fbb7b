"""Methods of the field, one a file: plain arrays in, frozen results out."""

from motorsim.analysis.alignment_index import AlignmentIndex, alignment_index
from motorsim.analysis.cca import CCA, cca
from motorsim.analysis.condition_invariant import ConditionInvariant, condition_invariant
from motorsim.analysis.count_correlations import CountCorrelations, MeanCorrelation, count_correlations
from motorsim.analysis.fano_factor import (
    FanoFactor,
    MeanMatchedFanoFactor,
    fano_factor,
    mean_matched_fano_factor,
)
from motorsim.analysis.interval_statistics import IntervalStatistic, cv2, interval_cv, lv
from motorsim.analysis.jpca import JPCA, jpca
from motorsim.analysis.jpca_null import JPCANull, jpca_null
from motorsim.analysis.normalise import soft_normalise, subtract_condition_mean
from motorsim.analysis.participation_ratio import participation_ratio
from motorsim.analysis.pca import PCA, pca
from motorsim.analysis.power_spectrum import PowerSpectrum, power_spectrum
from motorsim.analysis.procrustes import Procrustes, procrustes
from motorsim.analysis.regression import Regression, regression_r2
from motorsim.analysis.shuffle_conditions import shuffle_conditions
from motorsim.analysis.smooth_random import smooth_random
from motorsim.analysis.tangling import Tangling, tangling
from motorsim.analysis.tensor_maximum_entropy import TensorMaximumEntropy, tensor_maximum_entropy
from motorsim.analysis.tuning_curves import (
    CircularSpread,
    DirectionChange,
    TuningCurves,
    circular_spread,
    preferred_direction_change,
    tuning_curves,
)
from motorsim.analysis.tuning_model import TuningModel, tuning_model
from motorsim.analysis.variance_explained import VarianceExplained, variance_explained

__all__ = [
    "CCA",
    "JPCA",
    "PCA",
    "AlignmentIndex",
    "CircularSpread",
    "ConditionInvariant",
    "CountCorrelations",
    "DirectionChange",
    "FanoFactor",
    "IntervalStatistic",
    "JPCANull",
    "MeanCorrelation",
    "MeanMatchedFanoFactor",
    "PowerSpectrum",
    "Procrustes",
    "Regression",
    "Tangling",
    "TensorMaximumEntropy",
    "TuningCurves",
    "TuningModel",
    "VarianceExplained",
    "alignment_index",
    "cca",
    "circular_spread",
    "condition_invariant",
    "count_correlations",
    "cv2",
    "fano_factor",
    "interval_cv",
    "jpca",
    "jpca_null",
    "lv",
    "mean_matched_fano_factor",
    "participation_ratio",
    "pca",
    "power_spectrum",
    "preferred_direction_change",
    "procrustes",
    "regression_r2",
    "shuffle_conditions",
    "smooth_random",
    "soft_normalise",
    "subtract_condition_mean",
    "tangling",
    "tensor_maximum_entropy",
    "tuning_curves",
    "tuning_model",
    "variance_explained",
]
