"""The fitting loop and other learning rules; checkpoints, estimators, and how networks are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorsim.train.callbacks import Callback, LogProgress, TrainingProgress
from motorsim.train.checkpoint import Checkpoint
from motorsim.train.curriculum import Curriculum, Stage
from motorsim.train.e_prop import EProp, broadcast_weights, e_prop_gradients
from motorsim.train.fit import fit
from motorsim.train.force import ForceFit, force
from motorsim.train.full_force import full_force
from motorsim.train.hand_loss import HandLoss
from motorsim.train.lbfgs import fit_lbfgs
from motorsim.train.node_perturbation import NodePerturbation, node_perturbation_gradients
from motorsim.train.recursive_least_squares import RecursiveLeastSquares
from motorsim.train.result import Fit
from motorsim.train.storage import (
    export_weights,
    load_network,
    network_from_arrays,
    network_to_arrays,
    save_network,
)

if TYPE_CHECKING:
    from motorsim.train.estimators import RNNClassifier, RNNRegressor
    from motorsim.train.rnn_estimator import RNNEstimator

__all__ = [
    "Callback",
    "Checkpoint",
    "Curriculum",
    "EProp",
    "Fit",
    "ForceFit",
    "HandLoss",
    "LogProgress",
    "NodePerturbation",
    "RNNClassifier",
    "RNNEstimator",
    "RNNRegressor",
    "RecursiveLeastSquares",
    "Stage",
    "TrainingProgress",
    "broadcast_weights",
    "e_prop_gradients",
    "export_weights",
    "fit",
    "fit_lbfgs",
    "force",
    "full_force",
    "load_network",
    "network_from_arrays",
    "network_to_arrays",
    "node_perturbation_gradients",
    "save_network",
]

_ESTIMATORS = ("RNNClassifier", "RNNEstimator", "RNNRegressor")


def __getattr__(name: str) -> Any:
    """Load the estimators when they are asked for: they need scikit-learn, which takes long to import."""
    if name in _ESTIMATORS:
        from motorsim.train import estimators  # noqa: PLC0415

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
