"""`/schedule/new` and `/schedule/{slug}/edit`: planning an occurrence. What was typed is never lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from lms.directory import queries as directory
from lms.errors import Conflict, Invalid
from lms.schedule import actions, experts, plan_queries, queries, topics
from lms.schedule.cards import OccurrencePage
from lms.schedule.drafts import OccurrenceDraft
from lms.schedule.models import Kind, Status
from web import forms
from web.guards import organisers_only
from web.i18n import mark as _
from web.occurrence_form import ROWS, ZONES, OccurrenceForm
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/schedule")


@router.get("/new")
def new(visit: Reading, kind: Annotated[Kind, Query()] = Kind.CONSULTATION) -> Response:
    """An empty form, with a day and an hour at which nothing else is planned. A meeting is private by default."""
    organisers_only(visit)
    begin = plan_queries.free_start(visit.session, visit.now, ZONES[0])
    given = {"day": begin.date(), "time": begin.time(), "kind": kind.value, "listed": kind is not Kind.MEETING}
    return _page(visit, _form(visit, None, access="network", **given))


@router.get("/experts")
def find_experts(visit: Reading, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """People of the directory, for the list of proposals under a speaker's name."""
    found = experts.find(visit.session, visit.visitor, q, visit.now.date())
    english = visit.language == "en"
    return JSONResponse(
        [
            {
                "id": each.person_id,
                "name": each.name,
                "at": each.organisation_en if english and each.organisation_en else each.organisation_uk,
            }
            for each in found
        ]
    )


@router.post("/new")
def create(visit: Acting) -> Response:
    """A draft. It is announced only when its organiser publishes it."""
    organisers_only(visit)
    form = _form(visit, visit.form)
    if _wants_rows(form, visit.form):
        return _page(visit, form)
    if not form.validate():
        return _page(visit, form, status=422)
    try:
        with visit.session.begin_nested():
            made = actions.create(visit.session, visit.visitor, _recognised(visit, form.draft()), visit.now)
            if form.took_place.data and form.is_past:
                actions.record_past(visit.session, visit.visitor, made.slug, visit.now)
    except Invalid as refused:
        return _page(visit, form, status=422, failure=_failure(form, refused))
    return see_other(f"/schedule/{made.slug}?done={'took_place' if made.status is Status.ENDED else 'created'}")


@router.get("/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """The form, filled with what is planned."""
    page = _editable(visit, slug)
    draft = plan_queries.occurrence_draft(visit.session, visit.visitor, slug)
    return _page(visit, _form(visit, None, **_values(page, draft)), page)


@router.post("/{slug}/edit")
def save(slug: str, visit: Acting) -> Response:
    """Save, unless somebody else has meanwhile."""
    page = _editable(visit, slug)
    form = _form(visit, visit.form)
    form.known_day = page.card.starts_local.date()
    if _wants_rows(form, visit.form):
        return _page(visit, form, page)
    if not form.validate():
        return _page(visit, form, page, status=422)
    seen = forms.whole(form.value("version")) or 0
    try:
        actions.edit(
            visit.session,
            visit.visitor,
            slug,
            _recognised(visit, form.draft()),
            expected_version=seen,
            reason=form.value("reason"),
            now=visit.now,
        )
    except Conflict as refused:
        form.version.data = str(page.version)
        return _page(visit, form, page, status=409, failure=forms.sentence(visit, refused))
    except Invalid as refused:
        return _page(visit, form, page, status=422, failure=_failure(form, refused))
    return see_other(f"/schedule/{slug}?done=saved")


def _editable(visit: Visit, slug: str) -> OccurrencePage:
    page = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    if not page.may_edit:
        organisers_only(visit)
        raise Problem(403, "not_yours", _("This occurrence is planned by others. Ask its organiser."))
    return page


def _form(visit: Visit, data: FormData | None, **values: Any) -> OccurrenceForm:
    english = visit.language == "en"
    organisations = [
        (one.id, one.name_en if english and one.name_en else one.name_uk)
        for one in directory.organisations(visit.session)
    ]
    names = [
        (one.id, "\u2013\u00a0" * one.depth + (one.name_en if english and one.name_en else one.name_uk))
        for one in topics.tree(visit.session)
    ]
    return OccurrenceForm(visit, data, organisations, names, **values)


def _wants_rows(form: OccurrenceForm, data: FormData) -> bool:
    """Whether the button `more rows` was pressed; then they are added and nothing is saved."""
    name = forms.text(data, "more")
    if name not in ROWS:
        return False
    form.more(name)
    return True


def _values(page: OccurrencePage, draft: OccurrenceDraft) -> dict[str, Any]:
    names = ("title", "title_en", "description", "description_en", "zone", "listed", "recorded", "venue")
    return {
        "questions": draft.questions,
        "public_questions": draft.public_questions,
        **{name: getattr(draft, name) for name in names},
        "kind": draft.kind.value,
        "day": draft.starts_local.date(),
        "time": draft.starts_local.time(),
        "duration": draft.duration_minutes,
        "access": draft.access.value,
        "streaming": draft.streaming.value,
        "mode": draft.mode.value,
        "interpretation": list(draft.interpretation),
        "topics": list(draft.topic_ids or ()),
        "own_reminders": draft.reminder_offsets is not None,
        "reminders": list(draft.reminder_offsets or ()),
        "version": str(page.version),
        "parties": [{"organisation": party.organisation_id, "part": party.part.value} for party in draft.parties],
        "speakers": [
            {
                "name": speaker.name,
                "email": speaker.email,
                "position": speaker.position,
                "organisation": speaker.organisation_id,
                "person": speaker.person_id or "",
                "role": speaker.role.value,
                "interprets": speaker.interprets,
                "row": speaker.id,
            }
            for speaker in draft.speakers
        ],
        "agenda": [
            {
                "title": item.title,
                "title_en": item.title_en,
                "minutes": item.minutes,
                "kind": item.kind.value,
                "speaker": item.speaker,
            }
            for item in draft.agenda
        ],
    }


def _recognised(visit: Visit, draft: OccurrenceDraft) -> OccurrenceDraft:
    """With the people whose addresses were typed, so that nobody is invited twice under two names."""
    return replace(
        draft,
        speakers=[
            replace(each, person_id=experts.person_of(visit.session, each.email))
            if each.person_id is None and each.email
            else each
            for each in draft.speakers
        ],
    )


def _failure(form: OccurrenceForm, refused: Invalid) -> str:
    return "" if form.refuse(refused) else forms.sentence(form.visit, refused)


def _page(
    visit: Visit, form: OccurrenceForm, page: OccurrencePage | None = None, *, status: int = 200, failure: str = ""
) -> Response:
    return visit.page("occurrence_form.html", form=form, page=page, failure=failure, status=status)
