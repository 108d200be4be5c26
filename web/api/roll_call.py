"""`/api/meetings/{meeting}/roll-call`: who is in this room, said from the room itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from lms.directory.rules import Visitor
from lms.errors import NotAllowed
from lms.meetings.access import led
from lms.meetings.roll_call import RollCallChange, Seat, held, save
from lms.meetings.roll_call_queries import roll_call
from web.entrance import As
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/api/meetings", tags=["meetings"])


class RollCallPerson(BaseModel):
    """Somebody of the centre, or listed by name. `entry` is 0 for who is not listed."""

    person: int
    """0 for a name alone."""
    entry: int
    name: str
    listed: bool
    state: str
    """`confirmed`, `vouched`, `waiting`, `denied`; empty for who is not listed."""


class RollCallState(BaseModel):
    """The roll-call of the caller's own room."""

    organisation: int
    organisation_name: str
    people: list[RollCallPerson]
    head_count: int | None


class RollCallOrder(BaseModel):
    """A difference: who is here, who is not (numbers of entries), names to add, heads counted."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    here: Annotated[list[int], Field(max_length=500)] = []
    gone: Annotated[list[int], Field(max_length=500)] = []
    names: Annotated[list[Annotated[str, Field(min_length=1, max_length=120)]], Field(max_length=50)] = []
    head_count: Annotated[int, Field(ge=0, le=10_000)] | None = None


@router.get("/{meeting}/roll-call")
def read(
    meeting: str, visit: Reading, capacity: Annotated[As, Query(alias="as")] = "", organisation: int = 0
) -> RollCallState:
    """The people of the room's centre, and who is listed."""
    visitor, home = _room(visit, capacity, organisation)
    return _state(visit, visitor, meeting, home)


@router.post("/{meeting}/roll-call")
def change(
    meeting: str,
    order: RollCallOrder,
    visit: Acting,
    capacity: Annotated[As, Query(alias="as")] = "",
    organisation: int = 0,
) -> RollCallState:
    """Save a difference. Sent again, it changes nothing."""
    visit.site.limits.check("token", visit.request)
    visitor, home = _room(visit, capacity, organisation)
    occurrence, editor = held(visit.session, visitor, meeting=meeting)
    seats = [*(Seat(number) for number in order.here), *(Seat(name=name) for name in order.names)]
    told = RollCallChange(seats, order.gone, order.head_count)
    save(visit.session, visitor, occurrence, home, told, visit.now, editor=editor)
    return _state(visit, visitor, meeting, home)


def _room(visit: Visit, capacity: As, organisation: int) -> tuple[Visitor, int]:
    """Who asks, and for which organisation: the device for its own, a lead for one that they lead."""
    if visit.device is not None and (capacity == "endpoint" or visit.sign_in is None):
        return visit.device, visit.device.organisation_id or 0
    ours = led(visit.visitor)
    home = organisation or min(ours, default=0)
    if home not in ours:
        raise NotAllowed("roll_call_foreign", "Only the centre's lead or its own endpoint fills in its roll-call.")
    return visit.visitor, home


def _state(visit: Visit, visitor: Visitor, meeting: str, home: int) -> RollCallState:
    occurrence, _editor = held(visit.session, visitor, meeting=meeting)
    call = roll_call(visit.session, occurrence, home)
    english = visit.language == "en"
    name = call.organisation.name_en if english and call.organisation.name_en else call.organisation.name_uk
    return RollCallState(
        organisation=call.organisation.id,
        organisation_name=name,
        people=[
            RollCallPerson(
                person=row.person_id or 0,
                entry=row.entry_id or 0,
                name=row.name,
                listed=row.listed,
                state=row.state,
            )
            for row in call.rows
        ],
        head_count=call.head_count,
    )
