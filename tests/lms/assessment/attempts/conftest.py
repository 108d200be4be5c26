"""A bank of usable items, and people who take tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.assessment import actions
from lms.assessment.attempts import publishing
from lms.assessment.attempts.spec import parse
from lms.assessment.content import Body, Option, SingleChoice
from lms.assessment.drafts import ItemDraft
from lms.assessment.models import Item, Verdict
from lms.assessment.tags import Tag
from lms.database import Database
from lms.directory.models import RoleName
from lms.directory.rules import Visitor
from lms.frameworks.loading import load_shipped
from tests.lms.facts import NOW, person

SPEC: dict[str, Any] = {
    "lines": [{"area": "1", "count": 2}, {"area": "2", "count": 2}],
    "time_limit_minutes": 40,
    "attempts": 3,
    "passing": {"total": "0.6", "each_area": "0.4"},
}


def choice(text: str) -> SingleChoice:
    """An item whose option `a` is right."""
    from fractions import Fraction

    options = (
        Option(id="a", text="Так", share=Fraction(1), feedback="Саме так"),
        Option(id="b", text="Ні"),
        Option(id="c", text="Може"),
    )
    return SingleChoice(text=text, options=options)


@dataclass
class Hall:
    """Where tests are taken."""

    database: Database
    author: Visitor
    reviewer: Visitor
    learner: Visitor
    another: Visitor
    people: int = field(default=0)

    def item(self, session: Session, code: str, competence: str, body: Body | None = None) -> Item:
        """A usable item."""
        draft = ItemDraft(body or choice(f"Питання {code}"), tags=(Tag("digcomp22", competence),), code=code)
        item = actions.create(session, self.author, draft, NOW)
        actions.review(session, self.reviewer, code, Verdict.GOOD, "", NOW, digest=item.versions[-1].digest)
        return actions.release(session, self.author, code, NOW)

    def publish(self, session: Session, now: datetime = NOW, code: str = "t", **more: Any) -> None:
        """The test, changed in this."""
        publishing.publish(session, self.author, code, parse(SPEC | more), now, title_uk="Підсумковий тест")

    def somebody(self, session: Session) -> Visitor:
        """One more learner."""
        self.people += 1
        return person(session, f"learner{self.people}@example.org")


@pytest.fixture
def hall(database: Database) -> Hall:
    """Four items in each of two areas, and a published test of two of each."""
    with database.writing() as session:
        load_shipped(session, NOW)
        made = Hall(
            database,
            person(session, "author@example.org", RoleName.TRAINER),
            person(session, "reviewer@example.org", RoleName.ITEM_REVIEWER),
            person(session, "learner@example.org"),
            person(session, "another@example.org"),
        )
        for area in (1, 2):
            for number in range(4):
                made.item(session, f"i-{area}-{number}", f"{area}.{number % 3 + 1}")
        made.publish(session)
    return made
