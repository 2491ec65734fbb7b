"""The benchmark of training steps: contenders compute the same, and rounds are summed up in ratios."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "experiments" / "benchmarks"
SIZE = {"batch": 4, "units": 12, "times": 6}


@pytest.fixture
def speed(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("bptt_speed")
    for name in ("bptt_speed", "bptt_contenders"):
        sys.modules.pop(name, None)


@pytest.fixture
def contenders(speed):
    return sys.modules["bptt_contenders"]


@pytest.mark.parametrize("peer", ["torch", "jax"])
def test_peer_computes_the_same_loss(contenders, peer):
    pytest.importorskip(peer)
    ours, theirs = (contenders.build(name, **SIZE)() for name in ("leaky", f"{peer} leaky"))
    assert theirs == pytest.approx(ours, rel=1e-5)


@pytest.mark.parametrize("contender", ["leaky", "vanilla", "gru", "lstm", "products gru"])
def test_contender_makes_a_step(contenders, contender):
    contenders.build(contender, **SIZE)()


def test_process_of_a_contender_gives_time_and_memory(speed):
    measured = speed.run_contender(sys.executable, "leaky", (4, 12, 6), 0.01)
    assert measured["ms"] > 0.0
    assert measured["steps"] >= 5
    assert measured["mb"] >= 0.0


def test_contender_that_cannot_run_is_left_out_and_named(speed, capsys):
    assert speed.run_contender(sys.executable, "fortran leaky", (4, 12, 6), 0.01) is None
    assert "fortran leaky did not run" in capsys.readouterr().err


def test_ratios_are_of_the_same_round(speed):
    runs = {
        "leaky": [{"ms": 1.0, "mb": 1.0}, {"ms": 2.0, "mb": 1.0}, {"ms": 4.0, "mb": 1.0}],
        "torch leaky": [{"ms": 3.0, "mb": 5.0}, {"ms": 8.0, "mb": 5.0}, {"ms": 8.0, "mb": 6.0}],
    }
    ours, torch = speed.summarise((8, 200, 100), runs)
    assert ours["ratio_to_ours"] == 1.0
    assert torch["ratio_to_ours"] == 3.0  # the median of 3, 4 and 2, not of 8 / 2
    assert (torch["ms"], torch["lowest_ms"], torch["highest_ms"], torch["mb"]) == (8.0, 3.0, 8.0, 5.0)
