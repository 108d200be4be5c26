"""The services that the file names, ready to be asked."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lms.directory.eid.provider import Provider
from web.eid import configured
from web.eid.configured import OidcEntry, StateEntry
from web.eid.id_gov_ua import IdGovUa, IdGovUaSettings
from web.eid.oidc import OidcProvider, OidcSettings


def providers(path: Path | None, *, context: ssl.SSLContext | None = None) -> dict[str, Provider]:
    """The services, in the file's order, by key; none without a file. Nobody is asked anything yet."""
    entries = configured.read(path) if path is not None else {}
    return {key: _provider(key, entry, context) for key, entry in entries.items()}


def _provider(key: str, entry: StateEntry | OidcEntry, context: ssl.SSLContext | None) -> Provider:
    names: Mapping[str, str] = {"uk": entry.name_uk, "en": entry.name_en}
    secret = entry.client_secret.get_secret_value()
    if isinstance(entry, StateEntry):
        address, methods = entry.address.rstrip("/"), tuple(entry.methods)
        return IdGovUa(IdGovUaSettings(key, names, entry.client_id, secret, address, methods), context=context)
    given: dict[str, Any] = {"scope": entry.scope, "claims": entry.claims, "match_email": entry.match_verified_email}
    return OidcProvider(OidcSettings(key, names, entry.issuer, entry.client_id, secret, **given), context=context)
