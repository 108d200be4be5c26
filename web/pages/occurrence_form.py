"""`/schedule/new` and `/schedule/{slug}/edit`: planning an occurrence. What was typed is never lost."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from lms.directory import queries as directory
from lms.errors import Conflict, Invalid
from lms.schedule import actions, queries
from lms.schedule.cards import OccurrencePage
from web import forms
from web.guards import organisers_only
from web.i18n import mark as _
from web.occurrence_form import ROWS, OccurrenceForm
from web.problems import Problem
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/schedule")


@router.get("/new")
def new(visit: Reading) -> Response:
    """An empty form, with the next working hour that makes sense left to the organiser."""
    organisers_only(visit)
    return _page(visit, _form(visit, None, kind="consultation", access="network"))


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
        made = actions.create(visit.session, visit.visitor, form.draft(), visit.now)
    except Invalid as refused:
        return _page(visit, form, status=422, failure=_failure(form, refused))
    return see_other(f"/schedule/{made.slug}?done=created")


@router.get("/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """The form, filled with what is planned."""
    page = _editable(visit, slug)
    return _page(visit, _form(visit, None, **_values(page)), page)


@router.post("/{slug}/edit")
def save(slug: str, visit: Acting) -> Response:
    """Save, unless somebody else has meanwhile."""
    page = _editable(visit, slug)
    form = _form(visit, visit.form)
    if _wants_rows(form, visit.form):
        return _page(visit, form, page)
    if not form.validate():
        return _page(visit, form, page, status=422)
    seen = int(form.value("version")) if form.value("version").isdigit() else 0
    try:
        actions.edit(
            visit.session,
            visit.visitor,
            slug,
            form.draft(),
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
    return OccurrenceForm(visit, data, organisations, **values)


def _wants_rows(form: OccurrenceForm, data: FormData) -> bool:
    """Whether the button `more rows` was pressed; then they are added and nothing is saved."""
    name = forms.text(data, "more")
    if name not in ROWS:
        return False
    form.more(name)
    return True


def _values(page: OccurrencePage) -> dict[str, Any]:
    card = page.card
    return {
        "kind": card.kind.value,
        "title": card.title,
        "title_en": card.title_en,
        "description": page.description,
        "description_en": page.description_en,
        "day": card.starts_local.date(),
        "time": card.starts_local.time(),
        "duration": card.duration_minutes,
        "zone": card.zone,
        "access": card.access.value,
        "listed": card.listed,
        "version": str(page.version),
        "parties": [{"organisation": party.organisation_id, "part": party.part.value} for party in card.parties],
        "speakers": [
            {
                "name": speaker.name,
                "position": speaker.position,
                "organisation": speaker.organisation_id,
                "person": speaker.person_id or "",
                "role": speaker.role.value,
                "row": speaker.id,
            }
            for speaker in card.speakers
        ],
        "agenda": [
            {"title": item.title, "title_en": item.title_en, "minutes": item.minutes, "kind": item.kind.value}
            for item in page.agenda
        ],
    }


def _failure(form: OccurrenceForm, refused: Invalid) -> str:
    return "" if form.refuse(refused) else forms.sentence(form.visit, refused)


def _page(
    visit: Visit, form: OccurrenceForm, page: OccurrencePage | None = None, *, status: int = 200, failure: str = ""
) -> Response:
    return visit.page("occurrence_form.html", form=form, page=page, failure=failure, status=status)
