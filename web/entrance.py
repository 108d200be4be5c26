"""Who comes through a meeting's door, and as what: one answer for the room page and for the token that it asks."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Literal

from lms.directory.rules import Visitor
from lms.errors import Refusal
from lms.schedule import group_queries, guest_browsers, guests, queries
from lms.schedule.cards import MeetingDoor
from lms.schedule.group_rules import LEADS, entry_refusal, meeting_name, parse_meeting
from lms.schedule.models import Streaming
from lms.streaming.queries import planned_targets
from signaling.model import Presence
from web import cookies
from web.config import ControlUnavailable, MeetingPlan
from web.cookies import CookieName
from web.i18n import mark as _
from web.i18n import translate
from web.problems import Problem
from web.visits import Visit

log = logging.getLogger(__name__)

As = Literal["", "endpoint", "guest"]
"""In which capacity somebody comes, where a browser holds several: a kiosk as the endpoint, an expert by their link."""

REFUSALS: dict[str, tuple[int, str]] = {
    "sign_in_needed": (401, _("This meeting is for the network's own people. Sign in, or use your personal link.")),
    "not_invited": (403, _("You are not among the invited. Ask the organiser to add you.")),
    "too_early": (409, _("The meeting has not been opened yet. Come back a little before it begins.")),
    "not_published": (409, _("This occurrence is still a draft. Its organiser has to publish it first.")),
    "registration_needed": (403, _("One has to register for this meeting. Its page says how; it takes a minute.")),
    "registration_pending": (409, _("Your request for a seat has not been decided yet. You will get a mail.")),
    "registration_waiting": (409, _("You are on the waiting list. As soon as a seat is free it is offered to you.")),
    "registration_offered": (409, _("A seat is kept for you. Accept it on the occurrence's page, then come in.")),
    "registration_declined": (403, _("The organiser has declined your registration. The occurrence's page says why.")),
    "ended": (410, _("This meeting has ended.")),
    "cancelled": (410, _("This occurrence was cancelled.")),
    "group_unknown": (404, _("There is no such group.")),
    "groups_closed": (409, _("The groups are closed. The main room goes on.")),
    "group_foreign": (403, _("This is another group. Yours stands on the occurrence's page.")),
}
"""HTTP status and sentence by the door's refusal."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody at a door."""

    visitor: Visitor
    main: str
    """The meeting of the occurrence, as the address has it."""
    door: MeetingDoor
    identity: str
    presence: Presence
    name_fixed: bool
    """Whether the name is known to us; otherwise the person gives one."""
    name: str = ""
    """As the others see it, where it is known."""
    waits: bool = False
    """Whether a host has to let them in: a personal link in another browser than its first."""
    group: int | None = None
    """Before the door of which group they stand, where the meeting is divided."""
    group_refusal: str = ""
    chooses: bool = False
    """Whether they have no group yet and choose this one."""

    @property
    def meeting(self) -> str:
        """The meeting behind this very door."""
        return self.main if self.group is None else meeting_name(self.main, self.group)

    @property
    def leads(self) -> bool:
        """Whether they open and close groups, and go into any."""
        return self.door.join.role in LEADS


def approach(visit: Visit, meeting: str, capacity: As) -> Entrance:
    """The visitor before the meeting's door. Raises `NotFound` for a meeting that they may not know of."""
    main, group = parse_meeting(meeting)
    visitor = _in_capacity(visit, main, capacity)
    door = queries.meeting_door(visit.session, visitor, main, visit.now)
    if visitor.endpoint_id is not None:
        presence = Presence.ENDPOINT
    elif visitor.person_id is not None:
        presence = Presence.PERSON
    else:
        presence = Presence.GUEST
    known = visitor.identity != "anonymous"
    identity = visitor.identity if known else f"guest:{_nameless(visit.browser)}"
    entrance = Entrance(visitor, main, door, identity, presence, name_fixed=known, name=visitor.name)
    if group is not None:
        entrance = _before_group(visit, entrance, group)
    return entrance if visitor.guest_link_id is None else _by_link(visit, entrance, visitor.guest_link_id)


def _before_group(visit: Visit, entrance: Entrance, number: int) -> Entrance:
    role = entrance.door.join.role
    facts = group_queries.door(visit.session, entrance.visitor, entrance.door.card.id, number, visit.now)
    why = entry_refusal(
        role=role, own=facts.own, wanted=number, known=facts.known, opened=facts.opened, choose=facts.choose
    )
    chooses = not why and facts.own is None and role not in LEADS
    return replace(entrance, group=number, group_refusal=why, chooses=chooses)


def _by_link(visit: Visit, entrance: Entrance, link_id: int) -> Entrance:
    """The first browser of a personal link is its guest; another one comes as somebody of its own, and waits."""
    if guest_browsers.standing(visit.session, link_id, visit.browser).first:
        return entrance
    other = translate(entrance.door.card.language, _("another device"))
    return replace(
        entrance,
        identity=f"guest:{link_id}.{_nameless(visit.browser)[:8]}",
        name=f"{entrance.visitor.name[:90]} ({other})",
        waits=True,
    )


def _in_capacity(visit: Visit, meeting: str, capacity: As) -> Visitor:
    if capacity == "endpoint" and visit.device is not None:
        return visit.device
    link = cookies.read(visit.request, CookieName.GUEST, secure=visit.config.secure)
    if link and (capacity == "guest" or visit.sign_in is None):
        try:
            guest = guests.guest_pass(visit.session, link, visit.now)
        except Refusal:
            # An old link in the browser must not shut doors that are open to anyone.
            if capacity == "guest":
                raise
            return visit.visitor
        if guest.meeting == meeting:
            return guest.visitor
    return visit.visitor


def _nameless(browser: str) -> str:
    return hashlib.sha256(f"identity {browser}".encode()).hexdigest()[:16]


def refusal(entrance: Entrance) -> Problem | None:
    """Why this visitor may not come in now; None if they may."""
    problem = door_problem(entrance.door)
    return _problem(entrance.group_refusal) if problem is None and entrance.group_refusal else problem


def door_problem(door: MeetingDoor) -> Problem | None:
    """Why the visitor for whom the door was looked up may not come in; None if they may."""
    answer = door.join
    if answer.allowed:
        return None
    return _problem(answer.refusal)


def _problem(code: str) -> Problem:
    status, sentence = REFUSALS.get(code, (403, _("You may not join this meeting.")))
    return Problem(status, code or "refused", sentence)


def tell_node(visit: Visit, door: MeetingDoor) -> None:
    """See that the media node knows the meeting's title and times; once per change of them, and twice a day."""
    card = door.card
    node = visit.config.node_of(card.meeting)
    targets = planned_targets(visit.session, card.meeting) if door.streaming is not Streaming.NO else ()
    plan = MeetingPlan(
        meeting=card.meeting,
        node=node,
        title=card.title,
        starts_at=card.starts_at,
        ends_at=card.ends_at,
        language=card.language,
        recorded=door.recorded,
        streaming=door.streaming,
        targets=targets,
        questions=door.questions,
        public_questions=door.public_questions,
        channels=door.languages,
        interpreters=tuple(queries.interpreters(visit.session, card.id).items()) if door.languages else (),
        protection=door.entry.protection,
    )
    if visit.site.planned.knows(plan, visit.now):
        return
    try:
        visit.config.control.plan(plan)
    except ControlUnavailable as error:
        # The token opens the meeting all the same; only its title is missing until the next try.
        log.warning("The media node could not be told of meeting %s: %s", card.meeting, error)
        return
    visit.site.planned.told(plan, visit.now)
