"""`/me/notifications`: reminders, quiet hours, and what one follows."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from lms.directory.register_models import SubscriptionKind
from lms.errors import Invalid
from lms.schedule import following
from lms.schedule.following import Wishes
from web import forms
from web.errors import status_of
from web.i18n import mark as _
from web.visits import Acting, Reading, Visit, see_other

OFFSETS: dict[int, str] = {
    7 * 24 * 60: _("a week before"),
    24 * 60: _("a day before"),
    3 * 60: _("three hours before"),
    60: _("an hour before"),
    30: _("half an hour before"),
    10: _("ten minutes before"),
}
FOLLOWED = (
    SubscriptionKind.TOPIC,
    SubscriptionKind.OBLAST,
    SubscriptionKind.ORGANISATION,
    SubscriptionKind.SERIES,
    SubscriptionKind.PROGRAMME,
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

router = APIRouter()


@router.get("/me/notifications")
def page(visit: Reading) -> Response:
    """The form, as it was chosen last."""
    if visit.visitor.person_id is None:
        return RedirectResponse("/sign-in?next=/me/notifications", 303)
    return _show(visit, following.wishes_of(visit.session, visit.visitor))


@router.post("/me/notifications")
def save(visit: Acting) -> Response:
    """Keep what was chosen."""
    wishes = _wishes(visit.form)
    try:
        _check_clock(visit.form)
        following.save(visit.session, visit.visitor, wishes, visit.now)
    except Invalid as refused:
        return _show(visit, wishes, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other("/me/notifications?done=notifications_saved")


def _show(visit: Visit, wishes: Wishes, *, status: int = 200, failure: str = "") -> Response:
    quiet = [forms.text(visit.form, name) for name in ("quiet_from", "quiet_to")]
    if not failure:
        quiet = [clock(wishes.quiet_from), clock(wishes.quiet_to)]
    return visit.page(
        "notifications.html",
        status=status,
        failure=failure,
        wishes=wishes,
        follows={kind.value: wishes.follows.get(kind, frozenset()) for kind in FOLLOWED},
        offsets=OFFSETS,
        choices=following.choices(visit.session),
        quiet=quiet,
    )


def clock(minutes: int | None) -> str:
    """Minutes after midnight as the clock shows them."""
    return "" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


def _wishes(form: FormData) -> Wishes:
    follows = {kind: frozenset(str(each)[:64] for each in form.getlist(kind.value) if each) for kind in FOLLOWED}
    chosen = [each for each in map(forms.whole, form.getlist("offset")) if each is not None]
    own = forms.text(form, "when") == "own"
    return Wishes(
        reminders=bool(form.get("reminders")),
        announcements=bool(form.get("announcements")),
        offsets=tuple(each for each in chosen if each in OFFSETS) if own else None,
        quiet_from=_minutes(forms.text(form, "quiet_from")),
        quiet_to=_minutes(forms.text(form, "quiet_to")),
        follows=follows,
    )


def _check_clock(form: FormData) -> None:
    for name in ("quiet_from", "quiet_to"):
        typed = forms.text(form, name)
        if typed and _minutes(typed) is None:
            raise Invalid("quiet_invalid", "Quiet hours need a beginning and an end.", name)


def _minutes(text: str) -> int | None:
    found = _CLOCK.fullmatch(text)
    return int(found.group(1)) * 60 + int(found.group(2)) if found else None
