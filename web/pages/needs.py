"""`/needs`: surveys of needs. The list, a survey's page with its result, making and changing one, files."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.days import day_of
from lms.directory import queries as directory
from lms.directory.oblasts import OBLASTS
from lms.errors import Conflict, Invalid, NotFound, Refusal
from lms.needs import queries, surveys
from lms.needs.board import By
from lms.needs.drafts import SurveyDraft
from lms.needs.rules import Phase
from lms.needs.views import GroupRow, SurveyCard, TableRow
from lms.schedule import plan_queries, topics
from web import forms, needs_words, vocabulary
from web.errors import status_of
from web.guards import organisers_only, signed_in_only
from web.i18n import mark as _
from web.i18n import translate
from web.needs_chart import chart
from web.needs_form import SurveyForm, values_of
from web.spreadsheets import XLSX_TYPE, Value, csv_bytes, download, xlsx_bytes
from web.visits import Acting, Reading, Visit, see_other

WEEKS = 2
"""How long a new survey is open, if nobody says otherwise."""
_HEADER = (
    _("Group"), _("Name of the group"), _("Topic"), _("Asked"), _("Answered"), _("Rated the topic"),
    _("Name it as needed"), _("Name it as needed, %"), _("Gap, 0 to 3"),
)  # fmt: skip

router = APIRouter(prefix="/needs")


@router.get("")
def survey_list(visit: Reading, page: Annotated[int, Query(ge=0, le=1000)] = 0) -> Response:
    """Surveys that the visitor makes, answers, or looks after as a lead."""
    signed_in_only(visit)
    found = queries.surveys(visit.session, visit.visitor, visit.now, page=page)
    return visit.page(
        "needs.html",
        rows=found[: queries.PAGE],
        more=len(found) > queries.PAGE,
        number=page,
        words=needs_words,
    )


@router.get("/new")
def new(visit: Reading, copied: Annotated[str, Query(max_length=80)] = "") -> Response:
    """An empty form, or a survey as it was, a year later."""
    organisers_only(visit)
    today = day_of(visit.now)
    values: dict[str, Any] = {"first_day": today, "last_day": today + timedelta(weeks=WEEKS), "kinds": ["asc"]}
    if copied:
        before = queries.draft_of(visit.session, visit.visitor, copied)
        first = max(a_year_later(before.first_day), today)
        values = values_of(before) | {"first_day": first, "last_day": first + (before.last_day - before.first_day)}
    return _form_page(visit, _form(visit, None, **values))


@router.post("/new")
def create(visit: Acting) -> Response:
    """A draft."""
    organisers_only(visit)
    form = _form(visit, visit.form)
    if not form.validate():
        return _form_page(visit, form, status=422)
    try:
        with visit.session.begin_nested():
            made = surveys.create(visit.session, visit.visitor, form.draft(), visit.now)
    except (Invalid, NotFound) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, status=status_of(refused), failure=said)
    return see_other(f"/needs/{made.slug}?done=survey_created")


@router.get("/{slug}")
def page(slug: str, visit: Reading) -> Response:
    """How many have answered; once it is closed, what they need."""
    signed_in_only(visit)
    return show(visit, slug)


@router.get("/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """The form, filled."""
    signed_in_only(visit)
    kept = queries.draft_of(visit.session, visit.visitor, slug)
    card = queries.card_of(visit.session, visit.visitor, slug, visit.now)
    if card.phase is Phase.CLOSED:
        return see_other(f"/needs/{slug}")
    return _form_page(visit, _form(visit, None, **values_of(kept, card.version)), card)


@router.post("/{slug}/edit")
def save(slug: str, visit: Acting) -> Response:
    """Save, unless somebody else has meanwhile."""
    kept = queries.draft_of(visit.session, visit.visitor, slug)
    card = queries.card_of(visit.session, visit.visitor, slug, visit.now)
    fixed = card.phase is not Phase.DRAFT
    form = _form(visit, _with_fixed(visit.form, kept) if fixed else visit.form)
    if not form.validate():
        return _form_page(visit, form, card, status=422)
    seen = forms.whole(form.value("version")) or 0
    draft = form.draft(kept if fixed else None)
    try:
        with visit.session.begin_nested():
            surveys.edit(visit.session, visit.visitor, slug, draft, visit.now, expected_version=seen)
    except (Invalid, NotFound, Conflict) as refused:
        form.version.data = str(card.version)
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, card, status=status_of(refused), failure=said)
    return see_other(f"/needs/{slug}?done=saved")


@router.post("/{slug}/open")
def open_survey(slug: str, visit: Acting) -> Response:
    """From its first day on it takes answers."""
    return _done(visit, slug, surveys.open_survey, "survey_opened")


@router.post("/{slug}/close")
def close(slug: str, visit: Acting) -> Response:
    """No more answers."""
    return _done(visit, slug, surveys.close, "survey_closed")


@router.post("/{slug}/remove")
def remove(slug: str, visit: Acting) -> Response:
    """A draft that is not wanted."""
    try:
        surveys.remove(visit.session, visit.visitor, slug, visit.now)
    except Conflict as refused:
        return show(visit, slug, refused=refused)
    return see_other("/needs?done=removed")


@router.get("/{slug}/groups")
def matrix(slug: str, visit: Reading, by: By = By.CENTRE, page: Annotated[int, Query(ge=1, le=1000)] = 1) -> Response:
    """Topics by organisations, oblasts or kinds."""
    signed_in_only(visit)
    found = queries.matrix(visit.session, visit.visitor, slug, visit.now, by=by, page=page)
    return visit.page(
        "needs_matrix.html",
        found=found,
        card=found.card,
        words=needs_words,
        gap=gap_in(visit.language),
        group_name=partial(_name_of, visit.language),
    )


@router.get("/{slug}/result.csv")
def as_csv(slug: str, visit: Reading) -> Response:
    """Every group with every topic, as CSV."""
    signed_in_only(visit)
    header, rows = _table(visit, slug)
    return download(csv_bytes(header, rows), "text/csv; charset=utf-8", f"needs-{slug}.csv")


@router.get("/{slug}/result.xlsx")
def as_xlsx(slug: str, visit: Reading) -> Response:
    """The same as XLSX."""
    signed_in_only(visit)
    header, rows = _table(visit, slug)
    return download(xlsx_bytes(slug, header, rows), XLSX_TYPE, f"needs-{slug}.xlsx")


def show(visit: Visit, slug: str, *, refused: Refusal | None = None) -> Response:
    """The page, perhaps with what was refused."""
    found = queries.survey_page(visit.session, visit.visitor, slug, visit.now)
    card = found.card
    linkable = card.may_edit and card.phase is Phase.CLOSED
    return visit.page(
        "needs_survey.html",
        status=status_of(refused) if refused else 200,
        page=found,
        card=card,
        words=needs_words,
        failure=forms.sentence(visit, refused) if refused else "",
        drawn=chart(found, visit.language),
        gap=gap_in(visit.language),
        series=_series(visit) if linkable else [],
        typed=visit.form if refused else {},
        group_name=partial(_name_of, visit.language),
        weekday=lambda number: date(2024, 1, 1) + timedelta(days=int(number)),
    )


def gap_in(language: str) -> Any:
    """Writes a gap: `1,25` in Ukrainian."""
    return lambda figure: f"{figure.gap // 100}{',' if language == 'uk' else '.'}{figure.gap % 100:02d}"


def _name_of(language: str, row: GroupRow) -> str:
    return group_name(language, row.group[0], row.name_uk, row.name_en)


def group_name(language: str, by: By, name_uk: str, name_en: str) -> str:
    """As people read it."""
    if by is By.ALL:
        return translate(language, needs_words.GROUPS["all"])
    if by is By.KIND:
        return translate(language, vocabulary.ORGANISATION_GROUPS[name_uk])
    if by is By.OBLAST:
        return OBLASTS.get(name_uk, name_uk) if language == "en" else name_uk
    return name_en if language == "en" and name_en else name_uk


def a_year_later(day: date) -> date:
    """The same day of the next year; the day before the first of March for a 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _done(visit: Visit, slug: str, act: Any, notice: str) -> Response:
    try:
        with visit.session.begin_nested():
            act(visit.session, visit.visitor, slug, visit.now)
    except Conflict as refused:
        return show(visit, slug, refused=refused)
    return see_other(f"/needs/{slug}?done={notice}")


def _series(visit: Visit) -> list[tuple[str, str]]:
    return [
        (each.slug, each.title_en if visit.language == "en" and each.title_en else each.title)
        for each in plan_queries.series_list(visit.session, visit.visitor, size=200, mine=True)
    ]


def _table(visit: Visit, slug: str) -> tuple[list[str], list[list[Value]]]:
    language = visit.language
    marks = [(needs_words.SKILLS, _("Manages: {mark}")), (needs_words.NEEDS, _("Need: {mark}"))]
    header = [translate(language, name) for name in _HEADER]
    for scale, sentence in marks:
        header += [translate(language, sentence).format(mark=translate(language, mark)) for mark in scale]
    return header, [_line(language, row) for row in queries.table(visit.session, visit.visitor, slug, visit.now)]


def _line(language: str, row: TableRow) -> list[Value]:
    english = language == "en"
    figure = row.figure
    head: list[Value] = [
        translate(language, needs_words.GROUPS[row.by.value]),
        group_name(language, row.by, row.name_uk, row.name_en),
        row.topic_en if english and row.topic_en else row.topic_uk,
        row.participation.asked,
        row.participation.answered,
    ]
    if figure is None:
        return [*head, translate(language, needs_words.TOO_FEW) if row.withheld else 0, *[None] * 11]
    return [*head, figure.rated, figure.needed, figure.share, figure.gap / 100, *figure.skill, *figure.need]


def _with_fixed(typed: FormData, kept: SurveyDraft) -> FormData:
    """What was typed, with what an open survey does not ask again."""
    fixed = {"owner": str(kept.owner_id), "first_day": kept.first_day.isoformat()}
    given = [(name, value) for name, value in typed.multi_items() if name not in fixed]
    return FormData([*given, *fixed.items()])


def _form(visit: Visit, data: FormData | None, **values: Any) -> SurveyForm:
    english = visit.language == "en"
    visitor = visit.visitor
    everybody = [
        (each.id, each.name_en if english and each.name_en else each.name_uk)
        for each in directory.organisations(visit.session)
    ]
    kept = values.get("owner")
    mine = [
        each
        for each in everybody
        if visitor.organises_everything or each[0] in visitor.organised_organisations or each[0] == kept
    ]
    mine.sort(key=lambda each: each[0] not in visitor.organisation_ids)
    catalogue = [
        (each.id, "– " * each.depth + (each.name_en if english and each.name_en else each.name_uk))
        for each in topics.tree(visit.session)
    ]
    return SurveyForm(visit, data, owners=mine, homes=everybody, catalogue=catalogue, **values)


def _form_page(
    visit: Visit, form: SurveyForm, card: SurveyCard | None = None, *, status: int = 200, failure: str = ""
) -> Response:
    return visit.page(
        "needs_form.html",
        status=status,
        form=form,
        card=card,
        failure=failure,
        fixed=card is not None and card.phase is not Phase.DRAFT,
    )
