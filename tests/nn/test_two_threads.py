"""Large batches run in halves: the same gradients, whatever the number of threads."""

import contextlib
import threading
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from motorsim.nn import (
    BPTT,
    GRU,
    Leaky,
    Linear,
    MeanSquaredError,
    Network,
    RatePenalty,
    Stacked,
    Vanilla,
    WeightPenalty,
    mse,
    two_threads,
)
from motorsim.nn.two_threads import run_together, split_rows


def _problem(noise_std=0.0):
    rng = np.random.default_rng(1)
    network = Network.initialise(Leaky(3, 700, 0.01, 0.05, noise_std=noise_std), Linear(700, 2), rng=1)
    inputs, targets = rng.normal(size=(61, 12, 3)), rng.normal(size=(61, 12, 2))
    assert len(split_rows(61, 12, 700)) == 2
    return network, inputs, targets, rng.random((61, 12)) < 0.5


def _gradients(network, inputs, targets, mask, **options):
    return network.loss_and_gradients(
        inputs, targets, mask=mask, penalties=(WeightPenalty(0.2), RatePenalty(0.4)), **options
    )


def test_halves_add_up_to_the_whole():
    network, *batch = _problem()
    loss, gradients = _gradients(network, *batch)

    def whole_loss(outputs, targets, mask):  # no MeanLoss, so it is never divided
        return mse(outputs, targets, mask)

    expected_loss, expected = _gradients(network, *batch, loss=whole_loss)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    for name, gradient in expected.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-8, atol=1e-13, err_msg=name)


def test_rows_that_the_mask_leaves_out_may_fill_a_half():
    network, inputs, targets, mask = _problem()
    mask[:31] = False
    loss, gradients = network.loss_and_gradients(inputs, targets, mask=mask)
    expected_loss, expected = network.loss_and_gradients(inputs[31:], targets[31:], mask=mask[31:])
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(gradients["cell.bias"], expected["cell.bias"], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("noise_std", [0.0, 0.3])
def test_number_of_threads_changes_no_bit(noise_std):
    network, *batch = _problem(noise_std)
    results = []
    for limit in (1, 2):
        with threadpool_limits(limit, user_api="blas"):
            results.append(_gradients(network, *batch, rng=np.random.default_rng(2)))
    assert results[0][0] == results[1][0]
    for name, gradient in results[0][1].items():
        np.testing.assert_array_equal(gradient, results[1][1][name])


def test_small_batches_stay_whole():
    assert split_rows(8, 100, 200) == [slice(None)]
    assert split_rows(1, 100, 40_000) == [slice(None)]
    assert len(split_rows(108, 100, 600)) == 2  # gates count: three for each of 200 units
    rows = split_rows(101, 100, 400)
    np.testing.assert_array_equal(np.concatenate([np.arange(101)[part] for part in rows]), np.arange(101))


def test_failure_in_either_half_is_raised():
    def fail(which):
        def work(index):
            if index == which:
                raise ZeroDivisionError
            return index

        return work

    for which in (0, 1):
        with threadpool_limits(2, user_api="blas"), pytest.raises(ZeroDivisionError):
            run_together(fail(which), 2)
    with threadpool_limits(2, user_api="blas"):
        assert run_together(lambda index: 10 * index, 2) == [0, 10]


def test_both_halves_keep_the_callers_error_state():
    def overflow(index):
        return np.float32(3e38) * np.float32(10.0 + index)

    with threadpool_limits(2, user_api="blas"), np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(run_together(overflow, 2)).all()


def test_one_at_a_time_changes_the_number_of_blas_threads(monkeypatch):
    entered = []

    class Controller:
        def info(self):
            return [{"num_threads": 2, "user_api": "blas"}]

        @contextlib.contextmanager
        def limit(self, **_):
            entered.append(two_threads._limiting.locked())
            yield

    monkeypatch.setattr(two_threads, "_controller", Controller)
    assert run_together(lambda index: index, 2) == [0, 1]
    assert entered == [True]
    assert not two_threads._limiting.locked()


def test_failure_leaves_the_number_of_blas_threads_as_it_was():
    def fail(index):
        raise ZeroDivisionError

    with threadpool_limits(2, user_api="blas"):
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                run_together(fail, 2)
        allowed = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        assert allowed == {2}


@pytest.mark.parametrize("bptt", [BPTT(recompute=True), BPTT(truncate_after=12)])
def test_halves_in_stretches_add_up_to_the_whole(bptt):
    network, inputs, targets, mask = _problem()
    mask[:31, :7] = False  # rows and times weigh differently in each part
    loss, gradients = _gradients(network, inputs, targets, mask, bptt=bptt)
    expected_loss, expected = _gradients(network, inputs, targets, mask)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    for name, gradient in expected.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-8, atol=1e-13, err_msg=name)


def test_halves_that_run_at_once_do_not_share_memory():
    network, inputs, targets, _ = _problem()
    inputs, targets = inputs[:60], targets[:60]  # halves of one size
    both = threading.Barrier(2)

    class WaitingSquaredError(MeanSquaredError):
        def __call__(self, outputs, targets, mask=None):
            both.wait(timeout=60)  # neither goes back before the other has run
            return super().__call__(outputs, targets, mask)

    expected = network.loss_and_gradients(inputs, targets)[1]
    with threadpool_limits(2, user_api="blas"):
        gradients = network.loss_and_gradients(inputs, targets, loss=WaitingSquaredError())[1]
    for name, gradient in expected.items():
        np.testing.assert_array_equal(gradients[name], gradient, err_msg=name)


def test_halves_draw_different_noise_that_follows_from_the_seed():
    network, inputs, targets, _ = _problem(noise_std=0.3)
    inputs, seen = np.repeat(inputs[:1], 60, axis=0), []

    class WatchedSquaredError(MeanSquaredError):
        def __call__(self, outputs, targets, mask=None):
            seen.append(outputs.copy())
            return super().__call__(outputs, targets, mask)

    for seed in (2, 2, 3):
        network.loss_and_gradients(
            inputs, targets[:60], loss=WatchedSquaredError(), rng=np.random.default_rng(seed)
        )
    first, again, other = ({row.tobytes() for part in seen[i : i + 2] for row in part} for i in (0, 2, 4))
    assert len(first) == 60
    assert first == again
    assert not first & other


def test_gates_of_every_layer_count_towards_the_size():
    rng = np.random.default_rng(1)
    lengths = []

    def count(outputs, targets, mask):
        lengths.append(len(outputs))
        return mse(outputs, targets, mask)

    counting = type("Counting", (), {"__call__": staticmethod(count), "weight": staticmethod(mse.weight)})()
    for cell in (GRU(3, 260), Stacked((Vanilla(3, 4), GRU(4, 260))), Vanilla(3, 260)):
        network = Network.initialise(cell, Linear(260, 2), rng=1)
        network.loss_and_gradients(rng.normal(size=(60, 10, 3)), np.zeros((60, 10, 2)), loss=counting)
    assert lengths == [30, 30, 30, 30, 60]
