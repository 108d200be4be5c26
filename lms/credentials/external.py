"""Certificates from elsewhere: somebody declares one by a file or a link, shows it to their lead, or keeps it.

It is never called ours, and never checked by us unless our verifier found a credential in the file, its signature and
dates hold, its issuer is known, and it is for the e-mail of the person who declares it. Everything else is declared.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import apart, checking, documents, jose
from lms.credentials.checking import State, Trust
from lms.credentials.external_models import ExternalCertificate
from lms.credentials.issuing import email_of
from lms.credentials.seal_reports import SealReport
from lms.database import lock
from lms.days import day_of
from lms.directory.models import Affiliation, Person
from lms.directory.queries import names_of_people
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import FileStore, safe_name
from lms.frameworks import queries as frameworks
from lms.schedule.materials import is_link

FRAME, MAPPED_TO = "digcomp-ua", "digcomp22"
AREAS = ("1", "2", "3", "4", "5", "6")
LARGEST = 8 * 1024 * 1024
MOST = 200
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "json": "application/vc",
    "jwt": "application/vc+jwt",
}


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


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area of the Ukrainian frame, and what it corresponds to in DigComp."""

    number: str
    name_uk: str
    name_en: str
    there: tuple[tuple[str, str, str], ...]
    """Number and names in DigComp."""
    note: str


@dataclass(frozen=True, slots=True)
class ExternalPage:
    """One of them, for its person or for those whom it was shown to."""

    row: ExternalCertificate
    found: Found | None
    areas: tuple[AreaLine, ...]
    mine: bool
    person: str
    seen_by: str


@dataclass(frozen=True, slots=True)
class ExternalCard:
    """A line of a list."""

    code: str
    title: str
    issuer: str
    issued_on: date | None
    checked: bool
    shared: bool
    seen: bool
    person: str


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
    _ending(contents)
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
    count = select(ExternalCertificate.id).where(_kept(visitor.person_id)).limit(MOST)
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
        made.file_name = f"{name}.{_ending(file.contents)}"
        made.file_digest = store.put(file.contents)
    session.add(made)
    session.flush()
    after = {"title": made.title, "issuer": made.issuer, "shared": made.shared, "file": made.file_name, "url": made.url}
    record(session, visitor.actor, "external.declare", "external_certificate", made.id, now=now, after=after)
    return made


def share(session: Session, visitor: Visitor, code: str, now: datetime, *, open_: bool) -> ExternalCertificate:
    """Show it to those who lead or organise one's organisation, or no longer. Raises `NotFound`."""
    row = _own(session, visitor, code)
    if row.shared != open_:
        row.shared = open_
        verb = "external.share" if open_ else "external.close"
        record(session, visitor.actor, verb, "external_certificate", row.id, now=now)
    return row


def remove(session: Session, visitor: Visitor, code: str, now: datetime) -> None:
    """It is gone for everybody. Raises `NotFound`."""
    row = _own(session, visitor, code)
    row.removed_at = now
    record(session, visitor.actor, "external.remove", "external_certificate", row.id, now=now)


def note_seen(session: Session, visitor: Visitor, code: str, note: str, now: datetime) -> ExternalCertificate:
    """A lead or organiser has looked at it; that does not make it ours. Raises `NotFound` or `Invalid`."""
    row = _row(session, visitor, code, day_of(now))
    if row.person_id == visitor.person_id:
        raise NotAllowed("external_own", "Somebody else notes that it was seen.")
    if len(note.strip()) > 500:
        raise Invalid("external_note", "At most 500 characters.", "note")
    row = lock(session, ExternalCertificate, row.id)
    row.seen_by, row.seen_at, row.seen_note = visitor.actor, now, note.strip()
    after = {"note": row.seen_note}
    record(session, visitor.actor, "external.seen", "external_certificate", row.id, now=now, after=after)
    return row


def mine(session: Session, visitor: Visitor) -> list[ExternalCard]:
    """The visitor's own, latest first."""
    if visitor.person_id is None:
        return []
    query = select(ExternalCertificate).where(_kept(visitor.person_id)).order_by(ExternalCertificate.id.desc())
    return [_card(row, "") for row in session.scalars(query.limit(MOST))]


def shown_to(session: Session, visitor: Visitor, now: datetime, *, page: int = 0) -> list[ExternalCard]:
    """What people have shown to those who lead or organise, not yet seen first. Raises `NotAllowed`."""
    if not looks(visitor):
        raise NotAllowed("external_not_yours", "Certificates from elsewhere are shown to leads and organisers.")
    query = (
        select(ExternalCertificate)
        .where(ExternalCertificate.removed_at.is_(None), _seen_by(visitor, day_of(now)))
        .order_by(ExternalCertificate.seen_at.is_not(None), ExternalCertificate.id.desc())
        .limit(MOST)
        .offset(page * MOST)
    )
    rows = session.scalars(query).all()
    names = names_of_people(session, [row.person_id for row in rows])
    return [_card(row, names.get(f"person:{row.person_id}", "")) for row in rows]


def looks(visitor: Visitor) -> bool:
    """Whether anything can be shown to the visitor."""
    return bool(visitor.led_organisations) or visitor.is_organiser


def page_of(session: Session, visitor: Visitor, code: str, now: datetime) -> ExternalPage:
    """One of them. Raises `NotFound` for whoever it was not shown to."""
    row = _row(session, visitor, code, day_of(now))
    names = names_of_people(session, [row.person_id, *_people(row.seen_by)])
    return ExternalPage(
        row,
        Found(**row.found) if row.found else None,
        tuple(areas(session, row.areas)),
        row.person_id == visitor.person_id,
        names.get(f"person:{row.person_id}", ""),
        names.get(row.seen_by, ""),
    )


def file_of(session: Session, visitor: Visitor, code: str, store: FileStore, now: datetime) -> tuple[str, str, bytes]:
    """Its file: name, media type, contents. Raises `NotFound`."""
    row = _row(session, visitor, code, day_of(now))
    if not row.file_digest:
        raise NotFound("external_unknown", "There is no file.")
    ending = row.file_name.rpartition(".")[2]
    return row.file_name, MEDIA_TYPES[ending], store.get(row.file_digest)


def areas(session: Session, numbers: Collection[str] = AREAS) -> list[AreaLine]:
    """Areas of the Ukrainian frame with what they correspond to in DigComp; none while the frame is not loaded."""
    pairs = {each: frameworks.corresponding(session, FRAME, each, MAPPED_TO) for each in AREAS if each in numbers}
    wanted = {(FRAME, each) for each in pairs}
    wanted |= {(MAPPED_TO, line.number) for lines in pairs.values() for line in lines if line.number}
    names = frameworks.names(session, wanted)
    told = []
    for each, lines in pairs.items():
        name = names.get((FRAME, each))
        if name is None:
            continue
        there = [names[MAPPED_TO, line.number] for line in lines if (MAPPED_TO, line.number) in names]
        told.append(
            AreaLine(
                each,
                name.name_uk,
                name.name_en,
                tuple((one.number, one.name_uk, one.name_en) for one in there),
                next((line.note for line in lines if line.note), ""),
            )
        )
    return told


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


def _ending(contents: bytes) -> str:
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


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _day(value: object) -> date | None:
    try:
        return datetime.fromisoformat(str(value)).date() if value else None
    except ValueError:
        return None


def _kept(person_id: int) -> ColumnElement[bool]:
    return (ExternalCertificate.person_id == person_id) & ExternalCertificate.removed_at.is_(None)


def _seen_by(visitor: Visitor, day: date) -> ColumnElement[bool]:
    """SQL: shown, and to this visitor."""
    shared = ExternalCertificate.shared.is_(True)
    if visitor.organises_everything:
        return shared
    works = exists().where(
        Affiliation.person_id == ExternalCertificate.person_id,
        Affiliation.organisation_id.in_(visitor.led_organisations | visitor.organised_organisations),
        Affiliation.from_date <= day,
        or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
    )
    return shared & works


def _row(session: Session, visitor: Visitor, code: str, day: date) -> ExternalCertificate:
    allowed = _seen_by(visitor, day)
    if visitor.person_id is not None:
        allowed = or_(allowed, ExternalCertificate.person_id == visitor.person_id)
    row = session.scalar(
        select(ExternalCertificate).where(
            ExternalCertificate.code == code, ExternalCertificate.removed_at.is_(None), allowed
        )
    )
    if row is None:
        raise NotFound("external_unknown", "There is no such certificate, or it was not shown to you.")
    return row


def _own(session: Session, visitor: Visitor, code: str) -> ExternalCertificate:
    found = session.scalar(
        select(ExternalCertificate.id).where(
            ExternalCertificate.code == code,
            ExternalCertificate.person_id == visitor.person_id,
            ExternalCertificate.removed_at.is_(None),
        )
    )
    if found is None or visitor.person_id is None:
        raise NotFound("external_unknown", "There is no such certificate, or it was not shown to you.")
    return lock(session, ExternalCertificate, found)


def _people(actor: str) -> Sequence[int]:
    return [int(actor.removeprefix("person:"))] if actor.startswith("person:") else []


def _card(row: ExternalCertificate, person: str) -> ExternalCard:
    checked = bool(row.found) and Found(**(row.found or {})).checked
    return ExternalCard(
        row.code, row.title, row.issuer, row.issued_on, checked, row.shared, row.seen_at is not None, person
    )
