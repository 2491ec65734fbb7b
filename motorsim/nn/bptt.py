"""BPTT: how far back gradients go, and what is kept for the way."""

from __future__ import annotations

from dataclasses import dataclass

from motorsim.checks import InputError, check_integer


@dataclass(frozen=True)
class BPTT:
    """Options of back-propagation through time; by default the whole way, with everything kept.

    Parameters
    ----------
    truncate_after
        Cut the sequence into stretches of this many steps: states run on from one to the next, gradients do
        not (Williams & Peng 1990 with h = h'). Memory is that of one stretch. ``None``: not cut.
    recompute
        Keep only the states between stretches of about sqrt(time) steps and run each stretch again on the
        way back (Chen et al. 2016): the same gradients for one more forward run, in memory that grows as the
        square root of time.

    Raises
    ------
    InputError
        If ``truncate_after`` is not a positive integer, or both are asked for: truncation bounds memory.
    """

    truncate_after: int | None = None
    recompute: bool = False

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        if self.truncate_after is not None:
            check_integer("truncate_after", self.truncate_after)
            if self.recompute:
                raise InputError("recompute", "False with truncate_after, which bounds memory alone", "True")
