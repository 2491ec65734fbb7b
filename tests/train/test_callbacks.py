"""Callbacks that come with motorsim."""

import logging

import pytest

from motorsim.checks import InputError
from motorsim.nn import Adam
from motorsim.train import fit
from motorsim.train.callbacks import LogProgress


def test_losses_are_logged_every_so_often_and_after_the_last_update(caplog, oscillations, small_network):
    with caplog.at_level(logging.INFO, logger="motorsim"):
        result = fit(
            small_network(),
            *oscillations(1),
            optimiser=Adam(),
            rng=1,
            n_iterations=7,
            validation=oscillations(2),
            callbacks=[LogProgress(3)],
        )
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == [f"iteration {n} of 7" for n in (3, 6, 7)]
    assert f"loss {result.training_loss[2]:.4g}, validation {result.validation_loss[0]:.4g}, grad" in lines[0]


@pytest.mark.parametrize(("answer", "message"), [(0.5, "returns 0.5"), ("go on", "returns 'go on'")])
def test_an_answer_that_is_neither_yes_nor_no_does_not_end_training_unasked(
    answer, message, oscillations, small_network
):
    with pytest.raises(InputError, match=rf"callbacks\[1\]: expected .*None, True or False.*{message}"):
        fit(
            small_network(),
            *oscillations(1),
            optimiser=Adam(),
            rng=1,
            n_iterations=3,
            callbacks=[lambda _: None, lambda _: answer],
        )


def test_interval_of_nothing_is_refused():
    with pytest.raises(InputError, match="every: expected an integer of at least 1, got 0"):
        LogProgress(0)
