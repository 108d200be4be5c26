"""`/programmes/{slug}/goals`: what a programme wants to reach, how far it has come, and by which rule it is counted."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Optional

from lms.courses.choices import courses_to_choose
from lms.days import day_of
from lms.errors import Conflict, Invalid, TooMany
from lms.evidence import actions, queries
from lms.evidence.drafts import FigureDraft, GoalDraft
from lms.evidence.models import Counting
from lms.evidence.queries import GoalCard
from lms.schedule import plan_queries
from lms.schedule.plan_queries import ProgrammeCard
from web import forms, vocabulary
from web.errors import status_of
from web.forms import VisitForm, at_most, required, stripped
from web.i18n import mark as _
from web.i18n import translate
from web.occurrence_form import NO_DATE, DayField
from web.problems import Problem
from web.spreadsheets import csv_bytes, download
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/programmes/{slug}")
MENDABLE = (Conflict, Invalid, TooMany)
NO_WHOLE = _("Enter a whole number.")


class GoalForm(VisitForm):
    """What is to be reached, until when, and what counts."""

    title = StringField(_("What is to be reached, in Ukrainian"), [required(), at_most(300)], filters=[stripped])
    title_en = StringField(_("The same in English"), [at_most(300)], filters=[stripped])
    counting = SelectField(_("What is counted"), choices=[(each.value, each.value) for each in Counting])
    wanted = IntegerField(_("How many"), [required(NO_WHOLE)])
    unit = StringField(_("Counted in"), [at_most(40)], filters=[stripped])
    from_date = DayField(_("From"), [required(NO_DATE)])
    to_date = DayField(_("Until and including"), [required(NO_DATE)])
    courses = SelectMultipleField(_("Courses that count"), [Optional()], coerce=int)

    def draft(self) -> GoalDraft:
        """What the domain takes."""
        assert self.from_date.data is not None
        assert self.to_date.data is not None
        return GoalDraft(
            title=self.value("title"),
            title_en=self.value("title_en"),
            counting=Counting(self.counting.data),
            wanted=self.wanted.data or 0,
            unit=self.value("unit"),
            from_date=self.from_date.data,
            to_date=self.to_date.data,
            course_ids=tuple(self.courses.data or ()),
        )


class FigureForm(VisitForm):
    """A figure that was measured elsewhere."""

    figure = IntegerField(_("Figure"), [required(NO_WHOLE)])
    as_of = DayField(_("As of"), [required(NO_DATE)])
    source = StringField(_("Where it comes from"), [required(), at_most(500)], filters=[stripped])
    estimated = BooleanField(_("An estimate, not a count"))

    def draft(self) -> FigureDraft:
        """What the domain takes."""
        assert self.as_of.data is not None
        assert self.figure.data is not None
        return FigureDraft(self.as_of.data, self.figure.data, self.source.data or "", bool(self.estimated.data))


@router.get("/goals.csv")
def table(slug: str, visit: Reading) -> Response:
    """All goals with their figures; the rule of counting stands in each row."""
    card = plan_queries.programme_page(visit.session, visit.visitor, slug).card
    names = ("Goal", "Counted", "Wanted", "Unit", "From", "Until", "Reached", "Percent", "As of", "Estimated", "Source")
    rows = [
        (
            one.title_en if visit.language == "en" and one.title_en else one.title,
            translate(visit.language, vocabulary.COUNTING[one.counting.value]),
            one.wanted,
            one.unit or translate(visit.language, _("persons")),
            one.from_date,
            one.to_date,
            one.value,
            one.share,
            one.latest.as_of if one.latest else day_of(visit.now),
            one.latest.estimated if one.latest else False,
            one.latest.source if one.latest else "" if one.counting is Counting.ENTERED else "Vikno",
        )
        for one in queries.goals(visit.session, card.id)
    ]
    return download(csv_bytes(names, rows), "text/csv; charset=utf-8", "goals.csv")


@router.get("/goals/new")
def new(slug: str, visit: Reading) -> Response:
    """An empty form, for the programme's time."""
    card = _programme(visit, slug)
    until = card.to_date or date(visit.now.year, 12, 31)
    return _goal_page(visit, card, _form(visit, None, from_date=card.from_date, to_date=until))


@router.post("/goals/new")
def create(slug: str, visit: Acting) -> Response:
    """Set."""
    card = _programme(visit, slug)
    form = _form(visit, visit.form)
    if not form.validate():
        return _goal_page(visit, card, form, status=422)
    try:
        actions.set_goal(visit.session, visit.visitor, slug, form.draft(), visit.now)
    except MENDABLE as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _goal_page(visit, card, form, status=status_of(refused), failure=said)
    return see_other(f"/programmes/{slug}?done=saved#goals")


@router.get("/goals/{goal_id}")
def edit(slug: str, goal_id: int, visit: Reading) -> Response:
    """The form, filled; figures that were entered below it."""
    card, goal = _programme(visit, slug), queries.goal(visit.session, slug, goal_id)
    return _goal_page(visit, card, _filled(visit, goal), goal)


@router.post("/goals/{goal_id}")
def save(slug: str, goal_id: int, visit: Acting) -> Response:
    """Changed."""
    card, goal = _programme(visit, slug), queries.goal(visit.session, slug, goal_id)
    form = _form(visit, visit.form)
    if not form.validate():
        return _goal_page(visit, card, form, goal, status=422)
    try:
        actions.change_goal(visit.session, visit.visitor, slug, goal_id, form.draft(), visit.now)
    except MENDABLE as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _goal_page(visit, card, form, goal, status=status_of(refused), failure=said)
    return see_other(f"/programmes/{slug}?done=saved#goals")


@router.post("/goals/{goal_id}/figures")
def enter(slug: str, goal_id: int, visit: Acting) -> Response:
    """A figure with its day and its source."""
    card, goal = _programme(visit, slug), queries.goal(visit.session, slug, goal_id)
    figure = FigureForm(visit, visit.form)
    said, status = "", 422
    if figure.validate():
        try:
            actions.enter(visit.session, visit.visitor, slug, goal_id, figure.draft(), visit.now)
            return see_other(f"/programmes/{slug}/goals/{goal_id}?done=saved#figures")
        except MENDABLE as refused:
            said, status = "" if figure.refuse(refused) else forms.sentence(visit, refused), status_of(refused)
    return _goal_page(visit, card, _filled(visit, goal), goal, figure=figure, status=status, failure=said)


@router.post("/goals/{goal_id}/take-back")
def take_back(slug: str, goal_id: int, visit: Acting) -> Response:
    """No goal any more."""
    actions.take_back(visit.session, visit.visitor, slug, goal_id, visit.now)
    return see_other(f"/programmes/{slug}?done=saved#goals")


def _programme(visit: Visit, slug: str) -> ProgrammeCard:
    card = plan_queries.programme_page(visit.session, visit.visitor, slug).card
    if not card.may_edit:
        raise Problem(403, "not_yours", _("This programme is run by others. Ask its organisation."))
    return card


def _form(visit: Visit, data: FormData | None, goal: GoalCard | None = None, **values: Any) -> GoalForm:
    form = GoalForm(visit, data, **values)
    english = visit.language == "en"
    form.counting.choices = [(code, translate(visit.language, name)) for code, name in vocabulary.COUNTING.items()]
    chosen = courses_to_choose(visit.session, also=goal.course_ids if goal else ())
    form.courses.choices = [(each.id, each.title_en if english and each.title_en else each.title_uk) for each in chosen]
    return form


def _filled(visit: Visit, goal: GoalCard) -> GoalForm:
    names = ("title", "title_en", "wanted", "unit", "from_date", "to_date")
    values = {name: getattr(goal, name) for name in names}
    return _form(visit, None, goal, counting=goal.counting.value, courses=list(goal.course_ids), **values)


def _goal_page(
    visit: Visit,
    card: ProgrammeCard,
    form: GoalForm,
    goal: GoalCard | None = None,
    *,
    figure: FigureForm | None = None,
    status: int = 200,
    failure: str = "",
) -> Response:
    enters = goal is not None and goal.counting is Counting.ENTERED
    return visit.page(
        "goal.html",
        status=status,
        card=card,
        form=form,
        goal=goal,
        figure=(figure or FigureForm(visit, None, as_of=day_of(visit.now))) if enters else None,
        failure=failure,
    )
