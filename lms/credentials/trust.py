"""Whom a verifier trusts: what is known here of issuers, their keys, their status lists and their own records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lms.credentials.verdicts import Check, Failure, Name, State, fails


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of an issuer that we trust. One of `multikey` and `jwk`."""

    method: str
    multikey: str = ""
    jwk: dict[str, Any] | None = None
    compromised_at: datetime | None = None
    """Since when somebody else may sign with it."""
    expires_at: datetime | None = None
    """What is signed later does not count (W3C Controlled Identifiers, section 2.2)."""


class Trust(Protocol):
    """What is known here of issuers."""

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """The keys of an issuer that is known; None for a stranger."""

    def status_list(self, address: str) -> str | None:
        """A status list as it is served, JSON or a token. None where it is not at hand."""

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """What the issuer's own records say beyond the file: REPLACED, REVOKED, or NOT_GENUINE for one never issued."""


class NobodyKnown:
    """Trusts no one: only keys that are their own address (`did:key`) can be told."""

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """Nobody."""
        return None

    def status_list(self, address: str) -> str | None:
        """Nothing at hand."""
        return None

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """No records."""
        return None


def unsupported(name: Name, code: str, says: str, credential: dict[str, Any], trust: Trust) -> Failure:
    """Nothing is known of it. But of ourselves we know how we sign: ours in a form like that is none of ours."""
    if trust.overtaken(credential) is State.NOT_GENUINE:
        return fails(name, code, says)
    return Failure(State.UNSUPPORTED, Check(name, None, code, says))
