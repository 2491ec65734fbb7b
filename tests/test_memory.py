from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motorsim import memory
from motorsim.memory import PeakMemory

MIB = 2**20


@pytest.fixture
def before():
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this system cannot reset the peak")
    return PeakMemory()


def test_the_peak_counts_what_was_taken_and_given_back(before):
    start = before.bytes()
    np.ones(64 * MIB, np.uint8).sum()
    assert before.bytes() - start > 50 * MIB


def test_the_peak_of_one_stretch_leaves_out_those_before(before):
    np.ones(64 * MIB, np.uint8).sum()
    earlier = before.bytes()
    later = PeakMemory()
    assert later.scope == "stage"
    assert earlier - later.bytes() > 50 * MIB


def test_where_the_peak_cannot_be_reset_it_is_that_of_the_process(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "absent" / "clear_refs")
    peak = PeakMemory()
    assert peak.scope == "process"
    assert peak.bytes() > 10 * MIB
