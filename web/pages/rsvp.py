"""`/rsvp/{signed}`: answering an invitation without an account, by the link in its letter.

Opening the link answers nothing: mail programs and scanners open every link on their own. Only the form does.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import audience, invitations, registrations
from lms.schedule.audience import InvitationContext
from lms.schedule.audience_models import ParticipationStatus
from lms.schedule.models import Status
from web import forms
from web.errors import status_of
from web.mail.invitations import RSVP
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()


@router.get("/rsvp/{signed}")
def question(signed: str, visit: Reading) -> Response:
    """What the invitation is for, and what was answered."""
    visit.site.limits.check("link", visit.request)
    return _show(visit, signed, _found(visit, signed))


@router.post("/rsvp/{signed}")
def answer(signed: str, visit: Acting) -> Response:
    """Take the answer; a later one goes before."""
    visit.site.limits.check("link", visit.request)
    found = _found(visit, signed)
    given = forms.text(visit.form, "answer")
    try:
        if given not in tuple(ParticipationStatus):
            raise Invalid("answer_unknown", "Answer yes, perhaps or no.", "answer")
        comment = forms.text(visit.form, "comment")
        status = ParticipationStatus(given)
        invitations.answer(visit.session, found.invitation.id, status, visit.now, comment=comment)
    except (Invalid, Conflict) as refused:
        return _show(visit, signed, found, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/rsvp/{signed}?done=answered")


def _found(visit: Visit, signed: str) -> InvitationContext:
    found = audience.invitation_context(visit.session, visit.config.links.read(RSVP, signed))
    if found is None or found.about.occurrence.status is Status.DRAFT:
        raise NotFound("link_unknown", "This link is not known.")
    return found


def _show(visit: Visit, signed: str, found: InvitationContext, *, status: int = 200, failure: str = "") -> Response:
    occurrence = found.about.occurrence
    open_ = (
        found.invitation.withdrawn_at is None
        and occurrence.status is not Status.CANCELLED
        and occurrence.status not in (Status.ENDED, Status.ARCHIVED)
        and occurrence.ends_at > visit.now
    )
    declined = open_ and found.invitation.status is ParticipationStatus.DECLINED
    person = found.invitation.person_id if declined else None
    return visit.page(
        "rsvp.html",
        held=registrations.still_held(visit.session, person, occurrence.id),
        status=status,
        failure=failure,
        signed=signed,
        invitation=found.invitation,
        occurrence=occurrence,
        organiser=found.about.organiser,
        open=open_,
        comment=forms.text(visit.form, "comment") or found.invitation.comment,
    )
