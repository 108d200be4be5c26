"""`/appointments`: what is booked, for both of the two: join, move, cancel, say what became of it, answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.appointments import booking, desk, queries
from lms.appointments.models import AppointmentState
from lms.appointments.queries import AppointmentCard
from lms.errors import Conflict, Invalid, NotAllowed, Refusal
from lms.schedule import materials
from lms.schedule.rules import day_bounds
from web import forms
from web.errors import status_of
from web.guards import signed_in_only
from web.pages.consultations import by_day, day_of, moment_of
from web.panels import START
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other

router = APIRouter(prefix="/appointments")
MENDABLE = (Conflict, Invalid)
ON_THE_START_PAGE = 5


@router.get("")
def mine(visit: Reading) -> Response:
    """Ahead by day, what waits for a word, what is over."""
    signed_in_only(visit)
    session, visitor, now = visit.session, visit.visitor, visit.now
    return visit.page(
        "appointments.html",
        ahead=queries.ahead(session, visitor, now),
        undecided=queries.undecided(session, visitor, now),
        over=queries.over(session, visitor, now),
        offers=desk.offers(session, visitor),
        zone=queries.zone_of_reader(session, visitor),
    )


@router.get("/{number}")
def one(number: int, visit: Reading) -> Response:
    """The appointment."""
    signed_in_only(visit)
    return _show(visit, number)


@router.get("/{number}/move")
def other_times(number: int, visit: Reading, day: str = "") -> Response:
    """The times to which it can be moved."""
    signed_in_only(visit)
    return _show_times(visit, number, day)


@router.post("/{number}/move")
def move(number: int, visit: Acting) -> Response:
    """At another time."""
    signed_in_only(visit)
    queries.appointment(visit.session, visit.visitor, number, visit.now)
    at = moment_of(forms.text(visit.form, "at"))
    try:
        booking.move(visit.session, visit.visitor, number, at, visit.now, reason=forms.text(visit.form, "reason"))
    except MENDABLE as refused:
        said = forms.sentence(visit, refused)
        return _show_times(visit, number, forms.text(visit.form, "day"), status=status_of(refused), failure=said)
    return see_other(f"/appointments/{number}?done=appointment_moved")


@router.post("/{number}/cancel")
def cancel(number: int, visit: Acting) -> Response:
    """It does not take place."""
    signed_in_only(visit)
    reason = forms.text(visit.form, "reason")
    try:
        booking.cancel(visit.session, visit.visitor, number, reason, visit.now)
    except MENDABLE as refused:
        return _show(visit, number, refused=refused, reason=reason)
    return see_other(f"/appointments/{number}?done=appointment_cancelled")


@router.post("/{number}/outcome")
def outcome(number: int, visit: Acting) -> Response:
    """The expert says whether it was held, maybe with a short answer."""
    signed_in_only(visit)
    state, text = forms.text(visit.form, "state"), forms.text(visit.form, "answer")
    if not queries.appointment(visit.session, visit.visitor, number, visit.now).mine:
        raise NotAllowed("appointment_experts", "The expert says what became of it.")
    try:
        if state:
            known = AppointmentState(state) if state in set(AppointmentState) else AppointmentState.BOOKED
            booking.mark(visit.session, visit.visitor, number, known, visit.now)
        if "answer" in visit.form:
            booking.answer(visit.session, visit.visitor, number, text, visit.now)
    except MENDABLE as refused:
        return _show(visit, number, refused=refused, answer=text)
    return see_other(f"/appointments/{number}?done=saved")


@router.post("/{number}/materials", dependencies=[before_upload(lambda visit: _expect_one_of_two(visit))])
def add_material(number: int, visit: Uploading) -> Response:
    """A link or a file of either of the two."""
    signed_in_only(visit)
    title, sent = forms.text(visit.form, "title"), visit.form.get("file")
    try:
        talk = booking.open_talk(visit.session, visit.visitor, number)
        if isinstance(sent, UploadFile) and sent.filename:
            contents = sent.file.read(materials.LARGEST_FILE + 1)
            materials.add_file(
                visit.session, visit.visitor, talk, title, sent.filename, contents, visit.config.files, visit.now
            )
        else:
            url = forms.text(visit.form, "url")
            materials.add_link(visit.session, visit.visitor, talk, title, url, visit.now)
    except MENDABLE as refused:
        return _show(visit, number, refused=refused)
    return see_other(f"/appointments/{number}?done=added#materials")


@router.post("/{number}/materials/{material_id}/remove")
def remove_material(number: int, material_id: int, visit: Acting) -> Response:
    """It is shown no more."""
    signed_in_only(visit)
    try:
        talk = booking.open_talk(visit.session, visit.visitor, number)
        materials.remove(visit.session, visit.visitor, talk, material_id, visit.now)
    except MENDABLE as refused:
        return _show(visit, number, refused=refused)
    return see_other(f"/appointments/{number}?done=removed#materials")


@START.register("appointments", place=5, given=queries.any_ahead)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """The next appointment with the way in; for an expert today's list, and what waits for a word."""
    session, visitor, now = visit.session, visit.visitor, visit.now
    ahead = queries.ahead(session, visitor, now, ON_THE_START_PAGE)
    undecided = queries.undecided(session, visitor, now)
    if not ahead and not undecided:
        return None
    zone = queries.zone_of_reader(session, visitor)
    _, midnight = day_bounds(now, zone)
    today = [each for each in ahead if each.starts_at < midnight]
    return {
        "next": today or ahead[:1],
        "today": bool(today),
        "undecided": len(undecided),
        "zone": zone,
    }


def _expect_one_of_two(visit: Visit) -> None:
    signed_in_only(visit)
    number = visit.request.path_params["number"]
    if str(number).isdecimal():  # what is no number finds nothing, with or without a file
        queries.appointment(visit.session, visit.visitor, int(number), visit.now)


def _show(
    visit: Visit, number: int, *, refused: Refusal | None = None, reason: str = "", answer: str | None = None
) -> Response:
    card: AppointmentCard = queries.appointment(visit.session, visit.visitor, number, visit.now)
    return visit.page(
        "appointment.html",
        status=status_of(refused) if refused else 200,
        card=card,
        zone=queries.zone_of_reader(visit.session, visit.visitor),
        files=materials.of_occurrence(visit.session, card.occurrence_id),
        failure=forms.sentence(visit, refused) if refused else "",
        reason=reason,
        answer=card.answer if answer is None else answer,
        begun=visit.now >= card.starts_at,
    )


def _show_times(visit: Visit, number: int, day: str, *, status: int = 200, failure: str = "") -> Response:
    card = queries.appointment(visit.session, visit.visitor, number, visit.now)
    shown = queries.times(visit.session, visit.visitor, card.hours_id, visit.now, day_of(day), appointment_id=card.id)
    zone = queries.zone_of_reader(visit.session, visit.visitor)
    slots = tuple(slot for slot in shown.slots if slot.starts_at != card.starts_at)
    return visit.page(
        "consultation_times.html",
        status=status,
        shown=shown,
        card=shown.card,
        days=by_day(slots, zone),
        zone=zone,
        failure=failure,
        moving=card,
    )
