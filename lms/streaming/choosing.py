"""To which targets an occurrence goes, or every date of a series that has not chosen by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.schedule import actions as schedule
from lms.schedule import series as schedule_series
from lms.schedule.models import Occurrence, Part
from lms.streaming import rules
from lms.streaming.models import ChosenTarget, StreamChoice, StreamTarget

MOST_CHOSEN = 10


def choose(session: Session, visitor: Visitor, slug: str, posts: Mapping[int, str] | None, now: datetime) -> Occurrence:
    """Targets of an occurrence, each with the link of its post or nothing; None: as its series has chosen.

    Raises `NotFound`, `NotAllowed`, `Invalid` (targets_many, target_unknown, link_wrong).
    """
    found = schedule.editable(session, visitor, slug)
    organisers = [party.organisation_id for party in found.parties if party.part is Part.ORGANISER]
    known = session.scalar(
        select(StreamChoice).where(StreamChoice.occurrence_id == found.id).options(selectinload(StreamChoice.targets))
    )
    _write(session, known or StreamChoice(occurrence_id=found.id, targets=[]), posts, organisers, found.programme_id)
    after = None if posts is None else {"targets": sorted(posts)}
    record(session, visitor.actor, "stream.choose", "occurrence", found.id, now=now, after=after)
    return found


def choose_for_series(session: Session, visitor: Visitor, slug: str, targets: list[int], now: datetime) -> None:
    """Targets of each date that does not choose by itself. Raises as `choose` does."""
    found = schedule_series.editable(session, visitor, slug)
    known = session.scalar(
        select(StreamChoice).where(StreamChoice.series_id == found.id).options(selectinload(StreamChoice.targets))
    )
    choice = known or StreamChoice(series_id=found.id, targets=[])
    _write(session, choice, dict.fromkeys(targets, ""), [found.owner_id], found.programme_id)
    record(session, visitor.actor, "stream.choose", "series", found.id, now=now, after={"targets": sorted(targets)})


def _write(
    session: Session,
    choice: StreamChoice,
    posts: Mapping[int, str] | None,
    organisers: list[int],
    programme: int | None,
) -> None:
    if posts is None:
        if choice.id is not None:
            session.delete(choice)
            session.flush()
        return
    if len(posts) > MOST_CHOSEN:
        raise Invalid("targets_chosen", f"A stream goes to at most {MOST_CHOSEN} targets.", "targets")
    held = {each.target_id: each for each in choice.targets}
    there = session.scalars(select(StreamTarget).where(StreamTarget.id.in_(posts))).all()
    # What somebody chose before stays choosable, whoever may keep it now.
    usable = {each.id for each in there if each.id in held or rules.serves(each, organisers, programme)}
    if set(posts) - usable:
        raise Invalid("target_unknown", "There is no such target for this occurrence.", "targets")
    wanted = []
    for number, post in posts.items():
        row = held.get(number) or ChosenTarget(target_id=number)
        row.post = rules.page_of(post, f"post-{number}")
        wanted.append(row)
    choice.targets[:] = wanted
    session.add(choice)
    session.flush()
