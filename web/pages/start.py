"""The start page: the next thing with one press, what waits for this person, what is theirs, proposed and coming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from lms.needs import plans
from lms.schedule import calendar, suggestions, waiting
from lms.schedule.cards import OccurrenceCard
from lms.schedule.models import MeetingRole
from web.cookies import Cookie, CookieName
from web.i18n import LANGUAGES
from web.panels import START
from web.problems import Problem
from web.security import set_cookie
from web.templating import TEMPLATES
from web.visits import Reading, Visit, see_other

MINE = 5
NEXT = 5
HOSTS_SOON = timedelta(minutes=60)
"""So long before the beginning its host is offered to start it."""

Step = Literal["join", "start", "room", "sign_in", "see"]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Hero:
    """What stands first on the page, and the one press that goes with it."""

    card: OccurrenceCard
    step: Step


@router.get("/")
def start(visit: Reading) -> Response:
    """The next step first, then what waits, then what comes."""
    session, visitor, now = visit.session, visit.visitor, visit.now
    mine_ids, other_ids = calendar.nearest(
        session, visitor, now, mine=MINE if visitor.in_network else 0, others=NEXT + MINE
    )
    needed = plans.proposed(session, visitor, now, without=mine_ids)
    known = {one.occurrence_id for one in needed}
    proposed: list[suggestions.Suggestion | plans.ForANeed] = [
        *needed,
        *(one for one in suggestions.suggestions(session, visitor, now) if one.occurrence_id not in known),
    ]
    cards = calendar.cards(session, visitor, now, [*mine_ids, *other_ids, *(one.occurrence_id for one in proposed)])
    mine = [cards[number] for number in mine_ids]
    hero = hero_of(visit, mine, [cards[number] for number in other_ids])
    own = [card for card in mine if not hero or card.id != hero.card.id]
    shown = {*mine_ids, *(one.occurrence_id for one in proposed), *([hero.card.id] if hero else [])}
    others = [cards[number] for number in other_ids if number not in shown][: NEXT - 2 if own else NEXT]
    panels = START.shown(visit)
    return visit.page(
        "start.html",
        hero=hero,
        own=own,
        live=[card for card in others if card.live],
        coming=[card for card in others if not card.live],
        proposed=[(one, cards[one.occurrence_id]) for one in proposed if not hero or one.occurrence_id != hero.card.id],
        standing=waiting.standing(session, visitor, mine_ids),
        tasks=waiting.waiting(session, visitor, now),
        health=waiting.health(session, visitor, now),
        people=waiting.people_coming(session, visitor, now),
        panels=panels["main"],
        side_panels=panels["side"],
    )


def hero_of(visit: Visit, mine: list[OccurrenceCard], everything: list[OccurrenceCard]) -> Hero | None:
    """What is on and open to this visitor, one's own first; else what comes next, one's own first."""
    both = [*mine, *everything]
    ways = (
        [card for card in both if card.live and card.join.allowed],
        [card for card in mine if not card.live],
        [card for card in both if card.live],
        both,
    )
    card = next((cards[0] for cards in ways if cards), None)
    return Hero(card, step_of(visit, card)) if card else None


def step_of(visit: Visit, card: OccurrenceCard) -> Step:
    """The press that leads on."""
    if card.join.allowed and card.meeting:
        if card.live:
            return "join"
        hosts = card.join.role is MeetingRole.HOST
        if hosts and card.starts_at - visit.now <= HOSTS_SOON:
            return "start"
        return "see" if hosts else "room"
    return "sign_in" if card.live and card.join.refusal == "sign_in_needed" else "see"


@router.get("/language/{code}")
def choose_language(code: str, request: Request, next: str = "/") -> Response:
    """Remember the language. A mere preference, so a link may set it."""
    if code not in LANGUAGES:
        raise Problem(404, "not_found", "")
    set_cookie(request, Cookie(CookieName.LANGUAGE, code))
    return see_other(own_path(next))


@router.get("/logo.svg")
def logo() -> Response:
    """The site's icon."""
    return FileResponse(TEMPLATES / "logo.svg", media_type="image/svg+xml")


def own_path(path: str) -> str:
    """`path` if it leads to this site, else the start page: nobody is sent elsewhere by our links."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
