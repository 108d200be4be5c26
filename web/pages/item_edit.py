"""`/items/new`, `/items/{code}/edit`: an item as a trainer writes it, with preview; rows are added without a script."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lms.assessment import actions, differences, queries
from lms.assessment.attempts.drawing import order_of
from lms.assessment.attempts.presenting import presented
from lms.assessment.content import MOST_TEXT, ItemKind
from lms.assessment.models import EDITABLE
from lms.assessment.queries import ItemPage
from lms.assessment.rules import may_write
from lms.assessment.tags import AUDIENCES as SUGGESTED
from lms.errors import Conflict, Invalid, NotAllowed
from lms.frameworks import queries as frameworks
from web import forms
from web.errors import status_of
from web.i18n import translate
from web.items import changes, words
from web.items.form import ItemTyped
from web.items.showing import showing
from web.visits import Acting, Reading, Visit, Weighing, see_other

router = APIRouter(prefix="/items")

PREVIEW, SAVE, OFFER, OVER = "preview", "save", "offer", "over"


@router.get("/new")
def new(visit: Reading, kind: str = "", like: str = "", language: str = "") -> Response:
    """First the kind is chosen; `like` begins with a copy of another item, in another language its translation."""
    _expect_writer(visit)
    if like:
        page = queries.item_page(visit.session, visit.visitor, like)
        return _form(visit, ItemTyped.copied(page, language if language in ("uk", "en") else ""), None)
    if kind not in set(ItemKind):
        return visit.page("item_new.html", kinds=words.KINDS)
    return _form(visit, ItemTyped.empty(ItemKind(kind)), None)


@router.post("/new/form")
def work_on_new(visit: Weighing) -> Response:
    """A button of the form: a row more, less, up or down; how it will look."""
    _expect_writer(visit)
    return _worked(visit, None)


@router.post("/new")
def make(visit: Acting) -> Response:
    """Keep it as a draft; with `do=offer` send it to review at once."""
    _expect_writer(visit)
    typed = ItemTyped.sent(visit.form)
    draft = typed.draft(frameworks.schemes(visit.session))
    if draft is None or not _family_known(visit, typed):
        return _form(visit, typed, None, status=422)
    try:
        with visit.session.begin_nested():
            item = actions.create(visit.session, visit.visitor, draft, visit.now)
    except (Conflict, Invalid) as refused:
        return _refused(visit, typed, None, refused)
    return _saved(visit, item.code)


@router.get("/{item_code}/edit")
def edit(item_code: str, visit: Reading) -> Response:
    """The item in its form."""
    _expect_writer(visit)
    page = queries.item_page(visit.session, visit.visitor, item_code)
    return _form(visit, ItemTyped.saved(page), page)


@router.post("/{item_code}/edit/form")
def work_on(item_code: str, visit: Weighing) -> Response:
    """A button of the form."""
    _expect_writer(visit)
    return _worked(visit, queries.item_page(visit.session, visit.visitor, item_code))


@router.post("/{item_code}/edit")
def save(item_code: str, visit: Acting) -> Response:
    """Keep it: in place while it is a draft, else as its next version."""
    _expect_writer(visit)
    page = queries.item_page(visit.session, visit.visitor, item_code)
    typed = ItemTyped.sent(visit.form)
    draft = typed.draft(frameworks.schemes(visit.session))
    if draft is None or not _family_known(visit, typed):
        return _form(visit, typed, page, status=422)
    verb, _colon, over = forms.text(visit.form, "do").partition(":")
    seen = forms.whole(over if verb == OVER else typed.values["edit"]) or 0
    try:
        with visit.session.begin_nested():
            actions.save(visit.session, visit.visitor, item_code, draft, visit.now, expected_version=seen)
    except Conflict as refused:
        if refused.code != "changed_meanwhile":
            return _refused(visit, typed, page, refused)
        theirs = differences.between(page.body, draft.body)
        told = {"lines": changes.lines(theirs, visit.language), "over": f"{OVER}:{page.lock_version}"}
        return _form(visit, typed, page, status=409, conflict=told)
    except Invalid as refused:
        return _refused(visit, typed, page, refused)
    return _saved(visit, item_code)


def _expect_writer(visit: Visit) -> None:
    if not may_write(visit.visitor):
        raise NotAllowed("item_not_yours", "Items are written by trainers and organisers.")


def _family_known(visit: Visit, typed: ItemTyped) -> bool:
    family = typed.values["family"].strip()
    if not family or family == typed.values["code"].strip() or queries.is_family(visit.session, family):
        return True
    typed.faults.add("family", "item_family")
    return False


def _saved(visit: Visit, code: str) -> Response:
    if forms.text(visit.form, "do") != OFFER:
        return see_other(f"/items/{code}?done=saved")
    page = queries.item_page(visit.session, visit.visitor, code)
    if page.may_offer:
        actions.offer(visit.session, visit.visitor, code, visit.now)
    return see_other(f"/items/{code}?done=item_offered")


def _refused(visit: Visit, typed: ItemTyped, page: ItemPage | None, refused: Conflict | Invalid) -> Response:
    failure = "" if typed.refuse(refused) else forms.sentence(visit, refused)
    return _form(visit, typed, page, status=status_of(refused), failure=failure)


def _worked(visit: Visit, page: ItemPage | None) -> Response:
    typed = ItemTyped.sent(visit.form)
    what = forms.text(visit.form, "do")
    if what != PREVIEW:
        typed.act(what)
        return _form(visit, typed, page)
    body = typed.body()
    if body is None:
        return _form(visit, typed, page, status=422)
    preview = {"body": body, "shown": presented(body, order_of(body, visit.csrf, 0))}
    return _form(visit, typed, page, preview=preview)


def _form(
    visit: Visit,
    typed: ItemTyped,
    page: ItemPage | None,
    *,
    status: int = 200,
    failure: str = "",
    conflict: dict[str, Any] | None = None,
    preview: dict[str, Any] | None = None,
) -> Response:
    newest = page.versions[0] if page else None
    return visit.page(
        "item_form.html",
        status=status,
        failure=failure,
        conflict=conflict,
        preview=preview,
        typed=typed,
        values=typed.values,
        errors=_errors(visit, typed),
        page=page,
        here=f"/items/{page.card.code}/edit" if page else "/items/new",
        in_place=newest is None or (newest.state in EDITABLE and newest.used_at is None),
        frames=frameworks.versions(visit.session),
        audiences=_audiences(typed),
        words=words,
        longest=MOST_TEXT,
        **showing(visit),
    )


def _audiences(typed: ItemTyped) -> list[str]:
    return list(dict.fromkeys((*SUGGESTED, *typed.values["audiences"])))


def _errors(visit: Visit, typed: ItemTyped) -> dict[str, list[str]]:
    return {
        name: [
            translate(visit.language, words.PROBLEMS.get(code, words.OTHER_PROBLEM)).replace("%(value)s", value)
            for code, value in told
        ]
        for name, told in typed.faults.found.items()
    }
