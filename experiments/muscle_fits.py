"""Muscles of a reaching monkey, and two models of them that are tested on a direction they have not seen.

Time is a share of the trial throughout, and what asks for seconds is given trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from motorsim.analysis import tuning_model, variance_explained
from motorsim.checks import InputError
from motorsim.nn import Adam, Cosine, Leaky, Linear, Network, RatePenalty
from motorsim.settings import Count, Fraction, NonNegativeFloat, PositiveFloat  # noqa: TC001 - pydantic reads them
from motorsim.streams import stream
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.analysis import VarianceExplained
    from motorsim.streams import Seed
    from motorsim.train import Fit
    from motorsim.train.callbacks import Callback
    from motorsim.types import BoolArray, FloatArray, Floats

PARTS = ("fitted", "held out")
WARM_UP, FINAL_FACTOR = 20, 0.02


class Section(BaseModel):
    """A frozen table that knows its keys and no others, and takes no text or boolean for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NetworkConfig(Section):
    """The network and its training; times are shares of the trial."""

    n_units: Count = 64
    tau_trials: PositiveFloat = 0.05
    movement_cue_trials: Fraction = 0.15
    learning_rate: PositiveFloat = 0.005
    n_iterations: Count = 500
    evaluate_every: Count = 10
    rate_penalty: NonNegativeFloat = 1.0


@dataclass(frozen=True, eq=False)
class Muscles:
    """Activity (direction, time, muscle), each muscle divided by its range over all of it.

    ``ranges`` are those divisors in the unit of the file, (muscle,); ``n_left_over`` samples at the end of
    the trial fill no bin and are left out.
    """

    activity: FloatArray
    ranges: FloatArray
    n_left_over: int

    @classmethod
    def of(cls, samples: FloatArray, bin_samples: int) -> Muscles:
        """Bin and normalise samples (muscle, time, direction)."""
        n_muscles, n_samples, n_directions = samples.shape
        n_bins = n_samples // bin_samples
        if n_bins < 2:
            raise InputError("data.bin_samples", f"at most {n_samples // 2}, for two bins", f"{bin_samples}")
        whole = samples[:, : n_bins * bin_samples].reshape(n_muscles, n_bins, bin_samples, n_directions)
        activity = whole.mean(axis=2).transpose(2, 1, 0)
        ranges = np.ptp(activity, axis=(0, 1))
        if not ranges.all():
            still = ", ".join(str(muscle + 1) for muscle in np.flatnonzero(ranges == 0))
            raise InputError("data.file", "activity that changes in every muscle", f"none in muscle {still}")
        return cls(activity / ranges, ranges, n_samples - n_bins * bin_samples)

    @property
    def directions_rad(self) -> FloatArray:
        """Directions, (direction,): equally spaced, in the order of the file."""
        n_directions = len(self.activity)
        return 2 * np.pi * np.arange(n_directions) / n_directions


@dataclass(frozen=True, eq=False)
class Fold:
    """One fit: the direction that tests it, the one that stops it, and those fitted, boolean (direction,)."""

    test: int
    validation: int
    train: BoolArray

    @classmethod
    def of(cls, test: int, n_directions: int) -> Fold:
        """Leave out ``test``; the opposite direction stops the fit, so that both neighbours are fitted."""
        if test >= n_directions:
            raise InputError("data.test_directions", f"directions from 0 to {n_directions - 1}", f"{test}")
        validation = (test + n_directions // 2) % n_directions
        return cls(test, validation, ~np.isin(np.arange(n_directions), (test, validation)))


def build_inputs(directions_rad: FloatArray, n_bins: int, movement_cue_trials: float) -> Floats:
    """Return what the network is told, (direction, time, 3): cosine and sine of the direction, and a step."""
    told = np.empty((len(directions_rad), n_bins, 3), dtype=np.float32)
    told[:, :, 0] = np.cos(directions_rad)[:, None]
    told[:, :, 1] = np.sin(directions_rad)[:, None]
    told[:, :, 2] = np.arange(n_bins) >= round(movement_cue_trials * n_bins)
    return told


def fit_network(
    settings: NetworkConfig, muscles: Muscles, fold: Fold, *, rng: Seed, callbacks: Sequence[Callback] = ()
) -> tuple[Fit, FloatArray]:
    """Train a network on the fold's directions; return the fit and what it makes of all directions.

    The prediction is (direction, time, muscle), in the unit of ``muscles.activity``.
    """
    n = settings.n_iterations
    activity = muscles.activity
    inputs = build_inputs(muscles.directions_rad, activity.shape[1], settings.movement_cue_trials)
    mean = activity[fold.train].mean(axis=(0, 1))
    scale = (activity[fold.train] - mean).std()
    targets = ((activity - mean) / scale).astype(np.float32)
    cell = Leaky(inputs.shape[2], settings.n_units, dt_s=1 / activity.shape[1], tau_s=settings.tau_trials)
    readout = Linear(settings.n_units, activity.shape[2])
    network = Network.initialise(cell, readout, rng=stream(rng, "network"), dtype=np.float32)
    result = fit(
        network,
        inputs[fold.train],
        targets[fold.train],
        validation=(inputs[[fold.validation]], targets[[fold.validation]]),
        optimiser=Adam(learning_rate=settings.learning_rate),
        rng=stream(rng, "training"),
        n_iterations=n,
        evaluate_every=settings.evaluate_every,
        penalties=[RatePenalty(settings.rate_penalty)] if settings.rate_penalty else [],
        schedule=Cosine(n, n_warm_up=min(WARM_UP, n - 1), final_factor=FINAL_FACTOR),
        callbacks=callbacks,
    )
    return result, result.network.forward(inputs).outputs * float(scale) + mean


def predict_task_only(muscles: Muscles, fold: Fold, n_harmonics: int) -> FloatArray:
    """Fit the model without dynamics to all but the test direction; predict all of them.

    Returns (direction, time, muscle).
    """
    seen = np.arange(len(muscles.activity)) != fold.test
    directions_rad, distances_m = muscles.directions_rad, np.ones(len(seen))
    model = tuning_model(
        muscles.activity[seen],
        directions_rad[seen],
        distances_m[seen],
        n_harmonics=n_harmonics,
        distance_degree=0,
    )
    return model.predict(directions_rad, distances_m)


def score(activity: FloatArray, predicted: FloatArray, folds: Sequence[Fold]) -> dict[str, VarianceExplained]:
    """Return the variance explained of fitted and of held-out directions, all folds together.

    ``activity`` is (direction, time, muscle), ``predicted`` (fold, direction, time, muscle).
    """
    truth = np.broadcast_to(activity, predicted.shape)
    fitted = np.stack([fold.train for fold in folds])
    held_out = np.arange(len(activity)) == np.array([[fold.test] for fold in folds])
    scored = (variance_explained(truth[mask], predicted[mask]) for mask in (fitted, held_out))
    return dict(zip(PARTS, scored, strict=True))
