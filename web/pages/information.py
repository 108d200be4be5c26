"""Pages of words: help, and the statement on accessibility."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from web.visits import Reading

router = APIRouter()


@router.get("/help")
def show_help(visit: Reading) -> Response:
    """How to join, what to do when something does not work, keyboard shortcuts."""
    return visit.page("help.html", keep=True)


@router.get("/accessibility")
def accessibility(visit: Reading) -> Response:
    """What works for whom, and where to write when it does not."""
    return visit.page("accessibility.html")
