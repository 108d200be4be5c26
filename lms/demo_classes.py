"""A demo class: numbered learners without accounts, who sat together once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses.classes import rosters, sittings
from lms.courses.classes.models import ClassMember, CourseClass
from lms.courses.classes.names import Listed
from lms.courses.classes.rosters import ClassDraft
from lms.directory.models import Account, Organisation, OrganisationKind
from lms.directory.queries import visitor_of_person

COURSE: Final = "digital-literacy"
LIBRARY: Final = "demo-library"
_NUMBERS: Final = ("Перший", "Другий", "Третій", "Четвертий", "П’ятий", "Шостий")


def seed(session: Session, now: datetime, *, facilitator: str) -> None:
    """Put it in once; `facilitator` is an e-mail address."""
    if session.scalar(select(CourseClass.id).limit(1)) is not None:
        return
    person_id = session.scalars(select(Account.person_id).where(Account.subject == facilitator)).one()
    holds = visitor_of_person(session, person_id, now)
    home = Organisation(
        code=LIBRARY,
        kind=OrganisationKind.LIBRARY,
        name_uk="Обласна бібліотека (демо)",
        name_en="Regional library (demo)",
        created_at=now,
    )
    session.add(home)
    session.flush()
    then = now - timedelta(days=7)
    draft = ClassDraft("Цифрова грамотність, вівторки о десятій", COURSE, home.id, "Читальна зала")
    made = rosters.create(session, holds, draft, then)
    rosters.add(session, holds, made.id, [Listed("Слухач", each) for each in _NUMBERS], then)
    sitting = sittings.open_sitting(session, holds, made.id, 90, then)
    here = session.scalars(select(ClassMember.id).where(ClassMember.class_id == made.id).order_by(ClassMember.id)).all()
    sittings.mark_present(session, holds, made.id, sitting.id, set(here[:-1]), then)
    sittings.end(session, holds, made.id, sitting.id, then + timedelta(minutes=85))
