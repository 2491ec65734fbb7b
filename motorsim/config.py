"""One typed, validated configuration of a run: TOML in, TOML out, one error for every fault."""

from __future__ import annotations

import difflib
import os
import re
import reprlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tomli_w
from pydantic import BaseModel, ValidationError

from motorsim.checks import InputError
from motorsim.files import atomic_write_text
from motorsim.settings import (
    CompareConfig,
    CortexConfig,
    FitConfig,
    NetworkConfig,
    RunConfig,
    SpikingConfig,
    TargetCodeConfig,
    TaskConfig,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Model = TypeVar("Model", bound=BaseModel)

__all__ = [
    "CompareConfig",
    "CortexConfig",
    "FitConfig",
    "NetworkConfig",
    "RunConfig",
    "SpikingConfig",
    "TargetCodeConfig",
    "TaskConfig",
    "config_to_toml",
    "load_config",
    "read_toml",
    "save_config",
    "validate",
]


def load_config(
    path: str | os.PathLike[str] | None = None, overrides: tuple[str, ...] = (), **values: Any
) -> RunConfig:
    """Read a configuration and change it by ``overrides``.

    Parameters
    ----------
    path
        A TOML file; the defaults where None. A relative path in it starts from its folder. Its name without
        suffix is the run's name unless it says another.
    overrides
        ``"section.key=value"`` each, the value in TOML (bare words count as text). A relative path in one
        starts from the working directory.
    **values
        Top-level values that win over all, such as ``name`` and ``seed``; None for none.

    Raises
    ------
    InputError
        If the file is missing or no TOML, or for the faults of the configuration: first every key that is
        unknown or wrong by itself, then every value that does not go with another.
    """
    content: dict[str, Any] = {}
    if path is not None:
        content = read_toml(path)
        content.setdefault("name", Path(path).stem)
        _start_paths_from(content, Path(path).parent)
    for override in overrides:
        _override(content, override)
    content |= {key: value for key, value in values.items() if value is not None}
    return validate(RunConfig, content)


def validate(model: type[Model], content: Mapping[str, Any]) -> Model:
    """Make a configuration of nested content, or raise `InputError` for all its faults at once."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InputError("configuration", "valid settings", _describe_faults(error, model)) from None


def save_config(config: RunConfig, path: str | os.PathLike[str]) -> None:
    """Write the full configuration as `config_to_toml`, whole or not at all; `load_config` gives it back."""
    atomic_write_text(path, config_to_toml(config, Path(path).parent))


def config_to_toml(config: RunConfig, folder: str | os.PathLike[str] = ".") -> str:
    """Return the full configuration as TOML, every key with what it is and its unit.

    Keys that are not set stand as comments, with an example. Paths are relative to ``folder``.
    """
    return "\n".join(_table_lines(config, Path(folder), ())) + "\n"


def _table_lines(section: BaseModel, folder: Path, where: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    tables: list[str] = []
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            tables += ["", *_table_lines(value, folder, (*where, key))]
        elif value is None:
            lines += [f"# {field.description}", f"# {key} = {_toml((field.examples or [''])[0])}"]
        else:
            written = os.path.relpath(value, folder) if isinstance(value, Path) else value
            lines += [f"# {field.description}", f"{key} = {_toml(written)}"]
    head = [f"[{'.'.join(where)}]"] if where and lines else []
    return [*head, *lines, *(tables if lines else tables[1:])]


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    return tomli_w.dumps({"_": value}).removeprefix("_ = ").rstrip("\n")


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a TOML file, or raise `InputError` if it is missing, cannot be read or is no TOML."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError("configuration", "a TOML file", f"{path}, which does not exist") from None
    except OSError as error:
        raise InputError(
            "configuration", "a TOML file that can be read", f"{path}: {error.strerror}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("configuration", "valid TOML", f"{path}: {error}") from None


def _start_paths_from(content: dict[str, Any], folder: Path) -> None:
    cortex = content.get("cortex")
    if isinstance(cortex, dict) and isinstance(cortex.get("weights_file"), str):
        cortex["weights_file"] = str(folder / Path(cortex["weights_file"]).expanduser())


def _override(content: dict[str, Any], text: str) -> None:
    """Put one ``section.key=value`` into the nested content."""
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise InputError("--set", "section.key=value", repr(text))
    table = content
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise InputError("--set", "a key of a section", repr(text))
    table[parts[-1]] = _value(value.strip())


def _value(text: str) -> Any:
    """Return the TOML value, or the text itself where it is none (a bare word, or more than one line)."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _describe_faults(error: ValidationError, whole: type[BaseModel]) -> str:
    """Return every fault on a line of its own, with the nearest known key for an unknown one."""
    lines: list[str] = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key; {_hint(whole, tuple(str(part) for part in fault['loc']))}")
        elif fault["type"] == "value_error":
            lines += [f"{key}: {line}" if key else line for line in str(fault["ctx"]["error"]).splitlines()]
        else:
            lines.append(f"{key}: {_in_words_of_toml(fault['msg'])}, got {reprlib.repr(fault['input'])}")
    return "\n  ".join(["", *lines]) if len(lines) > 1 else lines[0]


def _in_words_of_toml(message: str) -> str:
    plain = re.sub(r"dictionary or instance of \w+", "table", message).replace("tuple", "list")
    return plain[0].lower() + plain[1:]


def _hint(whole: type[BaseModel], key: tuple[str, ...]) -> str:
    """Return where a key of that name is known, or the nearest one of the section, or of all."""
    model: Any = whole
    for part in key[:-1]:
        model = model.model_fields[part].annotation
    known = _all_keys(whole, ())
    names = {other[-1] for other in known}
    near = [key[-1]] if key[-1] in names else difflib.get_close_matches(key[-1], model.model_fields, n=1)
    if near and near[0] in model.model_fields:
        return f"did you mean {near[0]}?"
    near = near or difflib.get_close_matches(key[-1], sorted(names), n=1)
    if near:
        return f"did you mean {' or '.join('.'.join(other) for other in known if other[-1] == near[0])}?"
    return f"known: {', '.join(sorted(model.model_fields))}"


def _all_keys(model: type[BaseModel], where: tuple[str, ...]) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        keys.append((*where, name))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _all_keys(field.annotation, (*where, name))
    return keys
