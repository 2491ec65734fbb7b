"""Circuit: a weight matrix with the sign of every unit, and what can be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Circuit:
    """A recurrent circuit that obeys Dale's law.

    Parameters
    ----------
    weights
        (unit, unit), row postsynaptic, column presynaptic, dimensionless (Hz of input a Hz of rate).
    excitatory
        (unit,), True where the unit's outgoing weights are excitatory.
    initial_weights
        The matrix before its optimisation, where that is known.
    source
        Where the circuit comes from, in words.

    Raises
    ------
    InputError
        If the matrix is not square and finite, or a column has a weight of the wrong sign.
    """

    weights: FloatArray
    excitatory: BoolArray
    initial_weights: FloatArray | None = None
    source: str = "given"

    def __post_init__(self) -> None:
        """Check shape and signs."""
        weights = check_array("weights", self.weights, ("unit", "unit"), minimum_sizes=(2, 2))
        n_units = len(weights)
        if weights.shape != (n_units, n_units):
            raise InputError(
                "weights", "a square matrix (postsynaptic unit, presynaptic unit)", f"shape {weights.shape}"
            )
        excitatory = np.asarray(self.excitatory)
        if excitatory.shape != (n_units,) or excitatory.dtype != np.bool_:
            raise InputError(
                "excitatory", f"{n_units} booleans", f"{excitatory.dtype} of shape {excitatory.shape}"
            )
        wrong = (weights * np.where(excitatory, 1.0, -1.0) < 0).any(axis=0)
        if wrong.any():
            raise InputError(
                "weights",
                "columns of one sign each (Dale's law), as `excitatory` says",
                f"{wrong.sum()} columns with a weight of the other sign, the first {_first(wrong)}",
            )
        object.__setattr__(self, "weights", weights)
        if self.initial_weights is not None:
            initial = check_array(
                "initial_weights", self.initial_weights, ("unit", "unit"), shape=weights.shape
            )
            object.__setattr__(self, "initial_weights", initial)

    @classmethod
    def from_weights(cls, weights: FloatArray, *, source: str = "given") -> Circuit:
        """Find the sign of every unit from its outgoing weights (columns).

        Units may come in any order and self-connections are kept, since removing them would change
        the dynamics that were published. A unit without outgoing weights counts as excitatory.

        Raises
        ------
        InputError
            If the matrix is not square and finite, or a column has weights of both signs; where the
            rows would obey Dale's law instead, the message says that the matrix looks transposed.
        """
        weights = check_array("weights", weights, ("unit", "unit"), minimum_sizes=(2, 2))
        if weights.shape[0] != weights.shape[1]:
            raise InputError(
                "weights", "a square matrix (postsynaptic unit, presynaptic unit)", f"shape {weights.shape}"
            )
        mixed = _mixed(weights)
        if mixed.any():
            transposed = not _mixed(weights.T).any()
            raise InputError(
                "weights",
                "columns of one sign each (Dale's law; columns are presynaptic units)",
                f"{mixed.sum()} of {len(weights)} columns with both signs, the first {_first(mixed)}",
                "its rows have one sign each: transpose it" if transposed else "",
            )
        return cls(weights, np.all(weights >= 0, axis=0), source=source)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.weights)

    @cached_property
    def eigenvalues(self) -> NDArray[np.complex128]:
        """Eigenvalues of the weights, (unit,)."""
        return np.linalg.eigvals(self.weights).astype(np.complex128)

    @cached_property
    def spectral_abscissa(self) -> float:
        """Largest real part of the eigenvalues; the rest state is stable below 1."""
        return float(self.eigenvalues.real.max())

    def density(self, *, excitatory: bool) -> float:
        """Fraction of the possible connections (self left out) that the E or the I units make."""
        present = self.weights != 0
        np.fill_diagonal(present, val=False)
        columns = self.excitatory == excitatory
        return float(present[:, columns].sum() / max(1, columns.sum() * (self.n_units - 1)))

    def describe(self) -> str:
        """Return one sentence a fact: signs, order, self-connections, density, stability."""
        n_excitatory = int(self.excitatory.sum())
        changes = int((np.diff(self.excitatory.astype(int)) != 0).sum())
        order = "E before I" if changes <= 1 and self.excitatory[0] else "in no order (kept as it is)"
        n_self = int((np.diag(self.weights) != 0).sum())
        return (
            f"{self.n_units} units, {n_excitatory} E + {self.n_units - n_excitatory} I, {order}; "
            f"Dale's law holds; self-connections of {n_self} units{' (kept)' if n_self else ''}; "
            f"density E {self.density(excitatory=True):.2f}, I {self.density(excitatory=False):.2f}; "
            f"spectral abscissa {self.spectral_abscissa:.3f}"
        )

    def require_stable(self) -> None:
        """Raise `InputError` if the rest state is unstable (spectral abscissa of 1 or more)."""
        if self.spectral_abscissa >= 1.0:
            raise InputError(
                "weights",
                "a circuit whose rest state is stable (spectral abscissa below 1)",
                f"spectral abscissa {self.spectral_abscissa:.3f}",
                "optimise it with stability_optimised_weights or scale it down",
            )


def _mixed(weights: FloatArray) -> BoolArray:
    mixed: BoolArray = np.any(weights > 0, axis=0) & np.any(weights < 0, axis=0)
    return mixed


def _first(mask: BoolArray) -> str:
    return ", ".join(str(i) for i in np.flatnonzero(mask)[:5])
