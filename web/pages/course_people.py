"""Who learns a course, until when, by which rules (`/courses/{slug}/people`); what is to be reviewed."""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.courses import again, bringing, choices, enrolling, learners, queries, reviewing
from lms.courses.access import teaches
from lms.courses.enrolling import RuleDraft
from lms.courses.models import RuleKind
from lms.days import day_of
from lms.directory.models import RoleName
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from web import forms
from web.course_words import STATES
from web.errors import status_of
from web.spreadsheets import csv_bytes, download
from web.visits import Acting, Reading, Visit, see_other
from web.vocabulary import SYSTEM_ROLES

router = APIRouter(prefix="/courses")

MENDABLE = (Conflict, Invalid, NotFound)


@router.get("/tasks")
def tasks(visit: Reading) -> Response:
    """What was handed in and waits, the oldest first."""
    return _tasks(visit)


@router.get("/{slug}/people")
def people(slug: str, visit: Reading, state: str = "", page: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
    """Who learns it, and how far they are."""
    return _people(visit, slug, state=state, page=page)


@router.get("/{slug}/people.csv")
def as_csv(slug: str, visit: Reading) -> Response:
    """The same as a file, everybody of it."""
    _expect_watcher(visit, queries.course_page(visit.session, visit.visitor, slug))
    rows, page, today = [], 0, day_of(visit.now)
    while True:
        found, total = learners.learners(visit.session, visit.visitor, slug, today, page=page)
        rows += [
            [
                each.name,
                each.organisation_uk,
                each.state.value,
                f"{each.share}",
                each.due_on.isoformat() if each.due_on else "",
                day_of(each.completed_at).isoformat() if each.completed_at else "",
            ]
            for each in found
        ]
        page += 1
        if page * learners.PAGE >= total:
            break
    header = ["name", "organisation", "state", "per_cent", "due_on", "completed_on"]
    return download(csv_bytes(header, rows), "text/csv; charset=utf-8", f"{slug}-people.csv")


@router.post("/{slug}/people")
def enrol(slug: str, visit: Acting) -> Response:
    """Somebody by name."""
    try:
        person = learners.find_person(visit.session, forms.text(visit.form, "person"))
        due = _day(forms.text(visit.form, "due_on"))
        enrolling.enrol_person(visit.session, visit.visitor, slug, person, due, visit.now)
    except MENDABLE as refused:
        return _people(visit, slug, refused=refused)
    return see_other(f"/courses/{slug}/people?done=saved")


@router.post("/{slug}/people/{person_id}/due")
def due(slug: str, person_id: int, visit: Acting) -> Response:
    """Until when."""
    try:
        day = _day(forms.text(visit.form, "due_on"))
        enrolling.set_due(visit.session, visit.visitor, slug, person_id, day, visit.now)
    except MENDABLE as refused:
        return _people(visit, slug, refused=refused)
    return see_other(f"/courses/{slug}/people?done=saved")


@router.post("/{slug}/people/{person_id}/withdraw")
def withdraw(slug: str, person_id: int, visit: Acting) -> Response:
    """They learn it no more."""
    enrolling.withdraw(visit.session, visit.visitor, slug, person_id, visit.now)
    return see_other(f"/courses/{slug}/people?done=removed")


@router.post("/{slug}/rules")
def add_rule(slug: str, visit: Acting) -> Response:
    """Everybody of a centre, or with a role, now and later."""
    chosen, form = forms.text(visit.form, "kind"), visit.form
    draft = RuleDraft(
        kind=RuleKind(chosen) if chosen in set(RuleKind) else RuleKind.ORGANISATION,
        organisation_id=forms.whole(form.get("organisation", "")),
        role=forms.text(form, "role"),
        days=forms.whole(form.get("days", "")),
    )
    try:
        enrolling.add_rule(visit.session, visit.visitor, slug, draft, visit.now)
    except MENDABLE as refused:
        return _people(visit, slug, refused=refused)
    return see_other(f"/courses/{slug}/people?done=saved#rules")


@router.post("/{slug}/people/again")
def to_be_done_again(slug: str, visit: Acting) -> Response:
    """Whoever completed it before a day does it again: the law has changed, or the course."""
    form = visit.form
    try:
        before = _day(forms.text(form, "before")) or day_of(visit.now)
        due_on, reason = _day(forms.text(form, "again_due")), forms.text(form, "reason")
        again.ask_again(visit.session, visit.visitor, slug, before, due_on, reason, visit.now)
    except MENDABLE as refused:
        return _people(visit, slug, refused=refused)
    return see_other(f"/courses/{slug}/people?done=course_asked_again")


@router.post("/{slug}/people/bring")
def bring(slug: str, visit: Acting) -> Response:
    """Whoever learns an earlier version goes on in the published one."""
    bringing.bring(visit.session, visit.visitor, slug, visit.now)
    return see_other(f"/courses/{slug}/people?done=course_brought")


@router.post("/{slug}/rules/{rule_id}/end")
def end_rule(slug: str, rule_id: int, visit: Acting) -> Response:
    """It enrols nobody any more."""
    enrolling.end_rule(visit.session, visit.visitor, slug, rule_id, visit.now)
    return see_other(f"/courses/{slug}/people?done=removed#rules")


@router.post("/{slug}/tasks/{submission_id}")
def review(slug: str, submission_id: int, visit: Acting) -> Response:
    """Accepted, or given back with a word."""
    accepted, comment = forms.text(visit.form, "do") == "accept", forms.text(visit.form, "comment")
    try:
        reviewing.review(
            visit.session, visit.visitor, slug, submission_id, accepted=accepted, comment=comment, now=visit.now
        )
    except (Conflict, Invalid) as refused:
        return _tasks(visit, refused=refused, number=submission_id)
    return see_other("/courses/tasks?done=saved")


@router.post("/{slug}/opinions/{opinion_id}/hide")
def hide(slug: str, opinion_id: int, visit: Acting) -> Response:
    """Off the page, or back."""
    hidden = forms.text(visit.form, "back") != "yes"
    reviewing.hide_opinion(visit.session, visit.visitor, slug, opinion_id, visit.now, hidden=hidden)
    return see_other(f"/courses/{slug}#opinions")


def _people(
    visit: Visit,
    slug: str,
    *,
    state: str = "",
    page: int = 0,
    refused: Conflict | Invalid | NotFound | None = None,
) -> Response:
    course = queries.course_page(visit.session, visit.visitor, slug)
    _expect_watcher(visit, course)
    found, total = learners.learners(visit.session, visit.visitor, slug, day_of(visit.now), state=state, page=page)
    return visit.page(
        "course_people.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        page=course,
        card=course.card,
        found=found,
        total=total,
        state=state,
        number=page,
        pages=math.ceil(total / learners.PAGE),
        states=STATES,
        earlier=bringing.earlier(visit.session, slug) if course.may_edit else 0,
        rules=learners.rules_of(visit.session, slug) if course.may_edit else [],
        homes=choices.homes(visit.session, None) if course.may_edit else [],
        roles={role.value: SYSTEM_ROLES[role] for role in RoleName if role in SYSTEM_ROLES},
        typed=visit.form,
    )


def _expect_watcher(visit: Visit, course: queries.CoursePage) -> None:
    if not course.may_edit and not visit.visitor.led_organisations:
        raise NotAllowed("course_not_yours", "The course's trainers and the centres' leads see who learns it.")


def _tasks(visit: Visit, *, refused: Conflict | Invalid | None = None, number: int = 0) -> Response:
    if not teaches(visit.visitor):
        raise NotAllowed("course_not_yours", "Assignments are reviewed by trainers and organisers.")
    return visit.page(
        "course_tasks.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        failed=number,
        found=learners.waiting_tasks(visit.session, visit.visitor),
        typed=visit.form,
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("course_due", f"{text} is no date.", "due_on") from error
