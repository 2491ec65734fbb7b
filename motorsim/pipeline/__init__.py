"""The line: circuit, simulate, fit, compare, figures, report, each cached on disk."""
