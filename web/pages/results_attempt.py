"""`/tests/{test}/attempts/{attempt}`: one attempt for its trainer, and what may be put right in it."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from lms.assessment.attempts import correcting, inspecting
from lms.assessment.rules import may_write
from lms.errors import Refusal
from lms.frameworks import queries as frameworks
from lms.markdown import to_html, to_inline_html
from web import forms
from web.attempt_answers import readable
from web.errors import status_of
from web.pages.results import MULTIPLIERS, grant, percent, tried
from web.result_words import EVENTS, STATES
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/tests/{test_id}/attempts/{attempt_code}")


@router.get("")
def show(test_id: int, attempt_code: str, visit: Reading) -> Response:
    """Each answer with its points, what happened, what may be done."""
    return _show(visit, test_id, attempt_code)


@router.post("/time")
def more_time(test_id: int, attempt_code: str, visit: Acting) -> Response:
    """More time for who takes it; a running attempt hears of it at once."""
    page = inspecting.attempt_page(visit.session, visit.visitor, test_id, attempt_code, visit.now)
    return _tried(
        visit, test_id, attempt_code, "more_time", lambda: grant(visit, page.person_id, page.test.code), "time"
    )


@router.post("/late")
def late(test_id: int, attempt_code: str, visit: Acting) -> Response:
    """Late answers count, or do not."""
    decide = correcting.accept_late if forms.text(visit.form, "do") == "accept" else correcting.refuse_late
    reason = forms.text(visit.form, "reason")
    _belongs(visit, test_id, attempt_code)
    return _tried(
        visit,
        test_id,
        attempt_code,
        "saved",
        lambda: decide(visit.session, visit.visitor, attempt_code, reason, visit.now),
        "late",
    )


@router.post("/void")
def void(test_id: int, attempt_code: str, visit: Acting) -> Response:
    """It does not count, and uses up no attempt."""
    reason = forms.text(visit.form, "reason")
    _belongs(visit, test_id, attempt_code)
    return _tried(
        visit,
        test_id,
        attempt_code,
        "saved",
        lambda: correcting.void(visit.session, visit.visitor, attempt_code, reason, visit.now),
        "void",
    )


@router.post("/appeal")
def appeal(test_id: int, attempt_code: str, visit: Acting) -> Response:
    """The answer to an appeal."""
    granted, text = forms.text(visit.form, "do") == "grant", forms.text(visit.form, "answer")
    _belongs(visit, test_id, attempt_code)
    return _tried(
        visit,
        test_id,
        attempt_code,
        "appeal_answered",
        lambda: correcting.answer_appeal(visit.session, visit.visitor, attempt_code, text, visit.now, granted=granted),
        "appeal",
    )


def _belongs(visit: Visit, test_id: int, code: str) -> None:
    """The address names the attempt's own test. Raises `NotFound`, `NotAllowed`."""
    inspecting.attempt_page(visit.session, visit.visitor, test_id, code, visit.now)


def _tried(visit: Visit, test_id: int, code: str, done: str, act: object, form: str) -> Response:
    assert callable(act)
    return tried(
        visit,
        act,
        lambda refused: _show(visit, test_id, code, refused=refused, form=form),
        f"/tests/{test_id}/attempts/{code}?done={done}",
    )


def _show(visit: Visit, test_id: int, code: str, *, refused: Refusal | None = None, form: str = "") -> Response:
    page = inspecting.attempt_page(visit.session, visit.visitor, test_id, code, visit.now)
    areas = [(page.test.spec.framework, part.area) for part in page.parts if part.area]
    return visit.page(
        "result_attempt.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        failed=form,
        page=page,
        names={
            number: (name.name_uk, name.name_en)
            for (_scheme, number), name in frameworks.names(visit.session, areas).items()
        },
        states=STATES,
        events=EVENTS,
        multipliers=MULTIPLIERS,
        typed=visit.form,
        percent=percent,
        instant=datetime.fromisoformat,
        share=lambda written: f"{percent(Fraction(written or 0))} %",
        rules_items=may_write(visit.visitor),
        readable=lambda answer, given: readable(answer.shown, given, visit.language),
        block=lambda text: Markup(to_html(text)),  # noqa: S704 - sanitised by lms.markdown
        line=lambda text: Markup(to_inline_html(text)),  # noqa: S704 - sanitised by lms.markdown
    )
