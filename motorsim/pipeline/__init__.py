"""The line: circuit, simulate, fit, compare, figures, report, each cached on disk."""

from motorsim.pipeline import circuit, compare, figures, fit, report, simulate
from motorsim.pipeline.runner import RunResult, run_stages
from motorsim.pipeline.stage import Stage, StageContext

STAGES: tuple[Stage, ...] = (
    circuit.STAGE,
    simulate.STAGE,
    fit.STAGE,
    compare.STAGE,
    figures.STAGE,
    report.STAGE,
)

__all__ = ["STAGES", "RunResult", "Stage", "StageContext", "run_stages"]
