"""Registering: the part of the occurrence's page, the form with the organiser's questions, offers, a whole series."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.directory import queries as directory
from lms.errors import Conflict, Invalid, NotAllowed, Refusal
from lms.schedule import registering, registration_lists
from lms.schedule import registration_views as views
from lms.schedule.audience_models import RegistrationState, Seat
from lms.schedule.cards import OccurrencePage
from lms.schedule.registration_lists import Named
from lms.schedule.registration_views import Entrance
from web import forms, panels
from web.errors import status_of
from web.i18n import mark as _
from web.i18n import translate
from web.mail.registrations import OFFER
from web.problems import Problem
from web.registration_form import RegisterForm, register_form
from web.removing import remove_seats
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()


def _way_to_registration(_visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    over = page.card.ended or page.card.status == "cancelled"
    return {"entrance": None} if page.may_edit and not over else None


@panels.OCCURRENCE.register("registration", place=5, column="side", given=views.any_at, otherwise=_way_to_registration)
def of_occurrence(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """My seat, or how to get one."""
    return {"entrance": views.entrance(visit.session, visit.visitor, page.card.slug, visit.now)}


def _requests(visit: Visit) -> dict[str, Any] | None:
    undecided = views.undecided(visit.session, visit.visitor, visit.now)
    return {"offers": [], "waiting": [], "undecided": undecided} if undecided else None


@panels.START.register("registrations", place=20, given=views.waits, otherwise=_requests)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """Offers that wait for an answer, seats that I wait for, and requests that wait for me."""
    due = views.upcoming_of(visit.session, visit.visitor, visit.now)
    undecided = views.undecided(visit.session, visit.visitor, visit.now)
    offers = [each for each in due if each.row.state is RegistrationState.OFFERED]
    waiting = [each for each in due if each.row.state in (RegistrationState.WAITLISTED, RegistrationState.PENDING)]
    if not offers and not waiting and not undecided:
        return None  # what is confirmed stands among what comes next
    return {"offers": offers, "waiting": waiting, "undecided": undecided}


@router.get("/schedule/{slug}/register")
def form(slug: str, visit: Reading, room: bool = False) -> Response:
    """The form, filled with what was answered before."""
    found = _entrance(visit, slug)
    return _page(visit, found, _form(visit, found, None, room=room), room=room)


@router.post("/schedule/{slug}/register")
def register(slug: str, visit: Acting, room: bool = False) -> Response:
    """Take a seat, a place in the waiting list, or ask for one."""
    found = _entrance(visit, slug)
    filled = _form(visit, found, visit.form, room=room)
    if not filled.validate():
        return _page(visit, found, filled, room=room, status=422)
    try:
        row = registering.register(visit.session, visit.visitor, slug, filled.wish(room=room), visit.now)
    except (Conflict, Invalid, NotAllowed) as refused:
        failure = "" if filled.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, found, filled, room=room, status=status_of(refused), failure=failure)
    return see_other(f"/schedule/{slug}?done=registration_{row.state.value}#registration")


@router.post("/registrations/{number}/{act}")
def act(number: int, act: str, visit: Acting) -> Response:
    """Cancel, accept an offer, or leave it to the next."""
    does = {
        "cancel": registering.cancel,
        "accept": registering.accept_offer,
        "decline": registering.decline_offer,
    }.get(act)
    if does is None:
        raise Problem(404, "not_found", "")
    row = does(visit.session, visit.visitor, number, visit.now)
    remove_seats(visit, [row])
    _row, occurrence, _name = registration_lists.by_number(visit.session, number)
    return see_other(f"/schedule/{occurrence.slug}?done=registration_{row.state.value}#registration")


@router.get("/offers/{signed}")
def offer(signed: str, visit: Reading) -> Response:
    """What is offered, with two buttons: opening a link decides nothing."""
    return _offer(visit, signed)


@router.post("/offers/{signed}")
def answer_offer(signed: str, visit: Acting) -> Response:
    """Accept it or leave it to the next, without signing in."""
    visit.site.limits.check("link", visit.request)
    number = visit.config.links.read(OFFER, signed)
    yes = forms.text(visit.form, "answer") == "accept"
    try:
        registering.answer_by_link(visit.session, number, visit.now, yes=yes)
    except Conflict as refused:
        return _offer(visit, signed, status=409, failure=forms.sentence(visit, refused))
    return _offer(visit, signed)


@router.get("/series/{slug}/register")
def series_form(slug: str, visit: Reading) -> Response:
    """Every coming date of the series, and one form for all of them."""
    return _series_page(visit, slug, None)


@router.post("/series/{slug}/register")
def register_for_series(slug: str, visit: Acting) -> Response:
    """Register for all of them; each date has its own outcome."""
    return _series_page(visit, slug, visit.form)


def _series_page(visit: Visit, slug: str, data: FormData | None) -> Response:
    _sign_in(visit)
    series, dates = views.series_dates(visit.session, visit.visitor, slug, visit.now)
    asked = {each.id: each for date in dates for each in date.questions}
    before = {number: answer for date in dates if date.row for number, answer in date.row.answers.items()}
    homes = views.homes(visit.session, visit.visitor)
    filled = register_form(visit, data, list(asked.values()), homes, (Seat.INTERACTIVE, Seat.VIEWER), before)
    results: list[registering.DateResult] = []
    refused: Refusal | None = None
    if data is not None and filled.validate():
        results = registering.register_for_series(visit.session, visit.visitor, slug, filled.wish(), visit.now)
        refused = next((each.refusal for each in results if each.refusal is not None), None)
        if refused is not None and any(each.registration for each in results) is False:
            filled.refuse(refused)
    return visit.page(
        "series_register.html",
        status=422 if data is not None and not any(each.registration for each in results) else 200,
        series=series,
        dates=dates,
        form=filled,
        results=results,
        sentence=lambda one: forms.sentence(visit, one),
        homes=homes,
        mixed=any(date.occurrence.mode == "mixed" for date in dates),
    )


def _offer(visit: Visit, signed: str, *, status: int = 200, failure: str = "") -> Response:
    number = visit.config.links.read(OFFER, signed)
    row, occurrence, name = registration_lists.by_number(visit.session, number)
    over = row.state is RegistrationState.OFFERED and (row.offered_until is None or row.offered_until <= visit.now)
    return visit.page(
        "offer.html",
        status=status,
        failure=failure,
        row=row,
        occurrence=occurrence,
        name=name,
        signed=signed,
        over=over,
    )


def _entrance(visit: Visit, slug: str) -> Entrance:
    found = views.entrance(visit.session, visit.visitor, slug, visit.now)
    if found is None:
        raise Problem(404, "registration_none", _("Nobody has to register for this: simply come."))
    _sign_in(visit)
    return found


def _sign_in(visit: Visit) -> None:
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("Sign in to register."))


def _form(visit: Visit, found: Entrance, data: FormData | None, *, room: bool) -> RegisterForm:
    homes = _homes(visit, found, room=room)
    mine = next(iter(found.rooms), None) if room else found.mine
    given: dict[str, Any] = {}
    if mine is not None:
        given = {
            "organisation": mine.row.organisation_id,
            "seat": mine.row.seat.value,
            "attends": mine.row.attends.value,
            "head_count": mine.row.head_count or None,
        }
    answers = mine.row.answers if mine is not None else {}
    return register_form(visit, data, found.questions, homes, found.seats, answers, **given)


def _homes(visit: Visit, found: Entrance, *, room: bool) -> list[Named]:
    if not room:
        return views.homes(visit.session, visit.visitor)
    if found.editor:
        return [Named(each.id, each.name_uk, each.name_en) for each in directory.organisations(visit.session)]
    return views.led(visit.session, visit.visitor)


def _page(
    visit: Visit, found: Entrance, filled: RegisterForm, *, room: bool, status: int = 200, failure: str = ""
) -> Response:
    if room and Seat.ROOM not in found.seats:
        raise Problem(403, "rooms_by_leads", _("A room is registered by the centre's lead or by the organiser."))
    return visit.page(
        "registration_form.html",
        status=status,
        failure=failure,
        entrance=found,
        occurrence=found.occurrence,
        form=filled,
        room=room,
        homes=_homes(visit, found, room=room),
        optional=translate(visit.language, _("not required")),
    )
