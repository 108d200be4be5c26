"""`/guest/{token}`: an expert's personal link. A briefing, a check of camera and microphone, and one button to join."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import NotAllowed
from lms.schedule import guests, queries
from web.cookies import Cookie, CookieName
from web.entrance import door_problem
from web.problems import Problem
from web.security import set_cookie
from web.visits import Acting, Reading, see_other

router = APIRouter()


@router.get("/guest/{token}")
def briefing(token: str, visit: Reading) -> Response:
    """Says when, what and how. Opening it uses nothing up: mail programs open links on their own."""
    visit.site.limits.check("link", visit.request)
    guest = _pass(visit, token)
    door = queries.meeting_door(visit.session, guest.visitor, guest.meeting, visit.now)
    problem = door_problem(door)
    return visit.page("guest.html", guest=guest, door=door, card=door.card, token=token, problem=problem)


@router.post("/guest/{token}")
def join(token: str, visit: Acting) -> Response:
    """Remember the link in this browser and go to the room."""
    visit.site.limits.check("link", visit.request)
    guest = _pass(visit, token)
    guests.use_guest_link(visit.session, token, visit.now)
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.GUEST, token)))
    return see_other(f"/meet/{guest.meeting}?as=guest")


def _pass(visit: Reading, token: str) -> guests.GuestPass:
    try:
        return guests.guest_pass(visit.session, token, visit.now)
    except NotAllowed as refused:
        raise Problem(410, refused.code, refused.detail) from refused
