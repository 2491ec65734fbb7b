"""Settings: the tables of a run's configuration, what each key means, and which values go together."""

from motorsim.settings.run import RunConfig
from motorsim.settings.sections import (
    BY_KIND,
    CompareConfig,
    CortexConfig,
    Count,
    FilePath,
    FitConfig,
    Fraction,
    NetworkConfig,
    NonNegativeFloat,
    PositiveFloat,
    SpikingConfig,
    TargetCodeConfig,
    TaskConfig,
)

__all__ = [
    "BY_KIND",
    "CompareConfig",
    "CortexConfig",
    "Count",
    "FilePath",
    "FitConfig",
    "Fraction",
    "NetworkConfig",
    "NonNegativeFloat",
    "PositiveFloat",
    "RunConfig",
    "SpikingConfig",
    "TargetCodeConfig",
    "TaskConfig",
]
