"""Demo courses: what the product ships as content, and one learner half through."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_directory
from lms.courses import editing, enrolling, learning, packing
from lms.courses.enrolling import RuleDraft
from lms.courses.models import Course, RuleKind
from lms.directory.models import Account, Organisation
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.files import MemoryFiles

CONTENT: Final = Path(__file__).parent / "content" / "courses"
COURSES: Final = ("digital-literacy", "mobile-case")
_DONE: Final = ("purpose", "preparing", "visit")
_PLAN: Final = (
    "Кому: люди старшого віку з чотирьох сіл громади, за даними соціальної служби. Спочатку — реєстрація місця "
    "проживання і заяви на пенсію. Їздять двоє адміністраторів щочетверга; заявки приймає гаряча лінія."
)


def seed(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """Put it in once. The courses are text only, so nothing goes into the store."""
    if session.scalar(select(Course.id).limit(1)) is not None:
        return
    for name in COURSES:
        packing.take(session, planner, packing.Folder(CONTENT / name), MemoryFiles(), now)
        editing.publish(session, planner, name, now)
    person_id = session.scalar(select(Account.person_id).where(Account.subject == demo_directory.STAFF))
    if person_id is None:
        return
    staff = visitor_of_person(session, person_id, now)
    enrolling.enrol_person(session, planner, "mobile-case", person_id, now.date() + timedelta(days=21), now)
    for key in _DONE:
        learning.complete(session, staff, "mobile-case", key, now)
    learning.hand_in(session, staff, "mobile-case", "road-map", _PLAN, None, MemoryFiles(), now)
    learning.give_opinion(session, staff, "mobile-case", 5, "Коротко й по суті: наступного дня поїхали.", now)
    rule = RuleDraft(RuleKind.ORGANISATION, homes["lviv"].id, days=60)
    enrolling.add_rule(session, planner, "digital-literacy", rule, now)
