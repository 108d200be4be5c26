"""`/guest/{token}`: an expert's personal link. A briefing, a check of camera and microphone, and one button to join."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotAllowed
from lms.schedule import audience, guest_browsers, guests, ics, invitations, queries
from lms.schedule.audience_models import ParticipationStatus
from web import forms
from web.cookies import Cookie, CookieName
from web.entrance import door_problem
from web.errors import status_of
from web.mail.events import Entry, event_of, organiser_of
from web.problems import Problem
from web.security import set_cookie
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()


@router.get("/guest/{token}.ics")
def calendar(token: str, visit: Reading) -> Response:
    """The entry for the guest's own calendar, with the personal link as the way in."""
    visit.site.limits.check("link", visit.request)
    guest = _pass(visit, token)
    about = audience.context_of(visit.session, guest.occurrence_id)
    assert about is not None
    way_in = Entry(f"{visit.config.public_url}/guest/{token}", personal=True)
    event = event_of(about.occurrence, visit.language, way_in)
    organiser = organiser_of(visit.config.mail_sender, about.organiser, visit.language)
    headers = {"Content-Disposition": f'attachment; filename="{guest.slug}.ics"', "Cache-Control": "private"}
    body = ics.publish([(event, organiser)], event.summary)
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/guest/{token}")
def briefing(token: str, visit: Reading) -> Response:
    """Says when, what and how. Opening it uses nothing up: mail programs open links on their own."""
    visit.site.limits.check("link", visit.request)
    return _show(visit, token, _pass(visit, token))


@router.post("/guest/{token}")
def join(token: str, visit: Acting) -> Response:
    """Remember the link in this browser and go to the room."""
    visit.site.limits.check("link", visit.request)
    guest = _pass(visit, token)
    guests.use_guest_link(visit.session, token, visit.now)
    device = visit.request.headers.get("user-agent", "")
    guest_browsers.remember(visit.session, guest.link_id, visit.browser, device, visit.now)
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.GUEST, token)))
    return see_other(f"/meet/{guest.meeting}?as=guest")


@router.post("/guest/{token}/answer")
def answer(token: str, visit: Acting) -> Response:
    """The guest will come, or cannot."""
    visit.site.limits.check("link", visit.request)
    guest = _pass(visit, token)
    invitation = audience.invitation_of_link(visit.session, guest.link_id)
    given = forms.text(visit.form, "answer")
    try:
        if invitation is None or given not in tuple(ParticipationStatus):
            raise Invalid("answer_unknown", "Answer yes, perhaps or no.", "answer")
        comment = forms.text(visit.form, "comment")
        invitations.answer(visit.session, invitation.id, ParticipationStatus(given), visit.now, comment=comment)
    except (Invalid, Conflict) as refused:
        return _show(visit, token, guest, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/guest/{token}?done=answered")


def _show(visit: Visit, token: str, guest: guests.GuestPass, *, status: int = 200, failure: str = "") -> Response:
    door = queries.meeting_door(visit.session, guest.visitor, guest.meeting, visit.now)
    about = audience.context_of(visit.session, guest.occurrence_id)
    assert about is not None
    return visit.page(
        "guest.html",
        status=status,
        failure=failure,
        guest=guest,
        door=door,
        card=door.card,
        token=token,
        problem=door_problem(door),
        invitation=audience.invitation_of_link(visit.session, guest.link_id),
        agenda=about.occurrence.agenda,
        description=about.occurrence.description,
        description_en=about.occurrence.description_en,
        organiser=about.organiser,
        other_device=not guest_browsers.standing(visit.session, guest.link_id, visit.browser).first,
    )


def _pass(visit: Visit, token: str) -> guests.GuestPass:
    try:
        return guests.guest_pass(visit.session, token, visit.now)
    except NotAllowed as refused:
        raise Problem(410, refused.code, refused.detail) from refused
