"""Reading surveys of needs. Who may see what is part of every query.

Everybody who was asked sees, once the survey is closed, the result over all; a lead also that of the own centre beside
it; those who may edit the survey, and auditors, see every group. Nobody sees figures before the close: whoever looked
after each answer would see who answered what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.needs import figures
from lms.needs.audience import reach
from lms.needs.board import EVERYBODY, Board, By, Group, Home, board
from lms.needs.drafts import ZONE, FreeTopic, SurveyDraft
from lms.needs.figures import Participation
from lms.needs.models import (
    NeedsOrganisation,
    NeedsPlan,
    NeedsQuestion,
    NeedsResponse,
    NeedsSurvey,
    ResponseState,
    SurveyState,
)
from lms.needs.rules import LEAST, Phase, phase, ranked
from lms.needs.surveys import may_edit
from lms.needs.views import (
    GroupRow,
    Matrix,
    MatrixRow,
    PlanCard,
    SurveyCard,
    SurveyPage,
    SurveyRow,
    TableRow,
    TopicResult,
)
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Series
from lms.schedule.planners import may_edit_series
from lms.schedule.queries import visible_to
from lms.schedule.rules import zone_of

PAGE = 50
ROWS = 25
"""Of the matrix, on a page."""
MOST_REMARKS = 300
RECENT = timedelta(days=60)


def surveys(session: Session, visitor: Visitor, now: datetime, *, page: int = 0) -> list[SurveyRow]:
    """The latest first; one more than a page holds, if there are more. One query."""
    if visitor.person_id is None:
        return []
    own = NeedsResponse.__table__.alias("own")
    counted = (
        select(
            NeedsResponse.survey_id,
            func.count().label("asked"),
            func.count().filter(NeedsResponse.state != ResponseState.ASKED).label("answered"),
        )
        .group_by(NeedsResponse.survey_id)
        .subquery()
    )
    rows = session.execute(
        select(NeedsSurvey, own.c.state, counted.c.asked, counted.c.answered)
        .outerjoin(own, and_(own.c.survey_id == NeedsSurvey.id, own.c.person_id == visitor.person_id))
        .outerjoin(counted, counted.c.survey_id == NeedsSurvey.id)
        .where(_known_to(visitor))
        .options(joinedload(NeedsSurvey.owner, innerjoin=True))
        .order_by(NeedsSurvey.closes_at.desc(), NeedsSurvey.id.desc())
        .offset(page * PAGE)
        .limit(PAGE + 1)
    )
    return [
        SurveyRow(to_card(survey, visitor, now), state, asked or 0, answered or 0)
        for survey, state, asked, answered in rows
    ]


def survey_page(session: Session, visitor: Visitor, slug: str, now: datetime) -> SurveyPage:
    """Everything on a survey's page, in a constant number of queries. Raises `NotFound`."""
    survey = _found(session, visitor, slug)
    card = to_card(survey, visitor, now)
    homes = _homes(session, survey.id)
    there = figures.participation(session, survey.id)
    closed = card.phase is Phase.CLOSED
    shown = board(homes, figures.cells(session, survey.id) if closed else {}, there)
    led = [home for home in homes.values() if home.id in visitor.led_organisations]
    own = session.scalar(
        select(NeedsResponse.state).where(
            NeedsResponse.survey_id == survey.id, NeedsResponse.person_id == visitor.person_id
        )
    )
    total = shown.participation.get(EVERYBODY, Participation())
    tells = closed and total.answered >= LEAST
    return SurveyPage(
        card=card,
        own=own,
        questions=len(survey.questions),
        participation=total,
        topics=tuple(_topics(session, visitor, survey, shown, led)) if closed else (),
        led=tuple(_centres(shown, {home.id: home for home in led})),
        wishes=figures.wishes(session, survey.id) if tells else {},
        remarks=_remarks(session, survey.id) if tells and card.sees_all else (),
        reach=reach(session, survey, now.date()) if card.may_edit and card.phase is Phase.DRAFT else None,
    )


def matrix(
    session: Session, visitor: Visitor, slug: str, now: datetime, *, by: By = By.CENTRE, page: int = 1
) -> Matrix:
    """For those who see all; before the close only who took part, without topics.

    Raises `NotFound`, `NotAllowed` (survey_groups).
    """
    survey, card, homes, shown = _all_of_it(session, visitor, slug, now)
    asked = survey.questions if card.phase is Phase.CLOSED else []
    groups = _centres(shown, homes) if by is By.CENTRE else [each for each in _groups(shown) if each.group[0] is by]
    pages = max(1, -(-len(groups) // ROWS))
    page = min(max(1, page), pages)
    questions = [each.id for each in asked]
    return Matrix(
        card,
        by,
        tuple((each.name_uk, each.name_en) for each in asked),
        tuple(shown.figure(each, EVERYBODY) for each in questions),
        tuple(_matrix_row(shown, questions, each) for each in groups[(page - 1) * ROWS : page * ROWS]),
        page,
        pages,
    )


def table(session: Session, visitor: Visitor, slug: str, now: datetime) -> list[TableRow]:
    """Every group with every topic, for a file. Raises as `matrix`, and `NotAllowed` (survey_not_closed)."""
    survey, card, homes, shown = _all_of_it(session, visitor, slug, now)
    if card.phase is not Phase.CLOSED:
        raise NotAllowed("survey_not_closed", "The result is shown when the survey is closed.")
    groups = [
        _group_row(shown, EVERYBODY, "", ""),
        *_groups(shown),
        *_centres(shown, homes),
    ]
    return [
        TableRow(
            one.group[0],
            one.name_uk,
            one.name_en,
            each.name_uk,
            each.name_en,
            one.participation,
            shown.figure(each.id, one.group),
            (each.id, one.group) in shown.withheld,
        )
        for one in groups
        for each in survey.questions
    ]


def draft_of(session: Session, visitor: Visitor, slug: str) -> SurveyDraft:
    """What was decided about a survey, for its editors: to change it, or to begin another one with it."""
    survey = _found(session, visitor, slug)
    if not may_edit(survey, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    homes = select(NeedsOrganisation.organisation_id).where(NeedsOrganisation.survey_id == survey.id)
    return SurveyDraft(
        title=survey.title,
        title_en=survey.title_en,
        introduction=survey.introduction,
        introduction_en=survey.introduction_en,
        owner_id=survey.owner_id,
        first_day=_day(survey.opens_at),
        last_day=last_day(survey),
        reminder_days=survey.reminder_days,
        kinds=tuple(survey.kinds),
        oblasts=tuple(survey.oblasts),
        organisation_ids=tuple(session.scalars(homes)),
        topic_ids=tuple(each.topic_id for each in survey.questions if each.topic_id is not None),
        free_topics=tuple(FreeTopic(each.name_uk, each.name_en) for each in survey.questions if each.topic_id is None),
    )


def card_of(session: Session, visitor: Visitor, slug: str, now: datetime) -> SurveyCard:
    """A survey that the visitor may know of. Raises `NotFound`."""
    return to_card(_found(session, visitor, slug), visitor, now)


def _known_to(visitor: Visitor) -> ColumnElement[bool]:
    """SQL: its editors, auditors, and those who were asked or lead a centre that was, once it is no draft."""
    if visitor.organises_everything:
        return true()
    edited = NeedsSurvey.owner_id.in_(visitor.organised_organisations)
    asked = exists().where(
        NeedsResponse.survey_id == NeedsSurvey.id,
        or_(
            NeedsResponse.person_id == visitor.person_id,
            NeedsResponse.organisation_id.in_(visitor.led_organisations),
        ),
    )
    return or_(edited, and_(NeedsSurvey.state != SurveyState.DRAFT, true() if visitor.audits else asked))


def _found(session: Session, visitor: Visitor, slug: str) -> NeedsSurvey:
    found = session.scalar(
        select(NeedsSurvey)
        .where(NeedsSurvey.slug == slug, _known_to(visitor))
        .options(joinedload(NeedsSurvey.owner, innerjoin=True), selectinload(NeedsSurvey.questions))
    )
    if found is None or visitor.person_id is None:
        raise NotFound("survey_unknown", "There is no such survey, or it is not for you.")
    return found


def to_card(survey: NeedsSurvey, visitor: Visitor, now: datetime) -> SurveyCard:
    """The card of a survey whose owner is loaded."""
    editor = may_edit(survey, visitor)
    return SurveyCard(
        id=survey.id,
        slug=survey.slug,
        title=survey.title,
        title_en=survey.title_en,
        introduction=survey.introduction,
        introduction_en=survey.introduction_en,
        owner_id=survey.owner_id,
        owner_uk=survey.owner.name_uk,
        owner_en=survey.owner.name_en,
        phase=phase(survey.state, survey.opens_at, survey.closes_at, now),
        opens_at=survey.opens_at,
        closes_at=survey.closes_at,
        first_day=_day(survey.opens_at),
        last_day=last_day(survey),
        reminder_days=survey.reminder_days,
        version=survey.version,
        may_edit=editor,
        sees_all=editor or visitor.audits,
    )


def last_day(survey: NeedsSurvey) -> date:
    """The last day on which answers are taken."""
    return _day(survey.closes_at - timedelta(seconds=1))


def _day(moment: datetime) -> date:
    return moment.astimezone(zone_of(ZONE)).date()


def _homes(session: Session, survey_id: int) -> dict[int, Home]:
    """Organisations whose people were asked, by name."""
    asked = select(NeedsResponse.organisation_id).where(NeedsResponse.survey_id == survey_id)
    rows = session.scalars(
        select(Organisation).where(Organisation.id.in_(asked)).order_by(Organisation.name_uk, Organisation.id)
    )
    return {each.id: Home(each.id, each.name_uk, each.name_en, each.kind, each.oblast) for each in rows}


def _all_of_it(
    session: Session, visitor: Visitor, slug: str, now: datetime
) -> tuple[NeedsSurvey, SurveyCard, dict[int, Home], Board]:
    survey = _found(session, visitor, slug)
    card = to_card(survey, visitor, now)
    if not card.sees_all:
        raise NotAllowed("survey_groups", "Only those who asked see the result of every centre.")
    homes = _homes(session, survey.id)
    cells = figures.cells(session, survey.id) if card.phase is Phase.CLOSED else {}
    shown = board(homes, cells, figures.participation(session, survey.id))
    return survey, card, homes, shown


def _topics(
    session: Session, visitor: Visitor, survey: NeedsSurvey, shown: Board, led: Sequence[Home]
) -> list[TopicResult]:
    plans = _plans(session, visitor, survey.id)
    by_id = {each.id: each for each in survey.questions}
    order = ranked({each.id: shown.figure(each.id, EVERYBODY) for each in survey.questions})
    return [
        TopicResult(
            number,
            by_id[number].topic_id,
            by_id[number].name_uk,
            by_id[number].name_en,
            shown.figure(number, EVERYBODY),
            tuple(shown.figure(number, home.centre) for home in led),
            tuple(plans.get(number, ())),
        )
        for number in order
    ]


def _plans(session: Session, visitor: Visitor, survey_id: int) -> dict[int, list[PlanCard]]:
    """What was planned for each topic. A series that is all drafts is named to its editors only."""
    announced = exists().where(
        Occurrence.series_id == Series.id, Occurrence.status != Status.DRAFT, visible_to(visitor)
    )
    rows = session.execute(
        select(NeedsPlan, Series, announced)
        .join(NeedsQuestion, NeedsQuestion.id == NeedsPlan.question_id)
        .join(Series, Series.id == NeedsPlan.series_id)
        .where(NeedsQuestion.survey_id == survey_id)
        .order_by(NeedsPlan.id)
    )
    found: dict[int, list[PlanCard]] = {}
    for plan, series, shown in rows:
        if shown or may_edit_series(series, visitor):
            card = PlanCard(plan.id, series.slug, series.title, series.title_en)
            found.setdefault(plan.question_id, []).append(card)
    return found


def _matrix_row(shown: Board, questions: Sequence[int], row: GroupRow) -> MatrixRow:
    return MatrixRow(
        row,
        tuple(shown.figure(each, row.group) for each in questions),
        frozenset(place for place, each in enumerate(questions) if (each, row.group) in shown.withheld),
    )


def _centres(shown: Board, homes: Mapping[int, Home]) -> list[GroupRow]:
    return [_group_row(shown, home.centre, home.name_uk, home.name_en) for home in homes.values()]


def _groups(shown: Board) -> list[GroupRow]:
    """Kinds, then oblasts, by name."""
    wanted = [group for group in shown.participation if group[0] in (By.KIND, By.OBLAST)]
    return [_group_row(shown, group, group[1], group[1]) for group in sorted(wanted)]


def _group_row(shown: Board, group: Group, name_uk: str, name_en: str) -> GroupRow:
    return GroupRow(group, name_uk, name_en, shown.participation.get(group, Participation()))


def _remarks(session: Session, survey_id: int) -> tuple[str, ...]:
    """What people wrote besides, without names and centres, in alphabetical order: not in that of their coming.

    Fewer than `LEAST` are not shown.
    """
    query = select(NeedsResponse.more).where(NeedsResponse.survey_id == survey_id, NeedsResponse.more != "")
    found = sorted(session.scalars(query.order_by(NeedsResponse.more).limit(MOST_REMARKS)))
    return tuple(found) if len(found) >= LEAST else ()
