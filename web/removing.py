"""Showing somebody out of a running meeting who may not be in it any more."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from lms.meetings import showing_out
from lms.meetings.showing_out import Holder, Room
from lms.schedule.audience_models import Invitation, Registration, RegistrationState, Seat
from signaling.model import WhyOut
from web.config import ControlUnavailable
from web.visits import Visit

log = logging.getLogger(__name__)


def remove_guest(visit: Visit, link_id: int) -> None:
    """Whoever is in by this personal link goes, and does not come back by it."""
    _show_out(visit, showing_out.rooms_by_link(visit.session, link_id), [f"guest:{link_id}"], "link_withdrawn")


def remove_account(visit: Visit, person_id: int) -> None:
    """The person goes from wherever they are."""
    identity = f"person:{person_id}"
    _show_out(visit, showing_out.rooms_with(visit.session, identity), [identity], "account_disabled")


def remove_endpoint(visit: Visit, endpoint_id: int) -> None:
    """The device goes from wherever it is."""
    identity = f"endpoint:{endpoint_id}"
    _show_out(visit, showing_out.rooms_with(visit.session, identity), [identity], "endpoint_disconnected")


def remove_invited(visit: Visit, row: Invitation) -> None:
    """Who was invited goes, unless they may be there anyway."""
    if row.guest_link_id is not None:
        remove_guest(visit, row.guest_link_id)
    if row.person_id is not None or row.organisation_id is not None:
        holder = Holder(row.person_id, None if row.person_id is not None else row.organisation_id)
        _unless_entitled(visit, row.occurrence_id, [holder], "invitation_withdrawn")


def remove_seats(visit: Visit, rows: Iterable[Registration]) -> None:
    """Whose seats are cancelled go, unless they may be there anyway. All of one occurrence."""
    gone = [row for row in rows if row.state is RegistrationState.CANCELLED]
    if gone:
        holders = [
            Holder(organisation_id=row.organisation_id) if row.seat is Seat.ROOM else Holder(row.person_id)
            for row in gone
        ]
        _unless_entitled(visit, gone[0].occurrence_id, holders, "seat_cancelled")


def _unless_entitled(visit: Visit, occurrence_id: int, holders: Collection[Holder], why: WhyOut) -> None:
    rooms = showing_out.rooms_of(visit.session, occurrence_id)
    if rooms:
        visit.session.flush()
        _show_out(visit, rooms, showing_out.shut_before(visit.session, occurrence_id, holders, visit.now), why)


def _show_out(visit: Visit, rooms: Iterable[Room], identities: Iterable[str], why: WhyOut) -> None:
    """Tell the nodes, once the change is safe. A node that does not answer is left: the door stays shut anyway."""
    orders = [(room, identity) for room in rooms for identity in identities]
    control, until = visit.config.control, visit.now

    def give() -> None:
        for room, identity in orders:
            try:
                control.show_out(room.meeting, room.node, identity, why, until)
            except ControlUnavailable as error:
                log.warning("A media node did not take the order to show somebody out: %s", error)

    if orders:
        visit.after_commit(give)
