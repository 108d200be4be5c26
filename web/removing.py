"""Sending somebody out of a running meeting who may not be in it any more."""

from __future__ import annotations

import logging

from lms.meetings.queries import connected_guests
from web.config import ControlUnavailable
from web.visits import Visit

log = logging.getLogger(__name__)


def remove_guest(visit: Visit, link_id: int) -> None:
    """Whoever is in by this personal link goes, once the change is safe, and does not come back by it."""
    present = connected_guests(visit.session, link_id)
    control = visit.config.control

    def give() -> None:
        for each in present:
            try:
                control.remove(each.meeting, each.node, each.participant)
            except ControlUnavailable as error:
                log.warning("A media node did not take the order to remove a guest: %s", error)

    visit.after_commit(give)
