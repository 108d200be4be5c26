"""What editors do on the attendance page: breaks, rule, corrections, approval, figures of a stream."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.meetings import sheet_actions
from lms.meetings.attendance_models import Verdict
from lms.meetings.rules import Period
from lms.meetings.sheet_actions import MetricDraft
from lms.meetings.sheet_queries import attendance_view
from lms.schedule.rules import to_utc
from web import forms
from web.clock_times import instant_at
from web.pages.attendance import show
from web.visits import Acting, Visit, see_other

MOST_ROWS = 40

router = APIRouter(prefix="/schedule/{slug}/attendance")


@router.post("/breaks")
def breaks(slug: str, visit: Acting) -> Response:
    """Time that counts for nobody."""

    def act() -> None:
        sheet_actions.set_breaks(visit.session, visit.visitor, slug, _breaks(visit, slug), visit.now)

    return _do(visit, slug, "breaks", "breaks_saved", act)


@router.post("/rule")
def rule(slug: str, visit: Acting) -> Response:
    """By which rule presence counts here."""
    number = forms.text(visit.form, "rule")

    def act() -> None:
        chosen = int(number) if number.isdecimal() and len(number) < 10 else 0
        sheet_actions.choose_rule(visit.session, visit.visitor, slug, chosen, visit.now)

    return _do(visit, slug, "rule", "rule_chosen", act)


@router.post("/corrections")
def correct(slug: str, visit: Acting) -> Response:
    """Decide otherwise for one person."""

    def act() -> None:
        verdict = forms.text(visit.form, "verdict")
        if verdict not in {each.value for each in Verdict}:
            raise Invalid("verdict_needed", "Say what the result shall be.", "verdict")
        sheet_actions.correct(
            visit.session,
            visit.visitor,
            slug,
            forms.text(visit.form, "subject"),
            verdict=Verdict(verdict),
            minutes=_whole(visit, "minutes", "minutes_outside"),
            reason=forms.text(visit.form, "reason"),
            now=visit.now,
        )

    return _do(visit, slug, "correct", "corrected", act)


@router.post("/approve")
def approve(slug: str, visit: Acting) -> Response:
    """From now on the sheet stays as it is."""

    def act() -> None:
        seen = _whole(visit, "generation", "sheet_changed") or 0
        sheet_actions.approve(visit.session, visit.visitor, slug, seen, visit.now)

    return _do(visit, slug, "approve", "sheet_approved", act)


@router.post("/reopen")
def reopen(slug: str, visit: Acting) -> Response:
    """Take the approval back."""

    def act() -> None:
        sheet_actions.reopen(visit.session, visit.visitor, slug, forms.text(visit.form, "reason"), visit.now)

    return _do(visit, slug, "reopen", "sheet_reopened", act)


@router.post("/metrics")
def metrics(slug: str, visit: Acting) -> Response:
    """What a source said of a stream's viewers."""

    def act() -> None:
        sheet_actions.add_metric(visit.session, visit.visitor, slug, _metric(visit, slug), visit.now)

    return _do(visit, slug, "metrics", "metric_added", act)


def _do(visit: Visit, slug: str, part: str, done: str, act: Callable[[], None]) -> Response:
    """Act; what can be mended is said at the form itself, with what was typed kept."""
    try:
        with visit.session.begin_nested():
            act()
    except (Conflict, Invalid) as refused:
        return show(visit, slug, refused=refused, part=part)
    except NotFound as refused:
        if refused.code not in ("subject_unknown", "rule_unknown"):
            raise
        return show(visit, slug, refused=refused, part=part)
    except NotAllowed as refused:
        if refused.code != "corrected_by_self":
            raise
        return show(visit, slug, refused=refused, part=part)
    return see_other(f"/schedule/{slug}/attendance?done={done}&fold={part}#{part}")


def _breaks(visit: Visit, slug: str) -> list[Period]:
    view = attendance_view(visit.session, visit.visitor, slug, visit.now)
    begin = view.sheet.windows[0][0] if view.sheet and view.sheet.windows else view.card.starts_at
    found = []
    for number in range(MOST_ROWS):
        ends = [forms.text(visit.form, f"{name}-{number}") for name in ("from", "to")]
        if not any(ends):
            continue
        first, last = (instant_at(each, begin, view.card.zone, "breaks") for each in ends)
        if first is None or last is None:
            raise Invalid("break_half", "A break needs both its beginning and its end.", "breaks")
        found.append((first, last))
    return found


def _metric(visit: Visit, slug: str) -> MetricDraft:
    zone = attendance_view(visit.session, visit.visitor, slug, visit.now).card.zone
    day, clock = forms.text(visit.form, "day"), forms.text(visit.form, "time") or "12:00"
    try:
        moment = to_utc(datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M"), zone)
    except ValueError as error:
        raise Invalid("moment_invalid", "Enter the day and the time of the figure.", "day") from error
    return MetricDraft(
        at=moment,
        source=forms.text(visit.form, "source"),
        concurrent=_whole(visit, "concurrent", "viewers_invalid"),
        total=_whole(visit, "total", "viewers_invalid"),
        evidence=forms.text(visit.form, "evidence"),
    )


def _whole(visit: Visit, name: str, code: str) -> int | None:
    typed = forms.text(visit.form, name).replace(" ", "").replace("\u00a0", "")
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > 12:
        raise Invalid(code, "A whole number is needed here.", name)
    return int(typed)
