"""`/schedule/{slug}/invitations`: who is invited, what they answered, whom one might invite, and inviting them."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.directory.models import OrganisationKind
from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import audience, guest_browsers, invitations, personal_links, proposals, registrations
from lms.schedule.audience_models import ParticipationStatus
from lms.schedule.cards import OccurrencePage
from lms.schedule.invitations import Invited, Outsider, Targets
from lms.schedule.models import MeetingRole, Status
from lms.schedule.telling import ANNOUNCED
from web import forms, panels, vocabulary
from web.errors import status_of
from web.removing import remove_invited
from web.visits import Acting, Reading, Visit, see_other
from web.vocabulary import role_choices

MOST_LINES = 500

router = APIRouter()


@panels.OCCURRENCE.register("my_invitation", place=5)
def my_invitation(visit: Visit, page: OccurrencePage) -> dict[str, object] | None:
    """Who is invited here answers here."""
    if page.card.ended or page.card.status in ("draft", "cancelled"):
        return None
    found = audience.own_invitations(visit.session, visit.visitor, page.card.id)
    if not found:
        return None
    declined = any(each.status is ParticipationStatus.DECLINED for each in found)
    me = visit.visitor.person_id if declined else None
    held = registrations.still_held(visit.session, me, page.card.id)
    return {"invitations": found, "slug": page.card.slug, "held": held}


@panels.OCCURRENCE.register("audience", place=20, column="side")
def summary(visit: Visit, page: OccurrencePage) -> dict[str, object] | None:
    """How many are invited, for those who organise it."""
    if not page.may_edit:
        return None
    tally = audience.tally_of(visit.session, page.card.id)
    if page.card.ended and not tally.invited:
        return None
    further = guest_browsers.further_devices(visit.session, [link.id for link in page.guest_links])
    return {
        "tally": tally,
        "slug": page.card.slug,
        "devices": [(link, further[link.id]) for link in page.guest_links if link.id in further and link.works],
    }


@panels.OCCURRENCE.register("calendar", place=60, column="side")
def calendar_entry(visit: Visit, page: OccurrencePage) -> dict[str, object] | None:
    """Beside what is ahead: the calendar of everything of one's own."""
    ahead = not page.card.ended and page.card.status not in ("draft", "cancelled")
    return {} if ahead and visit.sign_in is not None else None


@panels.START.register("invitations", place=30)
def waiting(visit: Visit) -> dict[str, object] | None:
    """Invitations that wait for the visitor's answer."""
    found = audience.waiting_for_answer(visit.session, visit.visitor, visit.now)
    return {"invitations": found} if found else None


@router.get("/schedule/{slug}/invitations")
def index(slug: str, visit: Reading) -> Response:
    """The list, and proposals by what the address asks for."""
    return _show(visit, slug)


@router.post("/schedule/{slug}/invitations")
def invite(slug: str, visit: Acting) -> Response:
    """Invite whoever was ticked or written down, to this date or to the whole series."""
    try:
        targets = _targets(visit.form, visit.language)
        if forms.text(visit.form, "series"):
            series = forms.text(visit.form, "series")
            result = invitations.invite_to_series(visit.session, visit.visitor, series, targets, visit.now)
            personal_links.prepare_links(visit.session, visit.config.sealer, visit.now)
        else:
            result = invitations.invite(visit.session, visit.visitor, slug, targets, visit.now)
            page = audience.audience_page(visit.session, visit.visitor, slug, visit.now)
            personal_links.prepare_links_of(visit.session, page.occurrence.id, visit.config.sealer, visit.now)
    except (Invalid, Conflict, NotFound) as refused:
        if isinstance(refused, NotFound) and refused.code == "occurrence_unknown":
            raise
        return _show(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return _show(visit, slug, status=201, result=result)


@router.post("/schedule/{slug}/invitations/{invitation_id}/withdraw")
def withdraw(slug: str, invitation_id: int, visit: Acting) -> Response:
    """Take one back; who is in the meeting by it is shown out."""
    row = invitations.withdraw(visit.session, visit.visitor, slug, invitation_id, visit.now)
    remove_invited(visit, row)
    return see_other(f"/schedule/{slug}/invitations?done=withdrawn")


@router.post("/schedule/{slug}/guests/{link_id}/new-device")
def new_device(slug: str, link_id: int, visit: Acting) -> Response:
    """The guest has another device now: the next browser in which the link is used counts as the first."""
    guest_browsers.forget(visit.session, visit.visitor, slug, link_id, visit.now)
    return see_other(f"/schedule/{slug}?done=new_device")


@router.post("/schedule/{slug}/answer/{invitation_id}")
def answer(slug: str, invitation_id: int, visit: Acting) -> Response:
    """The answer of somebody who has signed in, on the occurrence's page."""
    number = audience.answerable(visit.session, visit.visitor, slug, invitation_id)
    given = forms.text(visit.form, "answer")
    try:
        status = ParticipationStatus(given)
    except ValueError as error:
        raise Invalid("answer_unknown", "Answer yes, perhaps or no.", "answer") from error
    invitations.answer(visit.session, number, status, visit.now, comment=forms.text(visit.form, "comment"))
    return see_other(f"/schedule/{slug}?done=answered#my-invitation")


def _show(visit: Visit, slug: str, *, status: int = 200, failure: str = "", result: Invited | None = None) -> Response:
    page = audience.audience_page(visit.session, visit.visitor, slug, visit.now)
    wanted = _wanted(visit)
    role = forms.text(visit.form, "role") or "participant"
    closed = page.occurrence.status not in (Status.DRAFT, *ANNOUNCED) or page.occurrence.ends_at <= visit.now
    return visit.page(
        "invitations.html",
        status=status,
        failure=failure,
        result=result,
        page=page,
        occurrence=page.occurrence,
        lines=page.rows[:MOST_LINES],
        more=max(0, len(page.rows) - MOST_LINES),
        closed=closed,
        wanted=wanted,
        proposals=[]
        if closed
        else proposals.proposals(visit.session, visit.visitor, page.occurrence, wanted, visit.now),
        capabilities=proposals.capability_kinds(visit.session),
        oblasts=proposals.oblasts(visit.session),
        kinds=vocabulary.choices(vocabulary.ORGANISATION_GROUPS, visit.language),
        roles=role_choices(visit.language),
        role=role,
        series=audience.series_slug(visit.session, page.occurrence),
        typed=forms.text(visit.form, "addresses") if failure else "",
        ticked=set(visit.form.getlist("target")) if failure else set(),
    )


def _wanted(visit: Visit) -> proposals.Wanted:
    asked = visit.request.query_params
    kind = asked.get("kind", "")
    return proposals.Wanted(
        capabilities=tuple(dict.fromkeys(code for code in asked.getlist("capability") if code))[:5],
        oblast=asked.get("oblast", "")[:64],
        kind=OrganisationKind(kind) if kind in tuple(OrganisationKind) else None,
        followers=bool(asked.get("followers")),
        search=asked.get("search", "")[:100],
    )


LONGEST_LINE = 600
_LINE = re.compile(r"^\s*(?:(?P<name>[^<>]*?)\s*<(?P<in>[^<>]+)>|(?P<plain>\S+))\s*$")


def _targets(form: FormData, language: str) -> Targets:
    """Ticked proposals, and one address a line: `name@example.org` or `Name <name@example.org>`."""
    ticked: dict[str, set[int]] = {"person": set(), "organisation": set()}
    for value in form.getlist("target"):
        kind, _, number = str(value).partition(":")
        chosen_one = forms.whole(number)
        if kind in ticked and chosen_one is not None:
            ticked[kind].add(chosen_one)
    role = forms.text(form, "role")
    chosen = MeetingRole(role) if role in vocabulary.GUEST_ROLES else MeetingRole.PARTICIPANT
    outsiders = []
    for line in re.split(r"[\n;]", forms.text(form, "addresses")):
        if not line.strip():
            continue
        found = _LINE.match(line) if len(line) <= LONGEST_LINE else None
        address = (found["in"] or found["plain"]) if found else line
        name = (found["name"] or "") if found else ""
        spoken = forms.text(form, "language")
        outsiders.append(Outsider(address, name, chosen, spoken if spoken in ("uk", "en") else language))
    return Targets(sorted(ticked["person"]), sorted(ticked["organisation"]), outsiders)
