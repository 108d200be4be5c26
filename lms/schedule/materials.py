"""Materials of an occurrence: links and files, for whoever may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import FileStore, media_type_of, safe_name
from lms.schedule import actions
from lms.schedule.models import Occurrence, Speaker
from lms.schedule.plan_models import Material, OccurrenceAct, StillPicture
from lms.schedule.queries import occurrence_page, visible_to
from lms.statements import once

LARGEST_FILE = 25 * 1024 * 1024
MOST_MATERIALS = 50


@dataclass(frozen=True, slots=True)
class Download:
    """A file as it is handed out: always as an attachment."""

    name: str
    media_type: str
    contents: bytes


NO_PICTURE = Material.id.not_in(select(StillPicture.material_id))
"""Pictures have a gallery of their own (`lms.schedule.pictures`)."""


def of_occurrence(session: Session, occurrence_id: int) -> Sequence[Material]:
    """What there is, in order. Whoever asks has made sure that the visitor may see the occurrence."""
    return list(session.scalars(*_kept_at(occurrence_id)))


def any_at(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether there may be any, or an act that is explained."""
    act = exists().where(OccurrenceAct.occurrence_id == occurrence_id)
    return or_(exists().where(Material.occurrence_id == occurrence_id), act)


@once
def _kept_at(occurrence_id: int) -> Select[Material]:
    query = select(Material).where(Material.occurrence_id == occurrence_id, Material.removed_at.is_(None), NO_PICTURE)
    return query.order_by(Material.position, Material.id)


def add_link(session: Session, visitor: Visitor, slug: str, title: str, url: str, now: datetime) -> Material:
    """A link. Raises `NotFound`, `NotAllowed`, `Invalid` (url_invalid, title_needed) or `Conflict` (too_many)."""
    occurrence = _tended(session, visitor, slug)
    url = url.strip()
    if not is_link(url):
        raise Invalid("url_invalid", "A link begins with https:// or http:// and names a site.", "url")
    return _add(session, visitor, occurrence, Material(title=_title(title or url), url=url), now)


def add_file(
    session: Session,
    visitor: Visitor,
    slug: str,
    title: str,
    name: str,
    contents: bytes,
    store: FileStore,
    now: datetime,
) -> Material:
    """A file. Raises `NotFound`, `NotAllowed`, `Invalid` (file_empty, file_large, file_kind) or `Conflict`."""
    occurrence = _tended(session, visitor, slug)
    name = safe_name(name)
    kind = media_type_of(name)
    if not kind:
        raise Invalid(
            "file_kind", "Files of this kind are not taken. Take PDF, office documents, pictures or ZIP.", "file"
        )
    if not contents:
        raise Invalid("file_empty", "The file is empty. Choose another one.", "file")
    if len(contents) > LARGEST_FILE:
        raise Invalid("file_large", "The file is larger than 25 MB. Put it elsewhere and add a link to it.", "file")
    made = Material(
        title=_title(title or name),
        file_digest=store.put(contents),
        file_name=name,
        media_type=kind,
        size=len(contents),
    )
    return _add(session, visitor, occurrence, made, now)


def remove(session: Session, visitor: Visitor, slug: str, material_id: int, now: datetime) -> None:
    """It is shown no more; the log keeps that it was there. Raises `NotFound` or `NotAllowed`."""
    occurrence = _tended(session, visitor, slug)
    found = lock(session, Material, material_id)
    if found.occurrence_id != occurrence.id:
        raise NotFound("material_unknown", "There is no such material here.")
    if found.removed_at is None:
        found.removed_at = now
        session.flush()
        before = {} if occurrence.private else {"title": found.title}
        record(session, visitor.actor, "material.remove", "material", material_id, now=now, before=before)


def download(session: Session, visitor: Visitor, slug: str, material_id: int, store: FileStore) -> Download:
    """The file, for whoever may see the occurrence. Raises `NotFound`."""
    found = session.scalar(
        select(Material)
        .join(Occurrence, Occurrence.id == Material.occurrence_id)
        .where(
            Material.id == material_id,
            Occurrence.slug == slug,
            Material.removed_at.is_(None),
            Material.file_digest != "",
            NO_PICTURE,
            visible_to(visitor),
        )
    )
    if found is None:
        raise NotFound("material_unknown", "There is no such material here.")
    try:
        contents = store.get(found.file_digest)
    except FileNotFoundError:
        raise NotFound(
            "file_lost", "The file is not in the store any more. Ask the organiser to add it again."
        ) from None
    return Download(found.file_name, found.media_type, contents)


def expect_tended(session: Session, visitor: Visitor, slug: str, now: datetime) -> None:
    """Before a file is read: raises `NotFound` or `NotAllowed` for whom adding it would. Locks nothing."""
    if _talk_of(session, visitor, slug) is None and not occurrence_page(session, visitor, slug, now).may_edit:
        raise NotAllowed("editors_only", "Only those who organise it may change it.")


def _tended(session: Session, visitor: Visitor, slug: str) -> Occurrence:
    """The occurrence, locked, for those who edit it; a private one for its speakers. Raises as `editable` does."""
    number = _talk_of(session, visitor, slug)
    return actions.editable(session, visitor, slug) if number is None else lock(session, Occurrence, number)


def _talk_of(session: Session, visitor: Visitor, slug: str) -> int | None:
    """The number of a private occurrence, for one of its speakers."""
    if visitor.person_id is None:
        return None
    speaks = Occurrence.speakers.any(Speaker.person_id == visitor.person_id)
    return session.scalar(select(Occurrence.id).where(Occurrence.slug == slug, Occurrence.private, speaks))


def is_link(url: str) -> bool:
    """Whether it is an address of the web that a browser can go to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2000 and not set(url) & set(' <>"')
    )


def _add(session: Session, visitor: Visitor, occurrence: Occurrence, made: Material, now: datetime) -> Material:
    occurrence_id = occurrence.id
    held = session.execute(
        select(func.count(), func.max(Material.position)).where(
            Material.occurrence_id == occurrence_id, Material.removed_at.is_(None), NO_PICTURE
        )
    ).one()
    if held[0] >= MOST_MATERIALS:
        raise Conflict("too_many_materials", f"An occurrence has at most {MOST_MATERIALS} materials. Remove one first.")
    made.occurrence_id, made.position = occurrence_id, (held[1] or 0) + 1
    made.added_by, made.added_at = visitor.actor, now
    session.add(made)
    session.flush()
    after: dict[str, object] = {"for": occurrence_id}
    if not occurrence.private:
        after |= {"title": made.title, "url": made.url, "file": made.file_name, "digest": made.file_digest}
    record(session, visitor.actor, "material.add", "material", made.id, now=now, after=after)
    return made


def _title(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("title_needed", "Give it a title.", "title")
    return text[:300]
