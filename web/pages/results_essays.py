"""`/tests/essays`: answers that wait for a reader, without names, by the rubric."""

from __future__ import annotations

from fractions import Fraction

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from lms.assessment.attempts import marking
from lms.courses import testing
from lms.errors import Invalid, Refusal
from lms.markdown import to_html, to_inline_html
from web import forms
from web.errors import status_of
from web.pages.results import percent, tried
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/tests/essays")


@router.get("")
def index(visit: Reading) -> Response:
    """What waits, the oldest first; and what this reader gave lately."""
    return visit.page(
        "result_essays.html",
        found=marking.waiting(visit.session, visit.visitor),
        read=marking.read_by(visit.session, visit.visitor),
        percent=percent,
        fraction=Fraction,
    )


@router.get("/{essay_id}")
def show(essay_id: int, visit: Reading) -> Response:
    """One answer and its rubric."""
    return _show(visit, essay_id)


@router.post("/{essay_id}")
def rate(essay_id: int, visit: Acting) -> Response:
    """Points and a comment; then the next one."""
    page = marking.essay(visit.session, visit.visitor, essay_id)

    def act() -> None:
        attempt = marking.rate(
            visit.session,
            visit.visitor,
            essay_id,
            _ratings(visit, page),
            visit.now,
            comment=forms.text(visit.form, "comment"),
            reason=forms.text(visit.form, "reason"),
        )
        if attempt.passed is not None:
            testing.pass_on(visit.session, [attempt], visit.now)

    then = f"/tests/essays/{page.following}" if page.following is not None else "/tests/essays"
    return tried(visit, act, lambda refused: _show(visit, essay_id, refused=refused), f"{then}?done=essay_read")


def _ratings(visit: Visit, page: marking.EssayPage) -> dict[str, int] | Fraction:
    if page.body.criteria:
        points = {each.id: forms.whole(visit.form.get(f"c-{each.id}", "")) for each in page.body.criteria}
        return {name: value for name, value in points.items() if value is not None}
    share = forms.whole(visit.form.get("share", ""))
    if share is None or share > 100:
        raise Invalid("rating_invalid", "Give from 0 to 100 per cent.", "share")
    return Fraction(share, 100)


def _show(visit: Visit, essay_id: int, *, refused: Refusal | None = None) -> Response:
    page = marking.essay(visit.session, visit.visitor, essay_id)
    return visit.page(
        "result_essay.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        page=page,
        typed=visit.form,
        percent=percent,
        fraction=Fraction,
        block=lambda text: Markup(to_html(text)),  # noqa: S704 - sanitised by lms.markdown
        line=lambda text: Markup(to_inline_html(text)),  # noqa: S704 - sanitised by lms.markdown
    )
