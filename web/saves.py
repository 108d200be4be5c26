"""The way of an answer from the page of a test into the database, and of its question for the time that is left.

A hall of a thousand people sends a hundred answers a second. So these two do without what other visits are made of: no
thread for each, no transaction for each, nothing read about the person but who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request

from lms.assessment.attempts import keeping
from lms.assessment.attempts.keeping import Save, SaveResult, Standing
from lms.directory.sign_in import SignInState
from lms.errors import Refusal
from web import forms
from web.attempt_answers import answer_of
from web.problems import Problem
from web.site import Site
from web.visits import check_csrf, given_token, renew_cookie, signed_in, site_of

MOST_VERSIONS = 2_000


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a save. A refusal is no error to the transaction: the cookie may have been exchanged in it."""

    told: SaveResult | None
    refused: Exception | None
    signed_in: SignInState | None


async def save(request: Request, code: str, position: int, form: FormData) -> SaveResult:
    """Keep an answer. Raises what `keeping` raises, and `Problem` (csrf)."""
    site = site_of(request)
    now = site.config.clock()
    one = Save(code, position, forms.whole(form.get("sequence", "")) or 0, forms.text(form, "writer"))

    def work(session: Session) -> _Done:
        who = signed_in(request, session, now, writing=True)
        try:
            check_csrf(request, who, given_token(request, form))
            there = keeping.place(session, who.person_id if who else None, one)
            answer = answer_of(_asked(site, session, there.item_version_id), form, position)
            return _Done(keeping.keep(session, there, one, answer, now), None, who)
        except (Refusal, Problem) as refused:
            return _Done(None, refused, who)

    done = await site.writing_together.do(code, work)
    renew_cookie(request, done.signed_in)
    if done.told is None:
        raise done.refused or RuntimeError("A save came to nothing.")
    return done.told


async def standing(request: Request, code: str) -> Standing:
    """How one's own attempt stands. Raises `NotFound`."""
    site = site_of(request)
    now = site.config.clock()

    def work(session: Session) -> Standing:
        who = signed_in(request, session, now, writing=False)
        return keeping.standing(session, who.person_id if who else None, code, now)

    return await site.reading_together.do(code, work)


def _asked(site: Site, session: Session, item_version_id: int) -> dict[str, Any]:
    """What an item asks; a version that somebody was asked never changes."""
    found = site.items_asked.get(item_version_id)
    if found is None:
        if len(site.items_asked) >= MOST_VERSIONS:
            site.items_asked.clear()
        found = site.items_asked[item_version_id] = keeping.asked(session, item_version_id)
    return found
