"""The monitor keeps the lowest loss and counts what comes after it."""

from motorsim.train.monitor import Monitor


def test_lowest_loss_is_kept_and_the_count_starts_anew_with_it():
    monitor = Monitor({})
    counts = []
    for iteration, loss in enumerate([5.0, 6.0, 3.0, 3.0, 9.0]):
        monitor = monitor.record(iteration, loss, {"iteration": iteration})
        counts.append(monitor.n_since)
    assert counts == [0, 1, 0, 1, 2]
    assert (monitor.iteration, monitor.loss, monitor.parameters) == (2, 3.0, {"iteration": 2})


def test_loss_that_is_no_number_never_becomes_the_best():
    monitor = Monitor({"first": 0}).record(0, float("nan"), {"bad": 1})
    assert monitor.parameters == {"first": 0}
    assert monitor.n_since == 1
