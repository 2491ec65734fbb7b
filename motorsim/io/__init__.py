"""What is stored and read: recordings as NWB, populations as HDF5, and matrices that others made."""

from __future__ import annotations

from motorsim.io.hdf5 import read_arrays, write_arrays
from motorsim.io.matrix import load_array, load_matrix
from motorsim.io.nwb import load_recording, save_recording
from motorsim.io.population import load_population, save_population
from motorsim.io.recording_hdf5 import recording_from_arrays, recording_to_arrays

__all__ = [
    "load_array",
    "load_matrix",
    "load_population",
    "load_recording",
    "read_arrays",
    "recording_from_arrays",
    "recording_to_arrays",
    "save_population",
    "save_recording",
    "write_arrays",
]
