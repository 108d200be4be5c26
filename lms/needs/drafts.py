"""What an organiser decides about a survey, and what somebody answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from lms.directory.models import OrganisationKind
from lms.directory.oblasts import OBLASTS
from lms.errors import Invalid
from lms.needs.models import PartOfDay, Way
from lms.needs.rules import MARKS
from lms.schedule.rules import to_utc

ZONE = "Europe/Kyiv"
MOST_QUESTIONS = 30
LONGEST_TEXT = 4000
LONGEST_MORE = 1000
LONGEST_DAYS = 366
MOST_REMINDER_DAYS = 30


@dataclass(frozen=True, slots=True)
class FreeTopic:
    """A topic that is not in the catalogue."""

    name_uk: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class SurveyDraft:
    """A survey. It takes answers from the first day to the end of the last one, by the clocks of Kyiv."""

    title: str
    owner_id: int
    first_day: date
    last_day: date
    title_en: str = ""
    introduction: str = ""
    introduction_en: str = ""
    reminder_days: int = 3
    kinds: tuple[str, ...] = ()
    oblasts: tuple[str, ...] = ()
    organisation_ids: tuple[int, ...] = ()
    topic_ids: tuple[int, ...] = ()
    free_topics: tuple[FreeTopic, ...] = ()

    @property
    def opens_at(self) -> datetime:
        """The beginning of the first day."""
        return to_utc(datetime.combine(self.first_day, time()), ZONE)

    @property
    def closes_at(self) -> datetime:
        """The end of the last day."""
        return to_utc(datetime.combine(self.last_day + timedelta(days=1), time()), ZONE)


@dataclass(frozen=True, slots=True)
class Ratings:
    """How somebody rated a topic; None: not yet."""

    skill: int | None = None
    need: int | None = None

    @property
    def whole(self) -> bool:
        """Whether both were given."""
        return self.skill is not None and self.need is not None


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody says, on behalf of one organisation. `ratings` by question."""

    organisation_id: int
    ratings: Mapping[int, Ratings] = field(default_factory=dict)
    way: Way | None = None
    weekday: int | None = None
    part_of_day: PartOfDay | None = None
    more: str = ""


def check(draft: SurveyDraft) -> None:
    """Raises `Invalid`, naming the field, for what cannot be right."""
    if not draft.title.strip() or max(len(draft.title), len(draft.title_en)) > 300:
        raise Invalid("title_needed", "Give it a title of at most 300 characters.", "title")
    if max(len(draft.introduction), len(draft.introduction_en)) > LONGEST_TEXT:
        raise Invalid("text_long", f"This is longer than {LONGEST_TEXT} characters; shorten it.", "introduction")
    if not date(1991, 1, 1) <= draft.first_day <= date(2099, 1, 1):
        raise Invalid("date_invalid", "Choose a day between 1991 and 2099.", "first_day")
    if draft.last_day < draft.first_day:
        raise Invalid("survey_period", "The last day lies before the first one.", "last_day")
    if draft.last_day - draft.first_day > timedelta(days=LONGEST_DAYS):
        raise Invalid("survey_long", "A survey is open for a year at most.", "last_day")
    if not 0 <= draft.reminder_days <= MOST_REMINDER_DAYS:
        raise Invalid("reminder_days_invalid", "From 0 (nobody is reminded) to 30 days.", "reminder_days")
    if set(draft.kinds) - {each.value for each in OrganisationKind}:
        raise Invalid("kind_unknown", "There is no such kind of organisation.", "kinds")
    if set(draft.oblasts) - OBLASTS.keys():
        raise Invalid("oblast_unknown", "There is no such oblast. Choose one from the list.", "oblasts")
    _check_topics(draft)


def _check_topics(draft: SurveyDraft) -> None:
    if len(draft.topic_ids) + len(draft.free_topics) > MOST_QUESTIONS:
        raise Invalid("questions_too_many", f"At most {MOST_QUESTIONS} topics: people answer few.", "topics")
    if len(set(draft.topic_ids)) < len(draft.topic_ids):
        raise Invalid("topic_twice", "A topic stands there twice.", "topics")
    names = [each.name_uk.strip().lower() for each in draft.free_topics]
    if len(set(names)) < len(names):
        raise Invalid("topic_twice", "A topic stands there twice.", "free_topics")
    if any(not name for name in names) or any(
        max(len(each.name_uk), len(each.name_en)) > 200 for each in draft.free_topics
    ):
        raise Invalid("topic_name", "A topic has from 1 to 200 characters.", "free_topics")


def check_answers(answers: Answers) -> None:
    """Raises `Invalid` for marks outside the scales, or a text that is too long."""
    marks = [mark for each in answers.ratings.values() for mark in (each.skill, each.need) if mark is not None]
    if any(mark not in MARKS for mark in marks):
        raise Invalid("choice_unknown", "Choose one of the answers.")
    if answers.weekday is not None and answers.weekday not in range(7):
        raise Invalid("choice_unknown", "Choose one of the answers.", "weekday")
    if len(answers.more) > LONGEST_MORE:
        raise Invalid("text_long", f"This is longer than {LONGEST_MORE} characters; shorten it.", "more")
