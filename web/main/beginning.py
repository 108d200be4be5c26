"""The official begin of live occurrences: announced at their media node even if nobody was in when it was started."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from lms.database import Database
from lms.directory.models import RoleName
from lms.directory.rules import Grant, Visitor
from lms.schedule import queries
from lms.schedule.models import Status
from signaling.control_client import ControlClient, ControlError
from signaling.messages import Begin, OrderAction

SYSTEM = Visitor(name="Vikno", grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
"""Sees every occurrence."""
_PATIENCE_S = 2.0
_log = structlog.get_logger("vikno.worker")


class Control(Protocol):
    """The part of `signaling.control_client.ControlClient` that is needed here."""

    def meetings(self) -> list[dict[str, object]]:
        """The running meetings."""

    def order(self, meeting: str, action: OrderAction) -> None:
        """Do in a running meeting what a host could do."""


class Beginner:
    """Knows the media nodes."""

    def __init__(self, nodes: int, connect: Callable[[int], Control]) -> None:
        self._controls = [connect(node) for node in range(nodes)]

    def begin_what_is_live(self, database: Database, now: datetime) -> int:
        """Orders the begin of running meetings whose occurrence is live; how many. A silent node is left for later."""
        with database.reading() as session:
            live = {card.meeting for card in queries.today(session, SYSTEM, now) if card.status is Status.LIVE}
        return sum(self._begin_at(control, live) for control in self._controls) if live else 0

    def _begin_at(self, control: Control, live: set[str]) -> int:
        try:
            waiting = [
                str(meeting["id"])
                for meeting in control.meetings()
                if meeting["id"] in live and meeting["began_at"] is None and meeting["ended_at"] is None
            ]
            for meeting in waiting:
                control.order(meeting, Begin(do="begin"))
        except ControlError as error:
            _log.debug("media node did not take the begin", reason=str(error))
            return 0
        return len(waiting)


def connect_to(node_url: Callable[[int], str], control_key: bytes) -> Callable[[int], ControlClient]:
    """Makes the clients of real media nodes."""
    return lambda node: ControlClient(node_url(node), control_key, timeout_s=_PATIENCE_S)
