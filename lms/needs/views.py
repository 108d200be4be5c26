"""What pages of surveys show: plain data, made by `queries`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lms.needs.audience import Reach
from lms.needs.board import By, Group, Home
from lms.needs.drafts import Ratings
from lms.needs.figures import Participation
from lms.needs.models import PartOfDay, ResponseState, Way
from lms.needs.rules import Figure, Phase


@dataclass(frozen=True, slots=True)
class SurveyCard:
    """A survey as this visitor sees it. `first_day` and `last_day`: both take answers."""

    id: int
    slug: str
    title: str
    title_en: str
    introduction: str
    introduction_en: str
    owner_id: int
    owner_uk: str
    owner_en: str
    phase: Phase
    opens_at: datetime
    closes_at: datetime
    first_day: date
    last_day: date
    reminder_days: int
    version: int
    may_edit: bool
    sees_all: bool


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A line of the list. `own` is how far the visitor has come, if they are asked."""

    card: SurveyCard
    own: ResponseState | None
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A series that was planned for a need. `slug` is empty where the visitor may not see it."""

    id: int
    slug: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True)
class TopicResult:
    """A topic with its figures: of everybody, and of the centres that the visitor leads. None: too few, or nobody."""

    question_id: int
    topic_id: int | None
    name_uk: str
    name_en: str
    figure: Figure | None
    own: tuple[Figure | None, ...]
    plans: tuple[PlanCard, ...]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group with how many took part."""

    group: Group
    name_uk: str
    name_en: str
    participation: Participation


@dataclass(frozen=True, slots=True)
class SurveyPage:
    """The page of a survey."""

    card: SurveyCard
    own: ResponseState | None
    questions: int
    participation: Participation
    topics: tuple[TopicResult, ...]
    """By rank; empty while the survey is not closed."""
    led: tuple[GroupRow, ...]
    """Centres that the visitor leads."""
    wishes: Mapping[str, Mapping[str, int]]
    remarks: tuple[str, ...]
    reach: Reach | None
    """Whom it would ask, for the editors of a draft."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A group, and its figure for each topic; None: nobody; `withheld` holds the places of those that are too few."""

    row: GroupRow
    figures: tuple[Figure | None, ...]
    withheld: frozenset[int]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Topics by groups, the groups by name, a page of them."""

    card: SurveyCard
    by: By
    topics: tuple[tuple[str, str], ...]
    everybody: tuple[Figure | None, ...]
    rows: tuple[MatrixRow, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of the exported table. `figure` None: nobody, or too few (`withheld`)."""

    by: By
    name_uk: str
    name_en: str
    topic_uk: str
    topic_en: str
    participation: Participation
    figure: Figure | None
    withheld: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A topic that is asked about, with what the visitor has said of it so far."""

    id: int
    name_uk: str
    name_en: str
    ratings: Ratings


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What somebody answers. `places` are the organisations for which they may; empty for an editor who only looks."""

    card: SurveyCard
    questions: tuple[Asked, ...]
    places: tuple[Home, ...]
    organisation_id: int | None
    state: ResponseState
    rated: int
    way: Way | None
    weekday: int | None
    part_of_day: PartOfDay | None
    more: str

    @property
    def open(self) -> bool:
        """Whether answers are taken."""
        return self.card.phase is Phase.OPEN and bool(self.places)


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """A survey that waits for somebody, and how far they have come."""

    slug: str
    title: str
    title_en: str
    last_day: date
    rated: int
    questions: int


@dataclass(frozen=True, slots=True)
class OfCentre:
    """A survey in which a centre takes part that somebody leads: how many have answered, or that there is a result."""

    slug: str
    title: str
    title_en: str
    last_day: date
    closed: bool
    organisation_uk: str
    organisation_en: str
    participation: Participation
