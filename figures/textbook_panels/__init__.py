"""Panels of `figures/textbook.py`, a module a system: results and axes in, marks out."""
