from __future__ import annotations

from motorsim.plots import candidate_look

NAMES = (
    "cortex",
    "data-driven",
    "goal-driven",
    "mixed",
    "untrained",
    "reservoir",
    "task-only",
    "shuffled",
    "smooth-random",
    "my own",
)


def test_no_two_candidates_share_a_colour_or_a_marker():
    looks = [candidate_look(name) for name in NAMES]
    assert len({look.colour for look in looks}) == len(NAMES)
    assert len({look.marker for look in looks}) == len(NAMES)


def test_spelling_does_not_change_the_look():
    assert candidate_look("Data_driven") == candidate_look("data driven") == candidate_look("data-driven")


def test_a_model_with_two_names_has_one_look():
    assert candidate_look("tuning_only") == candidate_look("task-only") != candidate_look("my own")
