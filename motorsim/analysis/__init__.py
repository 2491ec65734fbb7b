"""Methods of the field, one a file: plain arrays in, frozen results out."""

from motorsim.analysis.alignment_index import AlignmentIndex, alignment_index
from motorsim.analysis.cca import CCA, cca
from motorsim.analysis.jpca import JPCA, jpca
from motorsim.analysis.jpca_null import JPCANull, jpca_null
from motorsim.analysis.normalise import soft_normalise, subtract_condition_mean
from motorsim.analysis.participation_ratio import participation_ratio
from motorsim.analysis.pca import PCA, pca
from motorsim.analysis.procrustes import Procrustes, procrustes
from motorsim.analysis.regression import Regression, regression_r2
from motorsim.analysis.shuffle_conditions import shuffle_conditions
from motorsim.analysis.smooth_random import smooth_random
from motorsim.analysis.tensor_maximum_entropy import TensorMaximumEntropy, tensor_maximum_entropy
from motorsim.analysis.tuning_model import TuningModel, tuning_model
from motorsim.analysis.variance_explained import VarianceExplained, variance_explained

__all__ = [
    "CCA",
    "JPCA",
    "PCA",
    "AlignmentIndex",
    "JPCANull",
    "Procrustes",
    "Regression",
    "TensorMaximumEntropy",
    "TuningModel",
    "VarianceExplained",
    "alignment_index",
    "cca",
    "jpca",
    "jpca_null",
    "participation_ratio",
    "pca",
    "procrustes",
    "regression_r2",
    "shuffle_conditions",
    "smooth_random",
    "soft_normalise",
    "subtract_condition_mean",
    "tensor_maximum_entropy",
    "tuning_model",
    "variance_explained",
]
