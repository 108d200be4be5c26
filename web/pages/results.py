"""`/tests`: for trainers: their tests, what waits for them, who is at a test, more time for somebody."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.assessment.attempts import extending, granting, marking, waiting, watching
from lms.assessment.attempts.timing import Accommodation
from lms.courses import learners, testing
from lms.directory.queries import organisations
from lms.errors import Conflict, Invalid, NotFound, Refusal
from web import forms
from web.course_words import AUDIENCES
from web.errors import status_of
from web.result_words import STATES
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/tests")

MULTIPLIERS = ("1", "1.25", "1.5", "2", "3")
MENDABLE = (Conflict, Invalid, NotFound)
Page = Annotated[int, Query(ge=0, le=10_000)]


@router.get("")
def index(visit: Reading, page: Page = 0, course: Annotated[str, Query(max_length=80)] = "") -> Response:
    """The tests that the visitor looks after, or those of one course, and what waits."""
    found, total = watching.kept_tests(visit.session, visit.visitor, page, within=course)
    return visit.page(
        "results.html",
        found=found,
        origins=testing.origins(visit.session, [each.code for each in found]),
        course=course,
        number=page,
        pages=-(-total // watching.PAGE),
        essays=marking.count_waiting(visit.session, visit.visitor),
        appeals=waiting.appeals_waiting(visit.session, visit.visitor),
        late=waiting.late_waiting(visit.session, visit.visitor),
    )


@router.get("/{test_id}")
def show(test_id: int, visit: Reading, page: Page = 0) -> Response:
    """Who is at it now, who has finished, who has more time."""
    return _show(visit, test_id, page)


@router.post("/{test_id}/time")
def more_time(test_id: int, visit: Acting) -> Response:
    """More time for somebody, before or while they take it."""
    test = watching.kept_test(visit.session, visit.visitor, test_id)
    try:
        person_id = learners.find_person(visit.session, forms.text(visit.form, "person"))
        grant(visit, person_id, test.code)
    except MENDABLE as refused:
        return _show(visit, test_id, refused=refused, form="time")
    return see_other(f"/tests/{test_id}?done=more_time#time")


@router.post("/{test_id}/extend")
def extend(test_id: int, visit: Acting) -> Response:
    """More time for everybody, or for everybody of one centre."""
    form = visit.form
    minutes, seen = (forms.whole(form.get(name, "")) or 0 for name in ("more", "seen"))
    home = forms.whole(form.get("organisation", "")) if form.get("organisation") else None
    reason = forms.text(form, "reason")
    try:
        extending.extend(
            visit.session, visit.visitor, test_id, minutes, reason, visit.now, seen=seen, organisation_id=home
        )
    except MENDABLE as refused:
        return _show(visit, test_id, refused=refused, form="extend")
    return see_other(f"/tests/{test_id}?done=test_extended#everybody")


@router.post("/{test_id}/time/{grant_id}/revoke")
def less_time(test_id: int, grant_id: int, visit: Acting) -> Response:
    """Not any more, for attempts to come."""
    try:
        granting.revoke(visit.session, visit.visitor, grant_id, visit.now)
    except Conflict as refused:
        return _show(visit, test_id, refused=refused)
    return see_other(f"/tests/{test_id}?done=saved#time")


def grant(visit: Visit, person_id: int, test_code: str) -> None:
    """What the form for more time says. Raises `Invalid`."""
    form = visit.form
    written = forms.text(form, "multiplier") or "1"
    minutes, closing = (forms.whole(form.get(name) or "0") for name in ("minutes", "close_minutes"))
    if written not in MULTIPLIERS or minutes is None or closing is None:
        raise Invalid("accommodation", "The time is at most ten times as long, and minutes are whole.", "minutes")
    granted = Accommodation(Fraction(written), minutes, closing)
    reason = forms.text(form, "reason")
    granting.accommodate(visit.session, visit.visitor, person_id, granted, reason, visit.now, test_code=test_code)


def tried(visit: Visit, act: Callable[[], object], again: Callable[[Refusal], Response], then: str) -> Response:
    """Do it and go there; or show the page again with what was wrong."""
    try:
        act()
    except MENDABLE as refused:
        return again(refused)
    return see_other(then)


def _show(visit: Visit, test_id: int, page: int = 0, *, refused: Refusal | None = None, form: str = "") -> Response:
    test = watching.kept_test(visit.session, visit.visitor, test_id)
    running, now_many = watching.people(visit.session, visit.visitor, test_id, visit.now, running=True)
    over, total = watching.people(visit.session, visit.visitor, test_id, visit.now, running=False, page=page)
    return visit.page(
        "result_test.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        test=test,
        lesson=_lesson_of(test.code),
        running=running,
        now_many=now_many,
        over=over,
        total=total,
        number=page,
        pages=-(-total // watching.PAGE),
        origins=testing.origins(visit.session, [test.code]),
        failed=form,
        closing=extending.closing_of(visit.session, visit.visitor, test_id),
        centres=organisations(visit.session),
        grants=watching.grants(visit.session, visit.visitor, test_id),
        multipliers=MULTIPLIERS,
        states=STATES,
        audiences=AUDIENCES,
        typed=visit.form,
        percent=percent,
    )


def _lesson_of(code: str) -> str:
    """The page of the lesson whose test it is; empty where it belongs to none."""
    slug, _, rest = code.partition("/")
    return f"/courses/{slug}/lessons/{rest.partition('/')[2]}" if rest else ""


def percent(share: Fraction | float) -> int:
    """A share in whole per cent."""
    return round(float(share) * 100)
