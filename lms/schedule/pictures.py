"""Still pictures, taken in the meeting for the occurrence's file: kept among its materials, for whoever may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound
from lms.files import FileStore
from lms.images import CleanPicture
from lms.schedule import actions
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Material, StillPicture
from lms.schedule.queries import edited_by, visible_to

MOST_PICTURES = 200
LONGEST_CAPTION = 300


@dataclass(frozen=True, slots=True)
class Taken:
    """Of what a picture was taken, and by whom: names as the room has them."""

    by: str
    shows: str
    source: str
    caption: str


@dataclass(frozen=True, slots=True)
class PictureCard:
    """A picture in a gallery."""

    id: int
    caption: str
    taken_by: str
    shows: str
    source: str
    taken_at: datetime
    width: int
    height: int
    thumbnail_width: int
    thumbnail_height: int
    hidden: bool


def caption_of(text: str) -> str:
    """The caption in one line. Raises `Invalid` (caption_needed, caption_long)."""
    caption = " ".join(text.split())
    if not caption:
        raise Invalid("caption_needed", "Say in a few words what the picture shows.", "caption")
    if len(caption) > LONGEST_CAPTION:
        raise Invalid("caption_long", f"A caption has at most {LONGEST_CAPTION} characters.", "caption")
    return caption


def check_room(session: Session, occurrence_id: int) -> None:
    """Raises `Conflict` (too_many_pictures) where no other picture can be kept."""
    query = select(func.count()).select_from(Material).join(StillPicture)
    held = session.scalar(query.where(Material.occurrence_id == occurrence_id, Material.removed_at.is_(None))) or 0
    if held >= MOST_PICTURES:
        raise Conflict(
            "too_many_pictures", f"An occurrence has at most {MOST_PICTURES} pictures. Its organiser can remove some."
        )


def keep(
    session: Session,
    visitor: Visitor,
    occurrence_id: int,
    taken: Taken,
    picture: CleanPicture,
    store: FileStore,
    now: datetime,
) -> int:
    """Keep a picture; its number. Whether the visitor may take one, the media node has said.

    Raises `NotFound`, `Invalid` (caption_needed, caption_long) or `Conflict` (too_many_pictures).
    """
    caption = caption_of(taken.caption)
    lock(session, Occurrence, occurrence_id)
    check_room(session, occurrence_id)
    whole, small = picture.whole, picture.thumbnail
    material = Material(
        occurrence_id=occurrence_id,
        position=0,
        title=caption,
        file_digest=store.put(whole.contents),
        file_name=f"picture-{now:%Y%m%d-%H%M%S}.jpg",
        media_type="image/jpeg",
        size=len(whole.contents),
        added_by=visitor.actor,
        added_at=now,
    )
    session.add(material)
    session.flush()
    session.add(
        StillPicture(
            material_id=material.id,
            taken_by=taken.by[:120],
            shows=taken.shows[:120],
            source=taken.source,
            width=whole.width,
            height=whole.height,
            thumbnail_digest=store.put(small.contents),
            thumbnail_width=small.width,
            thumbnail_height=small.height,
        )
    )
    session.flush()
    after = {"title": caption, "by": taken.by, "shows": taken.shows, "source": taken.source}
    record(
        session, visitor.actor, "picture.take", "material", material.id, now=now, after=after | {"for": occurrence_id}
    )
    return material.id


def of_occurrence(
    session: Session, occurrence_id: int, *, editor: bool, limit: int = MOST_PICTURES
) -> tuple[list[PictureCard], int]:
    """The newest pictures, and how many there are. Whoever asks has made sure that the visitor may see the occurrence;
    its editors see the hidden ones, too.
    """
    shown = [Material.occurrence_id == occurrence_id, Material.removed_at.is_(None)]
    if not editor:
        shown.append(StillPicture.hidden_at.is_(None))
    rows = _rows().where(*shown).order_by(Material.added_at.desc(), Material.id.desc()).limit(limit)
    cards = [_card(material, still) for material, still in session.execute(rows)]
    if len(cards) < limit:
        return cards, len(cards)
    return cards, session.scalar(select(func.count()).select_from(Material).join(StillPicture).where(*shown)) or 0


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether there is any, also a hidden one."""
    return exists().where(StillPicture.material_id == Material.id, Material.occurrence_id == occurrence_id)


def contents(
    session: Session, visitor: Visitor, slug: str, material_id: int, store: FileStore, *, small: bool = False
) -> bytes:
    """The JPEG, for whoever may see it. Raises `NotFound`."""
    seen = edited_by(visitor) | (visible_to(visitor) & StillPicture.hidden_at.is_(None))
    query = _rows().join(Occurrence, Occurrence.id == Material.occurrence_id)
    query = query.where(Material.id == material_id, Material.removed_at.is_(None), Occurrence.slug == slug, seen)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("picture_unknown", "There is no such picture here.")
    material, still = found
    try:
        return store.get(still.thumbnail_digest if small else material.file_digest)
    except FileNotFoundError:
        raise NotFound("picture_lost", "The picture is not in the store any more.") from None


def caption(session: Session, visitor: Visitor, slug: str, material_id: int, text: str, now: datetime) -> None:
    """Give it another caption. Raises `NotFound`, `NotAllowed` or `Invalid` (caption_needed, caption_long)."""
    material, _still = _held(session, visitor, slug, material_id)
    wanted = caption_of(text)
    if wanted != material.title:
        before, material.title = {"title": material.title}, wanted
        _log(session, visitor, "picture.caption", material_id, now, before, {"title": wanted})


def hide(session: Session, visitor: Visitor, slug: str, material_id: int, now: datetime, *, hidden: bool) -> None:
    """Show it to editors alone, or to everybody again. Raises `NotFound` or `NotAllowed`."""
    material, still = _held(session, visitor, slug, material_id)
    if (still.hidden_at is not None) != hidden:
        still.hidden_at = now if hidden else None
        action = "picture.hide" if hidden else "picture.show"
        _log(session, visitor, action, material_id, now, None, {"title": material.title})


def remove(session: Session, visitor: Visitor, slug: str, material_id: int, now: datetime) -> None:
    """It is shown to nobody any more; the log keeps that it was there. Raises `NotFound` or `NotAllowed`."""
    material, _still = _held(session, visitor, slug, material_id)
    material.removed_at = now
    _log(session, visitor, "picture.remove", material_id, now, {"title": material.title}, None)


def _held(session: Session, visitor: Visitor, slug: str, material_id: int) -> tuple[Material, StillPicture]:
    """A picture of an occurrence that the visitor may change."""
    occurrence = actions.editable(session, visitor, slug)
    query = _rows().where(
        Material.id == material_id, Material.occurrence_id == occurrence.id, Material.removed_at.is_(None)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("picture_unknown", "There is no such picture here.")
    material, still = found
    return material, still


def _rows() -> Select[Material, StillPicture]:
    return select(Material, StillPicture).join(StillPicture, StillPicture.material_id == Material.id)


def _card(material: Material, still: StillPicture) -> PictureCard:
    return PictureCard(
        id=material.id,
        caption=material.title,
        taken_by=still.taken_by,
        shows=still.shows,
        source=still.source,
        taken_at=material.added_at,
        width=still.width,
        height=still.height,
        thumbnail_width=still.thumbnail_width,
        thumbnail_height=still.thumbnail_height,
        hidden=still.hidden_at is not None,
    )


def _log(
    session: Session,
    visitor: Visitor,
    action: str,
    material_id: int,
    now: datetime,
    before: dict[str, str] | None,
    after: dict[str, str] | None,
) -> None:
    session.flush()
    record(session, visitor.actor, action, "material", material_id, now=now, before=before, after=after)
