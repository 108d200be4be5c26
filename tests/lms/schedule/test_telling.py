"""Nobody gets a mail twice, nobody is forgotten: the pure rule, and the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.rules import Visitor
from lms.notify.models import InboundState, OutboxMessage
from lms.notify.replies import CalendarReply
from lms.schedule import actions, announcing, invitations, telling
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.invitations import Targets
from lms.schedule.models import Occurrence, Status
from lms.schedule.telling import Holds, Method, News, Told
from tests.lms.facts import NOW, draft, organisation, organiser, person

NAMES = ("anna", "bohdan", "vira")
FACTS = {"starts_local": "2026-12-16T10:00", "zone": "Europe/Kyiv", "duration_minutes": 90, "title": "А"}

step = st.one_of(
    st.tuples(st.sampled_from(["invite", "withdraw", "reply"]), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(["publish", "move", "retitle", "again"]), st.just("")),
    st.tuples(st.just("cancel"), st.just("")),
)
steps = st.lists(step, min_size=4, max_size=14)


@dataclass
class Expected:
    """What should have been said, told once more in other words: by what happens, not by what is known."""

    status: str = "draft"
    sequence: int = 0
    active: dict[str, bool] = field(default_factory=dict)
    said: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def do(self, what: str, who: str) -> None:
        """Take one step."""
        if what == "invite" and self.status != "cancelled" and not self.active.get(who):
            self.active[who] = True
            if self.status == "published":
                self._say(who, "invited")
        elif what == "withdraw" and self.active.get(who) and self.status != "cancelled":
            self.active[who] = False
            if self.said[who] and self.said[who][-1][0] not in ("withdrawn", "cancelled"):
                self._say(who, "withdrawn")
        elif what == "publish" and self.status == "draft":
            self.status = "published"
            self._say_all("invited")
        elif what == "move" and self.status == "published":
            self.sequence += 1
            self._say_all("moved")
        elif what == "retitle" and self.status == "published":
            self._say_all("changed")
        elif what == "cancel" and self.status in ("draft", "published"):
            told = self.status == "published"
            self.status = "cancelled"
            self.sequence += 1
            if told:
                self._say_all("cancelled")

    def _say_all(self, news: str) -> None:
        for name in [name for name in NAMES if self.active.get(name)]:
            self._say(name, news)

    def _say(self, who: str, news: str) -> None:
        last = self.said[who][-1][1] if self.said[who] else -1
        self.said[who].append((news, max(self.sequence, last + 1)))


class Pure:
    """The rule alone: what an address knows, and what holds."""

    def __init__(self) -> None:
        self.status, self.sequence, self.facts = Status.DRAFT, 0, dict(FACTS)
        self.told = dict.fromkeys(NAMES, Told())
        self.active: dict[str, bool] = {}
        self.said: dict[str, list[tuple[str, int]]] = {name: [] for name in NAMES}

    def do(self, what: str, who: str, number: int) -> None:
        """Change what holds, then tell everybody what they are owed, twice."""
        published = self.status is Status.PUBLISHED
        if self.status is Status.CANCELLED:
            return
        if what in ("invite", "withdraw") and (what == "invite" or who in self.active):
            self.active[who] = what == "invite"
        elif what == "publish":
            self.status = Status.PUBLISHED
        elif what == "move" and published:
            self.sequence += 1
            self.facts["starts_local"] = f"{number}"
        elif what == "retitle" and published:
            self.facts["title"] = f"{number}"
        elif what == "cancel":
            self.status = Status.CANCELLED
            self.sequence += 1
        for _ in range(2):
            self._tell()

    def _tell(self) -> None:
        holds = Holds(self.status, self.sequence, dict(self.facts))
        for name, active in self.active.items():
            message = telling.owed(self.told[name], holds, withdrawn=not active)
            if message is not None:
                self.said[name].append((message.news.value, message.sequence))
                self.told[name] = Told(message.method, message.sequence, holds.facts)


@given(steps)
def test_each_address_hears_everything_once(taken: list[tuple[str, str]]) -> None:
    rule, expected = Pure(), Expected()
    for number, (what, who) in enumerate(taken):
        rule.do(what, who, number)
        expected.do(what, who)
        assert rule.said == expected.said
    for name in NAMES:
        numbers = [sequence for _, sequence in rule.said[name]]
        assert numbers == sorted(set(numbers)), "each message to an address has a higher SEQUENCE"
        knows = rule.told[name].method is Method.REQUEST
        assert knows == (bool(rule.active.get(name)) and rule.status is Status.PUBLISHED), "nobody is forgotten"


def test_what_is_over_is_told_to_nobody() -> None:
    over = Holds(Status.PUBLISHED, 0, FACTS, over=True)
    assert telling.owed(Told(), over, withdrawn=False) is None
    assert telling.owed(Told(Method.REQUEST, 0, FACTS), over, withdrawn=True) is None


def test_moved_and_renamed_at_once_is_one_message() -> None:
    told = Told(Method.REQUEST, 0, FACTS)
    holds = Holds(Status.MOVED, 1, FACTS | {"title": "Б", "duration_minutes": 60})
    message = telling.owed(told, holds, withdrawn=False)
    assert message is not None
    assert (message.news, message.sequence) == (News.MOVED, 1)
    assert telling.asks_again(message.news)


@dataclass
class Rows:
    """The same steps by the domain's actions, in a database."""

    session: Session
    planner: Visitor
    people: dict[str, Visitor]
    slug: str

    def do(self, what: str, who: str, number: int) -> None:
        """One step; what the state does not permit is refused and changes nothing."""
        status = self._row().status
        if what == "invite" and status is not Status.CANCELLED:
            invitations.invite(self.session, self.planner, self.slug, Targets(people=[self._id(who)]), NOW)
        elif what == "withdraw" and status is not Status.CANCELLED:
            row = self._invitation(who)
            if row is not None:
                invitations.withdraw(self.session, self.planner, self.slug, row.id, NOW)
        elif what == "reply":
            self._reply(who)
        elif what == "publish" and status is Status.DRAFT:
            actions.publish(self.session, self.planner, self.slug, NOW)
        elif what in ("move", "retitle") and status in (Status.PUBLISHED, Status.MOVED):
            self._edit(what, number)
        elif what == "cancel" and status is not Status.CANCELLED:
            actions.cancel(self.session, self.planner, self.slug, "Немає світла", NOW)
        announcing.tell(self.session, self._row(), NOW)

    def said(self) -> dict[str, list[tuple[str, int]]]:
        """What was queued, by name."""
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in NAMES}
        number = self._row().id
        for message in self.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)):
            if message.contents.get("occurrence") == number:
                name = message.recipient.removeprefix("mailto:").split("-")[0]
                news = message.kind.removeprefix("invitation.")
                found[name].append((news, int(message.contents["sequence"])))
        return found

    def _edit(self, what: str, number: int) -> None:
        row = self._row()
        starts = row.starts_local + timedelta(days=1) if what == "move" else row.starts_local
        title = f"Назва {number}" if what == "retitle" else row.title
        plan = draft(title=title, starts_local=starts)
        actions.edit(self.session, self.planner, self.slug, plan, NOW, expected_version=row.version)

    def _reply(self, who: str) -> None:
        row = self._invitation(who)
        if row is None:
            return
        reply = CalendarReply(self._row().uid, row.address, "accepted", row.told_sequence, sender=row.address)
        state = invitations.take_reply(self.session, reply, NOW)
        fresh = row.withdrawn_at is None and row.told_sequence >= row.asked_sequence
        assert state is (InboundState.APPLIED if fresh else InboundState.OUTDATED)

    def _row(self) -> Occurrence:
        return self.session.scalars(select(Occurrence).where(Occurrence.slug == self.slug)).one()

    def _invitation(self, who: str) -> Invitation | None:
        query = select(Invitation).where(
            Invitation.occurrence_id == self._row().id, Invitation.person_id == self._id(who)
        )
        return self.session.scalar(query)

    def _id(self, who: str) -> int:
        number = self.people[who].person_id
        assert number is not None
        return number


def test_each_address_hears_everything_once_in_the_database(database: Database) -> None:
    count = iter(range(1000))

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def run(taken: list[tuple[str, str]]) -> None:
        with database.writing() as session:
            turn = next(count)
            planner = person(session, f"planner{turn}@example.org")
            planner = _as_organiser(session, planner)
            people = {name: person(session, f"{name}-{turn}@example.org") for name in NAMES}
            slug = actions.create(session, planner, draft(starts_local=datetime(2026, 12, 16, 10, 0)), NOW).slug
            rows, expected = Rows(session, planner, people, slug), Expected()
            for number, (what, who) in enumerate(taken):
                rows.do(what, who, number)
                expected.do(what, who)
            assert rows.said() == expected.said

    run()


def _as_organiser(session: Session, visitor: Visitor) -> Visitor:
    from lms.directory import accounts, queries
    from lms.directory.models import RoleName

    assert visitor.person_id is not None
    accounts.give_role(session, "system", person_id=visitor.person_id, role=RoleName.ORGANISER, now=NOW)
    return queries.visitor_of_person(session, visitor.person_id, NOW)


def reply_of(session: Session, slug: str) -> Callable[..., InboundState]:
    """Answers as a calendar would."""
    uid = session.scalars(select(Occurrence.uid).where(Occurrence.slug == slug)).one()

    def reply(attendee: str, status: str, sequence: int = 0, **more: Any) -> InboundState:
        sent = {"sender": attendee, **more}
        return invitations.take_reply(session, CalendarReply(uid, attendee, status, sequence, **sent), NOW)

    return reply


def test_answers_from_calendars(database: Database) -> None:
    from lms.directory.register_models import ChannelKind, ContactChannel

    with database.writing() as session:
        planner, anna = organiser(session), person(session, "anna@example.org")
        assert anna.person_id is not None
        plan = draft(starts_local=datetime(2026, 12, 16, 10, 0))
        slug = actions.publish(session, planner, actions.create(session, planner, plan, NOW).slug, NOW).slug
        invitations.invite(session, planner, slug, Targets(people=[anna.person_id]), NOW)
        session.add(
            ContactChannel(
                person_id=anna.person_id, kind=ChannelKind.EMAIL, address="anna@home.example", created_at=NOW
            )
        )
        session.flush()
        reply = reply_of(session, slug)
        row = session.scalars(select(Invitation)).one()
        assert reply("nobody@example.org", "accepted") is InboundState.UNMATCHED
        wrong = CalendarReply("other@vikno", "anna@example.org", "accepted")
        assert invitations.take_reply(session, wrong, NOW) is InboundState.UNMATCHED
        assert reply("anna@example.org", "delegated") is InboundState.IGNORED
        assert reply("anna@home.example", "tentative", at=NOW - timedelta(hours=2)) is InboundState.APPLIED
        assert row.status is ParticipationStatus.TENTATIVE
        assert reply("anna@example.org", "declined", at=NOW - timedelta(hours=3)) is InboundState.OUTDATED
        assert reply("anna@example.org", "accepted", at=NOW - timedelta(hours=1), comment="Так") is InboundState.APPLIED
        assert (row.status, row.answered_by, row.comment) == (ParticipationStatus.ACCEPTED, "mail", "Так")
        moved = draft(starts_local=datetime(2026, 12, 17, 10, 0))
        version = session.scalars(select(Occurrence.version).where(Occurrence.slug == slug)).one()
        actions.edit(session, planner, slug, moved, NOW, expected_version=version)
        session.refresh(row)
        assert row.status is ParticipationStatus.NEEDS_ACTION, "it was an answer to another time"
        assert reply("anna@example.org", "accepted", sequence=0) is InboundState.OUTDATED
        assert reply("anna@example.org", "declined", sequence=1) is InboundState.APPLIED


def test_nobody_answers_for_somebody_else(database: Database) -> None:
    """RFC 6047 section 2.2.1; who sends it for somebody says so (SENT-BY), and has to be of the same place."""
    with database.writing() as session:
        planner, centre = organiser(session), organisation(session, "01")
        anna, stranger = person(session, "anna@example.org", home=centre), person(session, "b@example.org")
        person(session, "office@example.org", home=centre)
        assert anna.person_id is not None
        assert stranger.person_id is not None
        plan = draft(starts_local=datetime(2026, 12, 16, 10, 0))
        slug = actions.publish(session, planner, actions.create(session, planner, plan, NOW).slug, NOW).slug
        invitations.invite(session, planner, slug, Targets(people=[anna.person_id]), NOW)
        reply = reply_of(session, slug)
        row = session.scalars(select(Invitation)).one()
        forged: list[dict[str, Any]] = [
            {"sender": "b@example.org"},
            {"sender": ""},
            {"sender": "office@example.org"},
            {"sender": "b@example.org", "sent_by": "b@example.org"},
            {"sender": "b@example.org", "sent_by": "office@example.org"},
        ]
        for each in forged:
            assert reply("anna@example.org", "declined", **each) is InboundState.STRANGER, each
        assert row.status is ParticipationStatus.NEEDS_ACTION
        colleague = {"sender": "office@example.org", "sent_by": "office@example.org"}
        assert reply("anna@example.org", "accepted", **colleague) is InboundState.APPLIED
        centre.email = "asc@example.org"
        session.flush()
        centre_itself = {"sender": "ASC@example.org", "sent_by": "asc@example.org"}
        assert reply("anna@example.org", "tentative", **centre_itself) is InboundState.APPLIED
        assert row.status is ParticipationStatus.TENTATIVE
