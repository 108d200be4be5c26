"""Whoever sits by a class's code: found by a cookie of its own, and kept to the class's course.

Every page asks here first. What is not named below is shut, whatever the person may do with an account of theirs.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request

from lms.courses.classes import seats
from lms.courses.classes.seats import Seat
from lms.directory.sign_in import SignInState
from web import cookies
from web.cookies import Cookie, CookieName
from web.i18n import mark as _
from web.problems import Problem
from web.security import set_cookie

ONLY = "class_only"
"""The refusal that leads a browser back to its class."""
_OPEN = re.compile(
    r"/class(/.*)?|/attempts/.+|/courses/(?P<slug>[^/]+)(/lessons/.+|/offline|/opinion)?|/sign-out"
    r"|/language/[^/]+|/help|/accessibility|/offline(/.*)?|/verify(/.*)?|/app\.webmanifest"
)


def seat_of(request: Request, session: Session, now: datetime, *, secure: bool) -> Seat | None:
    """Who sits in this browser. A cookie that is not good is taken away."""
    token = cookies.read(request, CookieName.CLASS, secure=secure)
    if token is None:
        return None
    found = seats.seated(session, token, now)
    if found is None:
        set_cookie(request, Cookie(CookieName.CLASS, "", 0))
    return found


def state(seat: Seat) -> SignInState:
    """A seat as a sign-in. Its number is below zero, so that no sign-in has the same."""
    return SignInState(seat.person_id, -seat.id)


def expect_within(request: Request, seat: Seat) -> None:
    """Raises `Problem` 403 (class_only) for a page that is none of the class's."""
    allowed = _OPEN.fullmatch(request.url.path)
    if allowed is None or allowed["slug"] not in (None, seat.course):
        raise Problem(
            403, ONLY, _("In a class only its course is open. Sign in with your account for everything else.")
        )
