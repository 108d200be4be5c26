"""`/items`: the bank of test items: list, an item with what is right and its history, try-out, review, withdrawal."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.assessment import actions, queries
from lms.assessment.attempts import item_figures
from lms.assessment.attempts.drawing import order_of
from lms.assessment.attempts.presenting import presented
from lms.assessment.models import Verdict
from lms.assessment.queries import ItemPage
from lms.assessment.rules import may_review, may_write
from lms.assessment.scoring import Score, is_empty, score
from lms.assessment.statistics import ENOUGH
from lms.assessment.tags import AUDIENCES
from lms.errors import Conflict, Invalid, NotAllowed
from lms.frameworks import queries as frameworks
from web import forms
from web.attempt_answers import answer_of
from web.errors import status_of
from web.items import changes
from web.items.filters import Filtering
from web.items.showing import showing
from web.visits import Acting, Reading, Visit, Weighing, see_other

router = APIRouter()


@router.get("/items")
def index(visit: Reading, which: Filtering, page: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
    """The bank, and what waits for this reader's review."""
    found, total = queries.listed(visit.session, visit.visitor, which.narrowing(), page)
    return visit.page(
        "items.html",
        found=found,
        total=total,
        waiting=queries.awaiting_review(visit.session, visit.visitor)[:10],
        audiences=AUDIENCES,
        frames=frameworks.versions(visit.session),
        names=frameworks.names(visit.session, {(tag.scheme, tag.value) for card in found for tag in card.tags}),
        chosen=which,
        query=which.query(),
        number=page,
        pages=-(-total // queries.PAGE),
        may_write=may_write(visit.visitor),
        **showing(visit),
    )


@router.post("/items/offer")
def offer_several(visit: Acting) -> Response:
    """Send what was ticked to review; what waits or is in use already stays as it is."""
    if not may_write(visit.visitor):
        raise NotAllowed("item_not_yours", "Items are written by trainers and organisers.")
    codes = [each for each in visit.form.getlist("code") if isinstance(each, str)][:500]
    for code in codes:
        page = queries.item_page(visit.session, visit.visitor, code)
        if page.may_offer and page.card.state.value == "draft":
            actions.offer(visit.session, visit.visitor, code, visit.now)
    return see_other("/items?state=offered&done=items_offered")


@router.get("/items/{item_code}")
def show(item_code: str, visit: Reading) -> Response:
    """An item as people see it, with what is right, its history and what may be done."""
    return _page(visit, queries.item_page(visit.session, visit.visitor, item_code))


@router.get("/items/{item_code}/try")
def begin_try(item_code: str, visit: Reading) -> Response:
    """Answer it as somebody in a test would."""
    page = queries.item_page(visit.session, visit.visitor, item_code)
    return _try(visit, page, secrets.token_hex(4), None, None)


@router.post("/items/{item_code}/try")
def end_try(item_code: str, visit: Weighing) -> Response:
    """What the answer is worth, and what is said to it. Nothing is kept."""
    page = queries.item_page(visit.session, visit.visitor, item_code)
    seed = forms.text(visit.form, "seed")[:32]
    answer = answer_of(presented(page.body, order_of(page.body, seed, 0)), visit.form, 1)
    try:
        told = score(page.body, answer)
    except Invalid as refused:
        return _try(visit, page, seed, answer, None, status=422, failure=forms.sentence(visit, refused))
    return _try(visit, page, seed, answer, told)


@router.post("/items/{item_code}/offer")
def offer(item_code: str, visit: Acting) -> Response:
    """Ask a second person to read it."""
    return _done(
        visit, item_code, "item_offered", lambda: actions.offer(visit.session, visit.visitor, item_code, visit.now)
    )


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
        typed={name: forms.text(visit.form, name) for name in ("comment", "reason")},
        page=page,
        card=page.card,
        body=page.body,
        shown=presented(page.body, order_of(page.body, "", 0)),
        names=frameworks.names(visit.session, tags),
        told=lambda found: changes.lines(found, visit.language),
        figures=item_figures.of_item(visit.session, visit.visitor, page.card.code),
        enough=ENOUGH,
        may_withdraw=may_write(visit.visitor) or may_review(visit.visitor),
        **showing(visit),
    )


def _try(
    visit: Visit, page: ItemPage, seed: str, answer: Any, told: Score | None, *, status: int = 200, failure: str = ""
) -> Response:
    return visit.page(
        "item_try.html",
        status=status,
        failure=failure,
        page=page,
        card=page.card,
        body=page.body,
        shown=presented(page.body, order_of(page.body, seed, 0)),
        seed=seed,
        answer=answer,
        nothing=is_empty(answer),
        told=told,
        **showing(visit),
    )
