"""Which services an installation has: a TOML file of their own, because several of them have several values each.

Every process reads the settings: nothing of the adapters is imported here.

[state]                       # the key: stands in addresses, and in the database for ever
kind = "id.gov.ua"
client_id = "..."
client_secret = "..."
name_uk = "id.gov.ua"
name_en = "id.gov.ua"
# address = "https://test.id.gov.ua"
# methods = ["dig_sign", "diia_id", "bank_id"]

[ministry]
kind = "oidc"
issuer = "https://sso.example.gov.ua/realms/staff"
client_id = "vikno"
client_secret = "..."
name_uk = "Обліковий запис міністерства"
name_en = "Account of the ministry"
# scope = "openid profile email"
# match_verified_email = true
# claims = { tax_number = "drfo", patronymic = "middle_name" }
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

_KEY = re.compile(r"[a-z][a-z0-9-]{0,26}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
STATE_UK = "id.gov.ua (Дія.Підпис, BankID, е-підпис)"
STATE_EN = "id.gov.ua (Diia.Signature, BankID, electronic signature)"


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("an address with https:// is needed")
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("that is not the address of a service")
    return url


Claim = Literal["given_name", "family_name", "patronymic", "email", "tax_number"]
Address = Annotated[str, AfterValidator(_secure)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(min_length=1, max_length=300)


class StateEntry(_Entry):
    kind: Literal["id.gov.ua"]
    client_secret: SecretStr = Field(min_length=1)
    name_uk: Name = STATE_UK
    name_en: Name = STATE_EN
    address: Address = "https://id.gov.ua"
    methods: list[Literal["dig_sign", "bank_id", "diia_id"]] = Field(["dig_sign", "bank_id", "diia_id"], min_length=1)


class OidcEntry(_Entry):
    kind: Literal["oidc"]
    client_secret: SecretStr = SecretStr("")
    name_uk: Name
    name_en: Name
    issuer: Address
    scope: str = Field("openid profile email", pattern=r"(^|\s)openid($|\s)", max_length=500)
    claims: dict[Claim, str] = Field(default_factory=dict)
    match_verified_email: bool = False


_FILE: TypeAdapter[dict[str, StateEntry | OidcEntry]] = TypeAdapter(
    dict[str, Annotated[StateEntry | OidcEntry, Field(discriminator="kind")]]
)


def read(path: Path) -> dict[str, StateEntry | OidcEntry]:
    """What the file says. Raises `ValueError` with a sentence that holds no secret."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o007:
            raise ValueError(f"everybody may read {path}, and secrets stand in it; close it: chmod o-rwx {path}")
        entries = _FILE.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        raise ValueError("; ".join(_sentence(path, each) for each in error.errors(include_input=False))) from None
    for key in entries:
        if not _KEY.fullmatch(key):
            raise ValueError(f"[{key}] in {path}: a key is of small Latin letters, figures and hyphens, at most 27")
    return entries


def _sentence(path: Path, problem: Mapping[str, Any]) -> str:
    """Where in the file and what is wrong there; the value is left out, it may be a secret."""
    where = ".".join(str(part) for part in problem["loc"] if part not in ("id.gov.ua", "oidc"))
    return f"{where} in {path}: {problem['msg']}"
