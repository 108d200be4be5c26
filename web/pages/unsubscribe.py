"""`/unsubscribe/{signed}`: no more letters about what one follows, by the link that each of them carries.

Opening the link stops nothing: programs that check mails open every link. Mail programs with a button for it post to
the same address, without cookies, and expect no redirect (RFC 8058).
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.schedule.following import stop_announcements
from web.mail.reminders import UNSUBSCRIBE
from web.visits import Linked, Reading, Visit

router = APIRouter()


@router.get("/unsubscribe/{signed}")
def ask(signed: str, visit: Reading) -> Response:
    """What is stopped, and the button."""
    _number(visit, signed)
    return visit.page("unsubscribe.html", signed=signed, stopped=False)


@router.post("/unsubscribe/{signed}")
def stop(signed: str, visit: Linked) -> Response:
    """Stop it, by our page or by a mail program."""
    stop_announcements(visit.session, _number(visit, signed), visit.now)
    return visit.page("unsubscribe.html", signed=signed, stopped=True)


def _number(visit: Visit, signed: str) -> int:
    visit.site.limits.check("link", visit.request)
    return visit.config.links.read(UNSUBSCRIBE, signed)
