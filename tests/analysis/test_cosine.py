import numpy as np
import pytest

from motorsim.analysis.cosine import cosine_and_angle


def test_known_angles():
    east, north = np.array([[2.0, 0.0]]), np.array([[0.0, 5.0]])
    for vector, angle in ((east, 0.0), (east + 0.4 * north, np.pi / 4), (north, np.pi / 2), (-east, np.pi)):
        assert cosine_and_angle(east, vector) == pytest.approx((np.cos(angle), angle), abs=1e-15)


def test_angles_too_small_for_arccos_are_exact():
    for angle in (1e-3, 1e-8, 1e-12):
        found = cosine_and_angle(np.array([1.0, 0.0]), np.array([np.cos(angle), np.sin(angle)]))[1]
        assert found == pytest.approx(angle, rel=1e-3)
