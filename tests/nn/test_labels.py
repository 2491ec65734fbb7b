"""Labels become targets that are 1 for one class and 0 for the others."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import one_hot


def test_each_label_marks_its_class():
    labels = np.random.default_rng(1).integers(0, 3, (4, 5))
    targets = one_hot(labels, 3)
    assert targets.shape == (4, 5, 3)
    np.testing.assert_array_equal(targets.argmax(axis=-1), labels)
    np.testing.assert_array_equal(targets.sum(axis=-1), 1.0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], r"labels: expected integers from 0 to 2, got 3 at index \(1,\)"),
        ([[0, -1]], r"got -1 at index \(0, 1\)"),
        ([0.0, 1.0], "labels: expected integers, got float64 numbers"),
        ([True, False], "labels: expected integers, got bool numbers"),
    ],
)
def test_labels_that_name_no_class_are_refused(labels, message):
    with pytest.raises(InputError, match=message):
        one_hot(labels, 3)


def test_no_classes_are_refused():
    with pytest.raises(InputError, match="n_classes"):
        one_hot([0], 0)
