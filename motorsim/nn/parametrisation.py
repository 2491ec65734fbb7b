"""Parametrisation: the structure that weights keep while they learn (sparse, Dale's law, low rank, fixed)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import BoolArray, FloatArray, Floats, Parameters


@runtime_checkable
class Parametrisation(Protocol):
    """What makes one array of a network, the effective one, out of the raw arrays that are learned.

    Raw arrays are named by a suffix to the effective one's name, ``""`` for the same name.
    """

    def raw_shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return suffix and shape of every raw array for an effective one of ``shape``.

        Raises
        ------
        InputError
            If an array of that shape cannot have the structure.
        """
        ...

    def initial(self, drawn: Floats) -> Parameters:
        """Return the raw arrays to start from, by suffix, given what would be drawn without structure."""
        ...

    def effective(self, raw: Mapping[str, Floats], dtype: np.dtype[Any]) -> Floats:
        """Return the effective array."""
        ...

    def effective_vjp(self, raw: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient of the effective array back to the raw ones, by suffix."""
        ...


@dataclass(frozen=True, eq=False)
class Sparse:
    """Connections exist only where the mask is True.

    The weights that are left start larger by one over the root of the fraction left in their row, so that
    the variance of a unit's input is that of the full matrix.

    Parameters
    ----------
    mask
        What exists, of the array's shape: (to, from). A unit without any input is allowed.

    Raises
    ------
    InputError
        If the mask is not of True and False.
    """

    mask: BoolArray

    def __post_init__(self) -> None:
        """Keep a copy that cannot change."""
        object.__setattr__(self, "mask", _switches("mask", self.mask))

    def raw_shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return one array of the same shape, which must be the mask's."""
        if self.mask.shape != shape:
            raise InputError("mask", f"shape {shape}, that of the array", f"shape {self.mask.shape}")
        return {"": shape}

    def initial(self, drawn: Floats) -> Parameters:
        """Return what was drawn where the mask is True, scaled."""
        left = self.mask.reshape(len(drawn), -1).mean(axis=1).reshape(-1, *[1] * (drawn.ndim - 1))
        return {"": np.where(self.mask, drawn / np.sqrt(np.where(left > 0, left, 1.0)), 0.0)}

    def effective(self, raw: Mapping[str, Floats], dtype: np.dtype[Any]) -> Floats:  # noqa: ARG002
        """Return the raw weights where they exist, zero elsewhere."""
        weights: Floats = raw[""] * self.mask
        return weights

    def effective_vjp(self, raw: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Pull a gradient back: nothing reaches what does not exist."""
        return {"": grad * self.mask}


@dataclass(frozen=True, eq=False)
class Dale:
    """Every unit excites all its targets or inhibits them all: W = abs(V) diag(+1 or -1).

    Dale's law, as trained networks keep it in Song, Yang & Wang (2016).

    The magnitude, not a rectifier, keeps weights from dying at zero. At the start inhibitory weights are
    larger than excitatory ones by the ratio of the numbers of units, so that the mean input of each unit
    cancels.

    Parameters
    ----------
    excitatory
        Which units excite, (from,): the last axis of the array.
    mask
        Which connections exist, (to, from); all by default.

    Raises
    ------
    InputError
        If an array is not of True and False.
    """

    excitatory: BoolArray
    mask: BoolArray | None = None

    def __post_init__(self) -> None:
        """Keep copies that cannot change."""
        object.__setattr__(self, "excitatory", _switches("excitatory", self.excitatory))
        if self.excitatory.ndim != 1:
            raise InputError("excitatory", "one axis, (from,)", f"shape {self.excitatory.shape}")
        if self.mask is not None:
            object.__setattr__(self, "mask", _switches("mask", self.mask))

    def raw_shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return one array of the same shape, whose last axis must be that of ``excitatory``."""
        if len(shape) != 2 or shape[1:] != self.excitatory.shape:
            raise InputError(
                "excitatory", f"as many as the last axis of the array {shape}", f"{len(self.excitatory)}"
            )
        return {"": shape} if self.mask is None else Sparse(self.mask).raw_shapes(shape)

    def initial(self, drawn: Floats) -> Parameters:
        """Return magnitudes drawn, those of inhibitory units scaled so that inputs cancel on average."""
        n_excitatory = int(self.excitatory.sum())
        n_inhibitory = len(self.excitatory) - n_excitatory
        balance = n_excitatory / n_inhibitory if n_excitatory and n_inhibitory else 1.0
        magnitude = np.abs(drawn) * np.where(self.excitatory, 1.0, balance)
        return {"": magnitude} if self.mask is None else Sparse(self.mask).initial(magnitude)

    def effective(self, raw: Mapping[str, Floats], dtype: np.dtype[Any]) -> Floats:  # noqa: ARG002
        """Return magnitudes with the sign of the unit that they come from."""
        weights: Floats = raw[""] * self._signs(raw[""])
        return weights

    def effective_vjp(self, raw: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient back; at a raw weight of exactly zero, as if it were positive."""
        return {"": grad * self._signs(raw[""])}

    def _signs(self, raw: Floats) -> Floats:
        """Return what the raw weights are multiplied with: +1, -1 or, where nothing exists, 0."""
        upright = np.where(raw.real < 0.0, -1.0, 1.0) * np.where(self.excitatory, 1.0, -1.0)
        signs: Floats = (upright if self.mask is None else upright * self.mask).astype(raw.real.dtype)
        return signs


@dataclass(frozen=True)
class LowRank:
    """W = M N' of low rank; M (to, rank) is named ``.left`` and N (from, rank) ``.right``.

    Dynamics then stay in the span of M and of the inputs (Mastrogiuseppe & Ostojic 2018, whose N is
    ours times the number of units). They start at the best approximation, by singular values, of what is
    drawn.

    Parameters
    ----------
    rank
        Number of columns, no more than the smaller side.
    """

    rank: int

    def __post_init__(self) -> None:
        """Refuse a rank that is not positive."""
        check_integer("rank", self.rank)

    def raw_shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return the shapes of M and N."""
        if len(shape) != 2 or self.rank > min(shape):
            raise InputError("rank", f"at most the smaller side of a matrix, here {shape}", str(self.rank))
        return {".left": (shape[0], self.rank), ".right": (shape[1], self.rank)}

    def initial(self, drawn: Floats) -> Parameters:
        """Return M and N from the singular vectors of what was drawn."""
        left, values, right = np.linalg.svd(drawn, full_matrices=False)
        root = np.sqrt(values[: self.rank])
        return {".left": left[:, : self.rank] * root, ".right": right[: self.rank].T * root}

    def effective(self, raw: Mapping[str, Floats], dtype: np.dtype[Any]) -> Floats:  # noqa: ARG002
        """Return M N'."""
        weights: Floats = raw[".left"] @ raw[".right"].T
        return weights

    def effective_vjp(self, raw: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient back to M and N."""
        return {".left": grad @ raw[".right"], ".right": grad.T @ raw[".left"]}


@dataclass(frozen=True, eq=False)
class Fixed:
    """Numbers that are not learned, so that no optimiser sees them.

    Parameters
    ----------
    values
        The array, of the shape of the one that it stands for.

    Raises
    ------
    InputError
        If they are not finite numbers.
    """

    values: FloatArray

    def __post_init__(self) -> None:
        """Keep a copy that cannot change."""
        copied = check_array("values", self.values).copy()
        copied.setflags(write=False)
        object.__setattr__(self, "values", copied)

    def raw_shapes(self, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return nothing to learn."""
        if self.values.shape != shape:
            raise InputError("values", f"shape {shape}, that of the array", f"shape {self.values.shape}")
        return {}

    def initial(self, drawn: Floats) -> Parameters:  # noqa: ARG002
        """Return nothing to learn."""
        return {}

    def effective(self, raw: Mapping[str, Floats], dtype: np.dtype[Any]) -> Floats:  # noqa: ARG002
        """Return the values."""
        return self.values.astype(dtype)

    def effective_vjp(self, raw: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Return nothing to learn."""
        return {}


def raw_shapes(
    shapes: Mapping[str, tuple[int, ...]], parametrisations: Mapping[str, Parametrisation]
) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every array that is learned, given those of the effective ones."""
    raw: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        if name not in parametrisations:
            raw[name] = shape
            continue
        for suffix, raw_shape in parametrisations[name].raw_shapes(shape).items():
            raw[name + suffix] = raw_shape
    return raw


def to_raw(effective: Mapping[str, Floats], parametrisations: Mapping[str, Parametrisation]) -> Parameters:
    """Return the arrays to learn from, given what would be drawn without structure."""
    raw: Parameters = {}
    for name, array in effective.items():
        if name in parametrisations:
            started = parametrisations[name].initial(array)
            raw |= {name + suffix: values for suffix, values in started.items()}
        else:
            raw[name] = array
    return raw


def to_effective(
    raw: Mapping[str, Floats],
    names: Mapping[str, tuple[int, ...]],
    parametrisations: Mapping[str, Parametrisation],
    dtype: np.dtype[Any],
) -> Parameters:
    """Return the effective arrays; ``names`` are theirs, with their shapes."""
    if not parametrisations:
        return dict(raw)
    effective: Parameters = {}
    for name, shape in names.items():
        if name in parametrisations:
            part = _raw_of(name, shape, raw, parametrisations[name])
            effective[name] = parametrisations[name].effective(part, dtype)
        else:
            effective[name] = raw[name]
    return effective


def to_effective_vjp(
    raw: Mapping[str, Floats],
    gradients: Mapping[str, Floats],
    parametrisations: Mapping[str, Parametrisation],
) -> Parameters:
    """Pull gradients of the effective arrays back to the raw ones."""
    pulled: Parameters = {}
    for name, gradient in gradients.items():
        if name in parametrisations:
            part = _raw_of(name, gradient.shape, raw, parametrisations[name])
            of_raw = parametrisations[name].effective_vjp(part, gradient)
            pulled |= {name + suffix: values for suffix, values in of_raw.items()}
        else:
            pulled[name] = gradient
    return pulled


def _raw_of(
    name: str, shape: tuple[int, ...], raw: Mapping[str, Floats], parametrisation: Parametrisation
) -> Parameters:
    return {suffix: raw[name + suffix] for suffix in parametrisation.raw_shapes(shape)}


def _switches(name: str, value: Any) -> BoolArray:
    array = np.array(value)
    if array.dtype.kind != "b":
        raise InputError(name, "True and False", f"{array.dtype} numbers", f"write {name}.astype(bool)")
    array.setflags(write=False)
    return array
