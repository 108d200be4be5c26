"""Demo data of registering: one coming consultation with few seats, a share for each centre, and a waiting list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_directory
from lms import demo_facts as facts
from lms.directory.models import Account, Organisation
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.schedule import policies, registering
from lms.schedule.audience_models import RegistrationPolicy, Seat
from lms.schedule.models import Occurrence
from lms.schedule.policies import PolicyDraft
from lms.schedule.questions import AnswerKind, Question
from lms.schedule.registering import Wish

POLICY = PolicyDraft(
    required=True,
    capacity=3,
    per_organisation=2,
    viewer_capacity=50,
    questions=(
        Question("topic", "Яке питання розглянути першим?", "Which question shall come first?"),
        Question(
            "practice",
            "Чи надає ваш центр ці послуги?",
            "Does your centre provide these services?",
            AnswerKind.CHOICE,
            ("Так, усі", "Частину", "Ще ні"),
            required=True,
        ),
    ),
)
_ANSWERS = {"practice": "Частину", "topic": "Виправлення помилки в актовому записі"}


def seed(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """Put it in once for each coming date; what people did with it since stays."""
    fact = facts.UPCOMING[1]
    found = session.scalars(
        select(Occurrence).where(
            Occurrence.title == fact.title, Occurrence.created_by == planner.actor, Occurrence.starts_at > now
        )
    ).first()
    if found is None or session.get(RegistrationPolicy, found.id) is not None:
        return
    policies.set_policy(session, planner, found.slug, POLICY, now)
    for code, heads in (("lviv", 6), ("kyiv", 9)):
        _room(session, planner, found.slug, homes[code], heads, now)
    for email, code in ((demo_directory.STAFF, "lviv"), (demo_directory.STAFF_TWO_PLACES, "lutsk")):
        account = session.scalar(select(Account).where(Account.subject == email))
        if account is None:
            continue
        visitor = visitor_of_person(session, account.person_id, now)
        wish = Wish(organisation_id=homes[code].id, answers=_ANSWERS)
        registering.register(session, visitor, found.slug, wish, now)
    _room(session, planner, found.slug, homes["sumy"], 4, now)


def _room(session: Session, planner: Visitor, slug: str, home: Organisation, heads: int, now: datetime) -> None:
    wish = Wish(organisation_id=home.id, seat=Seat.ROOM, head_count=heads, answers=_ANSWERS)
    registering.register(session, planner, slug, wish, now)
