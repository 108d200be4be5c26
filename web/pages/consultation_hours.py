"""`/consultations/hours`: how and when one can be booked."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lms.appointments import desk, hours, queries
from lms.courses.choices import courses_to_choose
from lms.errors import Conflict, Invalid, NotFound, TooMany
from web import forms
from web.appointment_form import WEEKDAYS, AbsenceForm, HoursForm, WindowForm, values_of
from web.errors import status_of
from web.guards import signed_in_only
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/consultations/hours")
MENDABLE = (Conflict, Invalid, NotFound, TooMany)
PAGE = "/consultations/hours"


@router.get("")
def show(visit: Reading) -> Response:
    """Settings, times, absences."""
    signed_in_only(visit)
    return _page(visit)


@router.post("")
def save(visit: Acting) -> Response:
    """Keep the settings."""
    signed_in_only(visit)
    form = _settings(visit, typed=True)
    if not form.validate():
        return _page(visit, form=form, status=422)
    try:
        hours.save(visit.session, visit.visitor, form.draft(), visit.now)
    except MENDABLE as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, form=form, status=status_of(refused), failure=said)
    return see_other(f"{PAGE}?done=saved")


@router.post("/windows")
def open_window(visit: Acting) -> Response:
    """More times."""
    signed_in_only(visit)
    form = WindowForm(visit, visit.form)
    if not form.validate():
        return _page(visit, window=form, status=422)
    try:
        hours.open_window(visit.session, visit.visitor, form.draft(), visit.now)
    except MENDABLE as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, window=form, status=status_of(refused), failure=said)
    return see_other(f"{PAGE}?done=saved#times")


@router.post("/windows/{number}/close")
def close_window(number: int, visit: Acting) -> Response:
    """These times no more; what is booked in them is asked about first."""
    signed_in_only(visit)
    try:
        off = hours.close_window(visit.session, visit.visitor, number, visit.now, **_decision(visit))
    except hours.BookingsThere as refused:
        return _ask(visit, refused, f"{PAGE}/windows/{number}/close", {})
    return see_other(f"{PAGE}?done={'appointments_called_off' if off else 'saved'}#times")


@router.post("/absences")
def be_away(visit: Acting) -> Response:
    """Away on some days; what is booked on them is asked about first."""
    signed_in_only(visit)
    form = AbsenceForm(visit, visit.form)
    if not form.validate():
        return _page(visit, absence=form, status=422)
    first, last = form.from_day.data, form.to_day.data
    assert first is not None
    assert last is not None
    try:
        off = hours.be_away(visit.session, visit.visitor, first, last, visit.now, **_decision(visit))
    except hours.BookingsThere as refused:
        days = {"from_day": first.isoformat(), "to_day": last.isoformat()}
        return _ask(visit, refused, f"{PAGE}/absences", days)
    except (Invalid, TooMany) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, absence=form, status=status_of(refused), failure=said)
    return see_other(f"{PAGE}?done={'appointments_called_off' if off else 'saved'}#away")


@router.post("/absences/{number}/end")
def be_back(number: int, visit: Acting) -> Response:
    """Not away after all."""
    signed_in_only(visit)
    hours.be_back(visit.session, visit.visitor, number, visit.now)
    return see_other(f"{PAGE}?done=saved#away")


def _decision(visit: Visit) -> dict[str, Any]:
    chosen = {"keep": True, "cancel": False}.get(forms.text(visit.form, "bookings"))
    return {"keep": chosen, "reason": forms.text(visit.form, "reason")}


def _ask(visit: Visit, refused: hours.BookingsThere, action: str, fields: dict[str, str]) -> Response:
    """What shall become of what is booked?"""
    chosen = forms.text(visit.form, "bookings")
    ahead = queries.ahead(visit.session, visit.visitor, visit.now)
    asked = {
        "action": action,
        "fields": fields,
        "booked": [each for each in ahead if each.id in refused.appointment_ids],
        "chosen": chosen,
        "reason": forms.text(visit.form, "reason"),
        "failure": forms.sentence(visit, refused) if chosen else "",
    }
    return _page(visit, asked=asked, status=status_of(refused))


def _settings(visit: Visit, *, typed: bool) -> HoursForm:
    own = desk.own_hours(visit.session, visit.visitor, visit.now)
    form = HoursForm(visit, visit.form if typed else None, **values_of(own.draft))
    chosen = [own.draft.course_id] if own.draft.course_id is not None else []
    form.offer(desk.topics_to_choose(visit.session), courses_to_choose(visit.session, also=chosen))
    return form


def _page(
    visit: Visit,
    *,
    form: HoursForm | None = None,
    window: WindowForm | None = None,
    absence: AbsenceForm | None = None,
    asked: dict[str, Any] | None = None,
    status: int = 200,
    failure: str = "",
) -> Response:
    own = desk.own_hours(visit.session, visit.visitor, visit.now)
    return visit.page(
        "consultation_hours.html",
        status=status,
        own=own,
        form=form or _settings(visit, typed=False),
        window=window or WindowForm(visit, None),
        absence=absence or AbsenceForm(visit, None),
        asked=asked,
        zone=queries.zone_of_reader(visit.session, visit.visitor),
        weekdays=WEEKDAYS,
        failure=failure,
    )
