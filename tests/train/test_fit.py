"""Fitting learns, stops in time, keeps the best, repeats itself, and survives divergence."""

from functools import partial

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import SGD, Adam, Constant, Cosine, Leaky, Linear, Network, Vanilla, WeightPenalty, mse
from motorsim.train import fit


def _damped_oscillations(seed, n_sequences=8):
    """Return inputs that say where a damped oscillator of 1 Hz starts, and its course for 1 s."""
    starts = np.random.default_rng(seed).uniform(-1, 1, size=(n_sequences, 2))
    times_s = np.arange(1, 41) / 40
    rotation = np.exp((-1.5 + 2j * np.pi) * times_s)
    course = (starts[:, :1] + 1j * starts[:, 1:]) * rotation
    inputs = np.zeros((n_sequences, 40, 2))
    inputs[:, :4] = starts[:, None]
    return inputs, np.stack([course.real, course.imag], axis=-1)


def _network(seed=0, dtype="float64", n_units=20):
    return Network.initialise(
        Leaky(2, n_units, 0.025, 0.1, gain=1.2), Linear(n_units, 2), rng=seed, dtype=dtype
    )


def _same(first, second):
    return all(np.array_equal(array, second.parameters[name]) for name, array in first.parameters.items())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_network_learns_a_damped_oscillator_and_predicts_new_starts(dtype):
    inputs, targets = _damped_oscillations(1, n_sequences=24)
    validation = _damped_oscillations(2)
    result = fit(
        _network(dtype=dtype),
        inputs,
        targets,
        optimiser=Adam(1e-2),
        rng=1,
        validation=validation,
        n_iterations=600,
        schedule=Cosine(600),
    )
    assert result.training_loss[-1] < 0.01 * result.training_loss[0]
    assert result.validation_loss.min() < 0.02 * result.validation_loss[0]
    assert result.stopped == "iterations"
    assert result.network.dtype == dtype


def test_student_learns_from_a_teacher_of_its_own_kind():
    teacher = Network.initialise(Vanilla(2, 4, gain=1.5), Linear(4, 3), rng=11)
    inputs = np.random.default_rng(3).normal(size=(10, 15, 2))
    student = Network.initialise(Vanilla(2, 12), Linear(12, 3), rng=4)
    targets = teacher.forward(inputs).outputs
    result = fit(student, inputs, targets, optimiser=Adam(1e-2), rng=1, n_iterations=600, batch_size=5)
    assert student.loss(inputs, targets) > 100 * result.network.loss(inputs, targets)


def test_same_seed_gives_identical_arrays_and_another_seed_another_order():
    inputs, targets = _damped_oscillations(4)
    run = partial(fit, _network(), inputs, targets, optimiser=Adam(), n_iterations=15, batch_size=3)
    first, again, other = run(rng=5), run(rng=5), run(rng=6)
    np.testing.assert_array_equal(first.training_loss, again.training_loss)
    assert _same(first.network, again.network)
    assert np.all(first.training_loss != other.training_loss)


def test_first_iteration_is_one_clipped_step_of_the_optimiser():
    inputs, targets = _damped_oscillations(5)
    network = _network()
    loss, gradients = network.loss_and_gradients(inputs, targets, penalties=(WeightPenalty(3.0),))
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients.values()))
    result = fit(
        network,
        inputs,
        targets,
        optimiser=SGD(0.1),
        rng=1,
        n_iterations=1,
        penalties=(WeightPenalty(3.0),),
        clip_norm=norm / 2,
        schedule=lambda iteration, _losses: 0.5 - iteration,
    )
    assert result.training_loss == [loss]
    for name, gradient in gradients.items():
        expected = network.parameters[name] - 0.1 * 0.5 * gradient / 2
        np.testing.assert_allclose(result.network.parameters[name], expected, rtol=1e-12, atol=1e-15)


def test_early_stopping_restores_the_network_of_the_lowest_validation_loss():
    inputs, targets = _damped_oscillations(6, n_sequences=3)
    validation = _damped_oscillations(7)
    noisy = targets + 0.5 * np.random.default_rng(8).normal(size=targets.shape)
    result = fit(
        _network(n_units=40),
        inputs,
        noisy,
        optimiser=Adam(1e-2),
        rng=1,
        validation=validation,
        n_iterations=2000,
        patience=12,
        evaluate_every=5,
    )
    best = int(np.argmin(result.validation_loss))
    assert result.stopped == "patience"
    assert result.evaluated_at[best] == result.best_iteration
    assert 0 < result.best_iteration < 2000
    assert len(result.validation_loss) == best + 13
    assert result.evaluated_at[-1] == len(result.training_loss)
    assert result.network.loss(*validation) == pytest.approx(result.validation_loss[best], rel=1e-12)


def test_evaluations_come_at_the_start_every_so_often_and_at_the_end():
    inputs, targets = _damped_oscillations(9)
    result = fit(
        _network(),
        inputs,
        targets,
        optimiser=Adam(),
        rng=1,
        validation=(inputs, targets),
        n_iterations=25,
        evaluate_every=10,
    )
    np.testing.assert_array_equal(result.evaluated_at, [0, 10, 20, 25])
    np.testing.assert_allclose(result.validation_loss[:3], result.training_loss[[0, 10, 20]], rtol=1e-12)


def test_interruption_passes_through():
    inputs, targets = _damped_oscillations(13)

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(_network(), inputs, targets, optimiser=Adam(), rng=1, n_iterations=5, callbacks=[interrupt])


def test_callbacks_are_told_of_every_update():
    inputs, targets = _damped_oscillations(14)
    told = []
    run = partial(fit, _network(), inputs, targets, optimiser=Adam(), rng=1, n_iterations=4, evaluate_every=3)
    result = run(
        validation=(inputs, targets),
        callbacks=[told.append],
        schedule=lambda iteration, _losses: 1.0 / (1 + iteration),
    )
    assert [(news.iteration, news.n_iterations, news.stage) for news in told] == [
        (done, 4, 0) for done in (1, 2, 3, 4)
    ]
    np.testing.assert_array_equal([news.training_loss for news in told], result.training_loss)
    np.testing.assert_array_equal([n.validation_loss for n in told], result.validation_loss[[0, 0, 0, 1]])
    np.testing.assert_allclose([news.rate_factor for news in told], 1.0 / np.arange(1, 5))
    _, gradients = _network().loss_and_gradients(inputs, targets)
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients.values()))
    assert told[0].gradient_norm == pytest.approx(norm, rel=1e-12)
    first = run(n_iterations=1)
    for name, array in told[0].parameters.items():
        np.testing.assert_array_equal(array, first.network.parameters[name])
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0

    run(callbacks=[told.append])
    assert told[-1].validation_loss is None


def test_callback_ends_training_and_all_callbacks_are_asked():
    inputs, targets = _damped_oscillations(14)
    told = []
    result = fit(
        _network(),
        inputs,
        targets,
        optimiser=Adam(),
        rng=1,
        n_iterations=50,
        validation=(inputs, targets),
        callbacks=[lambda news: news.iteration == 7, told.append],
    )
    assert result.stopped == "callback"
    assert (len(told), len(result.training_loss)) == (7, 7)
    np.testing.assert_array_equal(result.evaluated_at, [0, 7])
    assert "a callback asked to stop" in result.message


def test_schedule_is_told_the_validation_losses_or_mean_training_losses_so_far():
    inputs, targets = _damped_oscillations(18)
    told = []

    def schedule(iteration, losses):
        told.append((iteration, list(losses)))
        return 1.0

    run = partial(fit, _network(), inputs, targets, optimiser=Adam(), rng=1, batch_size=3, evaluate_every=4)
    result = run(n_iterations=9, schedule=schedule)
    means = result.training_loss[:8].reshape(2, 4).mean(axis=1)
    assert [iteration for iteration, _ in told] == list(range(9))
    assert [len(losses) for _, losses in told] == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    np.testing.assert_allclose(told[-1][1], means, rtol=1e-12)

    told.clear()
    result = run(n_iterations=9, schedule=schedule, validation=(inputs, targets))
    assert [len(losses) for _, losses in told] == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    np.testing.assert_array_equal(told[-1][1], result.validation_loss[:3])


def test_batches_drawn_anew_follow_from_the_seed_and_never_repeat():
    drawn = []

    def draw(rng):
        inputs, targets = _damped_oscillations(rng.integers(1000), n_sequences=4)
        drawn.append(inputs)
        return inputs, targets

    run = partial(fit, _network(), optimiser=Adam(), n_iterations=6, batches=draw)
    first, again, other = run(rng=1), run(rng=1), run(rng=2)
    assert _same(first.network, again.network)
    assert np.all(first.training_loss != other.training_loss)
    assert len({inputs.tobytes() for inputs in drawn[:6]}) == 6


def test_noise_differs_from_update_to_update_and_follows_from_the_seed():
    inputs, targets = _damped_oscillations(19)
    seen = []

    class Watched(Network):
        def compute_loss_and_gradients(self, *arguments, rng, **options):
            seen.append(rng.random())
            return super().compute_loss_and_gradients(*arguments, rng=rng, **options)

    plain = _network()
    network = Watched(plain.cell, plain.readout, plain.parameters)
    run = partial(fit, network, inputs, targets, optimiser=Adam(), n_iterations=3)
    run(rng=1), run(rng=1), run(rng=2)
    assert seen[:3] == seen[3:6]
    assert len(set(seen)) == 6


@pytest.mark.parametrize("batch_size", [None, 8])
def test_losses_count_only_what_the_masks_leave(batch_size):
    inputs, targets = _damped_oscillations(15)
    network, mask = _network(), np.arange(40) < np.arange(8)[:, None] * 4 + 4
    expected = network.loss(inputs, targets, mask=mask)
    assert expected != pytest.approx(network.loss(inputs, np.where(mask[..., None], targets, 0.0)), rel=0.01)
    targets[~mask] = np.nan
    run = partial(fit, network, inputs, targets, optimiser=Adam(), rng=1, n_iterations=1, mask=mask)
    result = run(batch_size=batch_size, validation=(inputs, targets, mask))
    assert result.training_loss[0] == pytest.approx(expected, rel=1e-12)
    assert result.validation_loss[0] == pytest.approx(expected, rel=1e-12)


def test_start_is_not_changed():
    inputs, targets = _damped_oscillations(16)
    network = _network()
    result = fit(
        network, inputs, targets, optimiser=Adam(), rng=1, n_iterations=3, schedule=Constant(), loss=mse
    )
    assert _same(network, _network())
    assert not _same(network, result.network)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_iterations": 0}, "n_iterations: expected an integer of at least 1, got 0"),
        ({"evaluate_every": 0}, "evaluate_every"),
        ({"batch_size": 9}, "batch_size: expected an integer from 1 to 8, got 9"),
        ({"clip_norm": -1.0}, "clip_norm"),
        ({"patience": 3}, "validation: expected inputs and targets, since patience is set"),
        ({"validation": np.zeros((2, 3))}, r"validation: expected \(inputs, targets\)"),
        ({"validation": (np.zeros((2, 3, 1)), np.zeros((2, 3, 2)))}, "validation inputs: expected"),
        ({"optimiser": Adam}, "optimiser: expected an optimiser such as Adam"),
        ({"optimiser": 1e-3}, "optimiser"),
        ({"schedule": Constant}, "schedule: expected a schedule"),
        ({"callbacks": print}, "callbacks: expected a sequence of functions"),
        ({"callbacks": [None]}, "callbacks"),
        ({"checkpoint": "here.h5"}, r"checkpoint: expected a Checkpoint\(path\)"),
        ({"targets": None}, "targets: expected an array, got None; or give batches"),
        ({"batches": lambda _rng: None}, "inputs: expected nothing, since batches are drawn"),
        (
            {"inputs": None, "targets": None, "batches": lambda _rng: None},
            r"batches: expected \(inputs, targets\)",
        ),
        (
            {"inputs": None, "targets": None, "batches": lambda _rng: (np.ones((2, 0, 2)),) * 2},
            "batches inputs: expected",
        ),
        ({"rng": None}, "rng"),
        ({"inputs": np.zeros((8, 40, 3))}, "inputs"),
        ({"targets": np.full((8, 40, 2), np.inf)}, "targets: expected finite numbers"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, message):
    inputs, targets = _damped_oscillations(17)
    arguments = {"inputs": inputs, "targets": targets, "optimiser": Adam(), "rng": 1, "n_iterations": 5}
    with pytest.raises(InputError, match=message):
        fit(_network(), **{**arguments, **change})


def test_mask_that_may_leave_nothing_of_a_batch_is_refused_before_training():
    inputs, targets = _damped_oscillations(22)
    mask = np.ones((8, 40), dtype=bool)
    mask[:2] = False
    run = partial(fit, _network(), inputs, targets, optimiser=Adam(), rng=1, n_iterations=12, mask=mask)
    for batch_size in (1, 2, 3, 7):  # 8 = 3 + 3 + 2 and 7 + 1: the last batch is the smallest
        with pytest.raises(InputError, match=r"mask: expected something left in any . of the rows"):
            run(batch_size=batch_size)
    for batch_size in (None, 4, 5, 8):
        assert run(batch_size=batch_size).stopped == "iterations"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "gru"}, "network: expected a network such as"),
        ({"network": Network}, "network: expected a network such as"),
        ({"loss": "mse"}, "loss: expected a loss such as mse"),
        ({"penalties": WeightPenalty(1.0)}, "penalties: expected a sequence of penalties"),
        ({"bptt": 5}, "bptt: expected BPTT"),
    ],
)
def test_what_is_of_another_kind_is_refused(change, message):
    inputs, targets = _damped_oscillations(17)
    arguments = {"network": _network(), "inputs": inputs, "targets": targets, "n_iterations": 5}
    with pytest.raises(InputError, match=message):
        fit(**{**arguments, **change}, optimiser=Adam(), rng=1)
