"""Certificates from elsewhere: somebody declares one by a file or a link, shows it to their lead, or keeps it.

It is never called ours, and never checked by us unless our verifier found a credential in the file, its signature and
dates hold, its issuer is known, and it is for the e-mail of the person who declares it. Everything else is declared.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials.external_files import Looked, ending_of
from lms.credentials.external_models import ExternalCertificate
from lms.credentials.external_queries import AREAS, MOST, kept_by, own, row_of
from lms.database import lock
from lms.days import day_of
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from lms.files import FileStore, safe_name
from lms.schedule.materials import is_link


@dataclass(frozen=True, slots=True)
class ExternalDraft:
    """A certificate as somebody declares it."""

    title: str = ""
    issuer: str = ""
    issued_on: date | None = None
    valid_until: date | None = None
    url: str = ""
    areas: tuple[str, ...] = ()
    shared: bool = False


def declare(
    session: Session,
    visitor: Visitor,
    draft: ExternalDraft,
    file: Looked | None,
    store: FileStore,
    now: datetime,
) -> ExternalCertificate:
    """Keep what somebody declares, by a file or a link.

    A credential in the file fills what is empty. If it holds, and is the person's, its words stand instead of theirs:
    nobody's words are called checked because of a credential for something else.

    Raises `NotAllowed` (external_person), `Conflict` (external_many) or `Invalid` (external_needs_proof,
    external_title, external_issuer, external_day, external_end, url_invalid).
    """
    if visitor.person_id is None:
        raise NotAllowed("external_person", "Sign in: what you declare is yours.")
    lock(session, Person, visitor.person_id)
    count = select(ExternalCertificate.id).where(kept_by(visitor.person_id)).limit(MOST)
    if len(session.scalars(count).all()) >= MOST:
        raise Conflict("external_many", "There are 200 already. Remove some.")
    if file is None and not draft.url.strip():
        raise Invalid("external_needs_proof", "Add the file of the certificate, or the address where it is.", "url")
    if draft.url.strip() and not is_link(draft.url.strip()):
        raise Invalid("url_invalid", "A link begins with https:// or http:// and names a site.", "url")
    found = file.found if file is not None else None
    made = _checked(draft, file.told if file is not None else {}, now, over=found is not None and found.checked)
    made.code, made.person_id, made.created_at = secrets.token_hex(8), visitor.person_id, now
    made.found = asdict(found) if found else None
    if file is not None:
        name = safe_name(file.name, 100).rpartition(".")[0] or "certificate"
        made.file_name = f"{name}.{ending_of(file.contents)}"
        made.file_digest = store.put(file.contents)
    session.add(made)
    session.flush()
    after = {"title": made.title, "issuer": made.issuer, "shared": made.shared, "file": made.file_name, "url": made.url}
    record(session, visitor.actor, "external.declare", "external_certificate", made.id, now=now, after=after)
    return made


def share(session: Session, visitor: Visitor, code: str, now: datetime, *, open_: bool) -> ExternalCertificate:
    """Show it to those who lead or organise one's organisation, or no longer. Raises `NotFound`."""
    row = own(session, visitor, code)
    if row.shared != open_:
        row.shared = open_
        verb = "external.share" if open_ else "external.close"
        record(session, visitor.actor, verb, "external_certificate", row.id, now=now)
    return row


def remove(session: Session, visitor: Visitor, code: str, now: datetime) -> None:
    """It is gone for everybody. Raises `NotFound`."""
    row = own(session, visitor, code)
    row.removed_at = now
    record(session, visitor.actor, "external.remove", "external_certificate", row.id, now=now)


def note_seen(session: Session, visitor: Visitor, code: str, note: str, now: datetime) -> ExternalCertificate:
    """A lead or organiser has looked at it; that does not make it ours. Raises `NotFound` or `Invalid`."""
    row = row_of(session, visitor, code, day_of(now))
    if row.person_id == visitor.person_id:
        raise NotAllowed("external_own", "Somebody else notes that it was seen.")
    if len(note.strip()) > 500:
        raise Invalid("external_note", "At most 500 characters.", "note")
    row = lock(session, ExternalCertificate, row.id)
    row.seen_by, row.seen_at, row.seen_note = visitor.actor, now, note.strip()
    after = {"note": row.seen_note}
    record(session, visitor.actor, "external.seen", "external_certificate", row.id, now=now, after=after)
    return row


def _checked(draft: ExternalDraft, told: Mapping[str, Any], now: datetime, *, over: bool) -> ExternalCertificate:
    """`over`: what the credential says goes before what was typed."""
    if over:
        draft = replace(
            draft,
            title=_line(told.get("title"))[:300] or draft.title,
            issuer=_line(told.get("issuer"))[:300] or draft.issuer,
            issued_on=_day(told.get("issued_on")),
            valid_until=_day(told.get("valid_until")),
        )
    title, issuer = (_line(getattr(draft, name)) or _line(told.get(name)) for name in ("title", "issuer"))
    if not title or len(title) > 300:
        raise Invalid("external_title", "Say what it is called, in at most 300 characters.", "title")
    if not issuer or len(issuer) > 300:
        raise Invalid("external_issuer", "Say who gave it, in at most 300 characters.", "issuer")
    issued_on = draft.issued_on or _day(told.get("issued_on"))
    valid_until = draft.valid_until or _day(told.get("valid_until"))
    if issued_on is not None and not date(1950, 1, 1) <= issued_on <= day_of(now):
        raise Invalid("external_day", "The day on which it was given is not in the future.", "issued_on")
    if issued_on is not None and valid_until is not None and valid_until < issued_on:
        raise Invalid("external_end", "It ends after it began.", "valid_until")
    return ExternalCertificate(
        title=title,
        issuer=issuer,
        issued_on=issued_on,
        valid_until=valid_until,
        url=draft.url.strip()[:500],
        areas=[each for each in AREAS if each in draft.areas],
        shared=draft.shared,
        seen_by="",
        seen_note="",
        file_digest="",
        file_name="",
    )


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _day(value: object) -> date | None:
    try:
        found = datetime.fromisoformat(str(value)) if value else None
        return day_of(found) if found is not None and found.tzinfo else found and found.date()
    except (ValueError, OverflowError):
        return None
