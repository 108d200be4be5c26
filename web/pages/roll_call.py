"""`/schedule/{slug}/roll-call`: a centre's lead says who sat in the centre's room, in one form for ten people."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import queries as directory
from lms.errors import Conflict, Invalid, NotAllowed
from lms.meetings.access import led, may_enter
from lms.meetings.roll_call import RollCallChange, Seat, held, save
from lms.meetings.roll_call_queries import RollCallRow, roll_call
from lms.schedule.models import Occurrence, Part
from web import attendance_words as words
from web import forms
from web.clock_times import clock_of, instant_at
from web.errors import status_of
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

MOST_NAMES = 50

router = APIRouter(prefix="/schedule/{slug}/roll-call")


@router.get("")
def show(slug: str, visit: Reading, organisation: int = 0) -> Response:
    """The form, or a choice among the visitor's centres."""
    occurrence, editor, home = _approach(visit, slug, organisation)
    return _page(visit, occurrence, editor, home)


@router.post("")
def fill(slug: str, visit: Acting, organisation: int = 0) -> Response:
    """Save the difference between what was shown and what is ticked now."""
    occurrence, editor, home = _approach(visit, slug, organisation)
    if home == 0:
        raise Problem(422, "organisation_unknown", "")
    try:
        with visit.session.begin_nested():
            change = _change(visit, occurrence)
            save(visit.session, visit.visitor, occurrence, home, change, visit.now, editor=editor)
    except (Invalid, Conflict) as refused:
        return _page(
            visit,
            occurrence,
            editor,
            home,
            status=status_of(refused),
            failure=forms.sentence(visit, refused),
            typed=visit.form,
        )
    return see_other(f"/schedule/{slug}/roll-call?organisation={home}&done=roll_call_saved")


def _approach(visit: Visit, slug: str, organisation: int) -> tuple[Occurrence, bool, int]:
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("The roll-call is for centres' leads and organisers. Sign in first."))
    occurrence, editor = held(visit.session, visit.visitor, slug=slug)
    ours = led(visit.visitor)
    if not editor and not ours:
        raise NotAllowed("roll_call_foreign", "Only the centre's lead or its own endpoint fills in its roll-call.")
    if organisation and not editor and organisation not in ours:
        raise NotAllowed("roll_call_foreign", "Only the centre's lead or its own endpoint fills in its roll-call.")
    if not organisation and not editor and len(ours) == 1:
        organisation = min(ours)
    return occurrence, editor, organisation


def _page(
    visit: Visit,
    occurrence: Occurrence,
    editor: bool,
    home: int,
    *,
    status: int = 200,
    failure: str = "",
    typed: Any = None,
) -> Response:
    shown = roll_call(visit.session, occurrence, home) if home else None
    closed, needs_reason = _closed(visit, occurrence, home, editor) if home else ("", False)
    ours = None if editor else led(visit.visitor)
    return visit.page(
        "roll_call.html",
        status=status,
        occurrence=occurrence,
        call=shown,
        rows=[_row(row, occurrence.zone, typed) for row in shown.rows] if shown else [],
        choices=[] if home else _choices(visit, ours),
        taking_part={party.organisation_id for party in occurrence.parties if party.part is Part.PARTICIPANT},
        closed=closed,
        needs_reason=needs_reason,
        failure=failure,
        typed=typed or {},
        words=words,
    )


def _closed(visit: Visit, occurrence: Occurrence, home: int, editor: bool) -> tuple[str, bool]:
    """Why nothing can be entered now, and whether a reason has to be given."""
    try:
        may_enter(occurrence, visit.visitor, home, visit.now, editor=editor, reason="")
    except Conflict as refused:
        if refused.code == "roll_call_reason":
            return "", True
        return forms.sentence(visit, refused), False
    return "", False


def _choices(visit: Visit, ours: frozenset[int] | None) -> list[Any]:
    return [one for one in directory.organisations(visit.session) if ours is None or one.id in ours]


def _row(row: RollCallRow, zone: str, typed: Any) -> dict[str, Any]:
    key = f"p{row.person_id}" if row.person_id is not None else f"e{row.entry_id}"
    shown = {
        "key": key,
        "row": row,
        "here": row.listed,
        "from": clock_of(row.present_from, zone),
        "to": clock_of(row.present_to, zone),
    }
    if typed is not None:
        shown |= {"here": f"here-{key}" in typed, "from": forms.text(typed, f"from-{key}")}
        shown["to"] = forms.text(typed, f"to-{key}")
    return shown


def _change(visit: Visit, occurrence: Occurrence) -> RollCallChange:
    """`here-p12`: person 12 is ticked; `was-p12` = 34: entry 34 stood there when the page was opened."""
    form = visit.form
    begin = occurrence.began_at or occurrence.starts_at
    seats: list[Seat] = []
    removed: list[int] = []
    kept: list[int] = []
    for name, value in form.multi_items():
        if name.startswith("was-") and isinstance(value, str) and value.isdecimal():
            (kept if f"here-{name[4:]}" in form else removed).append(int(value[:9]))
        if not name.startswith("here-") or not name[6:].isdecimal():
            continue
        key, number = name[5:], int(name[6:][:9])
        times = [
            instant_at(forms.text(form, f"{end}-{key}"), begin, occurrence.zone, "times") for end in ("from", "to")
        ]
        if key.startswith("p"):
            seats.append(Seat(number, present_from=times[0], present_to=times[1]))
        elif key.startswith("e"):
            seats.append(Seat(name=forms.text(form, f"name-{key}"), present_from=times[0], present_to=times[1]))
    lines = forms.text(form, "names").splitlines()[:MOST_NAMES]
    seats += [Seat(name=line) for line in lines if line.strip()]
    heads = forms.text(form, "head_count")
    if heads and (not heads.isdecimal() or len(heads) > 6):
        raise Invalid("heads_invalid", "A whole number of people is needed.", "head_count")
    return RollCallChange(
        seats=seats,
        removed=removed,
        head_count=int(heads) if heads else None,
        reason=forms.text(form, "reason"),
        vouch=kept,
    )
