"""In which browsers a personal link was used. The first to go into the room is the guest; another one has to be let in.

A link may be forwarded, and its bearer cannot be told from the guest. So a second browser comes as somebody of its own,
named as such, and waits in the lobby until a host has looked: never do two people appear as one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.schedule.actions import editable
from lms.schedule.audience_models import GuestLinkBrowser
from lms.schedule.models import GuestLink

MOST_BROWSERS = 20
"""More are not told apart: they are all further ones."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a browser is to a link: its `first` one, or one that waits to be let in."""

    first: bool
    number: int | None
    """Of the browser's row; None if it has not been used to go in."""


def remember(session: Session, link_id: int, browser: str, device: str, now: datetime) -> Standing:
    """Note that this browser goes in by the link."""
    lock(session, GuestLink, link_id)
    known = _rows(session, link_id)
    mark = _mark(link_id, browser)
    row = next((each for each in known if each.browser_hash == mark), None)
    if row is not None:
        row.last_at = now
        return Standing(row.id == known[0].id, row.id)
    if len(known) >= MOST_BROWSERS:
        return Standing(False, None)
    row = GuestLinkBrowser(guest_link_id=link_id, browser_hash=mark, first_at=now, last_at=now, device=device[:120])
    session.add(row)
    session.flush()
    if known:
        record(session, f"guest:{link_id}", "guest_link.second_browser", "guest_link", link_id, now=now)
    return Standing(not known, row.id)


def standing(session: Session, link_id: int, browser: str) -> Standing:
    """What this browser is to the link. Only reads: the first one ever is the first as long as none was remembered."""
    known = _rows(session, link_id)
    mark = _mark(link_id, browser)
    row = next((each for each in known if each.browser_hash == mark), None)
    return Standing(not known or (row is not None and row.id == known[0].id), row.id if row is not None else None)


def further_devices(session: Session, link_ids: Collection[int]) -> dict[int, int]:
    """How many devices beyond the first used each of these links; only links with such are named. One query."""
    if not link_ids:
        return {}
    rows = session.execute(
        select(GuestLinkBrowser.guest_link_id, func.count())
        .where(GuestLinkBrowser.guest_link_id.in_(link_ids))
        .group_by(GuestLinkBrowser.guest_link_id)
        .having(func.count() > 1)
    )
    return {number: count - 1 for number, count in rows}


def forget(session: Session, visitor: Visitor, slug: str, link_id: int, now: datetime) -> None:
    """The guest has a new device: the next browser counts as the first. Raises `NotFound` or `NotAllowed`."""
    occurrence = editable(session, visitor, slug)
    link = session.get(GuestLink, link_id)
    if link is None or link.occurrence_id != occurrence.id:
        raise NotFound("guest_link_unknown", "There is no such personal link.")
    for row in _rows(session, link_id):
        session.delete(row)
    session.flush()
    record(session, visitor.actor, "guest_link.forget_devices", "guest_link", link_id, now=now)


def _rows(session: Session, link_id: int) -> list[GuestLinkBrowser]:
    query = select(GuestLinkBrowser).where(GuestLinkBrowser.guest_link_id == link_id).order_by(GuestLinkBrowser.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _mark(link_id: int, browser: str) -> str:
    return sha256(f"guest link {link_id} {browser}".encode()).hexdigest()
