"""Settings: the tables of a run's configuration, what each key means, and which values go together."""

from motorsim.settings.networks import (
    DataDrivenConfig,
    FitConfig,
    GoalDrivenConfig,
    MixedConfig,
    NetworkConfig,
    TargetCodeConfig,
)
from motorsim.settings.run import RunConfig
from motorsim.settings.sections import (
    BY_KIND,
    CompareConfig,
    CortexConfig,
    Count,
    FilePath,
    Fraction,
    NonNegativeFloat,
    PositiveFloat,
    SpikingConfig,
    TaskConfig,
)

__all__ = [
    "BY_KIND",
    "CompareConfig",
    "CortexConfig",
    "Count",
    "DataDrivenConfig",
    "FilePath",
    "FitConfig",
    "Fraction",
    "GoalDrivenConfig",
    "MixedConfig",
    "NetworkConfig",
    "NonNegativeFloat",
    "PositiveFloat",
    "RunConfig",
    "SpikingConfig",
    "TargetCodeConfig",
    "TaskConfig",
]
