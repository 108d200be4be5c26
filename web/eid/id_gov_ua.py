"""id.gov.ua, the Integrated system of electronic identification: qualified signature, Diia.Signature, BankID.

It resembles OAuth 2.0 and is not OpenID Connect: there is no signed answer, so what is told is as good as the TLS
connection over which we ask; there is no PKCE, so `state` alone ties the way back to the browser. An answer that is
encrypted for the client's certificate needs the national cryptographic library (DSTU 4145), which is not part of this
product: a client without a certificate is answered in the open, and that is what this adapter is for.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from lms.directory.eid import rules
from lms.directory.eid.provider import EidError, Identity, Journey, Returned
from web.eid.asking import Asker

FIELDS = ("lastname", "givenname", "middlename", "drfocode", "unzr", "issuer", "issuercn", "serial")
"""What is asked of a certificate: a name for the page that asks who it is, and by what somebody is known again. Not the
e-mail, which nobody has verified, nor where and as what somebody works: the directory says that.
"""


@dataclass(frozen=True, slots=True)
class IdGovUaSettings:
    """What the system's owner gives a client. `methods` are those that are offered."""

    key: str
    names: Mapping[str, str]
    client_id: str
    client_secret: str = field(repr=False)
    address: str
    methods: tuple[str, ...]


class IdGovUa:
    """`lms.directory.eid.provider.Provider` for id.gov.ua."""

    match_email = False
    """The e-mail of a certificate is what its owner has written there; nobody has verified it."""

    def __init__(self, settings: IdGovUaSettings, *, context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._asker = Asker(context=context)

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return self._settings.key

    @property
    def names(self) -> Mapping[str, str]:
        """What stands on the button."""
        return self._settings.names

    def begin(self, journey: Journey, now: datetime) -> str:
        """The system's start page with our request."""
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "auth_type": ",".join(self._settings.methods),
            "state": journey.state,
            "redirect_uri": journey.redirect_uri,
        }
        return f"{self._settings.address}/?{urlencode(asked)}"

    def complete(self, returned: Returned, journey: Journey, now: datetime) -> Identity:
        """Exchange the code, which works once, then ask for the certificate's fields."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "code": returned.code,
        }
        answer = self._told(self._asker.ask("POST", f"{self._settings.address}/get-access-token", data=form))
        token, user = answer.get("access_token"), answer.get("user_id")
        if not token or not user:
            raise EidError("eid_answer", "id.gov.ua gave no access token or no user_id.")
        asked = {"access_token": str(token), "user_id": str(user), "fields": ",".join(FIELDS)}
        told = self._told(self._asker.get(f"{self._settings.address}/get-user-info", params=asked))
        if "encryptedUserInfo" in told:
            raise EidError(
                "eid_encrypted",
                "id.gov.ua answers with an encrypted envelope: this client has a certificate there. Opening it needs "
                "the national cryptographic library, which Vikno has not; register the client without a certificate.",
            )
        return _identity(told)

    def _told(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer, unless it says in its own way that there is none (200 with a code of an error)."""
        code = answer.get("error")
        if code not in (None, "", 0, "0"):
            known = "eid_code" if code == "invalid_grant" else "eid_refused"
            raise EidError(known, f"id.gov.ua refuses: {str(code)[:60]!r}.")
        return answer


def _identity(told: Mapping[str, Any]) -> Identity:
    def text(name: str) -> str:
        value = told.get(name)
        return " ".join(str(value).split())[:300] if isinstance(value, (str, int)) else ""

    number, unzr = rules.tax_number(text("drfocode")), rules.unzr(text("unzr"))
    return Identity(
        subject=_subject(number, unzr, text("issuer") or text("issuercn"), text("serial")),
        method=text("auth_type")[:32],
        given_name=text("givenname"),
        family_name=text("lastname"),
        patronymic=text("middlename"),
        tax_number=number,
    )


def _subject(number: str | None, unzr: str | None, issuer: str, serial: str) -> str:
    """What stays the same for a human. Nobody promises that of `user_id`, and a certificate lasts a year or two.

    So: the tax number, else the number in the demographic register; who has told neither is known by the certificate,
    and has to link the next one anew.
    """
    if number:
        return f"drfo {number}"
    if unzr:
        return f"unzr {unzr}"
    if issuer and serial:
        return f"certificate {issuer} {serial}"
    raise EidError("eid_answer", "id.gov.ua told neither a number nor a certificate.")
