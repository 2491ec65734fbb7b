"""Recomputed gradients are the whole ones in less memory; truncated ones stop where they are cut."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import (
    BPTT,
    GRU,
    LSTM,
    Bidirectional,
    Leaky,
    Linear,
    MeanSquaredError,
    Network,
    RatePenalty,
    Stacked,
    Vanilla,
    WeightPenalty,
    Workspace,
    mse,
)

CELLS = {
    "leaky": Leaky(3, 6, 0.01, 0.03),
    "noisy": Leaky(3, 6, 0.01, 0.03, noise_std=0.4, learn_time_constants=True),
    "vanilla": Vanilla(3, 6),
    "lstm": LSTM(3, 6),
    "gru": GRU(3, 6),
    "stacked with dropout": Stacked((Leaky(3, 4, 0.01, 0.03, noise_std=0.2), GRU(4, 6)), dropout=0.3),
    "two noisy layers": Stacked(
        (Leaky(3, 4, 0.01, 0.03, noise_std=0.2), Leaky(4, 6, 0.01, 0.03, noise_std=0.3))
    ),
}
PENALTIES = (WeightPenalty(0.3), RatePenalty(0.7))


def _problem(cell, n_times=23, batch=4):
    rng = np.random.default_rng(1)
    network = Network.initialise(cell, Linear(cell.n_units, 2), rng=2)
    inputs, targets = rng.normal(size=(batch, n_times, 3)), rng.normal(size=(batch, n_times, 2))
    return network, inputs, targets, rng.random((batch, n_times)) < 0.7


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("n_times", [1, 2, 16, 23])
def test_recomputed_gradients_are_those_of_the_whole_way(cell, n_times):
    network, inputs, targets, mask = _problem(cell, n_times)
    mask[:, -1] = True
    expected, got = (
        network.loss_and_gradients(
            inputs, targets, mask=mask, penalties=PENALTIES, bptt=bptt, rng=np.random.default_rng(3)
        )
        for bptt in (None, BPTT(recompute=True))
    )
    assert got[0] == pytest.approx(expected[0], rel=1e-12)
    for name, gradient in expected[1].items():
        np.testing.assert_allclose(got[1][name], gradient, rtol=1e-9, atol=1e-13, err_msg=name)


def test_stretch_that_the_mask_leaves_out_counts_for_nothing():
    network, inputs, targets, mask = _problem(CELLS["vanilla"], n_times=16)
    mask[:, :8] = False  # the first two stretches of four
    expected = network.loss_and_gradients(inputs, targets, mask=mask)
    got = network.loss_and_gradients(inputs, targets, mask=mask, bptt=BPTT(recompute=True))
    for name, gradient in expected[1].items():
        np.testing.assert_allclose(got[1][name], gradient, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_truncation_longer_than_the_sequence_changes_nothing(cell):
    network, inputs, targets, mask = _problem(cell)
    expected = network.loss_and_gradients(inputs, targets, mask=mask)
    got = network.loss_and_gradients(inputs, targets, mask=mask, bptt=BPTT(truncate_after=23))
    assert got[0] == expected[0]
    for name, gradient in expected[1].items():
        np.testing.assert_array_equal(got[1][name], gradient)


@pytest.mark.parametrize("length", [1, 5, 8])
def test_truncated_gradients_are_those_of_stretches_that_start_from_given_states(length):
    cell = Leaky(3, 6, 0.01, 0.03, learn_initial_state=False)
    network, inputs, targets, _ = _problem(cell)
    states = network.forward(inputs).states
    cut = Leaky(3, 6, 0.01, 0.03)
    expected = dict.fromkeys(network.parameters, 0.0)
    total = 0.0
    for start in range(0, 23, length):
        times = slice(start, min(start + length, 23))
        share = (times.stop - start) / 23
        for row in range(4):  # each row with its own state, as a learned initial state that is then left out
            own = network.parameters | {
                "cell.initial_state": states[row, start - 1] if start else np.zeros(6)
            }
            part = Network(cut, network.readout, own)
            loss, gradients = part.loss_and_gradients(
                inputs[row : row + 1, times], targets[row : row + 1, times]
            )
            total += share * loss / 4
            expected = {name: expected[name] + share * gradients[name] / 4 for name in expected}
    got = network.loss_and_gradients(inputs, targets, bptt=BPTT(truncate_after=length))
    assert got[0] == pytest.approx(total, rel=1e-12)
    assert got[0] == pytest.approx(network.loss(inputs, targets), rel=1e-12)
    for name, gradient in expected.items():
        np.testing.assert_allclose(got[1][name], gradient, atol=1e-14)


def test_gradient_of_the_initial_state_comes_from_the_first_stretch_alone():
    network, inputs, targets, _ = _problem(CELLS["vanilla"])
    moved = targets.copy()
    moved[:, 10:] += 1.0
    options = {"bptt": BPTT(truncate_after=10)}
    first = network.loss_and_gradients(inputs, targets, **options)[1]["cell.initial_state"]
    second = network.loss_and_gradients(inputs, moved, **options)[1]["cell.initial_state"]
    np.testing.assert_array_equal(first, second)
    assert np.linalg.norm(first) > 0.0


def _kept(bptt, n_times, cell):
    """Return the floats that a workspace holds after one gradient, in (batch, unit) arrays."""
    network, inputs, targets, _ = _problem(cell, n_times)
    workspace = Workspace()
    network.compute_loss_and_gradients(
        network.parameters, inputs, targets, loss=mse, bptt=bptt, workspace=workspace
    )
    return workspace.size / (4 * 6)


@pytest.mark.parametrize("cell", [CELLS["leaky"], CELLS["vanilla"], CELLS["lstm"], CELLS["gru"]])
def test_memory_grows_with_time_its_root_or_not_at_all(cell):
    whole = _kept(None, 400, cell) / _kept(None, 100, cell)
    again = _kept(BPTT(recompute=True), 400, cell) / _kept(BPTT(recompute=True), 100, cell)
    truncated = _kept(BPTT(truncate_after=20), 400, cell) / _kept(BPTT(truncate_after=20), 100, cell)
    assert whole == pytest.approx(4.0, rel=0.05)
    assert again == pytest.approx(2.0, rel=0.15)
    assert truncated == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BPTT(truncate_after=0), "truncate_after: expected an integer of at least 1"),
        (lambda: BPTT(truncate_after=5, recompute=True), "recompute: expected False with truncate_after"),
    ],
)
def test_options_that_make_no_sense_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def _own_loss(outputs, targets, mask):
    return mse(outputs, targets, mask)


@pytest.mark.parametrize("bptt", [BPTT(truncate_after=5), BPTT(recompute=True)])
def test_what_cannot_be_cut_in_time_is_refused(bptt):
    both_ways = Bidirectional(Vanilla(3, 3), Vanilla(3, 3))
    for cell in (both_ways, Stacked((both_ways, Vanilla(6, 6)))):
        network, inputs, targets, _ = _problem(cell)
        with pytest.raises(InputError, match=r"bptt: expected .* runs against time"):
            network.loss_and_gradients(inputs, targets, bptt=bptt)
    network, inputs, targets, _ = _problem(CELLS["vanilla"])
    with pytest.raises(InputError, match=r"bptt: expected .* no mean over times"):
        network.loss_and_gradients(inputs, targets, bptt=bptt, loss=_own_loss)


def test_a_layer_within_a_stack_of_stacks_that_runs_against_time_is_found():
    deep = Stacked((Stacked((Bidirectional(Vanilla(3, 3), Vanilla(3, 3)),)), Vanilla(6, 6)))
    network, inputs, targets, _ = _problem(deep)
    with pytest.raises(InputError, match=r"bptt: expected .* runs against time"):
        network.loss_and_gradients(inputs, targets, bptt=BPTT(truncate_after=5))


def test_what_is_no_bptt_is_refused():
    network, inputs, targets, _ = _problem(CELLS["vanilla"])
    with pytest.raises(InputError, match=r"bptt: expected BPTT\(...\) or None, got 5"):
        network.loss_and_gradients(inputs, targets, bptt=5)


@pytest.mark.parametrize("bptt", [None, BPTT(recompute=True), BPTT(truncate_after=5)])
def test_mask_that_leaves_outputs_of_no_weight_alone_is_refused(bptt):
    network, inputs, targets, _ = _problem(CELLS["vanilla"])
    mask = np.zeros(targets.shape, dtype=bool)
    mask[..., 0] = True
    with pytest.raises(InputError, match="mask: expected something left by mask and output weights"):
        network.loss_and_gradients(
            inputs, targets, mask=mask, loss=MeanSquaredError(output_weights=[0.0, 1.0]), bptt=bptt
        )
