"""`/roadmaps`: what centres do after a training, step by step: list, page, editor, status report, documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.days import day_of
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.roadmaps import actions, queries, reports
from lms.roadmaps.models import RoadmapState, StepState
from lms.schedule.cards import OccurrencePage
from lms.schedule.queries import ZONE
from lms.schedule.rules import midnight
from web import forms, panels, roadmap_form
from web.errors import status_of
from web.i18n import mark as _
from web.problems import Problem
from web.roadmap_form import Typed
from web.spreadsheets import download
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()

MENDABLE = (Conflict, Invalid)
LOOKS_BACK = timedelta(days=30)
"""What a report shows if nobody says since when."""


def _known(visit: Visit) -> None:
    if not visit.visitor.in_network and not visit.visitor.audits:
        raise Problem(401, "sign_in_needed", _("Road maps are for the network's own people. Sign in first."))


@router.get("/roadmaps")
def index(visit: Reading, state: str = "active", page: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
    """One's own centre's; all for organisers."""
    _known(visit)
    today = day_of(visit.now)
    found, total = queries.listed(visit.session, visit.visitor, today, state=state, page=page)
    return visit.page(
        "roadmaps.html",
        found=found,
        total=total,
        state=state,
        number=page,
        pages=-(-total // queries.PAGE),
        makes=bool(queries.homes(visit.session, visit.visitor)[:1]),
    )


@router.get("/roadmaps/report")
def report(visit: Reading, since: str = "") -> Response:
    """How far the centres are, what is late, what has changed since a day."""
    _known(visit)
    today = day_of(visit.now)
    day = _since(since, today)
    found = reports.report(visit.session, visit.visitor, day, midnight(day, ZONE), today)
    return visit.page("roadmap_report.html", found=found, since=day.isoformat(), today=today)


@router.get("/roadmaps/new")
def new(visit: Reading) -> Response:
    """An empty one, for a centre that the visitor leads or plans for."""
    return _new(visit, Typed().shown())


@router.post("/roadmaps/new")
def make(visit: Acting) -> Response:
    """Made; its page follows."""
    typed, do = roadmap_form.typed(visit.form), forms.text(visit.form, "do")
    if do not in ("", "save"):
        return _new(visit, typed.after(do).shown())
    homes = queries.homes(visit.session, visit.visitor)
    if not homes:
        raise NotAllowed("roadmap_not_yours", "Road maps are made by the centre's lead or an organiser.")
    home = forms.whole(visit.form.get("organisation", "")) or homes[0][0]
    try:
        made = actions.create(visit.session, visit.visitor, home, typed.draft(), visit.now)
    except (Conflict, Invalid, NotFound) as refused:
        return _new(visit, typed.shown(), status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/roadmaps/{made.id}?done=roadmap_saved")


@router.get("/roadmaps/{roadmap_id}.docx")
def as_docx(roadmap_id: int, visit: Reading) -> Response:
    """The document, in the reader's language."""
    from web import roadmap_documents  # here, because what it needs is large

    page = _shown(visit, roadmap_id)
    content = roadmap_documents.docx(page, visit.language, visit.now)
    return download(content, roadmap_documents.DOCX_TYPE, f"roadmap-{roadmap_id}.docx")


@router.get("/roadmaps/{roadmap_id}.pdf")
def as_pdf(roadmap_id: int, visit: Reading) -> Response:
    """The same as PDF."""
    from web import roadmap_documents

    page = _shown(visit, roadmap_id)
    content = roadmap_documents.pdf(page, visit.language, visit.now)
    return download(content, roadmap_documents.PDF_TYPE, f"roadmap-{roadmap_id}.pdf")


@router.get("/roadmaps/{roadmap_id}")
def show(roadmap_id: int, visit: Reading) -> Response:
    """The road map, its figures and its history. It prints as it is."""
    return _page(visit, roadmap_id)


@router.get("/roadmaps/{roadmap_id}/edit")
def edit(roadmap_id: int, visit: Reading) -> Response:
    """The editor."""
    page = _editable(visit, roadmap_id)
    return _editor(visit, page, roadmap_form.saved(page).shown())


@router.post("/roadmaps/{roadmap_id}/edit")
def save(roadmap_id: int, visit: Acting) -> Response:
    """Save it, or move and add rows without saving: what was typed stays."""
    page = _editable(visit, roadmap_id)
    typed, do = roadmap_form.typed(visit.form), forms.text(visit.form, "do")
    if do not in ("", "save"):
        return _editor(visit, page, typed.after(do).shown())
    try:
        version = forms.whole(typed.version) or 0
        actions.save(visit.session, visit.visitor, roadmap_id, typed.draft(), visit.now, expected_version=version)
    except MENDABLE as refused:
        return _editor(visit, page, typed.shown(), status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/roadmaps/{roadmap_id}?done=roadmap_saved")


@router.post("/roadmaps/{roadmap_id}/steps/{step_id}")
def move_on(roadmap_id: int, step_id: int, visit: Acting) -> Response:
    """How far a step has come, said by its owner, the lead or an organiser."""
    wanted = forms.text(visit.form, "state")
    shown = _shown(visit, roadmap_id)
    if not shown.may_edit and not any(step.mine for step in shown.steps if step.id == step_id):
        raise NotAllowed("roadmap_not_yours", "A step is moved on by its owner, the centre's lead, an organiser.")
    if wanted not in set(StepState):
        return _page(visit, roadmap_id, status=422)
    try:
        note = forms.text(visit.form, "note")
        actions.set_state(visit.session, visit.visitor, roadmap_id, step_id, StepState(wanted), note, visit.now)
    except MENDABLE as refused:
        return _page(visit, roadmap_id, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/roadmaps/{roadmap_id}?done=roadmap_saved#step-{step_id}")


@router.post("/schedule/{slug}/roadmaps")
def make_for_centres(slug: str, visit: Acting) -> Response:
    """One for each centre that takes part."""
    title = forms.text(visit.form, "title") or "—"
    try:
        actions.create_for_centres(visit.session, visit.visitor, slug, title, visit.now)
    except Conflict:
        return see_other(f"/schedule/{slug}#roadmaps")
    return see_other(f"/schedule/{slug}?done=roadmaps_made#roadmaps")


def _no_roadmaps(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    return _came_of(visit, page, ())


@panels.OCCURRENCE.register("roadmaps", place=50, column="main", given=queries.any_of, otherwise=_no_roadmaps)
def of_occurrence(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """What came of it; for its editors the way to begin."""
    return _came_of(visit, page, queries.of_occurrence(visit.session, visit.visitor, page.card.id, day_of(visit.now)))


def _came_of(visit: Visit, page: OccurrencePage, found: Sequence[queries.RoadmapCard]) -> dict[str, Any] | None:
    card = page.card
    if card.status in ("draft", "cancelled") or not visit.visitor.in_network:
        return None
    centres = {party.organisation_id for party in card.parties if party.part == "participant" and party.kind == "asc"}
    lacking = len(centres - {one.organisation_id for one in found})
    begins = page.may_edit and lacking > 0 and (card.live or card.ended)
    if not found and not begins:
        return None
    return {"found": found, "begins": begins, "lacking": lacking, "slug": card.slug, "title": card.title}


@panels.START.register("roadmaps", place=45)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """For a centre's lead: what is overdue, and what is to be looked back on."""
    found = queries.overdue_of(visit.session, visit.visitor, day_of(visit.now))
    return {"found": found, "today": day_of(visit.now)} if found else None


def _since(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today - LOOKS_BACK
    return day if 2000 <= day.year <= 2100 else today - LOOKS_BACK


def _shown(visit: Visit, roadmap_id: int) -> queries.RoadmapPage:
    return queries.roadmap_page(visit.session, visit.visitor, roadmap_id, day_of(visit.now))


def _editable(visit: Visit, roadmap_id: int) -> queries.RoadmapPage:
    page = _shown(visit, roadmap_id)
    if not page.may_edit:
        raise NotAllowed("roadmap_not_yours", "Road maps are changed by the centre's lead or an organiser.")
    return page


def _page(visit: Visit, roadmap_id: int, *, status: int = 200, failure: str = "") -> Response:
    page = _shown(visit, roadmap_id)
    return visit.page("roadmap.html", status=status, page=page, card=page.card, failure=failure, states=StepState)


def _new(visit: Visit, typed: Typed, *, status: int = 200, failure: str = "") -> Response:
    homes = queries.homes(visit.session, visit.visitor)
    if not homes:
        raise NotAllowed("roadmap_not_yours", "Road maps are made by the centre's lead or an organiser.")
    chosen = forms.whole(visit.form.get("organisation", "")) or homes[0][0]
    return _form(visit, typed, chosen, status=status, failure=failure, homes=homes, page=None)


def _editor(visit: Visit, page: queries.RoadmapPage, typed: Typed, *, status: int = 200, failure: str = "") -> Response:
    return _form(visit, typed, page.card.organisation_id, status=status, failure=failure, homes=[], page=page)


def _form(visit: Visit, typed: Typed, organisation_id: int, *, status: int, failure: str, **more: Any) -> Response:
    return visit.page(
        "roadmap_form.html",
        status=status,
        typed=typed,
        failure=failure,
        organisation_id=organisation_id,
        owners=queries.owners(visit.session, organisation_id, day_of(visit.now)),
        states=StepState,
        roadmap_states=RoadmapState,
        **more,
    )
