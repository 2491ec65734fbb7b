"""One typed, validated configuration of a run: TOML in, TOML out, one error for every fault."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from motorsim.checks import InputError
from motorsim.files import atomic_write_text

PositiveFloat: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Fraction: TypeAlias = Annotated[float, Field(gt=0, lt=1)]


class _Section(BaseModel):
    """A frozen table of the configuration that knows its keys and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class TaskConfig(_Section):
    """The delayed centre-out reach, see `motorsim.task.center_out` and `motorsim.task.DelayedReach`."""

    n_directions: Count = 16
    distances_m: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (0.06, 0.10)
    start_m: tuple[float, float] = (0.0, 0.40)
    reach_s: PositiveFloat = 0.5
    rest_s: PositiveFloat = 0.2
    delay_s: PositiveFloat = 0.5
    reaction_s: NonNegativeFloat = 0.1
    movement_s: PositiveFloat = 1.0
    dt_s: PositiveFloat = 0.01
    test_fraction: Fraction = 0.25
    validation_fraction: Fraction = 0.125


class CortexConfig(_Section):
    """The circuit, its preparation and its readout, see `motorsim.cortex`."""

    kind: Literal["rate"] = "rate"
    weights_file: Path | None = None
    weights_name: str | None = None
    n_units: Annotated[int, Field(ge=4)] | None = None
    target_abscissa: Annotated[float, Field(gt=0, lt=1)] = 0.15
    max_iterations: Count = 5000
    tau_s: PositiveFloat = 0.2
    baseline_hz: PositiveFloat = 20.0
    maximum_hz: PositiveFloat = 100.0
    n_modes: Count = 12
    harmonic_weights: Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1)] = (1.0, 0.8, 0.6)
    preparatory_norm_hz: PositiveFloat = 21.0
    ramp_s: PositiveFloat = 0.3
    noise_hz: NonNegativeFloat = 0.0
    readout_ridge: PositiveFloat = 1e-5
    dt_s: PositiveFloat = 0.002
    mode: Literal["auto", "numpy", "cython", "cpp_standalone"] = "auto"


class NetworkConfig(_Section):
    """One network and its training, see `motorsim.nn.Leaky` and `motorsim.train.fit`."""

    n_units: Count = 128
    tau_s: PositiveFloat = 0.05
    gain: PositiveFloat = 0.2
    learning_rate: PositiveFloat = 0.01
    n_iterations: Count = 2200
    evaluate_every: Count = 25
    patience: Count | None = None
    batch_size: Count | None = None
    clip_norm: PositiveFloat = 1.0
    weight_penalty: NonNegativeFloat = 0.0
    rate_penalty: NonNegativeFloat = 0.1


class TargetCodeConfig(_Section):
    """How a network is told the target, see `motorsim.task.PlaceCode`."""

    n_per_axis: Annotated[int, Field(ge=2)] = 5
    extent_m: PositiveFloat = 0.10
    width_m: PositiveFloat = 0.08


class FitConfig(_Section):
    """The two networks: one fitted to the cortex's rates, one that learns to make the torques."""

    target_code: TargetCodeConfig = TargetCodeConfig()
    data_driven: NetworkConfig = NetworkConfig()
    goal_driven: NetworkConfig = NetworkConfig(n_iterations=800)


class CompareConfig(_Section):
    """What the comparison looks at and how often it resamples, see `motorsim.compare`."""

    n_components: Count = 10
    n_bootstrap: Count = 50
    n_shuffles: Count = 50
    n_surrogates: Count = 100
    jpca_components: Count = 6
    jpca_start_s: float = -0.05
    jpca_stop_s: float = 0.25


class RunConfig(_Section):
    """The whole run. ``jpca_start_s`` and ``jpca_stop_s`` count from movement onset."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)] = "default"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    task: TaskConfig = TaskConfig()
    cortex: CortexConfig = CortexConfig()
    fit: FitConfig = FitConfig()
    compare: CompareConfig = CompareConfig()

    def digest(self) -> str:
        """Return the SHA-256 of the configuration; a file given by path counts by its path here."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def load_config(
    path: str | os.PathLike[str] | None = None, overrides: tuple[str, ...] = (), **values: Any
) -> RunConfig:
    """Read a configuration and change it by ``overrides``.

    Parameters
    ----------
    path
        A TOML file; the defaults where None. Relative paths in it start from its folder. Its name without suffix is
        the run's name unless it says another.
    overrides
        ``"section.key=value"`` each, the value in TOML (bare words count as text).
    **values
        Top-level values that win over all, such as ``name`` and ``seed``; None for none.

    Raises
    ------
    InputError
        If the file is missing or no TOML, or for every fault of the configuration at once.
    """
    content: dict[str, Any] = {}
    if path is not None:
        content = _read_toml(Path(path))
        content.setdefault("name", Path(path).stem)
        weights_file = content.get("cortex", {}).get("weights_file") if isinstance(content.get("cortex"), dict) else None
        if isinstance(weights_file, str):
            content["cortex"]["weights_file"] = os.path.normpath(Path(path).parent / weights_file)
    for override in overrides:
        _override(content, override)
    content |= {key: value for key, value in values.items() if value is not None}
    try:
        return RunConfig.model_validate(content)
    except ValidationError as error:
        raise InputError("configuration", "valid settings", _describe_faults(error)) from None


def save_config(config: RunConfig, path: str | os.PathLike[str]) -> None:
    """Write the full configuration as TOML, whole or not at all; paths are written relative to its folder."""
    content = config.model_dump(mode="json", exclude_none=True)
    weights_file = config.cortex.weights_file
    if weights_file is not None:
        content["cortex"]["weights_file"] = os.path.relpath(weights_file, Path(path).parent)
    atomic_write_text(path, tomli_w.dumps(content))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("configuration", "a TOML file", f"{path}, which does not exist") from None
    except OSError as error:
        raise InputError("configuration", "a TOML file that can be read", f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("configuration", "valid TOML", f"{path}: {error}") from None


def _override(content: dict[str, Any], text: str) -> None:
    """Put one ``section.key=value`` into the nested content."""
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise InputError("--set", "section.key=value", repr(text))
    try:
        parsed = tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    table = content
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise InputError("--set", "a key of a section", repr(text))
    table[parts[-1]] = parsed


def _describe_faults(error: ValidationError) -> str:
    """Return every fault on a line of its own, with the nearest known key for an unknown one."""
    lines = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            section = _known_keys(tuple(str(part) for part in fault["loc"][:-1]))
            near = difflib.get_close_matches(str(fault["loc"][-1]), section, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(section)}"
            lines.append(f"{key}: unknown key; {hint}")
        else:
            lines.append(f"{key}: {fault['msg'][0].lower()}{fault['msg'][1:]}, got {fault['input']!r}")
    return "\n  ".join(["", *lines]) if len(lines) > 1 else lines[0]


def _known_keys(section: tuple[str, ...]) -> list[str]:
    model: Any = RunConfig
    for part in section:
        annotation = model.model_fields[part].annotation
        model = next((kind for kind in (annotation, *get_args(annotation)) if hasattr(kind, "model_fields")), model)
    return sorted(model.model_fields)
