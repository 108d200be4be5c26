"""`POST /api/meetings/{meeting}/token`: what lets a browser into one meeting in one role."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from lms.schedule import guest_browsers
from lms.schedule.group_actions import keep_choice
from signaling import tokens
from signaling.model import Role
from web.entrance import As, approach, refusal, tell_node
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Acting

router = APIRouter(prefix="/api/meetings", tags=["meetings"])


class TokenRequest(BaseModel):
    """What the room sends."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(max_length=120)] = ""
    """The name to be shown, from whoever has no account, device or personal link; ignored from others."""


class TokenAnswer(BaseModel):
    """The token, and what it says."""

    token: str
    expires_at: int
    """UTC, seconds since the epoch. The media node renews the token while its bearer is connected."""
    name: str
    role: Role


@router.post("/{meeting}/token")
def issue_token(
    meeting: str, wanted: TokenRequest, visit: Acting, capacity: Annotated[As, Query(alias="as")] = ""
) -> TokenAnswer:
    """Sign a token for the person who signed in, the endpoint, the guest or, at an open meeting, anyone with a name."""
    visit.site.limits.check("token", visit.request)
    entrance = approach(visit, meeting, capacity)
    problem = refusal(entrance)
    if problem is not None:
        raise problem
    if entrance.visitor.guest_link_id is not None:
        device = visit.request.headers.get("user-agent", "")
        guest_browsers.remember(visit.session, entrance.visitor.guest_link_id, visit.browser, device, visit.now)
    name = entrance.name if entrance.name_fixed else wanted.name
    if not name:
        raise Problem(422, "name_needed", _("Say your name: the others see it under your picture."))
    if entrance.chooses and entrance.group is not None:
        keep_choice(visit.session, entrance.visitor, entrance.door.card.id, entrance.group, visit.now)
    assert entrance.door.join.role is not None
    role = Role(entrance.door.join.role)
    token = tokens.issue(
        meeting=entrance.meeting,
        identity=entrance.identity,
        name=name,
        role=role,
        presence=entrance.presence,
        organisation=entrance.door.organisation,
        node=visit.config.node_of(entrance.main),
        waits=entrance.waits,
        main=entrance.main if entrance.group is not None else None,
        hidden=entrance.door.entry.hidden,
        alias=entrance.door.entry.alias,
    )
    tell_node(visit, entrance.door)
    now = visit.now.timestamp()
    return TokenAnswer(
        token=token.sign(visit.config.token_key, now=now),
        expires_at=int(now) + tokens.LIFETIME_S,
        name=name,
        role=role,
    )
