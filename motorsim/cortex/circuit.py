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
    """A recurrent circuit, with Dale's law or without.

    Parameters
    ----------
    weights
        (unit, unit), row postsynaptic, column presynaptic, dimensionless (Hz of input a Hz of rate).
    excitatory_units
        (unit,), True where the unit's outgoing weights are excitatory, False where they are inhibitory. None
        for a circuit that makes no claim to Dale's law, so that nobody takes its units for E or I.
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
    excitatory_units: BoolArray | None
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
        object.__setattr__(self, "weights", weights)
        if self.excitatory_units is not None:
            object.__setattr__(self, "excitatory_units", _check_signs(weights, self.excitatory_units))
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
    def obeys_dales_law(self) -> bool:
        """Whether every unit is either excitatory or inhibitory."""
        return self.excitatory_units is not None

    @property
    def excitatory(self) -> BoolArray:
        """True for E and False for I units, (unit,); `InputError` for a circuit without Dale's law."""
        if self.excitatory_units is None:
            raise InputError(
                "circuit", "one with Dale's law, of E and I units", f"{self.source!r}, which has neither"
            )
        return self.excitatory_units

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
        return _density(self.weights, self.excitatory == excitatory)

    def describe(self) -> str:
        """Return one sentence a fact: signs, order, self-connections, density, stability."""
        n_self = int((np.diag(self.weights) != 0).sum())
        return (
            f"{self.n_units} units, {self._describe_signs()}; "
            f"self-connections of {n_self} units{' (kept)' if n_self else ''}; "
            f"{self._describe_density()}; "
            f"spectral abscissa {self.spectral_abscissa:.3f}"
        )

    def _describe_signs(self) -> str:
        if not self.obeys_dales_law:
            return "without Dale's law"
        n_excitatory = int(self.excitatory.sum())
        changes = int((np.diff(self.excitatory.astype(int)) != 0).sum())
        order = "E before I" if changes <= 1 and self.excitatory[0] else "in no order (kept as it is)"
        return f"{n_excitatory} E + {self.n_units - n_excitatory} I, {order}; Dale's law holds"

    def _describe_density(self) -> str:
        if not self.obeys_dales_law:
            return f"density {_density(self.weights, np.ones(self.n_units, dtype=bool)):.2f}"
        return f"density E {self.density(excitatory=True):.2f}, I {self.density(excitatory=False):.2f}"

    def require_stable(self) -> None:
        """Raise `InputError` if the rest state is unstable (spectral abscissa of 1 or more)."""
        if self.spectral_abscissa >= 1.0:
            raise InputError(
                "weights",
                "a circuit whose rest state is stable (spectral abscissa below 1)",
                f"spectral abscissa {self.spectral_abscissa:.3f}",
                "optimise it with optimise_stability or scale it down",
            )


def count_dale_violations(weights: FloatArray, excitatory: BoolArray) -> int:
    """Return how many columns of the weights (unit, unit) have a weight of the sign that is not theirs."""
    return int(_wrong(weights, excitatory).sum())


def _wrong(weights: FloatArray, excitatory: BoolArray) -> BoolArray:
    wrong: BoolArray = (weights * np.where(excitatory, 1.0, -1.0) < 0).any(axis=0)
    return wrong


def _check_signs(weights: FloatArray, excitatory_units: BoolArray) -> BoolArray:
    """Return the signs as booleans that the columns of the weights obey, or raise `InputError`."""
    excitatory = np.asarray(excitatory_units)
    if excitatory.shape != (len(weights),) or excitatory.dtype != np.bool_:
        raise InputError(
            "excitatory_units", f"{len(weights)} booleans", f"{excitatory.dtype} of shape {excitatory.shape}"
        )
    wrong = _wrong(weights, excitatory)
    if wrong.any():
        raise InputError(
            "weights",
            "columns of one sign each (Dale's law), as `excitatory_units` says",
            f"{wrong.sum()} columns with a weight of the other sign, the first {_first(wrong)}",
        )
    return excitatory


def _density(weights: FloatArray, columns: BoolArray) -> float:
    present = weights != 0
    np.fill_diagonal(present, val=False)
    return float(present[:, columns].sum() / max(1, columns.sum() * (len(weights) - 1)))


def _mixed(weights: FloatArray) -> BoolArray:
    mixed: BoolArray = np.any(weights > 0, axis=0) & np.any(weights < 0, axis=0)
    return mixed


def _first(mask: BoolArray) -> str:
    return ", ".join(str(i) for i in np.flatnonzero(mask)[:5])
