"""Curricula: stages end when they are learned or have lasted, each with data of its own."""

from functools import partial

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Adam
from motorsim.train import fit
from motorsim.train.curriculum import Curriculum, Stage

ONES = np.ones((2, 20, 2))


def _run(network, stages, **options):
    settings = {"optimiser": Adam(1e-2), "rng": 1, "n_iterations": 40, "evaluate_every": 5}
    return fit(network, curriculum=Curriculum(tuple(stages)), **(settings | options))


def test_stages_follow_each_other_after_their_number_of_updates(oscillations, small_network):
    easy, hard = oscillations(1), oscillations(2)
    told = []
    result = _run(
        small_network(), [Stage(*easy, at_most=7), Stage(*hard)], n_iterations=12, callbacks=[told.append]
    )
    np.testing.assert_array_equal(result.stage_starts, [0, 7])
    assert [news.stage for news in told] == [0] * 7 + [1] * 5
    alone = fit(small_network(), *easy, optimiser=Adam(1e-2), rng=1, n_iterations=7)
    np.testing.assert_array_equal(result.training_loss[:7], alone.training_loss)
    assert result.training_loss[7] == pytest.approx(alone.network.loss(*hard), rel=1e-12)


def test_stage_ends_at_the_first_evaluation_whose_mean_loss_is_low_enough(oscillations, small_network):
    easy, hard = oscillations(1), oscillations(2)
    alone = fit(small_network(), *easy, optimiser=Adam(1e-2), rng=1, n_iterations=40)
    means = alone.training_loss.reshape(8, 5).mean(axis=1)
    assert np.all(np.diff(means) < 0)
    result = _run(small_network(), [Stage(*easy, until_loss=means[3]), Stage(*hard)])
    np.testing.assert_array_equal(result.stage_starts, [0, 20])


def test_learning_the_last_stage_ends_training(oscillations, small_network):
    result = _run(small_network(), [Stage(*oscillations(1), at_most=6)], validation=oscillations(3))
    assert (result.stopped, len(result.training_loss)) == ("curriculum", 6)
    np.testing.assert_array_equal(result.evaluated_at, [0, 5, 6])


def test_patience_waits_for_the_last_stage(oscillations, small_network):
    inputs, targets = oscillations(1)
    stages = [Stage(inputs, -targets, at_most=30), Stage(inputs, -targets)]
    result = _run(
        small_network(), stages, validation=(inputs, targets), patience=2, evaluate_every=2, n_iterations=60
    )
    assert result.stopped == "patience"
    assert result.evaluated_at[-1] == 34


def test_harder_stage_is_not_taken_for_divergence(oscillations, small_network):
    inputs, targets = oscillations(1)
    first = small_network().forward(inputs).outputs + 1e-4
    result = _run(small_network(), [Stage(inputs, first, at_most=5), Stage(inputs, 1e3 * targets)])
    assert result.training_loss[5] > 1e5 * result.training_loss[0]
    assert result.stopped == "iterations"


def test_stage_may_draw_fresh_batches(oscillations, small_network):
    def draw(rng):
        return oscillations(rng.integers(1000), n_sequences=3)

    run = partial(
        _run, small_network(), [Stage(*oscillations(1), batch_size=4, at_most=5), Stage(batches=draw)]
    )
    np.testing.assert_array_equal(run().training_loss, run().training_loss)
    assert len(set(run().training_loss[5:])) == 35


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Stage, "inputs: expected an array, got None"),
        (lambda: Stage(ONES), "targets: expected an array, got None"),
        (lambda: Stage(ONES, ONES, batches=print), "inputs: expected nothing, since batches are drawn"),
        (lambda: Stage(batches=3), "batches: expected a function of rng"),
        (lambda: Stage(batches=print, batch_size=3), "batch_size: expected nothing"),
        (lambda: Stage(ONES, ONES, until_loss=np.nan), "until_loss"),
        (lambda: Stage(ONES, ONES, at_most=0), "at_most"),
        (lambda: Curriculum(()), "stages: expected a tuple of at least one Stage"),
        (lambda: Curriculum((ONES, ONES)), "stages: expected a tuple"),
        (lambda: Curriculum(Stage(ONES, ONES)), "stages: expected a tuple of at least one Stage, got Stage$"),
        (
            lambda: Curriculum((Stage(ONES, ONES), Stage(ONES, ONES))),
            r"stages\[0\]: expected until_loss or at_most, since another stage follows",
        ),
    ],
)
def test_curriculum_that_cannot_be_gone_through_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.ones((2, 3, 2))}, "inputs: expected nothing beside a curriculum"),
        ({"batch_size": 2}, "batch_size: expected nothing beside a curriculum, .*; say it in the stages"),
        ({"curriculum": [1]}, r"curriculum: expected Curriculum\(.*, got list$"),
    ],
)
def test_data_are_given_in_one_way_alone(change, message, oscillations, small_network):
    given = {"curriculum": Curriculum((Stage(*oscillations(1)),))} | change
    with pytest.raises(InputError, match=message):
        fit(small_network(), optimiser=Adam(), rng=1, n_iterations=2, **given)


def test_arrays_of_a_stage_that_do_not_go_with_the_network_are_named(oscillations, small_network):
    stages = [Stage(*oscillations(1), at_most=2), Stage(np.ones((2, 20, 3)), np.ones((2, 20, 2)))]
    with pytest.raises(InputError, match="stage 1 inputs: expected"):
        _run(small_network(), stages)
    with pytest.raises(InputError, match="batch_size: expected an integer from 1 to 8, got 9"):
        _run(small_network(), [Stage(*oscillations(1), batch_size=9)])
