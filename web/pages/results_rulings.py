"""`/tests/rulings/{version}`: an item turned out to be wrong: what would change for whom, then the putting right."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.responses import Response

from lms.assessment.attempts import regrading, ruling_queries
from lms.courses import testing
from lms.credentials import resting
from lms.errors import Refusal
from lms.markdown import to_html
from web import forms
from web.errors import status_of
from web.pages.results import MENDABLE, percent, tried
from web.result_words import HOWS
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/tests/rulings")
Chosen = Annotated[str, Query(max_length=20)]


@router.get("/{version_id}")
def show(version_id: int, visit: Reading, how: Chosen = "", key: Chosen = "") -> Response:
    """The item; with `how`, what the ruling would change."""
    return _show(visit, version_id, how, forms.whole(key) if key else None)


@router.post("/{version_id}")
def rule(version_id: int, visit: Acting) -> Response:
    """Put it right for everybody who had it."""
    how, reason = forms.text(visit.form, "how"), forms.text(visit.form, "reason")
    key = forms.whole(visit.form.get("key") or "") if how == "key" else None

    def act() -> None:
        regrading.regrade(visit.session, visit.visitor, version_id, how, reason, visit.now, key_version_id=key)

    return tried(
        visit,
        act,
        lambda refused: _show(visit, version_id, how, key, refused=refused),
        f"/tests/rulings/{version_id}?done=item_ruled",
    )


def _show(visit: Visit, version_id: int, how: str, key: int | None, *, refused: Refusal | None = None) -> Response:
    page = ruling_queries.ruling_page(visit.session, visit.visitor, version_id)
    preview = None
    if how:
        try:
            preview = regrading.preview(visit.session, visit.visitor, version_id, how, key if how == "key" else None)
        except MENDABLE as wrong:
            refused = refused or wrong
    losing = [each for each in preview.changes if each.loses] if preview else []
    courses = {each.test_id: testing.slug_of_code(each.test_code) for each in losing}
    certificates = resting.on_courses(visit.session, [(each.person_id, courses[each.test_id]) for each in losing])
    return visit.page(
        "result_ruling.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        page=page,
        preview=preview,
        certificates=certificates,
        how=how,
        key=key,
        hows=HOWS,
        typed=visit.form,
        percent=percent,
        block=lambda text: Markup(to_html(text)),  # noqa: S704 - sanitised by lms.markdown
    )
