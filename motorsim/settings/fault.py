"""Fault: what is wrong with a value, in words."""

from __future__ import annotations


def fault(key: str, expected: str, got: object) -> str:
    """Return a line that names the key, what was expected and what came."""
    shown = f"{got:g}" if isinstance(got, float) else f"{got}"
    return f"{key}: expected {expected}, got {shown}"
