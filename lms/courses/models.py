"""Tables of courses, of who learns them, and of how far they are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word


class VersionState(StrEnum):
    """How a version stands. A published one never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    """A later one was published; who began with it may finish it."""


class LessonKind(StrEnum):
    """What a lesson is."""

    PAGE = "page"
    FILE = "file"
    VIDEO = "video"
    """A recording of the network, or an uploaded file."""
    LIVE = "live"
    """An occurrence: attended when it is held, or watched afterwards."""
    TEST = "test"
    TASK = "task"
    """Something to hand in, which somebody reviews."""


class MoveOn(StrEnum):
    """What satisfies a lesson; the words of cmi5 (section 13.1.4)."""

    NOT_APPLICABLE = "NotApplicable"
    PASSED = "Passed"
    COMPLETED = "Completed"
    COMPLETED_AND_PASSED = "CompletedAndPassed"
    COMPLETED_OR_PASSED = "CompletedOrPassed"


class EnrolmentState(StrEnum):
    """How somebody stands in a course."""

    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class EnrolmentSource(StrEnum):
    """How somebody came to a course."""

    OWN = "own"
    PERSON = "person"
    """Enrolled by name."""
    RULE = "rule"
    """By a rule for a centre or a role."""


class RuleKind(StrEnum):
    """Whom a rule enrols."""

    ORGANISATION = "organisation"
    """Everybody who works there."""
    ROLE = "role"
    """Everybody who holds a role."""


class SubmissionState(StrEnum):
    """What became of something handed in."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    """To be mended and handed in again."""


class Course(Base):
    """A course, through all its versions. `slug` names it in addresses."""

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """On whose behalf it is taught; its organisers edit it."""
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    archived_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class CourseVersion(Base):
    """What a course is from one publication to the next."""

    __tablename__ = "course_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"))
    number: Mapped[int]
    state: Mapped[VersionState] = mapped_column(Word(VersionState))
    title_uk: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    summary_uk: Mapped[str] = mapped_column(Text, default="")
    summary_en: Mapped[str] = mapped_column(Text, default="")
    audience: Mapped[list[str]] = mapped_column(JSON)
    """For whom it is: codes such as `asc_staff`, `citizen`."""
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2), default=Decimal(0))
    framework: Mapped[str] = mapped_column(String(40), default="")
    """Of the lessons' competences: `digcomp22`."""
    edited_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str] = mapped_column(String(64), default="")
    edit: Mapped[int] = mapped_column()
    """Refuses an edit of what has changed meanwhile."""

    lessons: Mapped[list[Lesson]] = relationship(lazy="raise", order_by="Lesson.position", cascade="all, delete-orphan")

    __table_args__ = (UniqueConstraint("course_id", "number"), Index(None, "state", "course_id"))
    __mapper_args__ = {"version_id_col": edit}

    @property
    def stamp(self) -> int:
        """What an editor has seen: this edit of this version."""
        return self.number * 1_000_000 + self.edit


class Lesson(Base):
    """A lesson of one version. `key` stays the same from version to version."""

    __tablename__ = "lesson"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    kind: Mapped[LessonKind] = mapped_column(Word(LessonKind))
    title_uk: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    body_uk: Mapped[str] = mapped_column(Text, default="")
    body_en: Mapped[str] = mapped_column(Text, default="")
    """Markdown (CommonMark with tables): the page itself, or what stands above the file, the video, the task."""
    minutes: Mapped[int] = mapped_column(default=0)
    move_on: Mapped[MoveOn] = mapped_column(Word(MoveOn))
    requires: Mapped[list[str]] = mapped_column(JSON)
    """Keys of lessons that come before."""
    competences: Mapped[list[str]] = mapped_column(JSON)
    file_digest: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(160), default="")
    captions_digest: Mapped[str] = mapped_column(String(64), default="")
    """WebVTT for an uploaded video."""
    recording_code: Mapped[str] = mapped_column(String(16), default="")
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id", ondelete="SET NULL"), index=True)
    test: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What a test asks, and when it is passed: `lms.assessment.attempts.spec.TestSpec` as JSON."""

    __table_args__ = (UniqueConstraint("version_id", "key"),)


class Enrolment(Base):
    """Somebody learns a course, in the version they began with."""

    __tablename__ = "enrolment"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[EnrolmentSource] = mapped_column(Word(EnrolmentSource))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment_rule.id", ondelete="SET NULL"), index=True)
    enrolled_by: Mapped[str] = mapped_column(String(64))
    enrolled_at: Mapped[datetime] = mapped_column(index=True)
    due_on: Mapped[date | None] = mapped_column(index=True)
    state: Mapped[EnrolmentState] = mapped_column(Word(EnrolmentState))
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    last_at: Mapped[datetime | None]
    again_at: Mapped[datetime | None]
    """When the round that runs was begun, for who does the course again; None in the first one."""

    __table_args__ = (UniqueConstraint("course_id", "person_id"), Index(None, "course_id", "state"))


class CourseRound(Base):
    """A course that somebody completed before they began it again. Rows are only added."""

    __tablename__ = "course_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    number: Mapped[int]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), index=True)
    began_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    progress: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of each lesson: key, when it was completed and passed, the score."""

    __table_args__ = (UniqueConstraint("enrolment_id", "number"),)


class EnrolmentRule(Base):
    """Enrols everybody of a centre or with a role, now and later."""

    __tablename__ = "enrolment_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    kind: Mapped[RuleKind] = mapped_column(Word(RuleKind))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(String(40), default="")
    days: Mapped[int | None]
    """How many days somebody has from being enrolled; None: no due date."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Progress(Base):
    """How far somebody is with one lesson."""

    __tablename__ = "lesson_progress"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    place: Mapped[float] = mapped_column(default=0.0)
    """Where to go on: seconds of a video, or the share of a page that was read."""
    completed_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 4))
    """0 to 1, the best so far (xAPI `scaled`)."""

    __table_args__ = (UniqueConstraint("enrolment_id", "key"),)


class Submission(Base):
    """Something handed in for a task; rows are only added, a review fills its own columns once."""

    __tablename__ = "submission"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text, default="")
    file_digest: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(160), default="")
    state: Mapped[SubmissionState] = mapped_column(Word(SubmissionState))
    reviewed_by: Mapped[str] = mapped_column(String(64), default="")
    reviewed_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("enrolment_id", "key", "number"), Index(None, "state", "at"))


class Opinion(Base):
    """What a learner says of a course: one each, changed by saying it anew."""

    __tablename__ = "course_opinion"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), unique=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(String(1000), default="")
    at: Mapped[datetime]
    hidden_by: Mapped[str] = mapped_column(String(64), default="")
    """Who took it off the page; empty while it is shown."""
