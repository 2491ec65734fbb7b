"""Decode reach direction from single trials of a spiking cortex: LSTM, logistic regression, chance.

    python experiments/textbook/lstm_decoder.py [TOML]

A reduced spiking cortex prepares and makes reaches to eight targets. The spikes of a few of its neurons
are smoothed by a kernel that looks back only and sampled in bins; an LSTM runs through a window of a trial
and a dense softmax readout names the direction after its last bin. It is trained with Adam on the categorical
cross-entropy, in batches of 32 for 10 epochs, and scored on trials it has not seen. Multinomial logistic
regression (scikit-learn, L2 with C = 1) gets the same bins of the same trials in the same folds, all times
side by side. Both see rates standardised with the training trials.

Accuracies are means over the folds of every repeat; intervals, the 2.5 and 97.5 percentiles of that mean over
folds drawn anew, say how much it hangs on the division and the initial weights, not how another session would
turn out. Writes results/textbook/lstm_decoder.h5.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from results_folder import add_results_option, make_results_folder
from threadpoolctl import threadpool_limits

from motorsim.checks import InputError, MotorsimError
from motorsim.config import read_toml, validate
from motorsim.cortex import SpikingCortex, default_circuit, random_preparatory_map
from motorsim.io import write_arrays
from motorsim.nn import LSTM, Adam, Network, Softmax, cross_entropy, one_hot
from motorsim.progress import choose_progress
from motorsim.streams import stream
from motorsim.task import DelayedReach, center_out
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from motorsim.progress import Progress
    from motorsim.recording import Recording
    from motorsim.types import FloatArray, IntArray

CONFIG = Path(__file__).with_suffix(".toml")
KIND, SCHEMA_VERSION = "LSTM decoder", 1
NORM_HZ = 60.0
"""Norm of the preparatory states over the pools."""
N_RESAMPLES = 2000
DECODERS = ("lstm", "logistic_regression")


class Section(BaseModel):
    """A frozen table that knows its keys and no others, and takes no text or boolean for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Session(Section):
    """The simulated session."""

    n_neurons: Annotated[int, Field(ge=200)]
    loop_gain: Annotated[float, Field(gt=0, le=1)]
    n_directions: Annotated[int, Field(ge=2)]
    n_trials: Annotated[int, Field(ge=2)]
    n_recorded: Annotated[int, Field(ge=1)]
    rest_s: Annotated[float, Field(gt=0)]
    delay_s: Annotated[float, Field(gt=0)]
    movement_s: Annotated[float, Field(gt=0)]


class Decoding(Section):
    """Windows, bins and folds."""

    preparation_s: Annotated[tuple[float, float], Field(strict=False)]
    movement_s: Annotated[tuple[float, float], Field(strict=False)]
    bin_s: Annotated[float, Field(gt=0)]
    smoothing_s: Annotated[float, Field(gt=0)]
    n_folds: Annotated[int, Field(ge=2)]
    n_repeats: Annotated[int, Field(ge=1)]


class LSTMSettings(Section):
    """The network and its training."""

    n_units: Annotated[int, Field(ge=1)]
    n_epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]


class Settings(Section):
    """What `lstm_decoder.toml` holds."""

    seed: Annotated[int, Field(ge=0)]
    session: Session
    decoding: Decoding
    lstm: LSTMSettings


def simulate(session: Session, seed: int, progress: Progress) -> Recording:
    """Return a session of a reduced spiking cortex."""
    task = DelayedReach(
        center_out(session.n_directions, 0.10),
        rest_s=session.rest_s,
        delay_s=session.delay_s,
        movement_s=session.movement_s,
    )
    circuit = default_circuit()
    cortex = SpikingCortex(
        circuit,
        n_neurons=session.n_neurons,
        loop_gain=session.loop_gain,
        n_recorded=session.n_recorded,
        seed=seed,
    )
    states = random_preparatory_map(cortex.scaled_circuit, rng=seed, norm_hz=NORM_HZ)
    with progress.bar("calibration", 1.0) as update:
        cortex = cortex.prepare(task, rng=seed, preparatory_map=states, on_progress=update)
    with progress.bar("trials", 1.0) as update:
        return cortex.simulate(task, rng=seed, n_trials=session.n_trials, on_progress=update)


def windows(recording: Recording, decoding: Decoding) -> dict[str, FloatArray]:
    """Return the smoothed rates in each window, (trial, bin, unit) in Hz, each read at the end of its bin."""
    assert recording.spikes is not None  # noqa: S101 - a spiking session has spikes
    go_s = recording.events_s["go_cue"]
    found = {}
    for name in ("preparation", "movement"):
        start_s, stop_s = getattr(decoding, f"{name}_s")
        n_bins = round((stop_s - start_s) / decoding.bin_s)
        if n_bins < 1:
            raise InputError(f"{name}_s", "a window of at least one bin", f"{start_s} to {stop_s} s")
        ends_s = go_s + start_s + decoding.bin_s * np.arange(1, n_bins + 1)
        found[name] = recording.spikes.smoothed_rates(ends_s, decoding.smoothing_s, causal=True)
    return found


def folds(direction: IntArray, decoding: Decoding, seed: int) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Yield a seed, the training and the test trials of every fold, each direction shared out evenly."""
    from sklearn.model_selection import RepeatedStratifiedKFold  # noqa: PLC0415 - slow to import

    division = RepeatedStratifiedKFold(
        n_splits=decoding.n_folds, n_repeats=decoding.n_repeats, random_state=seed
    )
    for number, (train, test) in enumerate(division.split(direction, direction)):
        yield seed + number, train, test


def lstm_accuracy(
    rates: FloatArray,
    direction: IntArray,
    train: IntArray,
    test: IntArray,
    *,
    settings: LSTMSettings,
    seed: int,
) -> float:
    """Train an LSTM and return its accuracy on the test trials; it is asked after the last bin."""
    n_classes = int(direction.max()) + 1
    targets = np.repeat(one_hot(direction, n_classes)[:, None], rates.shape[1], axis=1)
    last = np.zeros(rates.shape[:2], dtype=bool)
    last[:, -1] = True
    network = Network.initialise(
        LSTM(rates.shape[2], settings.n_units),
        Softmax(settings.n_units, n_classes),
        rng=seed,
        dtype=np.float32,
    )
    batch_size = min(settings.batch_size, len(train))
    result = fit(
        network,
        rates[train],
        targets[train],
        mask=last[train],
        loss=cross_entropy,
        optimiser=Adam(settings.learning_rate),
        rng=seed,
        batch_size=batch_size,
        n_iterations=settings.n_epochs * math.ceil(len(train) / batch_size),
    )
    named = result.network.forward(rates[test]).outputs[:, -1].argmax(axis=1)
    return float((named == direction[test]).mean())


def logistic_accuracy(rates: FloatArray, direction: IntArray, train: IntArray, test: IntArray) -> float:
    """Fit logistic regression on all bins side by side; return its accuracy on the test trials."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    flat = rates.reshape(len(rates), -1)
    model = LogisticRegression(C=1.0, max_iter=2000).fit(flat[train], direction[train])
    return float(model.score(flat[test], direction[test]))


def standardised(rates: FloatArray, train: IntArray) -> FloatArray:
    """Return rates less their mean, over their deviation, of each unit over times and training trials."""
    mean, deviation = rates[train].mean(axis=(0, 1)), rates[train].std(axis=(0, 1))
    return (rates - mean) / np.where(deviation > 0, deviation, 1.0)


def decode(
    rates: FloatArray, direction: IntArray, settings: Settings, progress: Progress | None = None
) -> dict[str, FloatArray]:
    """Return the accuracy of each decoder in every fold, (fold,)."""
    progress = choose_progress(quiet=True) if progress is None else progress
    found: dict[str, list[float]] = {name: [] for name in DECODERS}
    n_folds = settings.decoding.n_folds * settings.decoding.n_repeats
    with progress.bar("folds", n_folds) as update:
        for seed, train, test in folds(direction, settings.decoding, settings.seed):
            scaled = standardised(rates, train)
            found["lstm"].append(
                lstm_accuracy(scaled, direction, train, test, settings=settings.lstm, seed=seed)
            )
            found["logistic_regression"].append(logistic_accuracy(scaled, direction, train, test))
            update(len(found["lstm"]))
    return {name: np.array(accuracies) for name, accuracies in found.items()}


def run(settings: Settings, progress: Progress | None = None) -> dict[str, Any]:
    """Simulate a session and decode it.

    Returns
    -------
    dict
        ``preparation`` and ``movement``, each with the accuracies of `decode`; ``chance``; ``mean_rate_hz``.
    """
    progress = choose_progress(quiet=True) if progress is None else progress
    recording = simulate(settings.session, settings.seed, progress)
    direction = np.asarray(recording.trials["condition"], dtype=np.int64)
    results: dict[str, Any] = {"chance": 1.0 / settings.session.n_directions}
    for name, rates in windows(recording, settings.decoding).items():
        results[name] = decode(rates, direction, settings, progress)
        results[name]["mean_rate_hz"] = float(rates.mean())
    return results


def summarise(results: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a window and decoder, and for their difference: mean accuracy, 95 % interval."""
    rows = []
    for window in ("preparation", "movement"):
        by_fold = {name.replace("_", " "): results[window][name] for name in DECODERS}
        first, second = by_fold.values()
        by_fold["LSTM less logistic regression"] = first - second
        for name, values in by_fold.items():
            picks = stream(0, "folds drawn again").integers(len(values), size=(N_RESAMPLES, len(values)))
            low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
            rows.append(
                {"window": window, "decoder": name, "accuracy": values.mean(), "low": low, "high": high}
            )
    rows.append({"window": "both", "decoder": "chance", "accuracy": results["chance"]})
    return pd.DataFrame(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", default=CONFIG, help="default: %(default)s")
    add_results_option(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args(arguments)
    try:
        settings = validate(Settings, read_toml(options.config))
        path = make_results_folder(options.results) / "lstm_decoder.h5"
        with threadpool_limits(1):
            results = run(settings, choose_progress(quiet=options.quiet))
        write_arrays(path, KIND, results, {"seed": settings.seed}, schema_version=SCHEMA_VERSION)
    except MotorsimError as error:
        print(f"lstm_decoder: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(summarise(results).to_string(index=False, float_format="{:.3f}".format, na_rep=""))
    print(f"file: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
