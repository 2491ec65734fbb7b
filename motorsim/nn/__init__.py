"""Networks in NumPy: cells, readouts, losses, optimisers, and back-propagation through time.

Public axes are (batch, time, feature).
"""

from motorsim.nn.adam import Adam, AdamW
from motorsim.nn.backpropagation import Loss, compute_loss, compute_loss_and_gradients
from motorsim.nn.clipping import clip_by_global_norm, global_norm
from motorsim.nn.leaky import Leaky
from motorsim.nn.linear import Linear
from motorsim.nn.mse import mse
from motorsim.nn.network import Network, Trajectory
from motorsim.nn.optimiser import Optimiser, OptimiserState
from motorsim.nn.penalties import Penalty, RatePenalty, WeightPenalty
from motorsim.nn.schedules import Constant, Cosine, Schedule
from motorsim.nn.sgd import SGD
from motorsim.nn.vanilla import Vanilla
from motorsim.nn.workspace import Workspace

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Leaky",
    "Linear",
    "Loss",
    "Network",
    "Optimiser",
    "OptimiserState",
    "Penalty",
    "RatePenalty",
    "Schedule",
    "Trajectory",
    "Vanilla",
    "WeightPenalty",
    "Workspace",
    "clip_by_global_norm",
    "compute_loss",
    "compute_loss_and_gradients",
    "global_norm",
    "mse",
]
