import numpy as np
import pytest
from scipy.linalg import schur, solve_continuous_lyapunov

from motorsim.cortex.lyapunov import transposed_triangular_lyapunov, triangular_lyapunov


@pytest.mark.parametrize(
    "size", [7, 64, 65, 150, 261]
)  # one block, a cut, uneven cuts, cuts in a complex pair
def test_recursion_solves_the_lyapunov_equations(size):
    rng = np.random.default_rng(size)
    matrix = rng.standard_normal((size, size)) / np.sqrt(size) - 1.5 * np.eye(size)
    triangular, _ = schur(matrix)
    root = rng.standard_normal((size, size))
    right_side = -root @ root.T
    solution = triangular_lyapunov(triangular, right_side)
    np.testing.assert_allclose(
        solution, solve_continuous_lyapunov(triangular, right_side), rtol=1e-8, atol=1e-8
    )
    transposed = transposed_triangular_lyapunov(triangular, right_side)
    np.testing.assert_allclose(
        transposed, solve_continuous_lyapunov(triangular.T, right_side), rtol=1e-8, atol=1e-8
    )
