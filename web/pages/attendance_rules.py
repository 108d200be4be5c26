"""`/attendance-rules`: by which rules presence counts; versions are added and retired, never changed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid
from lms.meetings import rulebook
from lms.meetings.rulebook import RuleDraft
from web import forms
from web.errors import status_of
from web.i18n import mark as _
from web.pages.attendance import percent
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/attendance-rules")


@router.get("")
def show(visit: Reading) -> Response:
    """The rules, and the form for a new version."""
    return _page(visit)


@router.post("")
def add(visit: Acting) -> Response:
    """A new version."""
    try:
        rulebook.add_version(visit.session, visit.visitor, _draft(visit), visit.now)
    except Invalid as refused:
        return _page(visit, status=422, failure=forms.sentence(visit, refused), wrong=refused.field)
    return see_other("/attendance-rules?done=rule_added")


@router.post("/{rule_id}/retire")
def retire(rule_id: int, visit: Acting) -> Response:
    """It is offered no more."""
    try:
        rulebook.retire(visit.session, visit.visitor, rule_id, visit.now)
    except Conflict as refused:
        return _page(visit, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other("/attendance-rules?done=rule_retired")


def _draft(visit: Visit) -> RuleDraft:
    return RuleDraft(
        code=forms.text(visit.form, "code").lower(),
        name_uk=forms.text(visit.form, "name_uk"),
        name_en=forms.text(visit.form, "name_en"),
        min_share=_share(forms.text(visit.form, "min_share")),
        min_minutes=_minutes(forms.text(visit.form, "min_minutes")),
        counts_unconfirmed=forms.text(visit.form, "counts_unconfirmed") == "yes",
    )


def _share(typed: str) -> int | None:
    """Percent with at most two decimals, with a comma or a point, as hundredths."""
    if not typed:
        return None
    try:
        hundredths = Decimal(typed.rstrip("% ").replace(",", ".")) * 100
    except InvalidOperation:
        hundredths = Decimal(0)
    if not hundredths.is_finite() or hundredths != hundredths.to_integral_value() or abs(hundredths) > 10_000:
        raise Invalid("share_invalid", "A share lies between 0.01 and 100 percent.", "min_share")
    return int(hundredths)


def _minutes(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > 5:
        raise Invalid("rule_minutes_invalid", "From 1 minute to a whole day (1440).", "min_minutes")
    return int(typed)


def _page(visit: Visit, *, status: int = 200, failure: str = "", wrong: str = "") -> Response:
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("The rules of attendance are for organisers. Sign in first."))
    return visit.page(
        "attendance_rules.html",
        status=status,
        rows=rulebook.rules(visit.session, visit.visitor),
        may_change=visit.visitor.organises_everything,
        typed=visit.form,
        failure=failure,
        wrong=wrong,
        percent=partial(percent, visit.language),
    )
