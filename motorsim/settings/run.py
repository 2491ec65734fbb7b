"""The whole configuration of a run."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Self

from pydantic import Field, model_validator

from motorsim.settings.faults import all_faults
from motorsim.settings.networks import FitConfig
from motorsim.settings.sections import CompareConfig, CortexConfig, Section, TaskConfig


class RunConfig(Section):
    """The whole run.

    Values that are valid alone and not together are refused too, all of them in one message.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)] = Field(
        "default", description="the run's folder among the results"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(1, description="of every random number")
    task: TaskConfig = TaskConfig()
    cortex: CortexConfig = CortexConfig()
    fit: FitConfig = FitConfig()
    compare: CompareConfig = CompareConfig()

    def digest(self) -> str:
        """Return the SHA-256 of the configuration; a file given by path counts by its path here."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        faults = all_faults(self)
        if faults:
            raise ValueError("\n".join(faults))
        return self
