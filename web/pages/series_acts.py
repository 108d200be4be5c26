"""What an organiser does with a series: fill in, add, leave out and move its dates, change its future, release it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import actions, experts, plan_queries, programmes, releases, rescheduling, series
from lms.schedule.plan_queries import SeriesPage
from lms.schedule.recurrence import Frequency, parse
from lms.schedule.rescheduling import Schedule
from web import forms
from web.errors import status_of
from web.i18n import mark as _
from web.i18n import translate
from web.pages.series import show, words_of
from web.problems import Problem
from web.series_form import RuleForm
from web.visits import Acting, Reading, Visit, see_other
from web.warning_words import sentence

router = APIRouter(prefix="/series/{slug}")

STEPS = {
    "stay": _("Stays"),
    "by_hand": _("Was moved by hand, stays"),
    "move": _("Moves"),
    "add": _("Is added as a draft"),
    "drop": _("Is dropped"),
}
MENDABLE = (Conflict, Invalid, NotFound)


@router.post("/dates/{occurrence}")
def fill(slug: str, occurrence: str, visit: Acting) -> Response:
    """A line of the table. A script gets what it needs to show that it is saved, a browser the page."""
    form = visit.form
    address = forms.text(form, "email").lower()
    try:
        with visit.session.begin_nested():
            saved = series.fill_row(
                visit.session,
                visit.visitor,
                slug,
                occurrence,
                visit.now,
                expected_version=_version(form),
                title=forms.text(form, "title"),
                bodies=[each for each in map(forms.whole, form.getlist("body")) if each is not None],
                expert=forms.text(form, "expert"),
                email=address,
                person_id=_number(form, "person") or experts.person_of(visit.session, address),
            )
    except MENDABLE as refused:
        said = forms.sentence(visit, refused)
        if _by_script(visit):
            return JSONResponse({"code": refused.code, "said": said}, status_of(refused))
        return show(visit, slug, status=status_of(refused), failure=said, typed={occurrence: form})
    if not _by_script(visit):
        return see_other(f"/series/{slug}?done=saved#date-{saved.id}")
    visit.session.flush()
    found = plan_queries.series_page(visit.session, visit.visitor, slug, visit.now)
    row = next(each for each in found.rows if each.card.id == saved.id)
    told = [sentence(visit.language, warning) for warning in row.warnings]
    return JSONResponse({"version": saved.version, "warnings": told, "said": translate(visit.language, _("Saved."))})


@router.post("/dates")
def add(slug: str, visit: Acting) -> Response:
    """One more date."""

    def act() -> None:
        at = _moment(visit.form)
        took_place = bool(forms.text(visit.form, "took_place"))
        series.add_date(visit.session, visit.visitor, slug, at, visit.now, took_place=took_place)

    return _do(visit, slug, "date_added", act, added=visit.form)


@router.post("/dates/{occurrence}/leave-out")
def leave_out(slug: str, occurrence: str, visit: Acting) -> Response:
    """A date that does not take place."""
    reason = forms.text(visit.form, "reason")
    return _do(
        visit,
        slug,
        "date_left_out",
        lambda: series.leave_out(visit.session, visit.visitor, slug, occurrence, reason, visit.now),
    )


@router.post("/dates/{occurrence}/move")
def move(slug: str, occurrence: str, visit: Acting) -> Response:
    """A date at another time."""
    return _do(
        visit,
        slug,
        "date_moved",
        lambda: series.move_date(
            visit.session,
            visit.visitor,
            slug,
            occurrence,
            _moment(visit.form),
            visit.now,
            expected_version=_version(visit.form),
            reason=forms.text(visit.form, "reason"),
        ),
    )


@router.post("/dates/{occurrence}/took-place")
def took_place(slug: str, occurrence: str, visit: Acting) -> Response:
    """A draft of the past took place."""
    return _do(
        visit, slug, "took_place", lambda: actions.record_past(visit.session, visit.visitor, occurrence, visit.now)
    )


@router.post("/release")
def release(slug: str, visit: Acting) -> Response:
    """Publish the drafts together; those that were ticked, or all."""
    chosen = [each for each in visit.form.getlist("chosen") if isinstance(each, str)]
    return _do(
        visit,
        slug,
        "released",
        lambda: releases.release(
            visit.session,
            visit.visitor,
            slug,
            visit.now,
            chosen=chosen if forms.text(visit.form, "some") else None,
            note=forms.text(visit.form, "note"),
        ),
    )


@router.post("/hand-over")
def hand_over(slug: str, visit: Acting) -> Response:
    """Another organisation runs it from now on."""
    owner = _number(visit.form, "owner") or 0
    return _do(
        visit,
        slug,
        "handed_over",
        lambda: programmes.hand_over_series(visit.session, visit.visitor, slug, owner, visit.now),
        to="/series",
    )


@router.get("/reschedule")
def ask(slug: str, visit: Reading) -> Response:
    """The rule, the time and the zone from now on, as they are."""
    shown = _editable(visit, slug)
    return _page(visit, shown, RuleForm(visit, None, **_values(visit, shown)))


@router.post("/reschedule")
def reschedule(slug: str, visit: Acting) -> Response:
    """First what would change, and only when that was seen, the change itself."""
    shown = _editable(visit, slug)
    form = RuleForm(visit, visit.form)
    if not form.validate():
        return _page(visit, shown, form, status=422)
    wanted = Schedule(form.rule(), form.starts_local(), form.zone.data, form.duration.data or 0, form.extra_dates())
    try:
        if not forms.text(visit.form, "apply"):
            changes = rescheduling.preview(visit.session, visit.visitor, slug, wanted, visit.now)
            return _page(visit, shown, form, changes=changes)
        with visit.session.begin_nested():
            rescheduling.apply(
                visit.session,
                visit.visitor,
                slug,
                wanted,
                visit.now,
                expected_version=_version(visit.form),
                reason=forms.text(visit.form, "reason"),
            )
    except MENDABLE as refused:
        form.version.data = str(shown.version)
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _page(visit, shown, form, status=status_of(refused), failure=said)
    return see_other(f"/series/{slug}?done=rescheduled")


def _do(
    visit: Visit, slug: str, done: str, act: Callable[[], object], *, added: FormData | None = None, to: str = ""
) -> Response:
    """Act; a refusal that the organiser can mend is said on the page itself."""
    try:
        with visit.session.begin_nested():
            act()
    except MENDABLE as refused:
        return show(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused), added=added)
    return see_other(f"{to or f'/series/{slug}'}?done={done}")


def _editable(visit: Visit, slug: str) -> SeriesPage:
    shown = plan_queries.series_page(visit.session, visit.visitor, slug, visit.now)
    if not shown.may_edit:
        raise Problem(403, "not_yours", _("This series is planned by others. Ask its organiser."))
    return shown


def _values(visit: Visit, shown: SeriesPage) -> dict[str, Any]:
    """The rule as the form asks it, from the first date that is still ahead."""
    ahead = [row for row in shown.rows if row.card.starts_at > visit.now and row.card.status != "cancelled"]
    first = min((row.planned_local for row in ahead), default=shown.starts_local)
    given: dict[str, Any] = {
        "way": "rule" if shown.rule else "dates",
        "day": first.date(),
        "time": first.time(),
        "duration": shown.duration_minutes,
        "zone": shown.zone,
        "count": max(len(ahead), 1),
        "version": str(shown.version),
        "dates": "\n".join(f"{row.planned_local:%d.%m.%Y %H:%M}" for row in ahead),
    }
    if shown.rule:
        rule = parse(shown.rule)
        given |= {"frequency": rule.frequency.value, "interval": rule.interval, "weekdays": list(rule.weekdays)}
        if rule.frequency is Frequency.MONTHLY and rule.position is not None:
            given["position"] = str(rule.position)
        if rule.until is not None:
            given |= {"ends": "until", "until": rule.until}
    return given


def _page(
    visit: Visit,
    shown: SeriesPage,
    form: RuleForm,
    *,
    status: int = 200,
    failure: str = "",
    changes: list[rescheduling.Change] | None = None,
) -> Response:
    return visit.page(
        "series_reschedule.html",
        status=status,
        page=shown,
        form=form,
        failure=failure,
        changes=changes,
        words=words_of(form.rule(), visit.language) if changes is not None else "",
        steps=STEPS,
        told=any(one.occurrence and one.occurrence.status != "draft" and one.step != "stay" for one in changes or []),
    )


def _by_script(visit: Visit) -> bool:
    """Whether our script has sent the line, and not the browser itself."""
    return visit.request.headers.get("accept", "") == "application/json"


def _moment(form: FormData) -> datetime:
    """A day and an hour from two fields. Raises `Invalid`."""
    text = f"{forms.text(form, 'day')} {forms.text(form, 'time')}"
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError as error:
        raise Invalid("time_invalid", "Give the day and the hour.", "day") from error


def _version(form: FormData) -> int:
    return _number(form, "version") or 0


def _number(form: FormData, name: str) -> int | None:
    return forms.whole(forms.text(form, name))
