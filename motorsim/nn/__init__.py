"""Networks in NumPy: cells, layers, readouts, losses, optimisers, and back-propagation through time.

Public axes are (batch, time, feature).
"""

from motorsim.nn.activations import ACTIVATIONS, Activation, activation_named
from motorsim.nn.adam import Adam, AdamW
from motorsim.nn.bidirectional import Bidirectional
from motorsim.nn.binary_cross_entropy import BinaryCrossEntropy, binary_cross_entropy
from motorsim.nn.bptt import BPTT
from motorsim.nn.canonical import canonical
from motorsim.nn.clipping import clip_by_global_norm, global_norm
from motorsim.nn.conv2d import Conv2D
from motorsim.nn.cross_entropy import CrossEntropy, cross_entropy
from motorsim.nn.dense import Dense
from motorsim.nn.dropout import Dropout
from motorsim.nn.feed_forward import FeedForward
from motorsim.nn.flatten import Flatten
from motorsim.nn.gru import GRU
from motorsim.nn.huber import Huber
from motorsim.nn.labels import one_hot
from motorsim.nn.layer_norm import LayerNorm
from motorsim.nn.leaky import Leaky
from motorsim.nn.linear import Linear
from motorsim.nn.losses import Loss, MeanLoss
from motorsim.nn.lstm import LSTM
from motorsim.nn.mixed import Mixed
from motorsim.nn.mixture import MeanMixture, Mixture
from motorsim.nn.momentum import Momentum
from motorsim.nn.mse import MeanSquaredError, mse
from motorsim.nn.network import Network
from motorsim.nn.optimiser import Optimiser, OptimiserState
from motorsim.nn.parametrisation import Dale, Fixed, LowRank, Parametrisation, Sparse
from motorsim.nn.parts import part_of
from motorsim.nn.penalties import Penalty, RatePenalty, SmoothnessPenalty, WeightPenalty
from motorsim.nn.poisson_nll import PoissonNLL, poisson_nll
from motorsim.nn.poisson_rate import PoissonRate
from motorsim.nn.pooling import AvgPool2D, MaxPool2D
from motorsim.nn.rmsprop import RMSprop
from motorsim.nn.schedules import Constant, Cosine, Plateau, Schedule, Step, WarmUp
from motorsim.nn.sequential import Sequential
from motorsim.nn.sgd import SGD
from motorsim.nn.sigmoid import Sigmoid
from motorsim.nn.softmax import Softmax
from motorsim.nn.softmax_gated import SoftmaxGated
from motorsim.nn.stacked import Stacked
from motorsim.nn.torch_state import from_torch_state, to_torch_state
from motorsim.nn.trainable import Trainable
from motorsim.nn.trajectory import Trajectory
from motorsim.nn.vanilla import Vanilla
from motorsim.nn.workspace import Workspace

__all__ = [
    "ACTIVATIONS",
    "BPTT",
    "GRU",
    "LSTM",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "AvgPool2D",
    "Bidirectional",
    "BinaryCrossEntropy",
    "Constant",
    "Conv2D",
    "Cosine",
    "CrossEntropy",
    "Dale",
    "Dense",
    "Dropout",
    "FeedForward",
    "Fixed",
    "Flatten",
    "Huber",
    "LayerNorm",
    "Leaky",
    "Linear",
    "Loss",
    "LowRank",
    "MaxPool2D",
    "MeanLoss",
    "MeanMixture",
    "MeanSquaredError",
    "Mixed",
    "Mixture",
    "Momentum",
    "Network",
    "Optimiser",
    "OptimiserState",
    "Parametrisation",
    "Penalty",
    "Plateau",
    "PoissonNLL",
    "PoissonRate",
    "RMSprop",
    "RatePenalty",
    "Schedule",
    "Sequential",
    "Sigmoid",
    "SmoothnessPenalty",
    "Softmax",
    "SoftmaxGated",
    "Sparse",
    "Stacked",
    "Step",
    "Trainable",
    "Trajectory",
    "Vanilla",
    "WarmUp",
    "WeightPenalty",
    "Workspace",
    "activation_named",
    "binary_cross_entropy",
    "canonical",
    "clip_by_global_norm",
    "cross_entropy",
    "from_torch_state",
    "global_norm",
    "mse",
    "one_hot",
    "part_of",
    "poisson_nll",
    "to_torch_state",
]
