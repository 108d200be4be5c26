"""`/consultations`: find an expert by topic or name, see free times, book one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import groupby

from fastapi import APIRouter
from starlette.responses import Response

from lms.appointments import booking, desk, queries
from lms.appointments.queries import TimesPage
from lms.appointments.rules import Span
from lms.errors import Conflict, Invalid, TooMany
from lms.schedule.rules import zone_of
from web import forms
from web.appointment_form import BookingForm
from web.errors import status_of
from web.guards import signed_in_only
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/consultations")
MENDABLE = (Conflict, Invalid, TooMany)


@router.get("")
def find(visit: Reading, topic: str = "", q: str = "", page: str = "1") -> Response:
    """Those who can be asked."""
    signed_in_only(visit)
    number = max(1, min(forms.whole(page) or 1, 1000))
    chosen = forms.whole(topic)
    words = q.strip()[:200]
    found = queries.experts(visit.session, visit.visitor, visit.now, topic_id=chosen, text=words, number=number)
    return visit.page(
        "consultations.html",
        found=found,
        topics=queries.topics_offered(visit.session, visit.visitor),
        chosen=chosen,
        words=words,
        offers=desk.offers(visit.session, visit.visitor),
        zone=queries.zone_of_reader(visit.session, visit.visitor),
    )


@router.get("/with/{hours_id}")
def times(hours_id: int, visit: Reading, day: str = "") -> Response:
    """An expert's free times, by day of the reader's zone."""
    signed_in_only(visit)
    return show_times(visit, hours_id, day)


@router.get("/with/{hours_id}/book")
def choose(hours_id: int, visit: Reading, at: str = "") -> Response:
    """The chosen time; what it is about is asked."""
    signed_in_only(visit)
    begins = moment_of(at)
    shown = _times_at(visit, hours_id, begins)
    if not any(slot.starts_at == begins for slot in shown.slots):
        return show_times(visit, hours_id, "", status=409, failure=_taken(visit))
    return _booking(visit, shown, begins, BookingForm(visit, None, topic=None))


@router.post("/with/{hours_id}/book")
def book(hours_id: int, visit: Acting) -> Response:
    """Booked; or, if somebody was quicker, the other times, with what was typed."""
    signed_in_only(visit)
    begins = moment_of(forms.text(visit.form, "at"))
    shown = _times_at(visit, hours_id, begins)
    form = BookingForm(visit, visit.form)
    form.offer(shown.card.topics)
    if not form.validate():
        return _booking(visit, shown, begins, form, status=422)
    try:
        made = booking.book(visit.session, visit.visitor, hours_id, begins, form.draft(), visit.now)
    except MENDABLE as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _booking(visit, shown, begins, form, status=status_of(refused), failure=said)
    return see_other(f"/appointments/{made.id}?done=appointment_booked")


def show_times(visit: Visit, hours_id: int, day: str, *, status: int = 200, failure: str = "") -> Response:
    """The page of an expert's free times."""
    shown = queries.times(visit.session, visit.visitor, hours_id, visit.now, day_of(day))
    zone = queries.zone_of_reader(visit.session, visit.visitor)
    return visit.page(
        "consultation_times.html",
        status=status,
        shown=shown,
        card=shown.card,
        days=by_day(shown.slots, zone),
        zone=zone,
        failure=failure,
        moving=None,
    )


def by_day(slots: tuple[Span, ...], zone: str) -> list[tuple[date, list[Span]]]:
    """The times of each day, by the reader's clock."""
    days = groupby(slots, key=lambda slot: slot.starts_at.astimezone(zone_of(zone)).date())
    return [(day, list(several)) for day, several in days]


def moment_of(text: str) -> datetime:
    """An instant as our links carry it, `2026-12-02T07:00Z`. Raises `Problem` 422."""
    try:
        found = datetime.fromisoformat(text.strip()[:40])
        return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Problem(422, "time_invalid", _("Choose one of the times.")) from None


def day_of(text: str) -> date | None:
    """A day of an address; None for what is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _times_at(visit: Visit, hours_id: int, at: datetime) -> TimesPage:
    zone = queries.zone_of_reader(visit.session, visit.visitor)
    return queries.times(visit.session, visit.visitor, hours_id, visit.now, at.astimezone(zone_of(zone)).date())


def _taken(visit: Visit) -> str:
    return forms.sentence(visit, Conflict("slot_taken", ""))


def _booking(
    visit: Visit, shown: TimesPage, at: datetime, form: BookingForm, *, status: int = 200, failure: str = ""
) -> Response:
    form.offer(shown.card.topics)
    zone = queries.zone_of_reader(visit.session, visit.visitor)
    return visit.page(
        "consultation_book.html",
        status=status,
        card=shown.card,
        at=at,
        form=form,
        zone=zone,
        days=by_day(shown.slots, zone) if status == 409 else [],
        failure=failure,
    )
