"""`/class`: a learner sits down at a shared computer, by the code of the class and a name in it; no password."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.courses import queries as courses
from lms.courses.classes import seats
from lms.errors import Conflict, NotAllowed, NotFound, Refusal
from web import cookies, forms
from web.cookies import Cookie, CookieName
from web.errors import status_of
from web.security import set_cookie
from web.visits import Acting, Reading, Visit, Weighing, see_other

router = APIRouter(prefix="/class")


@router.get("")
def show(visit: Reading, only: str = "") -> Response:
    """Where to type the code; whoever sits already sees what to do here."""
    if visit.seat is None:
        return _code(visit)
    page = courses.course_page(visit.session, visit.visitor, visit.seat.course)
    lesson = next((one for one in page.lessons if one.key == visit.seat.lesson_key), None)
    return visit.page("class_seat.html", seat=visit.seat, page=page, card=page.card, lesson=lesson, only=only == "yes")


@router.post("")
def names(visit: Weighing) -> Response:
    """The names of the class that has this code."""
    visit.site.limits.check("class_code", visit.request)
    code = forms.text(visit.form, "code")
    try:
        door = seats.door(visit.session, code, visit.now)
    except NotFound as refused:
        return _code(visit, refused)
    return visit.page("class_names.html", door=door, code=code, failure="")


@router.post("/sit")
def sit(visit: Acting) -> Response:
    """Sit down by a name."""
    visit.site.limits.check("class_code", visit.request)
    code, member = forms.text(visit.form, "code"), forms.whole(visit.form.get("member", "")) or 0
    try:
        token = seats.take(visit.session, code, member, visit.now)
    except (Conflict, NotAllowed, NotFound) as refused:
        return _refused(visit, code, refused)
    # A sign-in that was left open on a shared computer would go before the seat.
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.SIGN_IN, "", 0)))
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.CLASS, token, None)))
    return see_other("/class")


@router.post("/leave")
def leave(visit: Acting) -> Response:
    """Get up: the next one may sit down here."""
    token = cookies.read(visit.request, CookieName.CLASS, secure=visit.config.secure)
    if token:
        seats.leave(visit.session, token, visit.now)
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.CLASS, "", 0)))
    answer = see_other("/class?done=signed_out")
    answer.headers["Clear-Site-Data"] = '"cache"'  # files of lessons; as at signing out
    return answer


def _refused(visit: Visit, code: str, refused: Refusal) -> Response:
    try:
        door = seats.door(visit.session, code, visit.now)
    except NotFound:
        return _code(visit, refused)
    failure = forms.sentence(visit, refused)
    return visit.page("class_names.html", door=door, code=code, failure=failure, status=status_of(refused))


def _code(visit: Visit, refused: Refusal | None = None) -> Response:
    return visit.page(
        "class_code.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        typed=forms.text(visit.form, "code"),
    )
