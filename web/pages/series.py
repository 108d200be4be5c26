"""`/series`: what is planned together. The list, a series' page with the planner's table, and a new series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from babel.dates import format_datetime
from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.directory import queries as directory
from lms.directory.models import OrganisationKind
from lms.errors import Conflict, Invalid, NotFound, Refusal
from lms.needs import plans
from lms.needs.plans import Need
from lms.schedule import plan_queries, rows, series, slots, tags
from lms.schedule.actions import editable
from lms.schedule.drafts import OccurrenceDraft
from lms.schedule.models import Part
from lms.schedule.plan_queries import SeriesPage
from lms.schedule.recurrence import parse
from lms.schedule.rule_words import in_words
from lms.schedule.series_drafts import SeriesDraft
from lms.streaming.queries import choice_of_series
from web import forms
from web.errors import status_of
from web.guards import organisers_only
from web.i18n import mark as _
from web.i18n import translate
from web.pages.projects import block
from web.series_form import WEEKDAYS, SeriesForm, first_day
from web.visits import Acting, Reading, Visit, see_other
from web.warning_words import sentence

DIFFERENCES = {
    "new": _("New"),
    "gone": _("Not in it any more"),
    "cancelled": _("Cancelled"),
    "moved": _("Moved"),
    "retitled": _("Another topic"),
    "other_experts": _("Other experts"),
}

router = APIRouter(prefix="/series")


@router.get("")
def series_list(
    visit: Reading,
    search: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """Every series that the visitor may know of."""
    found = plan_queries.series_list(visit.session, visit.visitor, search=search, page=page, size=plan_queries.PAGE + 1)
    return visit.page(
        "series_list.html",
        rows=found[: plan_queries.PAGE],
        more=len(found) > plan_queries.PAGE,
        number=page,
        search=search,
    )


@router.get("/new")
def new(
    visit: Reading,
    weekday: Annotated[int | None, Query(ge=0, le=6)] = None,
    hour: Annotated[int, Query(ge=0, le=23)] = 10,
    centre: Annotated[list[int] | None, Query(max_length=200)] = None,
    duration: Annotated[int, Query(ge=5, le=1440)] = 90,
    copied: Annotated[str, Query(max_length=80)] = "",
    programme: Annotated[int | None, Query()] = None,
    need: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The form, with a first day that leaves a week to invite people; or with the slot that was chosen."""
    organisers_only(visit)
    day = first_day(visit.now, "Europe/Kyiv", weekday)
    given: dict[str, Any] = {
        "kind": "consultation",
        "access": "network",
        "day": day,
        "time": datetime.min.replace(hour=hour).time(),
        "weekdays": [] if weekday is None else [weekday],
        "duration": duration,
        "slot": "" if weekday is None else f"{weekday}-{hour}",
        "slot_centres": ",".join(str(number) for number in centre or []),
        "participants": centre or [],
        "programme": programme,
        "copied": copied,
    }
    if need is not None:
        wanted = plans.need(visit.session, visit.visitor, need)
        given |= {"need": str(need), "kind": "training", "title": wanted.name_uk, "title_en": wanted.name_en}
    return _form_page(visit, _form(visit, None, **given))


@router.post("/new")
def create(visit: Acting) -> Response:
    """Each date becomes a draft; then comes the table in which each gets its topic."""
    organisers_only(visit)
    form = _form(visit, visit.form)
    if not form.validate():
        return _form_page(visit, form, status=422)
    if forms.text(visit.form, "show"):
        return _form_page(visit, form, preview=True)
    try:
        with visit.session.begin_nested():
            need = _need(visit, form)
            draft = form.draft()
            made = series.create(
                visit.session,
                visit.visitor,
                replace(draft, topic_ids=(need.topic_id,)) if need and need.topic_id else draft,
                visit.now,
                models=_models(visit, form.value("copied")),
                took_place=form.took_place.data,
            )
            _keep_slot(visit, form, made.slug)
            if need is not None:
                plans.link(visit.session, visit.visitor, need.question_id, made.slug, visit.now)
    except (Invalid, NotFound, Conflict) as refused:
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, status=status_of(refused), failure=said)
    return see_other(f"/series/{made.slug}?done=series_created")


@router.post("/dates", include_in_schema=False)
def preview(visit: Acting) -> Response:
    """The dates that the form would give, as a piece of the page; for the script that shows them while one types."""
    organisers_only(visit)
    form = _form(visit, visit.form)
    valid = form.validate()
    return visit.page("series_dates.html", **_dates(visit, form if valid else None))


@router.get("/{slug}")
def page(slug: str, visit: Reading) -> Response:
    """The page: for everybody what is announced, for its editors the table in which it is planned."""
    return show(visit, slug)


@router.get("/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """What the series says of itself and what new dates begin with."""
    shown = plan_queries.series_page(visit.session, visit.visitor, slug, visit.now)
    kept = plan_queries.series_draft(visit.session, visit.visitor, slug)
    return _form_page(visit, _form(visit, None, shown, **_values(shown, kept)), shown)


@router.post("/{slug}/edit")
def save(slug: str, visit: Acting) -> Response:
    """Save, unless somebody else has meanwhile."""
    shown = plan_queries.series_page(visit.session, visit.visitor, slug, visit.now)
    kept = plan_queries.series_draft(visit.session, visit.visitor, slug)
    form = _form(visit, _with_times(visit.form, kept), shown)
    if not form.validate():
        return _form_page(visit, form, shown, status=422)
    seen = forms.whole(form.value("version")) or 0
    try:
        with visit.session.begin_nested():
            series.edit(visit.session, visit.visitor, slug, form.draft(kept), visit.now, expected_version=seen)
    except (Invalid, Conflict) as refused:
        form.version.data = str(shown.version)
        said = "" if form.refuse(refused) else forms.sentence(visit, refused)
        return _form_page(visit, form, shown, status=status_of(refused), failure=said)
    return see_other(f"/series/{slug}?done=saved")


def show(
    visit: Visit,
    slug: str,
    *,
    status: int = 200,
    failure: str = "",
    typed: dict[str, FormData] | None = None,
    added: FormData | None = None,
) -> Response:
    """The series' page, perhaps with what went wrong; `typed` holds, by date, what was typed and not saved."""
    shown = plan_queries.series_page(visit.session, visit.visitor, slug, visit.now)
    return visit.page(
        "series.html",
        status=status,
        page=shown,
        failure=failure,
        feed=f"{visit.config.public_url}/series/{slug}.ics",
        typed=typed or {},
        added=added,
        words=words_of(shown.rule, visit.language),
        bodies=_bodies(visit, shown) if shown.may_edit else [],
        organisations=_names(visit, directory.organisations(visit.session)) if shown.may_edit else [],
        warning_sentence=lambda warning: sentence(visit.language, warning),
        told=_told(visit, shown),
        tagged=block(visit, *tags.of_series(visit.session, slug), f"/series/{slug}/project", edits=shown.may_edit),
        causes=plans.causes(visit.session, shown.id),
        streams=choice_of_series(visit.session, shown.id) if shown.may_edit else None,
        differences=DIFFERENCES,
        when=lambda date: _when(visit.language, date),
        weekday_name=lambda number: translate(visit.language, WEEKDAYS[number]),
        typed_bodies=lambda form: [each for each in map(forms.whole, form.getlist("body")) if each is not None],
    )


def _when(language: str, date: Mapping[str, Any]) -> str:
    """A date of a release, in words."""
    pattern = "d MMMM y, HH:mm"
    return str(format_datetime(datetime.fromisoformat(date["starts_local"]), pattern, locale=language))


def words_of(rule: str, language: str) -> str:
    """A rule in words; empty for a list of dates."""
    return in_words(parse(rule), language) if rule else ""


def _told(visit: Visit, shown: SeriesPage) -> int:
    return sum(len(row.warnings) for row in shown.rows)


def _bodies(visit: Visit, shown: SeriesPage) -> list[tuple[int, str]]:
    """Who sends experts: everybody but centres; and the centres that do so here already."""
    here = {party.organisation_id for row in shown.rows for party in row.card.parties if party.part is Part.EXPERT_BODY}
    found = [
        each
        for each in directory.organisations(visit.session)
        if each.kind is not OrganisationKind.ASC or each.id in here
    ]
    return _names(visit, found)


def _names(visit: Visit, found: Any) -> list[tuple[int, str]]:
    english = visit.language == "en"
    return [(each.id, each.name_en if english and each.name_en else each.name_uk) for each in found]


def _with_times(typed: FormData, kept: SeriesDraft) -> FormData:
    """What was typed, with the times that the form does not ask: they change by rescheduling alone."""
    times = {
        "way": "dates",
        "dates": f"{kept.starts_local:%Y-%m-%d %H:%M}",
        "time": f"{kept.starts_local:%H:%M}",
        "duration": str(kept.duration_minutes),
        "zone": kept.zone,
        "ends": "count",
        "frequency": "WEEKLY",
        "position": "1",
    }
    return FormData([*((name, value) for name, value in typed.multi_items() if name not in times), *times.items()])


def _values(shown: SeriesPage, kept: SeriesDraft) -> dict[str, Any]:
    """What the form shows of a series. Its times are not asked here: they stand in as they are."""
    return {
        "kind": kept.kind.value,
        "title": kept.title,
        "title_en": kept.title_en,
        "description": kept.description,
        "description_en": kept.description_en,
        "owner": kept.owner_id,
        "programme": kept.programme_id,
        "access": kept.access.value,
        "listed": kept.listed,
        "recorded": kept.recorded,
        "streaming": kept.streaming.value,
        "questions": kept.questions,
        "public_questions": kept.public_questions,
        "keep_for": kept.keep_for,
        "keep_unit": kept.keep_unit.value,
        "keep_ending": kept.keep_ending.value,
        "participants": [party.organisation_id for party in kept.parties if party.part is Part.PARTICIPANT],
        "way": "dates",
        "dates": f"{kept.starts_local:%Y-%m-%d %H:%M}",
        "time": kept.starts_local.time(),
        "duration": kept.duration_minutes,
        "zone": kept.zone,
        "ends": "count",
        "count": 1,
        "version": str(shown.version),
    }


def _form(visit: Visit, data: FormData | None, shown: SeriesPage | None = None, **values: Any) -> SeriesForm:
    everybody = directory.organisations(visit.session)
    visitor = visit.visitor
    mine = [
        each
        for each in everybody
        if visitor.organises_everything
        or each.id in visitor.organised_organisations
        or (shown is not None and each.id == shown.owner_id)
    ]
    # An organiser of the network most often plans for the organisation that he or she belongs to.
    mine.sort(key=lambda each: each.id not in visitor.organisation_ids)
    programmes = [
        (each.id, each.title_en if visit.language == "en" and each.title_en else each.title)
        for each in plan_queries.programmes(visit.session, visitor)
        if each.may_edit or (shown is not None and shown.programme is not None and shown.programme[0] == each.slug)
    ]
    earlier = [
        (each.slug, each.title_en if visit.language == "en" and each.title_en else each.title)
        for each in plan_queries.series_list(visit.session, visitor, size=100, mine=True)
    ]
    centres = [each for each in everybody if each.kind is OrganisationKind.ASC]
    return SeriesForm(
        visit,
        data,
        owners=_names(visit, mine),
        programmes=programmes,
        centres=_names(visit, centres),
        earlier=earlier,
        **values,
    )


def _models(visit: Visit, slug: str) -> list[OccurrenceDraft]:
    """The occurrences of an earlier series that the visitor may change, in order."""
    if not slug:
        return []
    earlier = plan_queries.series_page(visit.session, visit.visitor, slug, visit.now)
    drafts = []
    for row in earlier.rows:
        if row.card.may_edit:
            found = editable(visit.session, visit.visitor, row.card.slug)
            topics = tuple(rows.topics_of(visit.session, found.id))
            drafts.append(rows.draft_of(found, topics))
    return drafts


def _need(visit: Visit, form: SeriesForm) -> Need | None:
    """The need for which a new series is planned. Raises `NotFound`."""
    number = forms.whole(form.value("need"))
    return plans.need(visit.session, visit.visitor, number) if number is not None else None


def _keep_slot(visit: Visit, form: SeriesForm, slug: str) -> None:
    weekday, _dash, hour = form.value("slot").partition("-")
    if not (forms.whole(weekday) is not None and forms.whole(hour) is not None):
        return
    centres = [each for each in map(forms.whole, form.value("slot_centres").split(",")) if each is not None][:200]
    found = slots.heat(directory.workload(visit.session, centres), centres, form.duration.data or 60)
    slots.decide(
        visit.session,
        visit.visitor,
        slug,
        weekday=int(weekday),
        hour=int(hour),
        found=found,
        reason=form.value("slot_reason"),
        now=visit.now,
    )


def _dates(visit: Visit, form: SeriesForm | None) -> dict[str, Any]:
    """What the preview shows: the dates, the rule in words, or why there are none."""
    if form is None:
        return {"placed": [], "words": "", "wrong": ""}
    try:
        placed = form.draft().placed()
    except Refusal as refused:
        return {"placed": [], "words": "", "wrong": forms.sentence(visit, refused)}
    return {"placed": placed, "words": words_of(form.rule(), visit.language), "wrong": ""}


def _form_page(
    visit: Visit,
    form: SeriesForm,
    shown: SeriesPage | None = None,
    *,
    status: int = 200,
    failure: str = "",
    preview: bool = False,
) -> Response:
    return visit.page(
        "series_form.html",
        status=status,
        form=form,
        page=shown,
        failure=failure,
        preview=preview,
        need=None if shown else _need(visit, form),
        **_dates(visit, form if preview else None),
    )
