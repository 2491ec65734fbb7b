import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import DelayedReach, PlaceCode, center_out, curved_reaches


def test_a_field_is_one_at_its_centre_and_falls_as_a_gaussian():
    code = PlaceCode(n_per_axis=3, extent_m=0.1, width_m=0.05)
    np.testing.assert_array_equal(np.diag(code.encode(code.centres_m)), 1.0)
    aside = code.encode(code.centres_m[4] + [0.05, 0.0])
    assert aside[4] == pytest.approx(np.exp(-0.5))


def test_grid_spans_the_extent():
    centres = PlaceCode(n_per_axis=5, extent_m=0.1).centres_m
    assert centres.shape == (25, 2)
    np.testing.assert_allclose([centres.min(), centres.max()], [-0.1, 0.1])
    assert len(np.unique(centres, axis=0)) == 25


def test_target_is_shown_in_preparation_alone_and_the_go_cue_from_then_on():
    task = DelayedReach(center_out(8, 0.08))
    inputs = PlaceCode().inputs(task)
    assert inputs.shape == (8, task.n_times, 26)
    target, go_cue = inputs[..., :-1], inputs[..., -1]
    assert (target[:, task.epoch("preparation")] > 0).all()
    assert not target[:, ~task.epoch("preparation")].any()
    np.testing.assert_array_equal(go_cue, np.tile(task.epoch("movement"), (8, 1)))


def test_bowed_reaches_with_one_target_can_be_told_apart():
    reaches = curved_reaches(4)
    inputs = PlaceCode().inputs(DelayedReach(reaches))
    same = np.linalg.norm(reaches.target_m - reaches.target_m[0], axis=1) < 1e-9
    assert same.sum() > 1
    first, *others = inputs[same]
    assert all(np.abs(first - other).max() > 0.01 for other in others)


@pytest.mark.parametrize("arguments", [{"n_per_axis": 1}, {"extent_m": 0.0}, {"width_m": -0.1}])
def test_bad_arguments_are_named(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        PlaceCode(**arguments)
