"""Telling the media node of a meeting's groups: what is saved in the database is what its people are told."""

from __future__ import annotations

import logging

from lms.schedule import group_queries
from lms.schedule.group_rules import CLOSING
from lms.schedule.models import Occurrence
from web.config import ControlUnavailable, GroupRoomPlan
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Visit

log = logging.getLogger(__name__)

UNHEARD = Problem(
    503,
    "node_unavailable",
    _("The media server did not answer. The groups are saved; try again in a moment."),
)


def order_opening(visit: Visit, occurrence: Occurrence, *, choose: bool, surely: bool) -> None:
    """Once this request is safe, tell the node to open the groups, or what changed about open ones.

    `surely`: a person waits for it, and reads when the node does not answer.
    """
    rooms = [
        GroupRoomPlan(one.number, one.meeting, one.name, one.task, one.identities)
        for one in group_queries.rooms(visit.session, occurrence)
    ]
    meeting, control = occurrence.meeting, visit.config.control
    node = visit.config.node_of(meeting)

    def give() -> None:
        try:
            control.open_groups(meeting, node, rooms, choose=choose)
        except ControlUnavailable as error:
            _unheard(meeting, error, surely=surely)

    visit.after_commit(give)


def order_closing(visit: Visit, occurrence: Occurrence, *, at_once: bool) -> None:
    """Once this request is safe, have everybody brought back, in a minute or at once."""
    meeting, control = occurrence.meeting, visit.config.control
    node = visit.config.node_of(meeting)
    after_s = 0.0 if at_once else CLOSING.total_seconds()

    def give() -> None:
        try:
            control.close_groups(meeting, node, after_s)
        except ControlUnavailable as error:
            _unheard(meeting, error, surely=True)

    visit.after_commit(give)


def _unheard(meeting: str, error: ControlUnavailable, *, surely: bool) -> None:
    log.warning("The media node did not take an order about the groups of meeting %s: %s", meeting, error)
    if surely:
        raise UNHEARD from error
