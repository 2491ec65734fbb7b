from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Circle

from motorsim.checks import InputError
from motorsim.plots import distribution_panel, raster_panel, rate_form_panel, single_trials_panel
from motorsim.plots.conditions import HELD_OUT
from motorsim.plots.raster import EXCITATORY_COLOUR, INHIBITORY_COLOUR


@pytest.fixture
def signs():
    """Return one inhibitory unit between two excitatory ones."""
    return np.array([True, False, True])


def test_excitatory_rows_lie_below_inhibitory_ones_each_by_preferred_direction(ax, clock, signs):
    units, times_s = np.array([0, 1, 2, 0]), np.array([0.0, 0.01, 0.02, -0.1])
    marks = raster_panel(
        ax, clock, units, times_s, excitatory=signs, preferred_rad=np.array([2.0, 0.5, -0.1])
    )
    assert [line.get_color() for line in marks] == [EXCITATORY_COLOUR, INHIBITORY_COLOUR]
    # -0.1 rad is nearly a whole turn: unit 2 comes after unit 0.
    np.testing.assert_allclose(marks[0].get_xydata(), [[0.0, 0], [0.02, 1], [-0.1, 0]])
    np.testing.assert_allclose(marks[1].get_xydata(), [[0.01, 2]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["E", "I"]


@pytest.mark.parametrize(
    ("units", "signs", "said"),
    [
        ([0, 3], [True, False, True], "integers from 0 to 2"),
        ([0, -1], [True, False, True], "integers from 0 to 2"),
        ([0], [True, False, True], "one a spike"),
        ([0, 1], [1.0, 0.0, 1.0], "booleans"),
    ],
)
def test_spikes_of_units_that_do_not_exist_are_refused(*, ax, clock, units, signs, said):
    with pytest.raises(InputError, match=said):
        raster_panel(
            ax, clock, np.array(units), np.zeros(2), excitatory=np.array(signs), preferred_rad=np.zeros(3)
        )


def test_paths_of_trials_look_like_their_conditions_and_targets_have_circles(ax, reaches, held_out):
    paths = np.random.default_rng(0).normal(size=(3, 5, 2))
    lines = single_trials_panel(ax, paths, np.array([6, 0, 6]), reaches=reaches, held_out=held_out)
    assert len(lines) == 3
    np.testing.assert_allclose(lines[0].get_xydata(), 100.0 * paths[0])
    assert lines[0].get_color() == lines[2].get_color() != lines[1].get_color()
    assert lines[0].is_dashed() == (HELD_OUT != "-")
    assert not lines[1].is_dashed()
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    np.testing.assert_allclose([circle.center for circle in circles], 100.0 * reaches.target_m)
    assert {circle.radius for circle in circles} == {2.0}
    with pytest.raises(InputError, match="one of the 8 conditions"):
        single_trials_panel(ax, paths, np.array([0, 1, 8]), reaches=reaches, held_out=held_out)


def test_forms_are_drawn_on_one_scale_about_zero(ax):
    points = np.array([[0.0, -20.0, 5.0], [1.0, -10.0, 30.0]])
    line = rate_form_panel(ax, points, correlation=0.876)
    np.testing.assert_allclose(line.get_xydata(), points.T)
    assert ax.get_xlim() == ax.get_ylim() == pytest.approx((-31.5, 31.5))
    assert ax.get_title().endswith("r = 0.88")
    with pytest.raises(InputError, match="points_hz"):
        rate_form_panel(ax, points[:1], correlation=0.5)


def test_every_known_neuron_is_counted_once_under_its_sign(ax):
    values = np.array([1.0, 2.0, np.nan, 4.0, 9.0])
    counts = distribution_panel(ax, values, excitatory=np.array([True, True, True, False, False]), label="CV")
    assert [count.sum() for count in counts] == [2, 2]
    assert ax.get_title() == "1 of 5 not known"
    medians = [line.get_xdata()[0] for line in ax.lines]
    assert medians == [1.5, 6.5]
    assert distribution_panel(ax, np.full(2, np.nan), excitatory=np.array([True, False]), label="CV") == []
    with pytest.raises(InputError, match="infinite"):
        distribution_panel(ax, np.array([1.0, np.inf]), excitatory=np.array([True, False]), label="CV")
