"""Calendars to subscribe to (`.ics`), and `/me/calendar`, where people make an address of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from email.utils import format_datetime

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from lms.errors import Conflict, NotAllowed
from lms.schedule import feeds, ics
from lms.schedule.models import Occurrence
from web import forms
from web.conditional import is_known
from web.errors import status_of
from web.i18n import LANGUAGES, translate
from web.i18n import mark as _
from web.mail.events import Entry, either, event_of, organiser_of, page_of
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

USE_NOTED_EVERY = timedelta(hours=12)

router = APIRouter()


@router.get("/schedule.ics")
def public(visit: Reading) -> Response:
    """Everything that is listed."""
    language = _language(visit)
    name = translate(language, _("Vikno: schedule"))
    return _calendar(visit, feeds.public(visit.session, visit.now), name, language)


@router.get("/series/{slug}.ics")
def series(slug: str, visit: Reading) -> Response:
    """The dates of a series."""
    language = _language(visit)
    found, dates = feeds.of_series(visit.session, visit.visitor, slug, visit.now)
    return _calendar(visit, dates, either(language, found.title, found.title_en), language)


@router.get("/schedule/{slug}.ics")
def one(slug: str, visit: Reading) -> Response:
    """A single occurrence, to be put into a calendar once."""
    language = _language(visit)
    found = feeds.one(visit.session, visit.visitor, slug)
    name = either(language, found.title, found.title_en)
    return _calendar(visit, [found], name, language, file=f"{slug}.ics", dated=True)


@router.get("/calendar/{token}.ics")
def personal(token: str, visit: Reading) -> Response:
    """A person's own calendar; whoever has the address reads it, so it is a secret."""
    visit.site.limits.check("link", visit.request)
    try:
        found = feeds.personal(visit.session, token, visit.now)
    except NotAllowed as refused:
        raise Problem(410, refused.code, refused.detail) from refused
    if found.last_used_at is None or visit.now - found.last_used_at > USE_NOTED_EVERY:
        with visit.config.database.writing() as session:
            feeds.note_use(session, found.feed_id, visit.now)
    language = found.language if found.language in LANGUAGES else "uk"
    name = translate(language, _("Vikno: my calendar"))
    return _calendar(visit, found.occurrences, name, language)


@router.get("/me/calendar")
def my_calendar(visit: Reading) -> Response:
    """One's calendar addresses."""
    if visit.visitor.person_id is None:
        return RedirectResponse("/sign-in?next=/me/calendar", 303)
    return _page(visit)


@router.post("/me/calendar")
def make(visit: Acting) -> Response:
    """A new address, shown this once."""
    try:
        token = feeds.make(visit.session, visit.visitor, visit.now)
    except Conflict as refused:
        return _page(visit, status=status_of(refused), failure=forms.sentence(visit, refused))
    return _page(visit, status=201, address=f"{visit.config.public_url}/calendar/{token}.ics")


@router.post("/me/calendar/{feed_id}/revoke")
def revoke(feed_id: int, visit: Acting) -> Response:
    """It stops working."""
    feeds.revoke(visit.session, visit.visitor, feed_id, visit.now)
    return see_other("/me/calendar?done=feed_revoked")


def _page(visit: Visit, *, status: int = 200, failure: str = "", address: str = "") -> Response:
    return visit.page(
        "my_calendar.html",
        status=status,
        failure=failure,
        address=address,
        feeds=feeds.feeds_of(visit.session, visit.visitor),
        public_feed=f"{visit.config.public_url}/schedule.ics",
    )


def _language(visit: Visit) -> str:
    asked = visit.request.query_params.get("lang", "uk")
    return asked if asked in LANGUAGES else "uk"


def _calendar(
    visit: Visit,
    occurrences: Sequence[Occurrence],
    name: str,
    language: str,
    *,
    file: str = "",
    dated: bool = False,
) -> Response:
    """The calendar, or 304 when the program has it. Never kept by a proxy: what is seen depends on who asks.

    `dated`: nothing leaves it, so that a date alone says enough.
    """
    url, sender = visit.config.public_url, visit.config.mail_sender
    events = []
    for each in occurrences:
        event = event_of(each, language, Entry(page_of(url, each)))
        events.append((event, organiser_of(sender, _organiser(each), language)))
    body = ics.publish(events, name)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=900"}
    changed = max((each.updated_at for each in occurrences), default=None)
    if changed is not None:
        headers["Last-Modified"] = format_datetime(changed, usegmt=True)
    if file:
        headers["Content-Disposition"] = f'attachment; filename="{file}"'
    if is_known(visit.request, tag, changed if dated else None):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


def _organiser(occurrence: Occurrence) -> str:
    return occurrence.parties[0].organisation.name_uk if occurrence.parties else ""
