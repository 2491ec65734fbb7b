import operator
import threading

import numpy as np
import pytest

from motorsim.analysis import regression_r2
from motorsim.analysis.pairwise import pairwise
from motorsim.checks import InputError


def _populations(n=4):
    return [np.random.default_rng(seed).standard_normal((5, 6, 3)) for seed in range(n)]


def _gap(a, b):
    return float(np.linalg.norm(a - b))


def _r2(source, target):
    return regression_r2(source, target, ridge=0.0).r2


def test_a_symmetric_metric_is_computed_once_a_pair_and_mirrored():
    calls = []

    def metric(a, b):
        calls.append((a, b))
        return float(a + b)

    found = pairwise([1, 10, 100], metric)
    assert found.values.tolist() == [[2, 11, 101], [11, 20, 110], [101, 110, 200]]
    assert sorted(calls) == [(1, 1), (1, 10), (1, 100), (10, 10), (10, 100), (100, 100)]
    assert found.symmetric


def test_a_directed_metric_has_its_first_argument_in_the_rows():
    found = pairwise([1, 10, 100], operator.sub, symmetric=False)
    assert found.values.tolist() == [[0, -9, -99], [9, 0, -90], [99, 90, 0]]
    populations = _populations()
    both_ways = pairwise(populations, _r2, symmetric=False).values
    assert both_ways[0, 1] == pytest.approx(_r2(populations[0], populations[1]), abs=1e-12)
    assert both_ways[1, 0] == pytest.approx(_r2(populations[1], populations[0]), abs=1e-12)
    assert np.diag(both_ways) == pytest.approx(1.0, abs=1e-12)


def test_each_population_is_prepared_once():
    prepared = []

    def prepare(population):
        prepared.append(population)
        return 2 * population

    found = pairwise([1, 2, 3], operator.sub, prepare=prepare, symmetric=False)
    assert sorted(prepared) == [1, 2, 3]
    assert found.values[2, 0] == 4


def test_order_does_not_depend_on_who_finishes_first():
    last_is_done = threading.Event()

    def first_waits(a, b):
        if (a, b) == (0, 0):
            assert last_is_done.wait(timeout=60)
        if (a, b) == (2, 2):
            last_is_done.set()
        return float(10 * a + b)

    found = pairwise([0, 1, 2], first_waits, symmetric=False, n_workers=2).values
    assert found.tolist() == [[10 * a + b for b in range(3)] for a in range(3)]


def test_any_number_and_kind_of_workers_gives_the_same_bits():
    populations = _populations()
    alone = pairwise(populations, _gap).values
    assert np.array_equal(pairwise(populations, _gap, n_workers=3).values, alone)
    # Processes must find the functions by name.
    options = {"prepare": np.linalg.norm, "symmetric": False}
    alone = pairwise(populations, operator.sub, **options).values
    shared = pairwise(populations, operator.sub, **options, n_workers=2, workers="processes").values
    assert np.array_equal(shared, alone)
    assert shared[0, 1] == np.linalg.norm(populations[0]) - np.linalg.norm(populations[1]) != 0


@pytest.mark.parametrize("workers", ["threads", "processes"])
def test_an_error_comes_through_and_names_whom_it_concerns(workers):
    with pytest.raises(ZeroDivisionError) as refused:
        pairwise([1.0, 2.0, 0.0], operator.truediv, workers=workers)
    assert refused.value.__notes__ == ["for populations 0 and 2"]
    with pytest.raises(ValueError, match="could not convert") as refused:
        pairwise(["1", "two"], operator.sub, prepare=float, workers=workers)
    assert refused.value.__notes__ == ["for population 1"]


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="populations: expected two or more, got 1"):
        pairwise([1], operator.sub)
    with pytest.raises(InputError, match="n_workers"):
        pairwise([1, 2], operator.sub, n_workers=0)
    with pytest.raises(InputError, match="workers: expected one of processes, threads"):
        pairwise([1, 2], operator.sub, workers="fibres")
    with pytest.raises(InputError, match=r"metric: expected .*finite.*, got nan for populations 0 and 1"):
        pairwise([1.0, np.nan], operator.sub)
