"""Report: one self-contained page with the figures, the tables and where they come from."""

from motorsim.report.content import Figure, Section, Table
from motorsim.report.page import write_report

__all__ = ["Figure", "Section", "Table", "write_report"]
