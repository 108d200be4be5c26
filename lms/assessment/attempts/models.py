"""Tables of tests and of attempts at them. Answers, events, regrades, rulings are only added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, Index, String, Text, UniqueConstraint, event, inspect
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from lms.assessment.attempts.states import AttemptState
from lms.assessment.attempts.timing import Lateness
from lms.base import Base, Word


class Test(Base):
    """A test, whatever its version. `code` is its name in addresses, or says which lesson it belongs to."""

    __test__ = False  # no test of pytest
    __tablename__ = "test"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(160), unique=True)
    title_uk: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    current_id: Mapped[int | None] = mapped_column(index=True)
    """The version with which attempts begin; none while it may not be taken."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """On whose behalf it is given: its trainers look after it, too. None for the network."""
    audience: Mapped[str] = mapped_column(String(200), default="")
    """For whom it is: codes such as `asc_staff`, divided by commas."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class TestVersion(Base):
    """What a test asks from one publication to the next; it never changes."""

    __test__ = False
    __tablename__ = "test_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    test_id: Mapped[int] = mapped_column(ForeignKey("test.id"))
    number: Mapped[int]
    spec: Mapped[dict[str, Any]]
    """JSON of `lms.assessment.attempts.spec`."""
    digest: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]

    test: Mapped[Test] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("test_id", "number"),)


class AccommodationGrant(Base):
    """What a person is granted, for one test or (without one) for all."""

    __tablename__ = "accommodation"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    test_id: Mapped[int | None] = mapped_column(ForeignKey("test.id"), index=True)
    multiplier: Mapped[str] = mapped_column(String(16), default="1")
    added_minutes: Mapped[int] = mapped_column(default=0)
    added_close_minutes: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(500))
    granted_by: Mapped[str] = mapped_column(String(64))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class TestExtension(Base):
    """More time at a test for everybody, or for one centre: the power was cut. It adds up, and is never taken back."""

    __test__ = False
    __tablename__ = "test_extension"

    id: Mapped[int] = mapped_column(primary_key=True)
    test_id: Mapped[int] = mapped_column(ForeignKey("test.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """Whose people have it; none for everybody."""
    minutes: Mapped[int]
    closes_at: Mapped[datetime | None]
    """The closing that it moves, as the test says it: a later version with another closing is a decision of its own."""
    reason: Mapped[str] = mapped_column(String(500))
    given_by: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[datetime]


class Attempt(Base):
    """Somebody's attempt at a version of a test."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    """In addresses; says nothing."""
    test_id: Mapped[int] = mapped_column(ForeignKey("test.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("test_version.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    """Of this person at this test."""
    context: Mapped[str] = mapped_column(String(160), default="")
    """What it was begun for, in the words of whoever began it: an enrolment and a lesson."""
    language: Mapped[str] = mapped_column(String(8))
    seed: Mapped[str] = mapped_column(String(32))
    writer: Mapped[str] = mapped_column(String(32), default="")
    """The browser that writes now; another one has been told so."""
    state: Mapped[AttemptState] = mapped_column(Word(AttemptState))
    started_at: Mapped[datetime]
    deadline: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    late_too: Mapped[bool] = mapped_column(default=False)
    """Whether answers that came after grace count: somebody decided so."""
    passed: Mapped[bool | None]
    total: Mapped[str] = mapped_column(String(64), default="")
    """Share of all points, an exact fraction."""
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Each part of the rule with what was needed and reached."""
    seen_at: Mapped[datetime | None]
    """When its page was last heard of, to within a minute; it is told by the page while it is open."""
    told_at: Mapped[datetime | None]
    """When its result was passed on to what it was begun for; empty again after a regrade."""

    items: Mapped[list[AttemptItem]] = relationship(
        lazy="raise", order_by="AttemptItem.position", cascade="all, delete-orphan"
    )
    version: Mapped[TestVersion] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("test_id", "person_id", "number"),
        Index(None, "person_id", "state"),
        Index(None, "state", "deadline"),
        Index(None, "state", "told_at"),
    )


class AttemptItem(Base):
    """One item of an attempt, in the order of its parts, and what it earned."""

    __tablename__ = "attempt_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"))
    position: Mapped[int]
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"), index=True)
    line: Mapped[int]
    area: Mapped[str] = mapped_column(String(16), default="")
    order: Mapped[dict[str, Any]] = mapped_column(JSON)
    weight: Mapped[str] = mapped_column(String(32), default="1")
    share: Mapped[str | None] = mapped_column(String(64))
    """What it earned, an exact fraction; None before it is scored, and while an essay waits."""
    read_share: Mapped[str | None] = mapped_column(String(64))
    """What the readers of an essay gave, whatever was ruled of the item since."""
    response_id: Mapped[int | None]
    """The answer that was scored."""
    note: Mapped[str] = mapped_column(String(300), default="")
    """Why it was scored so, where that is not plain."""
    ruling_id: Mapped[int | None] = mapped_column(ForeignKey("item_ruling.id"))
    """What was ruled of its item, as far as that has been applied here."""
    comment: Mapped[str] = mapped_column(Text, default="")
    """A reader's words on an essay."""
    marked_by: Mapped[str] = mapped_column(String(64), default="")
    marked_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("attempt_id", "position"),)


class EssayMark(Base):
    """What one reader gives for an essay that more than one reads. Rows are only added."""

    __tablename__ = "essay_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id", ondelete="CASCADE"))
    number: Mapped[int]
    """In the order in which they were given: the two readers, who do not see each other's, then whoever decides
    between them. A reader's later one takes the place of an earlier one, readings of a late text that of all before."""
    share: Mapped[str] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("attempt_item_id", "number"),)


class Response(Base):
    """One save of one answer."""

    __tablename__ = "response"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    writer: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    """`{"answer": …}`."""
    saved_at: Mapped[datetime]
    lateness: Mapped[Lateness] = mapped_column(Word(Lateness), default=Lateness.IN_TIME)

    __table_args__ = (UniqueConstraint("attempt_item_id", "sequence", "writer"),)


class AttemptEvent(Base):
    """What happened in an attempt: began, taken over, deadline moved, left and came back to the page, submitted."""

    __tablename__ = "attempt_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any] | None]


class Regrade(Base):
    """A result that was changed afterwards: from what to what, by whom and why."""

    __tablename__ = "regrade"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(500))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class ItemRuling(Base):
    """An item turned out to be wrong: how it counts from now on, wherever it was drawn. The last ruling holds.

    `how`: `full` (its whole point for everybody), `left_out` (it does not count), `key` (scored by the key of another
    version of the item), `as_asked` (nothing is wrong with it: a ruling of before is undone).
    """

    __tablename__ = "item_ruling"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_version_id: Mapped[int] = mapped_column(ForeignKey("item_version.id"), index=True)
    how: Mapped[str] = mapped_column(String(16))
    key_version_id: Mapped[int | None] = mapped_column(ForeignKey("item_version.id"))
    reason: Mapped[str] = mapped_column(String(500))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    """When every attempt that had it was put right; None while some still wait."""


class Appeal(Base):
    """Somebody holds a result to be wrong."""

    __tablename__ = "appeal"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Text, default="")
    granted: Mapped[bool | None]
    answered_by: Mapped[str] = mapped_column(String(64), default="")
    answered_at: Mapped[datetime | None]


def _only_added(_mapper: Mapper[Any], _connection: Connection, row: Base) -> None:
    """Whatever code is wrong: what somebody answered, and by what rules, stays."""
    if any(each.history.has_changes() for each in inspect(row).attrs):
        raise RuntimeError(f"Rows of {row.__tablename__} are only added.")


for _table in (Response, TestVersion, TestExtension, AttemptEvent, Regrade, EssayMark):
    event.listen(_table, "before_update", _only_added)
