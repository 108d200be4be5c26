"""What a service that checks who somebody is has to do, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Journey:
    """One way to the service and back. All but `redirect_uri` are random, and ours alone until they are sent."""

    redirect_uri: str
    state: str
    """Comes back with the browser: ties the way back to the way there (RFC 6749, 10.12)."""
    nonce: str
    """Comes back inside the signed answer, where there is one (OpenID Connect Core, 3.1.2.1)."""
    verifier: str
    """Shown to the service when the code is exchanged (PKCE, RFC 7636)."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brought back."""

    code: str
    issuer: str = ""
    """The parameter `iss` (RFC 9207), if the service sends it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the service says it is, as far as signing in needs it; nothing more is asked or read.

    Only marks of `subject` and `tax_number` are ever kept (`rules.Marker`).
    """

    subject: str
    """The same for the same person at every sign-in, and nobody else's."""
    method: str = ""
    """How it was shown: `dig_sign`, `bank_id`, `diia_id`, or what `amr` says."""
    given_name: str = ""
    family_name: str = ""
    patronymic: str = ""
    email: str = ""
    email_verified: bool = False
    tax_number: str | None = None
    """Ten digits; some people have none, and some methods do not tell it."""


class EidError(Exception):
    """The service did not say who it is. `code` has a sentence for people; the text is for the log, without secrets."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Provider(Protocol):
    """A service that checks who somebody is. Both calls block while they wait for it, and raise `EidError`."""

    @property
    def key(self) -> str:
        """Its name in addresses and in the database: small Latin letters, figures, hyphens."""

    @property
    def names(self) -> Mapping[str, str]:
        """What people read on the button, by language."""

    @property
    def match_email(self) -> bool:
        """Whether an e-mail that the service has verified may lead to an account that signs in with it."""

    def begin(self, journey: Journey, now: datetime) -> str:
        """The address to send the browser to."""

    def complete(self, returned: Returned, journey: Journey, now: datetime) -> Identity:
        """Exchange what the browser brought back for who it is."""
