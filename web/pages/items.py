"""`/items`: the bank of test items: list, preview with what is right, review, release, withdrawal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.responses import Response

from lms.assessment import actions, queries
from lms.assessment.attempts.presenting import presented
from lms.assessment.models import Verdict
from lms.assessment.queries import Filter, ItemPage
from lms.assessment.rules import may_review, may_write
from lms.errors import Conflict, Invalid
from lms.frameworks import queries as frameworks
from lms.markdown import to_html, to_inline_html
from web import forms
from web.course_words import AUDIENCES
from web.errors import status_of
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()


@router.get("/items")
def index(
    visit: Reading,
    competence: str = "",
    language: str = "",
    state: str = "",
    kind: str = "",
    words: str = "",
    page: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """The bank, and what waits for this reader's review."""
    scheme, _, number = competence.partition(":")
    which = Filter(scheme=scheme, number=number, language=language, state=state, kind=kind, words=words)
    found, total = queries.listed(visit.session, visit.visitor, which, page)
    return visit.page(
        "items.html",
        found=found,
        total=total,
        waiting=queries.awaiting_review(visit.session, visit.visitor)[:10],
        audiences=AUDIENCES,
        frames=frameworks.versions(visit.session),
        chosen={"competence": competence, "language": language, "state": state, "kind": kind, "words": words},
        number=page,
        pages=-(-total // queries.PAGE),
    )


@router.get("/items/{item_code}")
def show(item_code: str, visit: Reading) -> Response:
    """An item as people see it, with what is right, its history and what may be done."""
    return _page(visit, queries.item_page(visit.session, visit.visitor, item_code))


@router.post("/items/{item_code}/review")
def review(item_code: str, visit: Acting) -> Response:
    """A second person's word on it."""
    verdict = Verdict.GOOD if forms.text(visit.form, "verdict") == "good" else Verdict.RETURNED
    digest, comment = forms.text(visit.form, "digest"), forms.text(visit.form, "comment")
    return _done(
        visit,
        item_code,
        "item_reviewed",
        lambda: actions.review(visit.session, visit.visitor, item_code, verdict, comment, visit.now, digest=digest),
    )


@router.post("/items/{item_code}/release")
def release(item_code: str, visit: Acting) -> Response:
    """Tests may draw it."""
    return _done(
        visit,
        item_code,
        "item_released",
        lambda: actions.release(visit.session, visit.visitor, item_code, visit.now),
    )


@router.post("/items/{item_code}/withdraw")
def withdraw(item_code: str, visit: Acting) -> Response:
    """Tests draw it no more."""
    reason = forms.text(visit.form, "reason")
    return _done(
        visit,
        item_code,
        "item_withdrawn",
        lambda: actions.withdraw(visit.session, visit.visitor, item_code, reason, visit.now),
    )


def _done(visit: Visit, code: str, notice: str, act: Any) -> Response:
    try:
        act()
    except (Conflict, Invalid) as refused:
        page = queries.item_page(visit.session, visit.visitor, code)
        return _page(visit, page, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/items/{code}?done={notice}")


def _page(visit: Visit, page: ItemPage, *, status: int = 200, failure: str = "") -> Response:
    tags = [(tag.scheme, tag.value) for tag in page.card.tags]
    return visit.page(
        "item.html",
        status=status,
        failure=failure,
        page=page,
        card=page.card,
        body=page.body,
        shown=presented(page.body, {}),
        audiences=AUDIENCES,
        names=frameworks.names(visit.session, tags),
        block=_block,
        line=_line,
        may_withdraw=may_write(visit.visitor) or may_review(visit.visitor),
    )


def _block(text: str) -> Markup:
    """Markdown, sanitised."""
    return Markup(to_html(text))  # noqa: S704 - sanitised by lms.markdown


def _line(text: str) -> Markup:
    """Markdown of a line, sanitised."""
    return Markup(to_inline_html(text))  # noqa: S704 - sanitised by lms.markdown
