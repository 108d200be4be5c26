"""A shared device asks for a code, learns that it was paired, and from then on what it has to join."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from lms.directory import endpoints, queries
from lms.schedule import queries as schedule
from lms.schedule.cards import OccurrenceCard, to_join_now
from web import cookies
from web.cookies import Cookie, CookieName
from web.limiting import client_address
from web.security import set_cookie
from web.templating import local
from web.visits import Acting, Turn, language_of, site_of

router = APIRouter(prefix="/api/endpoint", tags=["endpoints"])


class Pairing(BaseModel):
    """A code to show, and the secret by which only this device learns what becomes of it."""

    code: str
    secret: str
    expires_at: datetime
    poll_seconds: int


class PairingPoll(BaseModel):
    """The secret that came with the code."""

    model_config = ConfigDict(extra="forbid")

    secret: Annotated[str, Field(min_length=8, max_length=200)]


class PairingState(BaseModel):
    """`paired`: the answer also sets the device's cookie."""

    state: Literal["waiting", "paired", "expired"]


class Entry(BaseModel):
    """An occurrence on the device's screen. Instants are UTC; `begins` and `ends` are local clock times to show."""

    slug: str
    meeting: str
    title: str
    kind: str
    status: str
    live: bool
    starts_at: datetime
    ends_at: datetime
    joins_at: datetime | None
    begins: str
    ends: str


class ScreenState(BaseModel):
    """What the screen shows, and whether it has to join something now."""

    paired: bool
    now: datetime
    clock: str = ""
    """Local time of the network as hours and minutes."""
    name: str = ""
    organisation: str = ""
    entries: list[Entry] = []
    join: Entry | None = None


@router.post("/pairing")
def request_pairing(visit: Acting) -> Pairing:
    """A new code for this device."""
    visit.site.limits.check("pairing", visit.request)
    started = endpoints.request_pairing(visit.session, address=client_address(visit.request), now=visit.now)
    return Pairing(
        code=started.code,
        secret=started.secret,
        expires_at=started.expires_at,
        poll_seconds=started.poll_seconds,
    )


@router.post("/pairing/poll")
def poll_pairing(asked: PairingPoll, visit: Acting) -> PairingState:
    """Whether an administrator has typed in the code."""
    visit.site.limits.check("pairing_poll", visit.request)
    found = endpoints.poll_pairing(visit.session, asked.secret, visit.now)
    if found.device_key:
        key = found.device_key
        visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.DEVICE, key)))
    return PairingState(state=found.state)


@router.get("/state")
def state(request: Request, _turn: Turn) -> ScreenState:
    """The screen's state. It writes when the device was seen, so it does not use a reading transaction."""
    config = site_of(request).config
    now = config.clock()
    key = cookies.read(request, CookieName.DEVICE, secure=config.secure)
    if key is None:
        return ScreenState(paired=False, now=now)
    with config.database.reading() as session:
        known = endpoints.identify(session, key) is not None
    if not known:  # a made-up key must not cost the database's one writer
        set_cookie(request, Cookie(CookieName.DEVICE, "", 0))
        return ScreenState(paired=False, now=now)
    with config.database.writing() as session:
        endpoint_id = endpoints.authenticate(session, key, now)
        if endpoint_id is None:
            set_cookie(request, Cookie(CookieName.DEVICE, "", 0))
            return ScreenState(paired=False, now=now)
        visitor = queries.visitor_of_endpoint(session, endpoint_id, now)
        cards = schedule.endpoint_today(session, visitor, now)
    set_cookie(request, Cookie(CookieName.DEVICE, key))
    english = language_of(request) == "en"
    joining = to_join_now(cards, now)
    return ScreenState(
        paired=True,
        now=now,
        clock=local(now).strftime("%H:%M"),
        name=visitor.name,
        organisation=visitor.organisation_en if english and visitor.organisation_en else visitor.organisation,
        entries=[_entry(card, english=english) for card in cards],
        join=_entry(joining, english=english) if joining else None,
    )


def _entry(card: OccurrenceCard, *, english: bool) -> Entry:
    return Entry(
        slug=card.slug,
        meeting=card.meeting,
        title=card.title_en if english and card.title_en else card.title,
        kind=card.kind,
        status=card.status,
        live=card.live,
        starts_at=card.starts_at,
        ends_at=card.ends_at,
        joins_at=card.joins_at,
        begins=local(card.starts_at).strftime("%H:%M"),
        ends=local(card.ends_at).strftime("%H:%M"),
    )
