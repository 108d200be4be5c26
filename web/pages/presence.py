"""Whoever was named in a roll-call says whether it is true, by the link in a mail or on `/me/attendance`."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict
from lms.meetings.roll_call import answer
from lms.meetings.roll_call_queries import one_to_confirm, to_confirm
from lms.meetings.sheet_queries import own_history
from web import attendance_words as words
from web import forms
from web.i18n import mark as _
from web.pages.attendance import percent
from web.pages.start import own_path
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

PURPOSE = "presence"
PAGE = 50

router = APIRouter()


@router.get("/presence/{signed}")
def by_link(signed: str, visit: Reading) -> Response:
    """What the letter asks. Opening it decides nothing: mail programs open links by themselves."""
    return _page(visit, signed)


@router.post("/presence/{signed}")
def decide(signed: str, visit: Acting) -> Response:
    """Yes or no."""
    _shown, entry = one_to_confirm(visit.session, visit.config.links.read(PURPOSE, signed))
    if entry.person_id is None:
        raise Problem(404, "link_unknown", "")
    here = forms.text(visit.form, "here") == "yes"
    try:
        answer(visit.session, entry.person_id, entry.id, here=here, via="mail", now=visit.now)
    except Conflict as refused:
        return _page(visit, signed, status=409, failure=forms.sentence(visit, refused))
    return see_other(f"/presence/{signed}?done={'presence_confirmed' if here else 'presence_denied'}")


@router.get("/me/attendance")
def mine(visit: Reading, page: int = 1) -> Response:
    """One's own history, and what is still to be confirmed."""
    person_id = _person(visit)
    page = max(1, min(page, 1000))
    rows = own_history(visit.session, person_id, limit=PAGE + 1, offset=(page - 1) * PAGE)
    return visit.page(
        "my_attendance.html",
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        page=page,
        waiting=to_confirm(visit.session, person_id),
        words=words,
        percent=partial(percent, visit.language),
    )


@router.post("/me/attendance/{entry_id}")
def decide_here(entry_id: int, visit: Acting) -> Response:
    """Yes or no, on one's own page."""
    person_id = _person(visit)
    here = forms.text(visit.form, "here") == "yes"
    answer(visit.session, person_id, entry_id, here=here, via="page", now=visit.now)
    back = own_path(forms.text(visit.form, "next") or "/me/attendance")
    done = "presence_confirmed" if here else "presence_denied"
    return see_other(f"{back.partition('?')[0]}?done={done}")


def _person(visit: Visit) -> int:
    if visit.sign_in is None or visit.visitor.person_id is None:
        raise Problem(401, "sign_in_needed", _("Your attendance is shown to you alone. Sign in first."))
    return visit.visitor.person_id


def _page(visit: Visit, signed: str, *, status: int = 200, failure: str = "") -> Response:
    shown, entry = one_to_confirm(visit.session, visit.config.links.read(PURPOSE, signed))
    return visit.page(
        "presence.html",
        status=status,
        shown=shown,
        gone=entry.removed_at is not None,
        signed=signed,
        failure=failure,
        words=words,
    )
