"""Checkpoints: what was interrupted and goes on is, bit for bit, what was never interrupted."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.io import read_arrays, write_arrays
from motorsim.nn import SGD, Adam, AdamW, Cosine, Momentum, RMSprop, WeightPenalty
from motorsim.nn.schedules import Plateau
from motorsim.train import fit
from motorsim.train.checkpoint import KIND, SCHEMA_VERSION, Checkpoint
from motorsim.train.curriculum import Curriculum, Stage


class _Interruption:
    """A Ctrl-C after the given number of updates."""

    def __init__(self, after):
        self.after = after

    def __call__(self, progress):
        if progress.iteration == self.after:
            raise KeyboardInterrupt


def _interrupt(run, path, after, every=1000):
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=Checkpoint(path, every), callbacks=[_Interruption(after)])


def _resume(run, path, after):
    """Go on from a checkpoint; training must go on with the next update, not start again."""
    told = []
    result = run(checkpoint=Checkpoint(path), callbacks=[told.append])
    assert told[0].iteration == after + 1
    return result


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimiser",
    [SGD(0.1), Momentum(0.05, nesterov=True), RMSprop(1e-3), Adam(1e-2), AdamW(1e-2)],
    ids=lambda optimiser: type(optimiser).__name__,
)
def test_resumed_training_equals_the_uninterrupted_one(  # noqa: PLR0917
    optimiser, dtype, tmp_path, oscillations, small_network, assert_same_fit
):
    run = partial(
        fit,
        small_network(dtype=dtype),
        *oscillations(1, n_sequences=10),
        validation=oscillations(2),
        optimiser=optimiser,
        rng=3,
        n_iterations=30,
        batch_size=4,
        evaluate_every=4,
        penalties=[WeightPenalty(0.1)],
        schedule=Plateau(2),
    )
    whole = run()
    for after in (1, 8, 17):  # within a round of batches, at an evaluation, between two
        path = tmp_path / f"{after}.h5"
        _interrupt(run, path, after)
        assert_same_fit(_resume(run, path, after), whole)


def test_noise_goes_on_where_it_was(tmp_path, oscillations, small_network, assert_same_fit):
    network = small_network(noise_std=0.1)
    run = partial(fit, network, *oscillations(1), optimiser=Adam(), rng=3, n_iterations=12)
    quiet = fit(small_network(), *oscillations(1), optimiser=Adam(), rng=3, n_iterations=12)
    whole = run()
    assert np.all(whole.training_loss != quiet.training_loss)
    _interrupt(run, tmp_path / "state.h5", 5)
    assert_same_fit(_resume(run, tmp_path / "state.h5", 5), whole)


def test_curriculum_fresh_batches_and_mean_losses_go_on_where_they_were(
    tmp_path, oscillations, small_network, assert_same_fit
):
    def draw(rng):
        return oscillations(rng.integers(1000), n_sequences=3)

    stages = (Stage(*oscillations(1), batch_size=3, at_most=7), Stage(batches=draw))
    run = partial(
        fit,
        small_network(),
        curriculum=Curriculum(stages),
        optimiser=Adam(1e-2),
        rng=np.random.default_rng(5),
        n_iterations=25,
        evaluate_every=3,
        schedule=Plateau(1, factor=0.9),
    )
    whole = run()
    for after in (6, 7, 8, 20):
        path = tmp_path / f"{after}.h5"
        _interrupt(partial(run, rng=np.random.default_rng(5)), path, after)
        assert_same_fit(_resume(partial(run, rng=np.random.default_rng(5)), path, after), whole)


def test_early_stopping_remembers_the_best_and_its_patience(
    tmp_path, oscillations, small_network, assert_same_fit
):
    inputs, targets = oscillations(1)
    run = partial(
        fit,
        small_network(),
        inputs,
        -targets,
        validation=(inputs, targets),
        optimiser=Adam(1e-2),
        rng=1,
        n_iterations=50,
        patience=5,
        evaluate_every=2,
    )
    whole = run()
    assert whole.stopped == "patience"
    assert whole.evaluated_at[-1] > 8
    _interrupt(run, tmp_path / "state.h5", 7)
    assert_same_fit(_resume(run, tmp_path / "state.h5", 7), whole)


def test_killed_training_goes_on_from_the_last_write(tmp_path, oscillations, small_network, assert_same_fit):
    """A kill leaves no time to write: here an error that is no interruption."""
    path = tmp_path / "state.h5"
    run = partial(fit, small_network(), *oscillations(1), optimiser=Adam(), rng=1, n_iterations=12)

    def fail(progress):
        if progress.iteration == 8:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run(checkpoint=Checkpoint(path, every=5), callbacks=[fail])
    told = []
    resumed = run(checkpoint=Checkpoint(path), callbacks=[told.append])
    assert [progress.iteration for progress in told] == list(range(6, 13))
    assert_same_fit(resumed, run())


def test_interruption_in_the_middle_of_an_update_leaves_the_state_before_it(
    tmp_path, oscillations, small_network, assert_same_fit
):
    class Interrupted(Adam):
        def update(self, grads, state, params, *, rate_factor=1.0):
            if interrupting and state.iteration == 6:
                raise KeyboardInterrupt
            return super().update(grads, state, params, rate_factor=rate_factor)

    run = partial(fit, small_network(), *oscillations(1), optimiser=Interrupted(), rng=1, n_iterations=12)
    path, interrupting = tmp_path / "state.h5", True
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=Checkpoint(path))
    interrupting = False
    assert_same_fit(_resume(run, path, 6), run())


@pytest.mark.parametrize("with_validation", [False, True])
def test_finished_training_is_not_made_again(
    with_validation, tmp_path, oscillations, small_network, assert_same_fit
):
    told = []
    run = partial(
        fit,
        small_network(),
        *oscillations(1),
        optimiser=Adam(),
        rng=1,
        n_iterations=7,
        validation=oscillations(2) if with_validation else None,
        checkpoint=Checkpoint(tmp_path / "state.h5"),
        callbacks=[told.append],
    )
    assert_same_fit(run(), run())
    assert len(told) == 7


def test_training_that_a_callback_ended_goes_on(tmp_path, oscillations, small_network, assert_same_fit):
    run = partial(
        fit,
        small_network(),
        *oscillations(1),
        validation=oscillations(2),
        optimiser=Adam(),
        rng=1,
        n_iterations=12,
        evaluate_every=5,
    )
    checkpoint = Checkpoint(tmp_path / "state.h5")
    part = run(checkpoint=checkpoint, callbacks=[lambda progress: progress.iteration == 7])
    assert part.stopped == "callback"
    assert_same_fit(_resume(run, checkpoint.path, 7), run())


def test_parameters_have_the_layout_that_files_keep(oscillations, small_network):
    """Products of matrices depend on their layout in the last digit, and a file keeps rows alone."""
    seen = []

    class Columns(SGD):
        def update(self, grads, state, params, *, rate_factor=1.0):
            seen.extend(array.flags.c_contiguous for array in params.values())
            updated, after = super().update(grads, state, params, rate_factor=rate_factor)
            return {name: np.asfortranarray(array) for name, array in updated.items()}, after

    fit(small_network(), *oscillations(1), optimiser=Columns(), rng=1, n_iterations=3)
    assert seen
    assert all(seen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimiser": Adam(2e-3)}, r"optimiser differ, here .*0.002.*, got .*0.001.*; choose another path"),
        ({"rng": 2}, "seed differ"),
        ({"n_iterations": 13}, "n_iterations differ, here 13, got 12"),
        ({"schedule": Cosine(12)}, "schedule differ"),
        ({"penalties": [WeightPenalty(0.1)]}, "penalties differ"),
        ({"clip_norm": None}, "clip_norm differ"),
        ({"batch_size": 4}, "data differ"),
        ({"validation": "same"}, "validation data differ"),
    ],
)
def test_checkpoint_of_another_training_is_refused(change, message, tmp_path, oscillations, small_network):
    checkpoint = Checkpoint(tmp_path / "state.h5")
    run = partial(fit, small_network(), *oscillations(1), checkpoint=checkpoint)
    settings = {"optimiser": Adam(1e-3), "rng": 1, "n_iterations": 12}
    run(**settings)
    if "validation" in change:
        change = {"validation": oscillations(1)}
    with pytest.raises(InputError, match=f"checkpoint: expected one of this very training; {message}"):
        run(**(settings | change))


def test_checkpoint_of_other_data_or_another_network_is_refused(tmp_path, oscillations, small_network):
    checkpoint = Checkpoint(tmp_path / "state.h5")
    run = partial(fit, optimiser=Adam(), rng=1, n_iterations=2, checkpoint=checkpoint)
    inputs, targets = oscillations(1)
    network = small_network()
    run(network, inputs, targets)
    changed = targets.copy()
    changed[3, 4, 1] += 1e-9
    with pytest.raises(InputError, match="data differ"):
        run(network, inputs, changed)
    with pytest.raises(InputError, match="initial parameters differ"):
        run(small_network(seed=1), inputs, targets)
    with pytest.raises(InputError, match="architecture differ"):
        run(replace(network, cell=replace(network.cell, tau_s=0.2)), inputs, targets)


def test_files_that_are_no_checkpoint_or_newer_are_refused(tmp_path, oscillations, small_network):
    path = tmp_path / "state.h5"
    run = partial(fit, small_network(), *oscillations(1), optimiser=Adam(), rng=1, n_iterations=2)
    path.write_text("no checkpoint")
    with pytest.raises(InputError, match="an HDF5 file"):
        run(checkpoint=Checkpoint(path))
    path.unlink()
    run(checkpoint=Checkpoint(path))
    content, _ = read_arrays(path, KIND, schema_version=SCHEMA_VERSION)
    write_arrays(path, KIND, content, schema_version=SCHEMA_VERSION + 1)
    with pytest.raises(InputError, match="upgrade motorsim"):
        run(checkpoint=Checkpoint(path))
    content["parameters"]["cell.bias"] = np.zeros(3)
    write_arrays(path, KIND, content, schema_version=SCHEMA_VERSION)
    with pytest.raises(InputError, match=r"checkpoint cell.bias: expected float64 of shape \(12,\)"):
        run(checkpoint=Checkpoint(path))


def test_places_that_cannot_hold_a_checkpoint_are_refused(tmp_path):
    with pytest.raises(InputError, match="path: expected a file to write"):
        Checkpoint(tmp_path)
    with pytest.raises(InputError, match="every"):
        Checkpoint(tmp_path / "state.h5", every=0)
    with pytest.raises(InputError, match="path: expected the path of a file, got None"):
        Checkpoint(None)


def test_a_place_that_cannot_be_written_shows_before_the_first_update(tmp_path, oscillations, small_network):
    (tmp_path / "file").touch()
    told = []
    with pytest.raises(InputError, match="a place that can be written"):
        fit(
            small_network(),
            *oscillations(1),
            optimiser=Adam(),
            rng=1,
            n_iterations=4,
            checkpoint=Checkpoint(tmp_path / "file" / "state.h5", every=2),
            callbacks=[told.append],
        )
    assert not told


def test_training_interrupted_before_its_first_update_goes_on(
    tmp_path, oscillations, small_network, assert_same_fit
):
    run = partial(fit, small_network(), *oscillations(1), optimiser=Adam(), rng=1, n_iterations=4)
    path, written = tmp_path / "state.h5", []
    whole = run(checkpoint=Checkpoint(path), callbacks=[lambda _: written.append(path.read_bytes())])
    path.write_bytes(written[0])
    assert_same_fit(run(checkpoint=Checkpoint(path)), whole)


def test_bound_of_divergence_is_that_of_the_training_so_far(tmp_path, oscillations, small_network):
    run = partial(fit, small_network(), *oscillations(1), optimiser=SGD(1e-3), rng=3, n_iterations=12)
    _interrupt(run, tmp_path / "state.h5", 5)
    content, _ = read_arrays(tmp_path / "state.h5", KIND, schema_version=SCHEMA_VERSION)
    first = run(n_iterations=1).training_loss[0]
    assert content["course"]["limit"] > 1e3 * first
    content["course"]["limit"] = 0.5 * first
    write_arrays(tmp_path / "state.h5", KIND, content, schema_version=SCHEMA_VERSION)
    assert run(checkpoint=Checkpoint(tmp_path / "state.h5")).stopped == "diverged"
