"""Demo data of certificates, all marked as such: rules by decision, of a series, of a course; two certificates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts
from lms.courses.models import Course
from lms.credentials import awarding, external_actions, issuing
from lms.credentials.awarding import RuleDraft
from lms.credentials.external_actions import ExternalDraft
from lms.credentials.keys import Issuer
from lms.credentials.models import AwardRule, RuleKind
from lms.directory.models import Account, Organisation
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.files import MemoryFiles
from lms.schedule.plan_models import Series

_GIVEN = RuleDraft(
    RuleKind.MANUAL,
    "Участь у тренуванні мережі",
    "Участь у тренуванні та підтверджена перекличка.",
    name_en="Training of the network",
    criteria_en="Took part in the training, confirmed by the roll-call.",
    description="Перевірка обладнання, перекличка, запитання.",
    description_en="Trying the equipment, the roll-call, questions.",
    hours="1,5",
    valid_months=24,
    signatory="О. Зразок",
    signatory_position="Організатор мережі",
    signatory_position_en="Organiser of the network",
)
_SERIES = RuleDraft(
    RuleKind.ATTENDANCE,
    "Серія консультацій",
    "Присутність не менш як на 80 % занять серії.",
    name_en="Series of consultations",
    criteria_en="Present at no less than 80 % of the dates of the series.",
    hours="6",
    min_share=80,
)
_COURSE = RuleDraft(
    RuleKind.COURSE,
    "Цифрова грамотність",
    "Пройдено всі заняття курсу і складено підсумковий тест.",
    name_en="Digital literacy",
    criteria_en="All lessons of the course completed and its final test passed.",
    achievement_kind="Course",
    hours="6",
    by_itself=True,
)


def seed(session: Session, issuer: Issuer, now: datetime, *, project: str = "") -> None:
    """Put it in once. The demo's people and organisations must be there already. `project`: slug of who pays."""
    if session.scalar(select(AwardRule.id).limit(1)) is not None:
        return
    planner = visitor_of_person(session, _person(session, demo_accounts.ORGANISER), now)
    home = session.scalars(select(Organisation.id).where(Organisation.code == "association")).one()
    rule = awarding.create_for(session, planner, home, replace(_GIVEN, project=project), now)
    people = [_person(session, email) for email in (demo_accounts.STAFF, demo_accounts.LEAD)]
    issuing.issue(session, issuer, planner, rule.id, people, now, reason="Участь у тренуванні")
    _declare(session, planner, now)
    series = session.scalars(select(Series.slug).where(Series.created_by == planner.actor).limit(1)).first()
    if series is not None:
        awarding.create(session, planner, series, _SERIES, now)
    if session.scalar(select(Course.id).where(Course.slug == "digital-literacy")) is not None:
        awarding.create_for_course(session, planner, "digital-literacy", _COURSE, now)


def _declare(session: Session, lead: Visitor, now: datetime) -> None:
    """A certificate from elsewhere, by a link, shown to the lead and seen."""
    staff = visitor_of_person(session, _person(session, demo_accounts.STAFF), now)
    draft = ExternalDraft(
        title="Базові цифрові навички (зразок)",
        issuer="Освітня платформа, зразок",
        issued_on=date(2026, 3, 12),
        url="https://osvita.example/certificates/1",
        areas=("1", "2", "5"),
        shared=True,
    )
    made = external_actions.declare(session, staff, draft, None, MemoryFiles(), now)
    external_actions.note_seen(session, lead, made.code, "Зараховано до плану навчання.", now)


def _person(session: Session, email: str) -> int:
    return session.scalars(select(Account.person_id).where(Account.subject == email)).one()
