"""`/live/{meeting}/questions`: who watches asks without an account, and sees what those who lead have let in."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lms.errors import Conflict, Invalid
from lms.streaming import queries
from web import forms
from web.config import ControlUnavailable, OrderRefused, PublicQuestion
from web.errors import status_of
from web.pages import live
from web.visits import Visit, Weighing, see_other, site_of

router = APIRouter(prefix="/live")

LONGEST = 600
LONGEST_NAME = 60


@router.get("/{meeting}/questions")
async def listing(request: Request, meeting: str) -> Response:
    """The questions that everybody sees, for pages that are open."""
    site = site_of(request)
    open_to_all = await site.live.open_to_public(meeting)
    told = await site.questions.of(meeting) if open_to_all else []
    return JSONResponse({"questions": told}, headers={"Cache-Control": "no-store"})


@router.post("/{meeting}/questions")
def ask(request: Request, meeting: str, visit: Weighing) -> Response:
    """Ask those who lead. They look at it before anybody else sees it."""
    visit.site.limits.check("question", request)
    by_script = "application/json" in request.headers.get("accept", "")
    asked = {"name": forms.text(visit.form, "name")[:LONGEST_NAME], "text": forms.text(visit.form, "text")}
    try:
        if not forms.text(visit.form, "website"):  # nobody sees this field; programs fill it in
            _pass_on(visit, meeting, asked)
    except (Conflict, Invalid) as refused:
        sentence = forms.sentence(visit, refused)
        if by_script:
            return JSONResponse({"sentence": sentence}, status_of(refused))
        return live.shown(visit, meeting, status=status_of(refused), asked={**asked, "failure": sentence})
    if by_script:
        return JSONResponse({"sentence": ""})
    return see_other(f"/live/{meeting}?done=asked#questions")


def _pass_on(visit: Visit, meeting: str, asked: dict[str, Any]) -> None:
    """Raises `NotFound`, `Invalid` and `Conflict`."""
    if not queries.public_stream(visit.session, meeting).questions:
        raise Conflict("questions_off", "Questions from the public page are not taken here.")
    if not asked["text"]:
        raise Invalid("question_empty", "Write what you want to know.", "text")
    if len(asked["text"]) > LONGEST:
        raise Invalid("question_long", f"At most {LONGEST} characters.", "text")
    node = visit.config.node_of(meeting)
    question = PublicQuestion(meeting, node, f"q{secrets.token_hex(8)}", asked["name"], asked["text"])
    try:
        visit.config.control.ask(question)
    except ControlUnavailable as error:
        raise Conflict("questions_away", "The media node does not answer.") from error
    except OrderRefused as refused:
        code = {"unknown_meeting": "questions_not_now", "too_many_questions": "questions_full"}.get(refused.code)
        raise Conflict(code or "questions_off", f"The media node said no: {refused.code}.") from refused
