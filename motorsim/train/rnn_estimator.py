"""RNNEstimator: settings, training and run of a network with scikit-learn's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from motorsim.checks import InputError, check_array, check_choice, check_integer, check_positive
from motorsim.nn.adam import Adam, AdamW
from motorsim.nn.cross_entropy import cross_entropy
from motorsim.nn.gru import GRU
from motorsim.nn.leaky import Leaky
from motorsim.nn.linear import Linear
from motorsim.nn.lstm import LSTM
from motorsim.nn.momentum import Momentum
from motorsim.nn.network import Network
from motorsim.nn.penalties import RatePenalty, WeightPenalty
from motorsim.nn.rmsprop import RMSprop
from motorsim.nn.sgd import SGD
from motorsim.nn.softmax import Softmax
from motorsim.nn.stacked import Stacked
from motorsim.nn.vanilla import Vanilla
from motorsim.streams import stream
from motorsim.train.fit import fit
from motorsim.train.standardisation import Standardisation

if TYPE_CHECKING:
    from motorsim.nn.losses import Loss
    from motorsim.nn.optimiser import Optimiser
    from motorsim.nn.penalties import Penalty
    from motorsim.types import BoolArray, Cell, FloatArray, Floats, Readout

_OPTIMISERS = {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}
_GATED = {"vanilla": Vanilla, "lstm": LSTM, "gru": GRU}


class RNNEstimator(BaseEstimator):  # type: ignore[misc] # scikit-learn is not typed
    """What the recurrent estimators share: settings, training and the run of the network.

    Parameters
    ----------
    cell
        ``"leaky"``, ``"vanilla"``, ``"lstm"`` or ``"gru"``.
    n_units, n_layers
        Units a layer, and layers one above the other.
    dt_s, tau_s
        Time from sample to sample and the time constant of leaky units; other cells know neither.
    gain
        Scale of the initial recurrent weights.
    read
        Where a target without time is read: ``"last"``, at the last time, or ``"mean"``, as the mean over
        time of what is taught at every time.
    n_epochs, batch_size
        How often each sample is seen, and samples an update; ``None`` for all.
    optimiser, learning_rate
        ``"sgd"``, ``"momentum"``, ``"rmsprop"``, ``"adam"`` or ``"adamw"``, and its rate.
    clip_norm
        Largest global norm of the gradient; ``None`` for no limit.
    validation_fraction, patience
        Share of the samples held out; the network of the lowest loss on them is kept, and training stops
        after ``patience`` epochs in a row without a lower one (``None``: it does not).
    weight_penalty, rate_penalty
        Strengths of `motorsim.nn.WeightPenalty` and `motorsim.nn.RatePenalty`.
    dropout, input_dropout
        Share of the rates between layers, and of the inputs, left out in training.
    standardise
        Whether inputs, and the targets of a regression, are brought to mean 0 and standard deviation 1 by
        what they are in training, where held-out samples have no say.
    dtype
        ``"float32"`` or ``"float64"``.
    random_state
        An integer, a `numpy.random.RandomState` or ``None``: initial weights, order of the batches, dropout
        and which samples are held out.

    Attributes
    ----------
    network_
        The trained `motorsim.nn.Network`, for inputs in standard units.
    fit_
        The `motorsim.train.Fit`: losses and why training stopped.
    n_features_in_
        Size of the feature axis.
    """

    def __init__(
        self,
        cell: str = "leaky",
        *,
        n_units: int = 64,
        n_layers: int = 1,
        dt_s: float = 0.01,
        tau_s: float = 0.1,
        gain: float = 1.0,
        read: str = "last",
        n_epochs: int = 100,
        batch_size: int | None = 32,
        optimiser: str = "adam",
        learning_rate: float = 1e-3,
        clip_norm: float | None = 1.0,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        weight_penalty: float = 0.0,
        rate_penalty: float = 0.0,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        standardise: bool = True,
        dtype: str = "float32",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.cell = cell
        self.n_units = n_units
        self.n_layers = n_layers
        self.dt_s = dt_s
        self.tau_s = tau_s
        self.gain = gain
        self.read = read
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.weight_penalty = weight_penalty
        self.rate_penalty = rate_penalty
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.standardise = standardise
        self.dtype = dtype
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Say that samples are sequences."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        tags.non_deterministic = self.random_state is None
        return tags

    def _split(self, n_samples: int) -> tuple[int, BoolArray]:
        """Return the seed of a fit, and which samples are held out of it."""
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        return seed, self._choose_held_out(n_samples, stream(seed, "validation"))

    def _train(
        self,
        X: FloatArray,
        targets: Floats,
        mask: BoolArray | None,
        loss: Loss,
        split: tuple[int, BoolArray],
    ) -> None:
        """Learn targets (sample, time, output) from checked inputs; sets the attributes of a fit."""
        seed, held_out = split
        self.n_features_in_ = X.shape[2]
        self.input_standardisation_ = Standardisation.of(X[~held_out], wanted=self.standardise)
        arrays = [self.input_standardisation_.apply(X), targets]
        learned, validation = (
            (arrays[0][rows], arrays[1][rows], None if mask is None else mask[rows])
            for rows in (~held_out, held_out)
        )
        check_integer("n_epochs", self.n_epochs)
        n_train = len(learned[0])
        size = (
            n_train if self.batch_size is None else min(check_integer("batch_size", self.batch_size), n_train)
        )
        n_batches = -(-n_train // size)
        network = self._build(X.shape[2], targets.shape[2], loss, seed)
        self.fit_ = fit(
            network,
            *learned[:2],
            mask=learned[2],
            validation=validation if held_out.any() else None,
            optimiser=self._build_optimiser(),
            rng=stream(seed, "training"),
            n_iterations=self.n_epochs * n_batches,
            evaluate_every=n_batches,
            batch_size=None if size == n_train else size,
            loss=loss,
            patience=self.patience,
            clip_norm=self.clip_norm,
            penalties=self._build_penalties(),
        )
        self.network_ = self.fit_.network

    def _choose_held_out(self, n_samples: int, rng: np.random.Generator) -> BoolArray:
        fraction = check_positive("validation_fraction", self.validation_fraction, allow_zero=True)
        n_held_out = int(np.ceil(fraction * n_samples))
        if n_held_out >= n_samples:
            raise InputError(
                "validation_fraction", f"a share that leaves some of {n_samples} samples", repr(fraction)
            )
        if self.patience is not None and n_held_out == 0:
            raise InputError("validation_fraction", "a share above 0, since patience is set", repr(fraction))
        chosen = np.zeros(n_samples, dtype=bool)
        chosen[rng.permutation(n_samples)[:n_held_out]] = True
        return chosen

    def _build(self, n_inputs: int, n_outputs: int, loss: Loss, seed: int) -> Network:
        check_choice("cell", self.cell, ("leaky", *_GATED))
        check_integer("n_layers", self.n_layers)
        if self.n_layers == 1 and self.dropout:
            mend = "use input_dropout, or more layers"
            raise InputError(
                "dropout", "0 with a single layer, since it acts between layers", repr(self.dropout), mend
            )
        cells = tuple(self._build_cell(n_inputs if i == 0 else self.n_units) for i in range(self.n_layers))
        stacked = len(cells) > 1 or self.input_dropout
        whole = Stacked(cells, self.dropout, self.input_dropout) if stacked else cells[0]
        kind = Softmax if loss is cross_entropy else Linear
        readout: Readout = kind(self.n_units, n_outputs)
        return Network.initialise(whole, readout, rng=stream(seed, "network"), dtype=self.dtype)

    def _build_cell(self, n_inputs: int) -> Cell:
        if self.cell == "leaky":
            return Leaky(n_inputs, self.n_units, dt_s=self.dt_s, tau_s=self.tau_s, gain=self.gain)
        cell: Cell = _GATED[self.cell](n_inputs, self.n_units, gain=self.gain)
        return cell

    def _build_optimiser(self) -> Optimiser:
        chosen: Optimiser = _OPTIMISERS[check_choice("optimiser", self.optimiser, _OPTIMISERS)](
            self.learning_rate
        )
        return chosen

    def _build_penalties(self) -> list[Penalty]:
        return [
            kind(strength)
            for kind, strength in ((WeightPenalty, self.weight_penalty), (RatePenalty, self.rate_penalty))
            if strength
        ]

    def _targets_over_time(self, values: FloatArray, n_times: int) -> tuple[FloatArray, BoolArray | None]:
        """Return targets (sample, time, output) for values (sample, output), and where they count."""
        check_choice("read", self.read, ("last", "mean"))
        targets = np.repeat(values[:, None], n_times, axis=1)
        if self.read == "mean":
            return targets, None
        mask = np.zeros(targets.shape[:2], dtype=bool)
        mask[:, -1] = True
        return targets, mask

    def _outputs(self, X: Any) -> FloatArray:
        """Return what the network makes of inputs, (sample, time, output)."""
        check_is_fitted(self, "network_")
        checked = check_inputs(X)
        if checked.shape[2] != self.n_features_in_:
            raise InputError(
                "X", f"{self.n_features_in_} features, as in fit", f"{checked.shape[2]} features"
            )
        outputs = self.network_.forward(self.input_standardisation_.apply(checked)).outputs
        return outputs.astype(np.float64)

    def _read(self, outputs: FloatArray) -> FloatArray:
        read: FloatArray = outputs[:, -1] if self.read == "last" else outputs.mean(axis=1)
        return read


def check_inputs(X: Any) -> FloatArray:
    """Return inputs (sample, time, feature), or raise `InputError`."""
    return check_array("X", X, ("sample", "time", "feature"), minimum_sizes=(1, 1, 1))
