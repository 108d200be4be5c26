"""The file of a certificate from elsewhere: what kind it is, what our verifier finds in it, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.credentials import apart, checking, documents, jose
from lms.credentials.issuing import email_of
from lms.credentials.seal_reports import SealReport
from lms.credentials.trust import Trust
from lms.credentials.verdicts import State
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed

LARGEST = 8 * 1024 * 1024
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "json": "application/vc",
    "jwt": "application/vc+jwt",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What our verifier found in the file."""

    state: str
    """`checking.State`."""
    issuer_id: str
    hers: str
    """Whether it is for the e-mail of the person who declares it: `yes`, `no`, or `unknown` where it names none."""
    checked_at: str

    @property
    def checked(self) -> bool:
        """Whether more can be said than that it is declared."""
        return self.state == State.VALID and self.hers == "yes" and not self.issuer_id.startswith("did:key:")


@dataclass(frozen=True, slots=True)
class Looked:
    """A file, and what is in it."""

    name: str
    contents: bytes
    found: Found | None = None
    """None where it holds no credential."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the credential says: `title`, `issuer`, `issued_on`, `valid_until`."""


def look(
    session: Session,
    visitor: Visitor,
    name: str,
    contents: bytes,
    trust: Trust,
    now: datetime,
    sealed: Callable[[bytes], SealReport] | None = None,
) -> Looked:
    """What the verifier finds in a file. It may take many seconds: not while others wait for the database.

    Raises `NotAllowed` (external_person) or `Invalid` (external_file).
    """
    if visitor.person_id is None:
        raise NotAllowed("external_person", "Sign in: what you declare is yours.")
    if not contents or len(contents) > LARGEST:
        raise Invalid("external_file", "A PDF, PNG, JSON or JWT of at most 8 MB.", "file")
    ending_of(contents)
    report = checking.check(contents, trust, now, apart.digest, sealed)
    credential = report.credential
    if report.state is State.UNREADABLE or not credential:
        return Looked(name, contents)
    issuer = credential.get("issuer")
    hers = _hers(credential, email_of(session, visitor.person_id))
    found = Found(report.state.value, str(jose.issuer_id(credential))[:300], hers, now.isoformat())
    subject = credential.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    told = {
        "title": achievement.get("name") if isinstance(achievement, dict) else "",
        "issuer": issuer.get("name") if isinstance(issuer, dict) else "",
        "issued_on": credential.get("awardedDate") or credential.get("validFrom"),
        "valid_until": credential.get("validUntil"),
    }
    return Looked(name, contents, found, told)


def _hers(credential: dict[str, Any], email: str) -> str:
    """Whether one of its hashed addresses is the person's (Open Badges 3.0, IdentityObject)."""
    subject = credential.get("credentialSubject")
    told = subject.get("identifier") if isinstance(subject, dict) else None
    listed = [each for each in (told if isinstance(told, list) else [told]) if isinstance(each, dict)]
    addresses = [each for each in listed if each.get("identityType") == "emailAddress"]
    if not addresses:
        return "unknown"
    for each in addresses:
        kept, salt = str(each.get("identityHash", "")), str(each.get("salt", ""))
        if email and kept in (documents.email_hash(email, salt), email):
            return "yes"
    return "no"


def ending_of(contents: bytes) -> str:
    """By what is in it, whatever its name says. Raises `Invalid` (external_file)."""
    start = contents.lstrip(b"\xef\xbb\xbf \t\r\n")[:8]
    if start.startswith(b"%PDF-"):
        return "pdf"
    if contents.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start.startswith(b"{"):
        return "json"
    if start.startswith(b"eyJ"):
        return "jwt"
    raise Invalid("external_file", "A PDF, PNG, JSON or JWT of at most 8 MB.", "file")
