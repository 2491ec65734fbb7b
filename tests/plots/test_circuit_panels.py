"""Panels of a circuit: spectrum, weights, amplification."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import amplification_panel, spectrum_panel, weights_panel


def test_eigenvalues_stand_in_the_complex_plane_with_the_abscissa_printed(ax):
    after, before = np.array([0.15 + 2j, 0.15 - 2j]), np.array([9.5 + 0j, -1.0 + 0j])
    points, earlier = spectrum_panel(ax, after, before=before)
    np.testing.assert_allclose(points.get_xydata(), [[0.15, 2.0], [0.15, -2.0]])
    np.testing.assert_allclose(earlier.get_xydata(), [[9.5, 0.0], [-1.0, 0.0]])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["before: max Re 9.50", "after: max Re 0.15", "stability, Re = 1"]


def test_the_stability_line_stands_at_one(ax):
    spectrum_panel(ax, np.array([0.5 + 0j]))
    assert list(ax.lines[-1].get_xdata()) == [1.0, 1.0]


@pytest.mark.parametrize("eigenvalues", [np.eye(2), np.array([np.nan + 0j]), np.array(["a"]), np.array([])])
def test_what_is_no_list_of_eigenvalues_is_refused(ax, eigenvalues):
    with pytest.raises(InputError, match="eigenvalues"):
        spectrum_panel(ax, eigenvalues)


def test_units_in_no_order_are_sorted_into_blocks_rows_and_columns_alike(ax):
    weights = np.array([[0.0, 1.0, -2.0], [-4.0, 0.0, -5.0], [-7.0, 8.0, 0.0]])
    image = weights_panel(ax, weights, excitatory=np.array([False, True, False]))
    np.testing.assert_array_equal(image.get_array(), [[0.0, -4.0, -5.0], [1.0, 0.0, -2.0], [8.0, -7.0, 0.0]])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["E (1)", "I (2)"]
    assert ax.get_xlabel() == "presynaptic unit"


def test_zero_weight_is_the_middle_of_the_colours(ax):
    image = weights_panel(ax, np.diag([3.0, -1.0]), excitatory=np.array([True, False]))
    low, high = image.get_clim()
    assert low == -high


def test_a_matrix_that_is_not_square_is_refused(ax):
    with pytest.raises(InputError, match="square"):
        weights_panel(ax, np.ones((2, 3)), excitatory=np.array([True, True]))


def test_energies_fall_from_the_first_mode_on_a_logarithmic_axis(ax):
    line = amplification_panel(ax, np.array([1.0, 8.0, 3.0]))
    np.testing.assert_array_equal(line.get_xydata(), [[1.0, 8.0], [2.0, 3.0], [3.0, 1.0]])
    assert ax.get_yscale() == "log"
    assert "mean 4.0" in [text.get_text() for text in ax.texts]


def test_an_energy_of_zero_is_refused(ax):
    with pytest.raises(InputError, match="energies above 0"):
        amplification_panel(ax, np.array([1.0, 0.0]))
