"""Make the same reaches with other mechanisms, tuned to the same amount of activity.

    python experiments/control_circuits.py [--seed 1] [--folder results/control_circuits]

writes controls.csv, a row a circuit, and controls.h5: spectrum, energies, rates and hand of each. The first
row is motorsim's stability-optimised circuit, the reference. `python figures/control_circuits.py` draws
them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from motorsim.analysis import henrici_departure, jpca
from motorsim.checks import MotorsimError
from motorsim.cortex import RateCortex, amplified_modes, default_circuit
from motorsim.cortex.controls import CONTROLS, movement_rms_hz, tuned_control
from motorsim.files import atomic_write_text
from motorsim.io import write_arrays
from motorsim.task import DelayedReach, center_out, score_reaches, split_conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.recording import Recording
    from motorsim.task import ConditionSplit

REFERENCE = "stability-optimised"
KIND, SCHEMA_VERSION = "control circuits", 1
ARRAYS_FILE, TABLE_FILE = "controls.h5", "controls.csv"
WINDOW_S = (-0.05, 0.25)
"""Around movement onset, for jPCA."""


def measure(
    name: str, cortex: RateCortex, recording: Recording, task: DelayedReach, split: ConditionSplit
) -> dict[str, Any]:
    """Return the row of one circuit."""
    circuit, rates = cortex.circuit, recording.population.rates
    score = score_reaches(task, recording.hand_position_m, recording.hand_velocity_m_s)
    from_onset_s = task.times_s - task.movement_onset_s
    window = (from_onset_s > WINDOW_S[0] - 1e-9) & (from_onset_s < WINDOW_S[1] + 1e-9)
    rotations = jpca(rates[:, window], dt_s=task.dt_s)
    desired, held_out = cortex.desired_torque_nm(task), split.test
    astray_m = np.linalg.norm(recording.hand_position_m - task.desired_position_m, axis=2)
    residual = ((recording.torque_nm - desired)[held_out] ** 2).sum() / (desired[held_out] ** 2).sum()
    return {
        "circuit": name,
        "hand_error_fitted_mm": 1e3 * score.error_m[~held_out].mean(),
        "hand_error_held_out_mm": 1e3 * score.error_m[held_out].mean(),
        "hand_error_held_out_max_mm": 1e3 * score.error_m[held_out].max(),
        "hand_path_error_held_out_mm": 1e3 * astray_m[held_out][:, task.epoch("movement")].mean(),
        "preparatory_drift_max_mm": 1e3 * score.drift_m.max(),
        "torque_r2_held_out": 1.0 - residual,
        "readout_norm_nm_per_hz": np.linalg.norm(cortex.readout.weights),
        "rms_rate_change_hz": movement_rms_hz(cortex, task),
        "preparatory_norm_hz": np.linalg.norm(cortex.preparatory_map(task.reaches), axis=1).mean(),
        "spectral_abscissa": circuit.spectral_abscissa,
        "top_energy": amplified_modes(circuit).energies[0],
        "henrici_departure": henrici_departure(circuit.weights),
        "dales_law": circuit.obeys_dales_law,
        "jpca_r2_best": rotations.r2_best,
        "jpca_r2_skew": rotations.r2_skew,
        "jpca_frequency_hz": rotations.frequencies_hz[0],
    }


def arrays_of(cortex: RateCortex, recording: Recording) -> dict[str, Any]:
    """Return what the figure and a comparison need of one circuit."""
    return {
        "eigenvalues_real": cortex.circuit.eigenvalues.real,
        "eigenvalues_imaginary": cortex.circuit.eigenvalues.imag,
        "energies": amplified_modes(cortex.circuit).energies,
        "rates_hz": recording.population.rates,
        "hand_position_m": recording.hand_position_m,
        "hand_velocity_m_s": recording.hand_velocity_m_s,
        "torque_nm": recording.torque_nm,
    }


def run(seed: int, folder: Path) -> pd.DataFrame:
    """Tune and simulate every circuit, write table and arrays, return the table."""
    task = DelayedReach(center_out(16, (0.06, 0.10)))
    split = split_conditions(task.reaches, rng=seed)
    reference = RateCortex(default_circuit()).prepare(task, rng=seed, fit_on=~split.test)
    rows, arrays = [], {}
    for name in (REFERENCE, *CONTROLS):
        cortex = reference if name == REFERENCE else tuned_control(name, reference, task, split, rng=seed)
        recording = cortex.simulate(task, rng=seed)
        rows.append(measure(name, cortex, recording, task, split))
        arrays[name] = arrays_of(cortex, recording)
        print(
            f"{name:20s} hand error {rows[-1]['hand_error_fitted_mm']:.1f} mm fitted, "
            f"{rows[-1]['hand_error_held_out_mm']:.1f} mm held out",
            flush=True,
        )
    table = pd.DataFrame(rows)
    content = {
        "names": np.array(list(arrays)),
        "circuits": {str(number): given for number, given in enumerate(arrays.values())},
        "times_s": task.times_s,
        "held_out": split.test.astype(np.int8),
        "desired_position_m": task.desired_position_m,
        "target_m": task.reaches.target_m,
        "direction_rad": task.reaches.direction_rad,
        "distance_m": task.reaches.distance_m,
    }
    events = {
        "target_onset_s": task.target_onset_s,
        "go_cue_s": task.go_cue_s,
        "movement_onset_s": task.movement_onset_s,
    }
    write_arrays(folder / ARRAYS_FILE, KIND, content, events | {"seed": seed}, schema_version=SCHEMA_VERSION)
    atomic_write_text(folder / TABLE_FILE, table.to_csv(index=False))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status, 2 for input that cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("results") / "control_circuits")
    options = parser.parse_args(arguments)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        table = run(options.seed, options.folder)
    except MotorsimError as error:
        print(f"control_circuits: {error}", file=sys.stderr)
        return 2
    print(table.round(3).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
