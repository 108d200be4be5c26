"""`/schedule/{slug}/materials`: links, files and legal acts of an occurrence; and what its page shows of planning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import acts, materials, plan_queries, queries
from lms.schedule.cards import OccurrencePage
from lms.schedule.concerns import concerns
from lms.schedule.plan_models import Material
from web import forms, panels
from web.errors import status_of
from web.guards import signed_in_only
from web.i18n import mark as _
from web.pages.acts import STATES
from web.problems import Problem
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other
from web.warning_words import sentence

router = APIRouter(prefix="/schedule/{slug}/materials")

MENDABLE = (Conflict, Invalid, NotFound)


@router.get("")
def page(slug: str, visit: Reading) -> Response:
    """What there is, and how to add to it; for its editors."""
    return _page(visit, slug)


@router.post("", dependencies=[before_upload(lambda visit: _expect_editor(visit))])
def add(slug: str, visit: Uploading) -> Response:
    """A link, or a file."""
    form = visit.form
    title, sent = forms.text(form, "title"), form.get("file")
    try:
        if isinstance(sent, UploadFile) and sent.filename:
            contents = sent.file.read(materials.LARGEST_FILE + 1)
            name, store = sent.filename, visit.config.files
            materials.add_file(visit.session, visit.visitor, slug, title, name, contents, store, visit.now)
        else:
            url = forms.text(form, "url")
            materials.add_link(visit.session, visit.visitor, slug, title, url, visit.now)
    except MENDABLE as refused:
        return _page(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/schedule/{slug}/materials?done=added")


@router.post("/{material_id}/remove")
def remove(slug: str, material_id: int, visit: Acting) -> Response:
    """It is shown no more."""
    materials.remove(visit.session, visit.visitor, slug, material_id, visit.now)
    return see_other(f"/schedule/{slug}/materials?done=removed")


@router.post("/acts")
def attach(slug: str, visit: Acting) -> Response:
    """The occurrence explains an act."""
    number = forms.text(visit.form, "act")
    try:
        acts.attach(
            visit.session,
            visit.visitor,
            slug,
            int(number) if number.isdecimal() and len(number) < 10 else 0,
            forms.text(visit.form, "note"),
            visit.now,
        )
    except MENDABLE as refused:
        return _page(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/schedule/{slug}/materials?done=added#acts")


@router.post("/acts/{act_id}/remove")
def detach(slug: str, act_id: int, visit: Acting) -> Response:
    """It does not."""
    acts.detach(visit.session, visit.visitor, slug, act_id, visit.now)
    return see_other(f"/schedule/{slug}/materials?done=removed#acts")


@router.get("/{material_id}")
def download(slug: str, material_id: int, visit: Reading) -> Response:
    """A file, never shown within our pages: a browser saves it, and guesses nothing about it."""
    found = materials.download(visit.session, visit.visitor, slug, material_id, visit.config.files)
    plain = found.name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    return Response(found.contents, media_type=found.media_type, headers=headers)


def size_in_words(size: int, language: str) -> str:
    """`1,4 МБ`, `120 KB`."""
    units = {"uk": ("КБ", "МБ"), "en": ("KB", "MB")}[language]
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}\u00a0{units[0]}"
    text = f"{size / 1_000_000:.1f}"
    return f"{text.replace('.', ',') if language == 'uk' else text}\u00a0{units[1]}"


@panels.OCCURRENCE.register("warnings", place=5, column="main")
def warnings_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """What its organiser should look at."""
    if not page.may_edit:
        return None
    told = concerns(visit.session, visit.visitor, [page.card.id], visit.now).get(page.card.id, [])
    if not told:
        return None
    return {"warnings": [(sentence(visit.language, each), each.slug) for each in told]}


def _no_materials(_visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    return _listed((), ()) if page.may_edit else None


def _listed(found: Sequence[Material], explained: Sequence[acts.Explained]) -> dict[str, Any]:
    return {"materials": found, "acts": explained, "states": STATES, "size": size_in_words}


@panels.OCCURRENCE.register("materials", place=40, column="main", given=materials.any_at, otherwise=_no_materials)
def materials_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """Links, files and acts."""
    found = materials.of_occurrence(visit.session, page.card.id)
    explained = acts.explained(visit.session, page.card.id)
    if not found and not explained and not page.may_edit:
        return None
    return _listed(found, explained)


@panels.OCCURRENCE.register("series", place=15, column="side")
def series_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """The series that it belongs to, with the dates around it."""
    return plan_queries.around(visit.session, visit.visitor, page.card.id)


def _expect_editor(visit: Visit) -> None:
    signed_in_only(visit)
    materials.expect_tended(visit.session, visit.visitor, visit.request.path_params["slug"], visit.now)


def _page(visit: Visit, slug: str, *, status: int = 200, failure: str = "") -> Response:
    shown = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    if not shown.may_edit:
        raise Problem(403, "not_yours", _("This occurrence is planned by others. Ask its organiser."))
    return visit.page(
        "materials.html",
        status=status,
        page=shown,
        card=shown.card,
        failure=failure,
        materials=materials.of_occurrence(visit.session, shown.card.id),
        explained=acts.explained(visit.session, shown.card.id),
        catalogue=acts.catalogue(visit.session, visit.visitor),
        states=STATES,
        size=size_in_words,
        typed=visit.form,
    )
