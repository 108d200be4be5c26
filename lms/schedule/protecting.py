"""Deciding what shields the people of an occurrence, and under which name somebody comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule import queries
from lms.schedule.levels import EDITABLE, Level, Planned
from lms.schedule.models import Occurrence, Status, Streaming
from lms.schedule.plan_models import Programme, Series
from lms.schedule.planners import may_edit_programme, may_edit_series, may_see_series
from lms.schedule.protection import NOTHING, Protection, asked, joined, of
from lms.schedule.protection_models import Keeping, ProtectionRule, Pseudonym

LONGEST_PSEUDONYM = 60
_AHEAD = (Status.DRAFT, Status.PUBLISHED, Status.MOVED, Status.LIVE)
MOST_LED = 50
"""For so many centres at most one chooses a name on the page; a lead has one or two."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Under which name people come: None for their own, empty for a number."""

    name: str | None
    organisation_id: int | None = None
    """Of everybody who comes from it; None: the visitor's own choice."""
    organisation_uk: str = ""
    organisation_en: str = ""


def shown(session: Session, visitor: Visitor, level: Level, slug: str) -> tuple[Planned, Protection]:
    """What is protected, for a visitor who may change it, with what it asks itself.

    Raises `NotFound` or `NotAllowed`.
    """
    target = _readable(session, visitor, level, slug)
    return target, _asked_by(session, level, target.id)


def _readable(session: Session, visitor: Visitor, level: Level, slug: str) -> Planned:
    target: Planned | None
    if level == "occurrence":
        target = session.scalar(select(Occurrence).where(Occurrence.slug == slug, queries.visible_to(visitor)))
        of_it = select(Occurrence.id).where(Occurrence.slug == slug, queries.editable_by(visitor))
        allowed = session.scalar(of_it) is not None
    elif level == "series":
        target = session.scalar(select(Series).where(Series.slug == slug))
        allowed = target is not None and may_edit_series(target, visitor)
        if target is not None and not may_see_series(session, target, visitor):
            target = None
    else:
        target = session.scalar(select(Programme).where(Programme.slug == slug))
        allowed = target is not None and may_edit_programme(target, visitor)
    if target is None:
        raise NotFound(f"{level}_unknown", "There is nothing of this name, or it is not for you.")
    if not allowed:
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return target


def _asked_by(session: Session, level: Level, number: int) -> Protection:
    row = session.scalar(select(ProtectionRule).where(_own(level, number)))
    return NOTHING if row is None else asked(row)


def protect(session: Session, visitor: Visitor, level: Level, slug: str, wanted: Protection, now: datetime) -> bool:
    """Ask for this from now on; whether that changes anything. It holds for everything below that is still ahead.

    Raises `NotFound`, `NotAllowed`, `Conflict` (protection_over; protection_planned: something would be recorded or
    streamed by its plan).
    """
    target = EDITABLE[level](session, visitor, slug)
    before = _asked_by(session, level, target.id)
    if wanted == before:
        return False
    if isinstance(target, Occurrence) and target.status not in _AHEAD:
        raise Conflict("protection_over", "It is over or cancelled. Its recordings have terms of their own.")
    if wanted.keeping is Keeping.NEVER:
        _nothing_planned(session, level, target.id)
    row = session.scalar(select(ProtectionRule).where(_own(level, target.id)))
    if row is None:
        row = ProtectionRule(**{f"{level}_id": target.id})
        session.add(row)
    row.hide_names, row.pseudonyms = wanted.hide_names, wanted.pseudonyms
    row.keeping, row.held = wanted.keeping, wanted.held
    session.flush()
    told = {"before": state(before), "after": state(wanted)}
    record(session, visitor.actor, f"{level}.protect", level, target.id, now=now, **told)
    return True


def above(session: Session, target: Planned) -> Protection:
    """What is asked for it by its series and its programme."""
    levels = []
    if isinstance(target, Occurrence) and target.series_id is not None:
        levels.append(ProtectionRule.series_id == target.series_id)
    if not isinstance(target, Programme) and target.programme_id is not None:
        levels.append(ProtectionRule.programme_id == target.programme_id)
    return joined(session.scalars(select(ProtectionRule).where(or_(*levels)))) if levels else NOTHING


def state(protection: Protection) -> dict[str, Any]:
    """As the log keeps it."""
    return {
        "hide_names": protection.hide_names,
        "pseudonyms": protection.pseudonyms,
        "keeping": protection.keeping.value,
        "held": protection.held,
    }


def _own(level: Level, number: int) -> ColumnElement[bool]:
    return {
        "occurrence": ProtectionRule.occurrence_id,
        "series": ProtectionRule.series_id,
        "programme": ProtectionRule.programme_id,
    }[level] == number


def _nothing_planned(session: Session, level: Level, number: int) -> None:
    below = {
        "occurrence": Occurrence.id == number,
        "series": Occurrence.series_id == number,
        "programme": Occurrence.series_id.in_(select(Series.id).where(Series.programme_id == number)),
    }[level]
    planned = or_(Occurrence.recorded, Occurrence.streaming == Streaming.PLANNED)
    found = select(Occurrence.title).where(below, Occurrence.status.in_(_AHEAD), planned)
    if session.scalar(found.limit(1)) is not None:
        detail = "Something of it is planned to be recorded or streamed by itself. Switch that off first."
        raise Conflict("protection_planned", detail, "keeping")


# Names.


def choose_pseudonym(
    session: Session,
    visitor: Visitor,
    slug: str,
    name: str | None,
    now: datetime,
    *,
    organisation_id: int | None = None,
) -> None:
    """Come to an occurrence under another name (empty: by a number), or under one's own again (None).

    With an organisation: everybody who comes from it, which its lead decides. Raises `NotFound`, `NotAllowed`,
    `Conflict` (pseudonyms_closed), `Invalid` (pseudonym_...).
    """
    page = queries.occurrence_page(session, visitor, slug, now)
    whose = _whose(visitor, organisation_id)
    if not of(session, page.card.id).pseudonyms and name is not None:
        raise Conflict("pseudonyms_closed", "At this one everybody comes under their own name.")
    if name is not None:
        name = checked(name, [each.name for each in page.card.speakers])
    lock(session, Occurrence, page.card.id)
    row = session.scalar(select(Pseudonym).where(Pseudonym.occurrence_id == page.card.id, whose))
    if name is None:
        if row is None:
            return
        session.delete(row)
    elif row is None:
        mine = {"organisation_id": organisation_id} if organisation_id else {"person_id": visitor.person_id}
        session.add(Pseudonym(occurrence_id=page.card.id, name=name, **mine))
    else:
        row.name = name
    session.flush()
    # The name itself is not kept in the log: it would join the pseudonym to the person for ever.
    after = {"organisation_id": organisation_id, "under_another": name is not None}
    record(session, visitor.actor, "occurrence.pseudonym", "occurrence", page.card.id, now=now, after=after)


def checked(name: str, taken: list[str]) -> str:
    """A pseudonym as it is kept. Raises `Invalid` (pseudonym_long, pseudonym_taken: it is the name of a speaker)."""
    kept = " ".join("".join(each if each.isprintable() else " " for each in name).split())
    if len(kept) > LONGEST_PSEUDONYM:
        raise Invalid("pseudonym_long", f"At most {LONGEST_PSEUDONYM} characters.", "name")
    if kept and _folded(kept) in {_folded(each) for each in taken}:
        raise Invalid("pseudonym_taken", "This is the name of somebody who speaks here. Choose another one.", "name")
    return kept


def _folded(name: str) -> str:
    return "".join(name.casefold().split())


def _whose(visitor: Visitor, organisation_id: int | None) -> ColumnElement[bool]:
    if organisation_id is not None:
        if organisation_id not in visitor.led_organisations:
            raise NotAllowed("pseudonym_foreign", "For a centre its lead decides.")
        return Pseudonym.organisation_id == organisation_id
    if visitor.person_id is None:
        raise NotAllowed("person_needed", "Sign in first.")
    return Pseudonym.person_id == visitor.person_id


def choices(session: Session, visitor: Visitor, occurrence_id: int) -> list[Choice]:
    """What the visitor has chosen for themselves, and for each organisation that they lead. Two queries."""
    own = Pseudonym.person_id == visitor.person_id
    led = Pseudonym.organisation_id.in_(visitor.led_organisations)
    columns = (Pseudonym.organisation_id, Pseudonym.name)
    rows = session.execute(select(*columns).where(Pseudonym.occurrence_id == occurrence_id, or_(own, led)))
    names: dict[int | None, str] = dict(rows.all())
    found = [Choice(names.get(None))]
    if visitor.led_organisations:
        homes = (Organisation.id, Organisation.name_uk, Organisation.name_en)
        these = select(*homes).where(Organisation.id.in_(visitor.led_organisations))
        for number, uk, en in session.execute(these.order_by(Organisation.name_uk).limit(MOST_LED)):
            found.append(Choice(names.get(number), number, uk, en))
    return found
