"""Legal acts as data: what occurrences explain, as of which day, and what happens when an act changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.actions import enqueue
from lms.schedule import actions
from lms.schedule.audience_models import Registration, RegistrationState
from lms.schedule.materials import is_link
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import ActState, LegalAct, OccurrenceAct
from lms.schedule.queries import visible_to
from lms.statements import once

_CAME = (RegistrationState.CONFIRMED, RegistrationState.NO_SHOW)


@dataclass(frozen=True, slots=True)
class ActDraft:
    """An act as an organiser enters it."""

    number: str
    title: str
    adopted_on: date | None
    valid_as_of: date
    url: str = ""


@dataclass(frozen=True, slots=True)
class ActCard:
    """An act; `used` is how many occurrences explain it (those that the visitor may see)."""

    id: int
    number: str
    title: str
    adopted_on: date | None
    url: str
    state: ActState
    valid_as_of: date
    changed_on: date | None
    change_note: str
    used: int = 0


@dataclass(frozen=True, slots=True)
class Explained:
    """An act as an occurrence explains it. `outdated`: it has changed since the occurrence took place."""

    act: ActCard
    note: str
    outdated: bool


def catalogue(session: Session, visitor: Visitor, *, search: str = "", limit: int = 200) -> list[ActCard]:
    """Acts by number, those whose number or title holds `search`. Two queries."""
    query = select(LegalAct).order_by(LegalAct.adopted_on.desc(), LegalAct.number).limit(min(limit, 500))
    for word in search.split()[:5]:
        query = query.where(
            or_(LegalAct.number.icontains(word, autoescape=True), LegalAct.title.icontains(word, autoescape=True))
        )
    acts = session.scalars(query).all()
    counts = (
        select(OccurrenceAct.act_id, func.count())
        .join(Occurrence, Occurrence.id == OccurrenceAct.occurrence_id)
        .where(OccurrenceAct.act_id.in_([act.id for act in acts]), visible_to(visitor))
        .group_by(OccurrenceAct.act_id)
    )
    used = dict(session.execute(counts).all())
    return [card_of(act, used.get(act.id, 0)) for act in acts]


def explained(session: Session, occurrence_id: int) -> list[Explained]:
    """The acts that an occurrence explains. Whoever asks has made sure that the visitor may see it."""
    rows = session.execute(*_explained_in(occurrence_id))
    return [Explained(card_of(act), note, is_outdated(act, starts.date())) for act, note, starts in rows]


@once
def _explained_in(occurrence_id: int) -> Select[LegalAct, str, datetime]:
    return (
        select(LegalAct, OccurrenceAct.note, Occurrence.starts_local)
        .join(OccurrenceAct, OccurrenceAct.act_id == LegalAct.id)
        .join(Occurrence, Occurrence.id == OccurrenceAct.occurrence_id)
        .where(OccurrenceAct.occurrence_id == occurrence_id)
        .order_by(LegalAct.adopted_on, LegalAct.id)
    )


def is_outdated(act: LegalAct, held_on: date) -> bool:
    """Whether what was said of the act on a day is no longer how it is."""
    return act.state is not ActState.IN_FORCE and act.changed_on is not None and held_on < act.changed_on


def outdated(session: Session, occurrence_ids: Collection[int]) -> set[int]:
    """Which of the occurrences explain an act that has changed since. One query, for lists."""
    rows = session.execute(
        select(Occurrence.id, Occurrence.starts_local, LegalAct.changed_on)
        .join(OccurrenceAct, OccurrenceAct.occurrence_id == Occurrence.id)
        .join(LegalAct, LegalAct.id == OccurrenceAct.act_id)
        .where(
            Occurrence.id.in_(occurrence_ids),
            LegalAct.state != ActState.IN_FORCE,
            LegalAct.changed_on.is_not(None),
        )
    )
    return {number for number, starts, changed in rows if changed is not None and starts.date() < changed}


def create(session: Session, visitor: Visitor, draft: ActDraft, now: datetime) -> LegalAct:
    """An act for the catalogue. Raises `NotAllowed`, `Invalid` or `Conflict` (act_there)."""
    _require_organiser(visitor)
    _check(draft)
    number, title = draft.number.strip(), draft.title.strip()
    if session.scalar(select(LegalAct.id).where(LegalAct.number == number, LegalAct.title == title)) is not None:
        raise Conflict("act_there", "This act is in the catalogue already.", "number")
    made = LegalAct(
        number=number,
        title=title,
        adopted_on=draft.adopted_on,
        valid_as_of=draft.valid_as_of,
        url=draft.url.strip(),
        state=ActState.IN_FORCE,
    )
    session.add(made)
    session.flush()
    record(session, visitor.actor, "act.create", "act", made.id, now=now, after=_state(made))
    return made


def change(
    session: Session,
    visitor: Visitor,
    act_id: int,
    state: ActState,
    changed_on: date,
    note: str,
    now: datetime,
    *,
    attended: dict[int, set[int]] | None = None,
) -> int:
    """The act has changed or was repealed: what was said about it before is outdated, and whoever heard it is told.

    `attended` holds the people who were at each occurrence (`lms.meetings` knows); whoever had a seat is told too.
    How many messages were queued. Raises `NotFound`, `NotAllowed` or `Invalid` (note_needed).
    """
    _require_organiser(visitor)
    found = lock(session, LegalAct, act_id)
    if state is not ActState.IN_FORCE and not note.strip():
        raise Invalid("note_needed", "Say in a sentence what has changed: people will read it.", "note")
    before = _state(found)
    found.state, found.change_note = state, note.strip()[:2000]
    found.changed_on = changed_on if state is not ActState.IN_FORCE else None
    if state is ActState.IN_FORCE:
        found.valid_as_of = changed_on
    session.flush()
    record(session, visitor.actor, "act.change", "act", act_id, now=now, before=before, after=_state(found))
    if state is ActState.IN_FORCE:
        return 0
    return sum(
        enqueue(
            session,
            f"act:{act_id}:{changed_on.isoformat()}:person:{person}",
            "act.changed",
            f"person:{person}",
            {"act": act_id, "occurrences": sorted(numbers)},
            now=now,
        )
        for person, numbers in sorted(_who_heard(session, act_id, changed_on, attended or {}).items())
    )


def explaining(session: Session, act_id: int) -> list[int]:
    """The numbers of the occurrences that explain an act; for the system itself."""
    return sorted(session.scalars(select(OccurrenceAct.occurrence_id).where(OccurrenceAct.act_id == act_id)))


def attach(session: Session, visitor: Visitor, slug: str, act_id: int, note: str, now: datetime) -> None:
    """The occurrence explains the act. Raises `NotFound`, `NotAllowed`."""
    occurrence = actions.editable(session, visitor, slug)
    if session.get(LegalAct, act_id) is None:
        raise NotFound("act_unknown", "There is no such act. Add it to the catalogue first.", "act")
    known = session.get(OccurrenceAct, (occurrence.id, act_id))
    if known is None:
        session.add(OccurrenceAct(occurrence_id=occurrence.id, act_id=act_id, note=note.strip()[:300]))
    else:
        known.note = note.strip()[:300]
    session.flush()
    after = {"act": act_id, "note": note.strip()[:300]}
    record(session, visitor.actor, "occurrence.explain", "occurrence", occurrence.id, now=now, after=after)


def detach(session: Session, visitor: Visitor, slug: str, act_id: int, now: datetime) -> None:
    """It does not. Raises `NotFound`, `NotAllowed`."""
    occurrence = actions.editable(session, visitor, slug)
    known = session.get(OccurrenceAct, (occurrence.id, act_id))
    if known is not None:
        session.delete(known)
        session.flush()
        before = {"act": act_id}
        record(session, visitor.actor, "occurrence.explain", "occurrence", occurrence.id, now=now, before=before)


def card_of(act: LegalAct, used: int = 0) -> ActCard:
    """The act as plain data."""
    return ActCard(
        act.id,
        act.number,
        act.title,
        act.adopted_on,
        act.url,
        act.state,
        act.valid_as_of,
        act.changed_on,
        act.change_note,
        used,
    )


def _who_heard(session: Session, act_id: int, changed_on: date, attended: dict[int, set[int]]) -> dict[int, set[int]]:
    """By person, the occurrences before the change that they were at, or had a seat in."""
    rows: Sequence[Any] = session.execute(
        select(Occurrence.id, Occurrence.starts_local)
        .join(OccurrenceAct, OccurrenceAct.occurrence_id == Occurrence.id)
        .where(OccurrenceAct.act_id == act_id)
    ).all()
    past = {number for number, starts in rows if starts.date() < changed_on}
    seats = session.execute(
        select(Registration.occurrence_id, Registration.person_id).where(
            Registration.occurrence_id.in_(past),
            Registration.person_id.is_not(None),
            Registration.state.in_(_CAME),
        )
    )
    pairs: Iterable[tuple[int, int | None]] = [
        *((number, person) for number, person in seats),
        *((number, person) for number, people in attended.items() if number in past for person in people),
    ]
    found: dict[int, set[int]] = {}
    for number, person in pairs:
        if person is not None:
            found.setdefault(person, set()).add(number)
    return found


def _require_organiser(visitor: Visitor) -> None:
    if not visitor.is_organiser:
        raise NotAllowed("organisers_only", "Only organisers and administrators keep the catalogue.")


def _check(draft: ActDraft) -> None:
    if not draft.number.strip() or len(draft.number) > 64:
        raise Invalid("number_needed", "Give the act's number, for example 5203-VI.", "number")
    if not draft.title.strip() or len(draft.title) > 500:
        raise Invalid("title_needed", "Give it a title of at most 500 characters.", "title")
    if draft.url.strip() and not is_link(draft.url.strip()):
        raise Invalid("url_invalid", "A link begins with https:// or http:// and names a site.", "url")


def _state(act: LegalAct) -> dict[str, Any]:
    return {
        "number": act.number,
        "title": act.title,
        "state": act.state.value,
        "valid_as_of": act.valid_as_of.isoformat(),
        "changed_on": act.changed_on.isoformat() if act.changed_on else None,
        "change_note": act.change_note,
    }


def told_of_change(
    session: Session, act_id: int, occurrence_ids: Sequence[int]
) -> tuple[ActCard | None, list[tuple[str, str, date, str]]]:
    """What the letter says: the act as it is now, and titles, day and slug of what was heard about it."""
    act = session.get(LegalAct, act_id)
    rows = session.execute(
        select(Occurrence.title, Occurrence.title_en, Occurrence.starts_local, Occurrence.slug)
        .where(Occurrence.id.in_(occurrence_ids))
        .order_by(Occurrence.starts_at)
    )
    heard = [(title, en, starts.date(), slug) for title, en, starts, slug in rows]
    return (card_of(act) if act is not None else None), heard
