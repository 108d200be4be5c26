"""`/me/tests`: one's own attempts, and a learning record; `/me/background`: answers about oneself, if one likes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from lms.assessment.attempts import queries
from lms.assessment.figures import consent, rules
from lms.courses import statements, testing
from lms.errors import Invalid
from web import forms
from web.errors import status_of
from web.guards import signed_in_only
from web.result_words import BACKGROUND, STATES
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/me")


@router.get("/tests")
def history(visit: Reading, page: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
    """Every attempt, the last one first."""
    signed_in_only(visit)
    found, total = queries.own_attempts(visit.session, visit.visitor, page)
    return visit.page(
        "my_tests.html",
        found=[(one, testing.slug_of_code(one.test_code)) for one in found],
        number=page,
        pages=-(-total // queries.PAGE),
        states=STATES,
        said=consent.own(visit.session, visit.visitor) is not None,
    )


@router.get("/learning-record.json")
def record(visit: Reading) -> Response:
    """What one has learned and answered, as statements of xAPI."""
    signed_in_only(visit)
    told = statements.own(visit.session, visit.visitor, visit.config.public_url, visit.now)
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Disposition": 'attachment; filename="learning-record.json"',
        "X-Experience-API-Version": statements.VERSION,
    }
    return JSONResponse(told, headers=headers)


@router.get("/background")
def background(visit: Reading) -> Response:
    """What one has said of oneself, and what it is for."""
    signed_in_only(visit)
    return _background(visit)


@router.post("/background")
def give(visit: Acting) -> Response:
    """Say it, in place of what was said before."""
    signed_in_only(visit)
    answers = {name: forms.text(visit.form, name) for name in BACKGROUND}
    try:
        consent.give(visit.session, visit.visitor, answers, visit.now, agreed=forms.text(visit.form, "agreed") == "yes")
    except Invalid as refused:
        return _background(visit, refused=refused)
    return see_other("/me/background?done=saved")


@router.post("/background/remove")
def take_back(visit: Acting) -> Response:
    """Delete it."""
    signed_in_only(visit)
    consent.take_back(visit.session, visit.visitor, visit.now)
    return see_other("/me/background?done=background_removed")


def _background(visit: Visit, *, refused: Invalid | None = None) -> Response:
    own = consent.own(visit.session, visit.visitor)
    return visit.page(
        "my_background.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        own=own,
        given={name: forms.text(visit.form, name) or getattr(own, name, "") or "" for name in BACKGROUND},
        choices=BACKGROUND,
        few=rules.FEW,
    )
