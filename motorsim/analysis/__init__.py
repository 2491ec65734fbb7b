"""Methods of the field, one a file: plain arrays in, frozen results out."""

from motorsim.analysis.alignment_index import AlignmentIndex, alignment_index, split_alignment_index
from motorsim.analysis.bootstrap import Bootstrap, bootstrap
from motorsim.analysis.burst_index import BurstIndex, burst_index
from motorsim.analysis.cca import CCA, cca
from motorsim.analysis.circular_shift import circular_shift
from motorsim.analysis.condition_invariant import ConditionInvariant, condition_invariant
from motorsim.analysis.count_correlations import CountCorrelations, MeanCorrelation, count_correlations
from motorsim.analysis.covariance_matched_permutation import covariance_matched_permutation
from motorsim.analysis.cross_correlogram import CrossCorrelogram, cross_correlogram
from motorsim.analysis.decode import Decoding, decode
from motorsim.analysis.decoding_latency import DecodingLatency, decoding_latency
from motorsim.analysis.delay_dynamics import DelayDynamics, delay_dynamics
from motorsim.analysis.delay_model import DelayModel, delay_model
from motorsim.analysis.dpca import DPCA, dpca
from motorsim.analysis.dpca_significance import DPCASignificance, dpca_significance
from motorsim.analysis.dsa import DSA, compare_dynamics, dsa
from motorsim.analysis.dynamics_distance import DynamicsDistance, dynamics_distance, eigenvalue_distance
from motorsim.analysis.encoding_models import EncodingModel, encoding_model, kinematic_covariates
from motorsim.analysis.factor_analysis import (
    FactorAnalysis,
    FactorAnalysisChoice,
    cross_validate_factor_analysis,
    factor_analysis,
)
from motorsim.analysis.fano_factor import (
    FanoFactor,
    MeanMatchedFanoFactor,
    fano_factor,
    mean_matched_fano_factor,
)
from motorsim.analysis.fixed_frequency_rotations import FixedFrequencyRotations, fixed_frequency_rotations
from motorsim.analysis.fixed_points import FixedPoints, fixed_points
from motorsim.analysis.gpfa import GPFA, GPFAChoice, cross_validate_gpfa, gpfa
from motorsim.analysis.gpfa_model import GPFAModel
from motorsim.analysis.havok import Havok, havok
from motorsim.analysis.inferred_inputs import InferredInputs, inferred_inputs
from motorsim.analysis.input_model import NoiseLevels
from motorsim.analysis.interval_statistics import IntervalStatistic, cv2, interval_cv, lv
from motorsim.analysis.jpca import JPCA, jpca
from motorsim.analysis.jpca_null import JPCANull, jpca_null
from motorsim.analysis.kalman import Kalman, KalmanEstimate, fit_kalman
from motorsim.analysis.kalman_smoother import LinearGaussian, SmoothedStates
from motorsim.analysis.kernel_cka import KernelCKA, kernel_cka
from motorsim.analysis.linear_cka import LinearCKA, linear_cka
from motorsim.analysis.linear_dynamics import LinearDynamics, linear_dynamics
from motorsim.analysis.lyapunov_exponents import LyapunovExponents, lyapunov_exponents
from motorsim.analysis.mutual_information import MutualInformation, mutual_information
from motorsim.analysis.non_normality import NonNormality, henrici_departure, non_normality, numerical_abscissa
from motorsim.analysis.normalise import soft_normalise, subtract_condition_mean
from motorsim.analysis.orthogonal_subspaces import OrthogonalSubspaces, orthogonal_subspaces
from motorsim.analysis.output_null import OutputNull, output_null
from motorsim.analysis.pairwise import PairwiseMatrix, pairwise
from motorsim.analysis.parallel_analysis import ParallelAnalysis, parallel_analysis
from motorsim.analysis.participation_ratio import participation_ratio
from motorsim.analysis.pca import PCA, pca
from motorsim.analysis.poisson_naive_bayes import PoissonNaiveBayes, fit_poisson_naive_bayes
from motorsim.analysis.power_spectrum import PowerSpectrum, power_spectrum
from motorsim.analysis.preferred_direction_drift import PreferredDirectionDrift, preferred_direction_drift
from motorsim.analysis.principal_angles import PrincipalAngles, principal_angles, random_principal_angles
from motorsim.analysis.procrustes import Procrustes, procrustes
from motorsim.analysis.rdm import RDM, crossnobis, rdm
from motorsim.analysis.regression import Regression, regression_r2
from motorsim.analysis.residual_dynamics import ResidualDynamics, residual_dynamics
from motorsim.analysis.rsa import RSA, RDMCeiling, rdm_ceiling, rdm_similarity, rsa
from motorsim.analysis.shape_distance import (
    Shape,
    ShapeDistance,
    compare_shapes,
    shape,
    shape_distance,
    shape_distances,
)
from motorsim.analysis.shuffle_conditions import shuffle_conditions
from motorsim.analysis.signal_correlations import SignalCorrelations, signal_correlations
from motorsim.analysis.smooth_random import smooth_random
from motorsim.analysis.spectra import MultitaperSpectrum, multitaper_spectrum
from motorsim.analysis.spike_field_coherence import SpikeFieldCoherence, spike_field_coherence
from motorsim.analysis.split_half import SplitHalf, split_half
from motorsim.analysis.svcca import SVCCA, svcca
from motorsim.analysis.tangling import Tangling, tangling
from motorsim.analysis.temporal_basis import TemporalBasis, temporal_basis
from motorsim.analysis.tensor_maximum_entropy import TensorMaximumEntropy, tensor_maximum_entropy
from motorsim.analysis.time_constants import TimeConstants, time_constants
from motorsim.analysis.time_warping import TimeWarp, time_warp, warp_times
from motorsim.analysis.trial_average import TrialAverage, psth, trial_average
from motorsim.analysis.tuning_curves import (
    CircularSpread,
    DirectionChange,
    TuningCurves,
    circular_spread,
    preferred_direction_change,
    tuning_curves,
)
from motorsim.analysis.tuning_fits import Tuning, tuning
from motorsim.analysis.tuning_model import TuningModel, tuning_model
from motorsim.analysis.variance_explained import VarianceExplained, variance_explained
from motorsim.smoothing import smooth

__all__ = [
    "CCA",
    "DPCA",
    "DSA",
    "GPFA",
    "JPCA",
    "PCA",
    "RDM",
    "RSA",
    "SVCCA",
    "AlignmentIndex",
    "Bootstrap",
    "BurstIndex",
    "CircularSpread",
    "ConditionInvariant",
    "CountCorrelations",
    "CrossCorrelogram",
    "DPCASignificance",
    "Decoding",
    "DecodingLatency",
    "DelayDynamics",
    "DelayModel",
    "DirectionChange",
    "DynamicsDistance",
    "EncodingModel",
    "FactorAnalysis",
    "FactorAnalysisChoice",
    "FanoFactor",
    "FixedFrequencyRotations",
    "FixedPoints",
    "GPFAChoice",
    "GPFAModel",
    "Havok",
    "InferredInputs",
    "IntervalStatistic",
    "JPCANull",
    "Kalman",
    "KalmanEstimate",
    "KernelCKA",
    "LinearCKA",
    "LinearDynamics",
    "LinearGaussian",
    "LyapunovExponents",
    "MeanCorrelation",
    "MeanMatchedFanoFactor",
    "MultitaperSpectrum",
    "MutualInformation",
    "NoiseLevels",
    "NonNormality",
    "OrthogonalSubspaces",
    "OutputNull",
    "PairwiseMatrix",
    "ParallelAnalysis",
    "PoissonNaiveBayes",
    "PowerSpectrum",
    "PreferredDirectionDrift",
    "PrincipalAngles",
    "Procrustes",
    "RDMCeiling",
    "Regression",
    "ResidualDynamics",
    "Shape",
    "ShapeDistance",
    "SignalCorrelations",
    "SmoothedStates",
    "SpikeFieldCoherence",
    "SplitHalf",
    "Tangling",
    "TemporalBasis",
    "TensorMaximumEntropy",
    "TimeConstants",
    "TimeWarp",
    "TrialAverage",
    "Tuning",
    "TuningCurves",
    "TuningModel",
    "VarianceExplained",
    "alignment_index",
    "bootstrap",
    "burst_index",
    "cca",
    "circular_shift",
    "circular_spread",
    "compare_dynamics",
    "compare_shapes",
    "condition_invariant",
    "count_correlations",
    "covariance_matched_permutation",
    "cross_correlogram",
    "cross_validate_factor_analysis",
    "cross_validate_gpfa",
    "crossnobis",
    "cv2",
    "decode",
    "decoding_latency",
    "delay_dynamics",
    "delay_model",
    "dpca",
    "dpca_significance",
    "dsa",
    "dynamics_distance",
    "eigenvalue_distance",
    "encoding_model",
    "factor_analysis",
    "fano_factor",
    "fit_kalman",
    "fit_poisson_naive_bayes",
    "fixed_frequency_rotations",
    "fixed_points",
    "gpfa",
    "havok",
    "henrici_departure",
    "inferred_inputs",
    "interval_cv",
    "jpca",
    "jpca_null",
    "kernel_cka",
    "kinematic_covariates",
    "linear_cka",
    "linear_dynamics",
    "lv",
    "lyapunov_exponents",
    "mean_matched_fano_factor",
    "multitaper_spectrum",
    "mutual_information",
    "non_normality",
    "numerical_abscissa",
    "orthogonal_subspaces",
    "output_null",
    "pairwise",
    "parallel_analysis",
    "participation_ratio",
    "pca",
    "power_spectrum",
    "preferred_direction_change",
    "preferred_direction_drift",
    "principal_angles",
    "procrustes",
    "psth",
    "random_principal_angles",
    "rdm",
    "rdm_ceiling",
    "rdm_similarity",
    "regression_r2",
    "residual_dynamics",
    "rsa",
    "shape",
    "shape_distance",
    "shape_distances",
    "shuffle_conditions",
    "signal_correlations",
    "smooth",
    "smooth_random",
    "soft_normalise",
    "spike_field_coherence",
    "split_alignment_index",
    "split_half",
    "subtract_condition_mean",
    "svcca",
    "tangling",
    "temporal_basis",
    "tensor_maximum_entropy",
    "time_constants",
    "time_warp",
    "trial_average",
    "tuning",
    "tuning_curves",
    "tuning_model",
    "variance_explained",
    "warp_times",
]
