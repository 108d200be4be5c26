"""What an organiser does with an occurrence: publish, start now, end, cancel, give an expert a personal link."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid, Refusal
from lms.schedule import actions, guests, queries
from lms.schedule.models import MeetingRole
from web import forms
from web.config import ControlUnavailable
from web.errors import status_of
from web.pages.occurrence import show
from web.removing import remove_guest
from web.visits import Acting, Visit, see_other
from web.vocabulary import role_choices

log = logging.getLogger(__name__)

router = APIRouter(prefix="/schedule/{slug}")


@router.post("/publish")
def publish(slug: str, visit: Acting) -> Response:
    """From now on it is announced."""
    return _do(visit, slug, "published", lambda: actions.publish(visit.session, visit.visitor, slug, visit.now))


@router.post("/start")
def start(slug: str, visit: Acting) -> Response:
    """Begin now, whatever the plan says, and go to the room."""
    answer = _do(visit, slug, "started", lambda: actions.start(visit.session, visit.visitor, slug, visit.now))
    if answer.status_code != 303:
        return answer
    meeting = _meeting(visit, slug)
    _order(visit, lambda: visit.config.control.begin(meeting, visit.config.node_of(meeting)))
    return see_other(f"/meet/{meeting}")


@router.post("/end")
def end(slug: str, visit: Acting) -> Response:
    """The official end: everybody is sent away."""
    return _finish(visit, slug, "ended", lambda: actions.end(visit.session, visit.visitor, slug, visit.now))


@router.post("/cancel")
def cancel(slug: str, visit: Acting) -> Response:
    """It does not take place; the reason is shown."""
    reason = forms.text(visit.form, "reason")[:300]
    return _finish(
        visit, slug, "cancelled", lambda: actions.cancel(visit.session, visit.visitor, slug, reason, visit.now)
    )


@router.post("/guests")
def invite_guest(slug: str, visit: Acting) -> Response:
    """Make a personal link. It is shown once: we keep only its digest."""
    form = forms.GuestLink(visit, visit.form)
    form.role.choices = role_choices(visit.language)
    if not form.validate():
        return show(visit, slug, status=422, failure="guest")
    invitation = guests.invite_guest(
        visit.session,
        visit.visitor,
        slug,
        name=form.value("name"),
        role=MeetingRole(form.role.data),
        organisation=form.value("organisation"),
        now=visit.now,
    )
    return show(visit, slug, status=201, guest_token=invitation.token)


@router.post("/guests/{link_id}/revoke")
def revoke_guest(slug: str, link_id: int, visit: Acting) -> Response:
    """The link opens nothing any more."""
    guests.revoke_guest(visit.session, visit.visitor, link_id, visit.now)
    remove_guest(visit, link_id)
    return see_other(f"/schedule/{slug}?done=guest_revoked#guests")


def _do(visit: Visit, slug: str, done: str, act: Callable[[], object]) -> Response:
    """Act; a refusal that the organiser can mend is said on the page itself."""
    try:
        act()
    except (Conflict, Invalid) as refused:
        return _refused(visit, slug, refused)
    return see_other(f"/schedule/{slug}?done={done}")


def _finish(visit: Visit, slug: str, done: str, act: Callable[[], object]) -> Response:
    meeting = _meeting(visit, slug)
    answer = _do(visit, slug, done, act)
    if answer.status_code == 303:
        _order(visit, lambda: visit.config.control.close(meeting, visit.config.node_of(meeting)))
    return answer


def _refused(visit: Visit, slug: str, refused: Refusal) -> Response:
    return show(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))


def _meeting(visit: Visit, slug: str) -> str:
    page = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    return str(page.card.meeting)


def _order(visit: Visit, order: Callable[[], None]) -> None:
    """Order the media node once the change is safe. If it does not answer, the truth stands in the database."""

    def give() -> None:
        try:
            order()
        except ControlUnavailable as error:
            log.warning("A media node did not take an order: %s", error)

    visit.after_commit(give)
