"""Reads the settings (command line, then environment, then file) and says in plain words what is wrong with them."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from web.main.settings import PREFIX, Settings

CONFIG_VARIABLE = "VIKNO_CONFIG"
SUPERVISOR_VARIABLE = "VIKNO_SUPERVISOR"
READY_VARIABLE = "VIKNO_READY"
_NOT_SETTINGS = {
    CONFIG_VARIABLE,
    SUPERVISOR_VARIABLE,
    READY_VARIABLE,
    "VIKNO_TOKEN",  # these three are options of `vikno participant`
    "VIKNO_SERVER",
    "VIKNO_CACHE",
}


class SettingsError(Exception):
    """What is wrong with the settings, one sentence a line: name, value, where it was set, what is allowed."""


def load(**given: Any) -> Settings:
    """The settings, `given` (the command line's; None is not given) above all. Raises `SettingsError`."""
    given = {name: value for name, value in given.items() if value is not None}
    file = {name: value for name, value in _file_values().items() if variable(name) not in os.environ}
    try:
        return Settings(**(file | given))
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(problem, given, file) for problem in error.errors())) from None


def variable(name: str) -> str:
    """The environment variable of a setting: `http_port` -> `VIKNO_HTTP_PORT`."""
    return PREFIX + name.upper()


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each `VIKNO_*` variable that is no setting: most likely a typing error."""
    known = {variable(name) for name in Settings.model_fields}
    strange = [name for name in environment if name.startswith(PREFIX) and name not in known | _NOT_SETTINGS]
    return [f"{name} is not a setting and has no effect.{_nearest(name, known)}" for name in sorted(strange)]


def _file_values() -> dict[str, Any]:
    path = os.environ.get(CONFIG_VARIABLE)
    if not path:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{CONFIG_VARIABLE} names {path}, which cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from None
    for name in values:
        if name not in Settings.model_fields:
            raise SettingsError(f"{name} in {path} is not a setting.{_nearest(name, set(Settings.model_fields))}")
    return values


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else " docs/settings.md lists them all."


def _sentence(problem: Mapping[str, Any], given: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    """`VIKNO_HTTP_PORT is "eighty" in the environment. Allowed: a whole number from 1 to 65535; for example 443.`"""
    if not problem["loc"]:
        return f"{problem['ctx']['error']}."
    name = str(problem["loc"][0])
    hints = Settings.model_fields[name].json_schema_extra
    assert isinstance(hints, dict)
    value = "set" if hints["secret"] else f'"{_as_written(name, problem["input"], given, file)}"'
    reason = f": {problem['ctx']['error']}" if problem["type"] == "value_error" else ""
    origin = _origin(name, given, file)
    return f"{variable(name)} is {value} {origin}{reason}. Allowed: {hints['allowed']}; for example {hints['example']}."


def _as_written(name: str, parsed: object, given: Mapping[str, Any], file: Mapping[str, Any]) -> object:
    if name in given or name in file:
        return parsed
    return os.environ.get(variable(name), parsed)


def _origin(name: str, given: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    if name in given:
        return "on the command line"
    return f"in {os.environ[CONFIG_VARIABLE]}" if name in file else "in the environment"
