"""`/frames`: the frames of competences by which questions are tagged and results are told, for everybody to read."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.frameworks import queries
from web.i18n import mark as _
from web.visits import Reading

OUTCOMES = {"knowledge": _("Knowledge"), "skill": _("Skills"), "attitude": _("Attitudes")}

router = APIRouter(prefix="/frames")


@router.get("")
def index(visit: Reading) -> Response:
    """All versions."""
    return visit.page("frames.html", versions=queries.versions(visit.session))


@router.get("/{code}")
def frame(code: str, visit: Reading) -> Response:
    """One of them: areas, competences, levels and outcomes."""
    return visit.page("frame.html", page=queries.page(visit.session, code), kinds=OUTCOMES)
