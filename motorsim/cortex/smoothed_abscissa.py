"""The smoothed spectral abscissa of a circuit and its gradient (Vanbiervliet et al. 2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import schur

from motorsim.checks import check_positive
from motorsim.cortex.lag import augmented_schur
from motorsim.cortex.lyapunov import transposed_triangular_lyapunov, triangular_lyapunov

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class SmoothedAbscissa:
    """Spectral abscissa of a matrix, its smooth upper bound's shift, and the gradient of the bound."""

    abscissa: float
    shift: float
    gradient: FloatArray


def smoothed_abscissa(
    weights: FloatArray, *, lag_ratio: float = 0.0, factor: float = 1.5, margin: float = 0.2
) -> SmoothedAbscissa:
    """Differentiate the smoothed spectral abscissa of ``weights``.

    With alpha = max Re eig(W) and s = max(factor alpha, alpha + margin), solve
    (W - sI) Q + Q (W - sI)' = -2I and (W - sI)' P + P (W - sI) = -2I; the gradient of the smoothed
    abscissa with respect to W is P Q / tr(P Q) (Vanbiervliet et al. 2009; Hennequin et al. 2014). Both
    equations and alpha come from one real Schur decomposition.

    With a lag the same is done to W_T of `augmented_weights`, for noise into the slow states and energy of
    the slow states (2I becomes 2 diag(I, 0)). W_T is affine in W, which stands in its upper right block, so
    the gradient with respect to W is that block of P Q / tr(P Q). Without lag the two agree, and so do they
    in the limit.

    Parameters
    ----------
    weights
        W, (unit, unit).
    lag_ratio
        Lag T of the rates over the time constant tau of the slow states.
    factor, margin
        How far above the abscissa the smooth bound lies.

    Returns
    -------
    SmoothedAbscissa
        ``abscissa`` is the augmented one where there is a lag; ``gradient`` is (unit, unit).

    Raises
    ------
    InputError
        If ``lag_ratio`` is below 0.
    """
    n_units = len(weights)
    lagging = check_positive("lag_ratio", lag_ratio, allow_zero=True) > 0.0
    triangular, basis = augmented_schur(weights, lag_ratio) if lagging else schur(weights)
    abscissa = float(np.diag(triangular).max())
    shift = max(factor * abscissa, abscissa + margin)
    shifted = triangular - shift * np.eye(len(triangular))
    slow, driven = basis[:n_units], basis[-n_units:]
    source = -2.0 * slow.T @ slow
    controllability = triangular_lyapunov(shifted, source)
    product = transposed_triangular_lyapunov(shifted, source) @ controllability
    return SmoothedAbscissa(abscissa, shift, slow @ (product / np.trace(product)) @ driven.T)
