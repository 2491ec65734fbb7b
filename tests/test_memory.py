from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from motorsim import memory
from motorsim.memory import PeakMemory

MIB = 2**20


# Run by themselves: what earlier tests gave back may still be resident, and hide what is taken now.
COUNTED = """
import numpy as np
from motorsim.memory import PeakMemory

MIB = 2**20
first = PeakMemory()
start = first.bytes()
np.ones(64 * MIB, np.uint8).sum()
assert first.bytes() - start > 50 * MIB, (start, first.bytes())
later = PeakMemory()
assert later.scope == "stage"
assert abs(first.bytes() - later.bytes()) < 4 * MIB  # read one after the other: reading takes pages too
assert first.bytes() - start < 14 * MIB, (start, later.bytes())
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system cannot reset the peak")
def test_the_peak_counts_what_was_taken_and_given_back_and_starts_anew_with_each_stretch():
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_where_the_peak_cannot_be_reset_it_is_that_of_the_process(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "absent" / "clear_refs")
    peak = PeakMemory()
    assert peak.scope == "process"
    assert peak.bytes() > 10 * MIB
