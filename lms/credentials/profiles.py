"""The issuer's profile: who issues, with which keys now and before, as machines read it at `/issuer`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lms.credentials import pinned, statuses
from lms.credentials.documents import IssuerFacts
from lms.credentials.integrity import instant
from lms.credentials.models import IssuerKey, KeyKind
from lms.credentials.trust import KnownKey
from lms.credentials.verdicts import State

CONTEXTS = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", pinned.OPEN_BADGES]
"""The first is the one under which verifiers' libraries look for `assertionMethod`, DID or not."""


def profile(issuer: IssuerFacts, keys: Sequence[IssuerKey]) -> dict[str, Any]:
    """A controller document that is a Profile of Open Badges. Ended keys stay listed: what they signed is genuine.

    `expires` says since when a key signs no more, `revoked` since when others may have had it.
    """
    methods = [_method(issuer.id, key) for key in keys]
    found: dict[str, Any] = {
        "@context": CONTEXTS,
        "id": issuer.id,
        "type": ["Profile"],
        "name": issuer.name,
        "url": issuer.url,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
    if issuer.email:
        found["email"] = issuer.email
    return found


class Profiles:
    """Trusts issuers whose profiles and status lists somebody has at hand, before anybody else (`trust.Trust`).

    `others` is asked for whoever is not among them. Raises `ValueError` for a profile that is none.
    """

    def __init__(self, profiles: Sequence[str], lists: Sequence[str], others: Any) -> None:
        self._keys: dict[str, list[KnownKey]] = {}
        for text in profiles:
            told = _named(text, "An issuer's profile is a JSON object with an id and its keys.")
            self._keys[told["id"]] = known_keys(told)
        self._lists: dict[str, str] = {}
        for text in lists:
            self._lists[_address_of_list(text)] = text
        self._others = others

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """Of a profile at hand."""
        found: Sequence[KnownKey] | None = self._keys.get(issuer) or self._others.keys(issuer)
        return found

    def status_list(self, address: str) -> str | None:
        """A list at hand."""
        found: str | None = self._lists.get(address) or self._others.status_list(address)
        return found

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """Only the issuer itself has records."""
        found: State | None = self._others.overtaken(credential)
        return found


def _address_of_list(text: str) -> str:
    sentence = "A status list is a JSON object with an id, or a token that holds one."
    try:
        address = statuses.opened(text)[0].get("id")
    except ValueError as error:
        raise ValueError(sentence) from error
    if not isinstance(address, str):
        raise ValueError(sentence)
    return address


def _named(text: str, sentence: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(sentence) from error
    if not isinstance(told, dict) or not isinstance(told.get("id"), str):
        raise ValueError(sentence)
    return told


def known_keys(profile: dict[str, Any]) -> list[KnownKey]:
    """The keys by which a profile's owner asserts something."""
    owner = str(profile.get("id", ""))
    named = _many(profile.get("assertionMethod"))
    asserted = {_address(each.get("id") if isinstance(each, dict) else each, owner) for each in named}
    methods = [each for each in (*_many(profile.get("verificationMethod")), *named) if isinstance(each, dict)]
    found = []
    for method in methods:
        jwk, address = method.get("publicKeyJwk"), _address(method.get("id"), owner)
        if address and address in asserted:
            found.append(
                KnownKey(
                    address,
                    multikey=str(method.get("publicKeyMultibase", "")),
                    jwk=jwk if isinstance(jwk, dict) else None,
                    compromised_at=_moment(method.get("revoked")),
                    expires_at=_moment(method.get("expires")),
                )
            )
    return found


def _address(told: object, owner: str) -> str:
    """A key's address, which DID documents may give relative to their own: `#key-1`."""
    address = told if isinstance(told, str) else ""
    return owner + address if address.startswith("#") else address


def _method(issuer_id: str, key: IssuerKey) -> dict[str, Any]:
    found: dict[str, Any] = {"id": key.method, "controller": issuer_id}
    if key.kind is KeyKind.ED25519:
        found |= {"type": "Multikey", "publicKeyMultibase": key.public}
    else:
        found |= {"type": "JsonWebKey", "publicKeyJwk": json.loads(key.public)}
    if key.ended_at is not None:
        found["expires"] = instant(key.ended_at)
    if key.compromised_since is not None:
        found["revoked"] = instant(key.compromised_since)
    return found


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
