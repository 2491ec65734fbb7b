"""Candidates: the colour and the marker of everything that is compared, the same in every figure."""

from __future__ import annotations

from typing import NamedTuple


class CandidateLook(NamedTuple):
    """Colour and marker; two signs, so that neither has to be seen."""

    colour: str
    marker: str


# Colours of Okabe & Ito (2008), told apart with any common colour vision.
_LOOKS = {
    "cortex": CandidateLook("#000000", "o"),
    "data-driven": CandidateLook("#0072b2", "s"),
    "goal-driven": CandidateLook("#d55e00", "^"),
    "mixed": CandidateLook("#5e3c99", "p"),
    "untrained": CandidateLook("#e69f00", "D"),
    "reservoir": CandidateLook("#8a6d00", "d"),
    "task-only": CandidateLook("#009e73", "P"),
    "tuning-only": CandidateLook("#009e73", "P"),
    "shuffled": CandidateLook("#cc79a7", "v"),
    "smooth-random": CandidateLook("#56b4e9", "X"),
}
_OTHER = CandidateLook("#595959", "h")


def candidate_look(name: str) -> CandidateLook:
    """Return how a candidate is drawn; hyphens, underscores, spaces and capitals do not matter.

    Known are cortex, data-driven, goal-driven, mixed, untrained, reservoir, task-only (or tuning-only, the
    same model), shuffled and smooth-random; any other name, which may be the user's own, gets a dark grey.
    """
    return _LOOKS.get("-".join(name.lower().replace("_", " ").replace("-", " ").split()), _OTHER)
