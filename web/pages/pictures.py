"""`/schedule/{slug}/pictures`: what was taken in the meeting, as a gallery; its editors word, hide and remove."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Invalid
from lms.schedule import pictures, queries
from lms.schedule.cards import OccurrencePage
from web import forms, panels
from web.errors import status_of
from web.i18n import mark as _
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/schedule/{slug}/pictures")

ON_THE_PAGE = 6
"""So many stand on the occurrence's page; the gallery has all."""
SOURCES = {"camera": _("Camera"), "screen": _("Screen"), "document_camera": _("Second camera")}


@router.get("")
def page(slug: str, visit: Reading) -> Response:
    """All of them."""
    return _page(visit, slug)


@router.get("/{picture_id}")
def whole(slug: str, picture_id: int, visit: Reading) -> Response:
    """The picture. It was written by ourselves, so a browser may show it."""
    return _jpeg(visit, slug, picture_id, small=False)


@router.get("/{picture_id}/small")
def small(slug: str, picture_id: int, visit: Reading) -> Response:
    """Its thumbnail."""
    return _jpeg(visit, slug, picture_id, small=True)


@router.post("/{picture_id}/caption")
def caption(slug: str, picture_id: int, visit: Acting) -> Response:
    """Another caption."""
    try:
        pictures.caption(visit.session, visit.visitor, slug, picture_id, forms.text(visit.form, "caption"), visit.now)
    except Invalid as refused:
        return _page(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused), wrong=picture_id)
    return see_other(f"/schedule/{slug}/pictures?done=picture_worded#picture-{picture_id}")


@router.post("/{picture_id}/hide")
def hide(slug: str, picture_id: int, visit: Acting) -> Response:
    """For its editors alone."""
    pictures.hide(visit.session, visit.visitor, slug, picture_id, visit.now, hidden=True)
    return see_other(f"/schedule/{slug}/pictures?done=picture_hidden#picture-{picture_id}")


@router.post("/{picture_id}/show")
def show(slug: str, picture_id: int, visit: Acting) -> Response:
    """For everybody again."""
    pictures.hide(visit.session, visit.visitor, slug, picture_id, visit.now, hidden=False)
    return see_other(f"/schedule/{slug}/pictures?done=picture_shown#picture-{picture_id}")


@router.post("/{picture_id}/remove")
def remove(slug: str, picture_id: int, visit: Acting) -> Response:
    """For nobody any more."""
    pictures.remove(visit.session, visit.visitor, slug, picture_id, visit.now)
    return see_other(f"/schedule/{slug}/pictures?done=removed")


@panels.OCCURRENCE.register("pictures", place=42, column="main", given=pictures.any_of)
def pictures_panel(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """The newest, among the materials."""
    found, all_of_them = pictures.of_occurrence(visit.session, page.card.id, editor=page.may_edit, limit=ON_THE_PAGE)
    if not found:
        return None
    return {"pictures": found, "count": all_of_them, "sources": SOURCES}


def _jpeg(visit: Visit, slug: str, picture_id: int, *, small: bool) -> Response:
    store = visit.config.files
    found = pictures.contents(visit.session, visit.visitor, slug, picture_id, store, small=small)
    # A picture may be hidden or removed at any time: a browser asks again.
    return Response(found, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=60"})


def _page(visit: Visit, slug: str, *, status: int = 200, failure: str = "", wrong: int = 0) -> Response:
    shown = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    found, _count = pictures.of_occurrence(visit.session, shown.card.id, editor=shown.may_edit)
    return visit.page(
        "pictures.html",
        status=status,
        page=shown,
        card=shown.card,
        failure=failure,
        wrong=wrong,
        typed=forms.text(visit.form, "caption"),
        pictures=found,
        sources=SOURCES,
        longest=pictures.LONGEST_CAPTION,
    )
