"""A bank of usable items, and people who take tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.assessment.attempts import publishing
from lms.assessment.attempts.spec import parse
from lms.assessment.content import Body, Option, SingleChoice, dump
from lms.assessment.drafts import digest_of
from lms.assessment.models import Item, ItemTag, ItemVersion, VersionState
from lms.database import Database
from lms.directory.models import RoleName
from lms.directory.rules import Visitor
from tests.lms.facts import NOW, person

SPEC: dict[str, Any] = {
    "lines": [{"area": "1", "count": 2}, {"area": "2", "count": 2}],
    "time_limit_minutes": 40,
    "attempts": 3,
    "passing": {"total": "0.6", "each_area": "0.4"},
}


def choice(text: str) -> SingleChoice:
    """An item whose option `a` is right."""
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
    trainer: Visitor
    """Another one than the author of the test."""
    reviewer: Visitor
    learner: Visitor
    another: Visitor
    people: int = field(default=0)

    def item(self, session: Session, code: str, competence: str, body: Body | None = None) -> Item:
        """A usable item, put in at once: how one becomes usable is tested elsewhere."""
        asked = body or choice(f"Питання {code}")
        version = ItemVersion(
            number=1,
            kind=asked.kind,
            policy=asked.policy,
            body=dump(asked),
            digest=digest_of(asked),
            state=VersionState.USABLE,
            written_by=self.author.actor,
            writers={self.author.actor: ""},
            written_at=NOW,
            reviewed_by=self.reviewer.actor,
            reviewed_at=NOW,
        )
        item = Item(
            code=code,
            family=code,
            language="uk",
            kind=asked.kind,
            state=VersionState.USABLE,
            created_by=self.author.actor,
            created_at=NOW,
            updated_at=NOW,
            versions=[version],
            tags=[ItemTag(scheme="digcomp22", value=competence)],
        )
        session.add(item)
        session.flush()
        item.usable_id = version.id
        return item

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
        made = Hall(
            database,
            person(session, "author@example.org", RoleName.TRAINER),
            person(session, "trainer@example.org", RoleName.TRAINER),
            person(session, "reviewer@example.org", RoleName.ITEM_REVIEWER),
            person(session, "learner@example.org"),
            person(session, "another@example.org"),
        )
        for area in (1, 2):
            for number in range(4):
                made.item(session, f"i-{area}-{number}", f"{area}.{number % 3 + 1}")
        made.publish(session)
    return made
