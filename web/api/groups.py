"""`/api/meetings/{meeting}/groups`: a host opens and closes the groups from within the room."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from lms.schedule import group_actions, group_queries
from web.entrance import As, Entrance, approach, refusal
from web.grouping import order_closing, order_opening
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/api/meetings", tags=["meetings"])


class PlannedGroup(BaseModel):
    """A group, and how many belong to it."""

    number: int
    name: str
    members: int


class GroupsState(BaseModel):
    """What was prepared, and whether the rooms are open."""

    groups: list[PlannedGroup]
    unassigned: int
    choose: bool
    opened: bool


class GroupsOrder(BaseModel):
    """What the host wants."""

    model_config = ConfigDict(extra="forbid")

    do: Literal["open", "close", "close_now"]


@router.get("/{meeting}/groups")
def read(meeting: str, visit: Reading, capacity: Annotated[As, Query(alias="as")] = "") -> GroupsState:
    """The groups that were prepared; for hosts and moderators."""
    return _state(visit, _host(visit, meeting, capacity))


@router.post("/{meeting}/groups")
def change(
    meeting: str, order: GroupsOrder, visit: Acting, capacity: Annotated[As, Query(alias="as")] = ""
) -> GroupsState:
    """Open the groups to their members, or bring everybody back, in a minute or now. Sent again, it is told again."""
    visit.site.limits.check("token", visit.request)
    entrance = _host(visit, meeting, capacity)
    number, actor = entrance.door.card.id, entrance.visitor.actor
    if order.do == "open":
        occurrence = group_actions.open_groups(visit.session, actor, number, visit.now)
        choose = group_queries.view(visit.session, number, visit.now).choose
        order_opening(visit, occurrence, choose=choose, surely=True)
    else:
        at_once = order.do == "close_now"
        occurrence = group_actions.close_groups(visit.session, actor, number, visit.now, at_once=at_once)
        order_closing(visit, occurrence, at_once=at_once)
    return _state(visit, entrance)


def _host(visit: Visit, meeting: str, capacity: As) -> Entrance:
    entrance = approach(visit, meeting, capacity)
    problem = refusal(entrance)
    if problem is not None:
        raise problem
    if not entrance.leads:
        raise Problem(403, "groups_by_hosts", _("Only hosts and moderators open and close groups."))
    return entrance


def _state(visit: Visit, entrance: Entrance) -> GroupsState:
    found = group_queries.view(visit.session, entrance.door.card.id, visit.now)
    return GroupsState(
        groups=[PlannedGroup(number=one.number, name=one.name, members=len(one.members)) for one in found.groups],
        unassigned=len(found.unassigned),
        choose=found.choose,
        opened=found.opened,
    )
