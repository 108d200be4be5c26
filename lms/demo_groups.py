"""Demo data of group work: the groups of the training of 2019, and its two towns' road maps with fictional steps."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts, demo_directory
from lms.days import day_of
from lms.directory.models import Account, Organisation
from lms.directory.rules import Visitor
from lms.roadmaps import actions
from lms.roadmaps.drafts import RoadmapDraft, StepDraft
from lms.roadmaps.models import Roadmap, RoadmapState, StepState
from lms.schedule import group_actions
from lms.schedule.group_actions import GroupDraft, GroupsDraft
from lms.schedule.group_queries import has_groups
from lms.schedule.models import Occurrence

TRAINING = "Робота з мобільним кейсом"
TOWNS = (("lysychansk", "Лисичанськ"), ("severodonetsk", "Сєвєродонецьк"))
TASK = "Скласти дорожню карту для свого міста: що зробити, хто відповідає, до якого дня."
# What, who, by when; the last one was given up in the second town.
_STEPS = (
    ("Визначити працівників, які виїжджатимуть із мобільним кейсом", "Керівник центру", date(2019, 6, 3)),
    ("Перевірити обладнання кейсу та зв’язок у місцях виїзду", "Технік центру", date(2019, 6, 14)),
    ("Скласти графік виїздів до людей, яким важко дістатися центру", "Адміністратор", date(2019, 7, 1)),
    ("Розповісти мешканцям, як замовити виїзд", "Редактор сайту", date(2019, 7, 15)),
)
_LVIV = (
    ("Визначити відповідального за зал зустрічей", 0, -40, StepState.DONE),
    ("Провести пробну консультацію із залу", 1, -5, StepState.UNDER_WAY),
    ("Навчити колег користуватися точкою", 1, 20, StepState.PLANNED),
)


def seed(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """Put it in once."""
    training = session.scalars(
        select(Occurrence).where(Occurrence.title == TRAINING).order_by(Occurrence.starts_at)
    ).first()
    if training is None:
        return
    if not has_groups(session, training.id):
        members = {f"organisation:{homes[code].id}": number for number, (code, _town) in enumerate(TOWNS, 1)}
        groups = [GroupDraft(town, TASK) for _code, town in TOWNS]
        group_actions.save(session, planner, training.slug, GroupsDraft(groups, members), now)
    if session.scalar(select(Roadmap.id).limit(1)) is None:
        for number, (code, town) in enumerate(TOWNS):
            _of_town(session, planner, homes[code], town, training.id, now, done=len(_STEPS) - number)
        _of_lviv(session, planner, homes["lviv"], now)


def _of_town(
    session: Session, planner: Visitor, home: Organisation, town: str, training: int, now: datetime, *, done: int
) -> None:
    steps = [
        StepDraft(text, owner_name=owner, due_on=due, state=StepState.DONE if number < done else StepState.DROPPED)
        for number, (text, owner, due) in enumerate(_STEPS)
    ]
    draft = RoadmapDraft(f"Дорожня карта міста {town} (приклад)", date(2019, 9, 20), RoadmapState.DONE, steps)
    actions.create(session, planner, home.id, draft, now, occurrence_id=training)


def _of_lviv(session: Session, planner: Visitor, home: Organisation, now: datetime) -> None:
    """One that is under way, so that a lead sees what is late."""
    people = [
        session.scalars(select(Account.person_id).where(Account.subject == email)).first()
        for email in (demo_accounts.LEAD, demo_directory.STAFF)
    ]
    today = day_of(now)
    steps = [
        StepDraft(text, owner_id=people[who], due_on=today + timedelta(days=days), state=state)
        for text, who, days, state in _LVIV
    ]
    draft = RoadmapDraft("Зал зустрічей для консультацій (приклад)", today + timedelta(days=12), steps=steps)
    actions.create(session, planner, home.id, draft, now)
