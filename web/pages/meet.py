"""The room's page. The room itself is the browser client; here stands what it must know to begin."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.meetings.access import led
from lms.schedule.group_rules import parse_meeting
from lms.schedule.models import Streaming
from web.entrance import As, Entrance, approach, refusal
from web.visits import Reading, Visit, see_other

router = APIRouter()


@router.get("/meet/{meeting}")
def meet(meeting: str, visit: Reading, capacity: Annotated[As, Query(alias="as")] = "") -> Response:
    """The room, or a page that says why its door is shut."""
    main, group = parse_meeting(meeting)
    if group is not None:  # a group is entered from the main room, where its people are told of it
        return see_other(f"/meet/{main}" + (f"?as={capacity}" if capacity else ""))
    entrance = approach(visit, meeting, capacity)
    problem = refusal(entrance)
    if problem is None:
        return visit.page("meet.html", room=room_config(visit, entrance, capacity), card=entrance.door.card)
    if problem.status == 401:
        return see_other(f"/sign-in?next=/meet/{meeting}")
    return visit.page("door.html", status=problem.status, problem=problem, door=entrance.door)


def room_config(visit: Visit, entrance: Entrance, capacity: As) -> dict[str, Any]:
    """What the client reads from `#room-config`; the contract stands in `web/client/src/room/config.ts`."""
    door, card = entrance.door, entrance.door.card
    as_whom = f"?as={capacity}" if capacity else ""
    # A guest may not see the page of an unlisted occurrence: their way back is the start page.
    back = {"endpoint": "/endpoint", "guest": "/"}.get(capacity, f"/schedule/{card.slug}")
    return {
        "meeting": card.meeting,
        "title": card.title_en if visit.language == "en" and card.title_en else card.title,
        "language": visit.language,
        "signal": "/signal",
        "tokenUrl": f"/api/meetings/{card.meeting}/token{as_whom}",
        "csrf": visit.csrf,
        "name": entrance.name if entrance.name_fixed else "",
        "nameFixed": entrance.name_fixed,
        "organisation": door.organisation,
        "role": door.join.role,
        "autoJoin": capacity == "endpoint",
        "recorded": door.recorded,
        "protection": {
            "hide_names": door.entry.protection.hide_names,
            "recording": door.entry.protection.keeping.value,
            "held": door.entry.protection.held,
        },
        "hidden": door.entry.hidden,
        "alias": door.entry.alias,
        "streamed": door.streaming is Streaming.PLANNED,
        "backUrl": back,
        "starts_at": card.starts_at.isoformat(),
        "ends_at": card.ends_at.isoformat(),
        "state": card.status,
        "rollCallUrl": _roll_call(entrance, capacity),
        "groupsUrl": f"/api/meetings/{card.meeting}/groups" + as_whom if entrance.leads else "",
        "groupsPage": f"/schedule/{card.slug}/groups" if card.may_edit else "",
        "picturesUrl": f"/api/meetings/{card.meeting}/pictures" + (f"?as={capacity}" if capacity else ""),
    }


def _roll_call(entrance: Entrance, capacity: As) -> str:
    """Where this visitor says who is in the room; empty for who answers for no room."""
    address = f"/api/meetings/{entrance.door.card.meeting}/roll-call"
    if entrance.visitor.endpoint_id is not None:
        return f"{address}?as=endpoint" if capacity == "endpoint" else address
    return address if led(entrance.visitor) else ""
