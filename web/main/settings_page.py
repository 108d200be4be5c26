"""The settings as a page (`docs/settings.md`) and as a list of their present values."""

from __future__ import annotations

from pathlib import Path

from pydantic.fields import FieldInfo

from web.main.settings import Settings
from web.main.settings_load import CONFIG_VARIABLE, variable

_HEAD = f"""# Settings

Vikno reads its settings from environment variables and from one TOML file, which `{CONFIG_VARIABLE}` names; the
environment wins. In the file a setting bears its name without `VIKNO_`, in small letters:

```toml
data = "/var/lib/vikno"
public_url = "https://vikno.example.ua"
media_addresses = ["203.0.113.7"]
```

A mistake is told at start, with the setting, its value and what is allowed. `vikno settings` prints the values in
force. This page is generated: `vikno settings --markdown > docs/settings.md`.

| setting | default | meaning | allowed | example |
| --- | --- | --- | --- | --- |
"""


def markdown() -> str:
    """The page, ending in a line break."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return _HEAD + "\n".join(rows) + "\n"


def values(settings: Settings) -> str:
    """One line per setting, `VIKNO_NAME=value`; secrets are hidden."""
    lines = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = "[hidden]" if value and hints(field)["secret"] else _text(value)
        lines.append(f"{variable(name)}={shown}")
    return "\n".join(lines) + "\n"


def hints(field: FieldInfo) -> dict[str, str]:
    """What a setting's definition says for people: `allowed`, `example`, `secret`."""
    assert isinstance(field.json_schema_extra, dict)
    return {name: str(value) if value else "" for name, value in field.json_schema_extra.items()}


def _row(name: str, field: FieldInfo) -> str:
    words = hints(field)
    default = _text(field.default)
    shown = f"`{default}`" if default else "empty"
    return f"| `{variable(name)}` | {shown} | {field.description} | {words['allowed']} | `{words['example']}` |"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value.as_posix() if isinstance(value, Path) else str(value)
