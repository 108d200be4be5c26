"""Certificates from elsewhere, read: by whoever declared them, and by those whom they were shown to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from lms.credentials.external_files import MEDIA_TYPES, Found
from lms.credentials.external_models import ExternalCertificate
from lms.database import lock
from lms.days import day_of
from lms.directory.models import Affiliation
from lms.directory.queries import names_of_people
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.files import FileStore
from lms.frameworks import queries as frameworks

FRAME, MAPPED_TO = "digcomp-ua", "digcomp22"
AREAS = ("1", "2", "3", "4", "5", "6")
MOST = 200


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


def mine(session: Session, visitor: Visitor) -> list[ExternalCard]:
    """The visitor's own, latest first."""
    if visitor.person_id is None:
        return []
    query = select(ExternalCertificate).where(kept_by(visitor.person_id)).order_by(ExternalCertificate.id.desc())
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
    row = row_of(session, visitor, code, day_of(now))
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
    row = row_of(session, visitor, code, day_of(now))
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


def kept_by(person_id: int) -> ColumnElement[bool]:
    """SQL: a person's, not removed."""
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


def row_of(session: Session, visitor: Visitor, code: str, day: date) -> ExternalCertificate:
    """One that the visitor may see. Raises `NotFound`."""
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


def own(session: Session, visitor: Visitor, code: str) -> ExternalCertificate:
    """One of the visitor's own, locked. Raises `NotFound`."""
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
