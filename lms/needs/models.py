"""Tables of surveys of needs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word
from lms.directory.models import Organisation
from lms.schedule.plan_models import Series


class SurveyState(StrEnum):
    """How far a survey has come. Whether answers are taken now, `rules.phase` says."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ResponseState(StrEnum):
    """How far somebody has come who is asked."""

    ASKED = "asked"
    BEGUN = "begun"
    COMPLETE = "complete"


class Way(StrEnum):
    """How somebody prefers to learn."""

    ONLINE = "online"
    ON_SITE = "on_site"
    MIXED = "mixed"
    OWN_PACE = "own_pace"


class PartOfDay(StrEnum):
    """When it suits somebody."""

    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"


class NeedsSurvey(Base):
    """A survey: who is asked, from when until when, about what.

    Asked are the people of organisations of these kinds and oblasts (none: of all), and of those that are named
    besides. `reminder_days` before the end those who have not answered are reminded once; 0: nobody is.
    """

    __tablename__ = "needs_survey"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[SurveyState] = mapped_column(Word(SurveyState), default=SurveyState.DRAFT, index=True)
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    introduction: Mapped[str] = mapped_column(Text, default="")
    introduction_en: Mapped[str] = mapped_column(Text, default="")
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    reminder_days: Mapped[int] = mapped_column(default=3)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    oblasts: Mapped[list[str]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    owner: Mapped[Organisation] = relationship(lazy="raise")
    questions: Mapped[list[NeedsQuestion]] = relationship(lazy="raise", order_by="NeedsQuestion.position")

    __mapper_args__ = {"version_id_col": version}


class NeedsOrganisation(Base):
    """An organisation whose people are asked whatever its kind and oblast."""

    __tablename__ = "needs_organisation"

    survey_id: Mapped[int] = mapped_column(ForeignKey("needs_survey.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True, index=True)


class NeedsQuestion(Base):
    """A topic that is asked about: of the catalogue, or free. Its names are kept as they were asked."""

    __tablename__ = "needs_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("needs_survey.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"), index=True)
    name_uk: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")


class NeedsResponse(Base):
    """Somebody is asked, once for each survey, and may have answered: for one organisation, until the survey closes.

    What is answered anew replaces what was there. `rated` counts the topics with both ratings.
    """

    __tablename__ = "needs_response"

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("needs_survey.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[ResponseState] = mapped_column(Word(ResponseState), default=ResponseState.ASKED)
    rated: Mapped[int] = mapped_column(default=0)
    way: Mapped[Way | None] = mapped_column(Word(Way))
    weekday: Mapped[int | None]
    part_of_day: Mapped[PartOfDay | None] = mapped_column(Word(PartOfDay))
    more: Mapped[str] = mapped_column(Text, default="")
    """What else somebody wants to say."""
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    """When the one reminder was considered, whether or not there was an address for it."""
    answered_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("survey_id", "person_id"), Index(None, "survey_id", "organisation_id"))


class NeedsAnswer(Base):
    """How well somebody manages a topic, and how much they need it: 0 to 3 each (`rules`); either may be missing."""

    __tablename__ = "needs_answer"

    response_id: Mapped[int] = mapped_column(ForeignKey("needs_response.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("needs_question.id"), primary_key=True, index=True)
    skill: Mapped[int | None]
    need: Mapped[int | None]


class NeedsPlan(Base):
    """A series was planned because of a need. The figures are those of the moment, brought up to date at the close."""

    __tablename__ = "needs_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("needs_question.id"))
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), index=True)
    rated: Mapped[int]
    """How many rated the topic."""
    needed: Mapped[int]
    """How many of them named it as needed."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    series: Mapped[Series] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("question_id", "series_id"),)
