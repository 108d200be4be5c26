"""`/organisations`: who is in the network, now or on a day; a page for each."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from lms.days import day_of
from lms.directory import organisation_queries as queries
from lms.directory.models import OrganisationKind, OrganisationStatus
from lms.directory.oblasts import OBLASTS
from lms.directory.organisation_queries import Wanted
from web.i18n import translate
from web.pages.organisation_view import view
from web.spreadsheets import XLSX_TYPE, csv_bytes, download, xlsx_bytes
from web.visits import Reading, Visit, see_other
from web.vocabulary import ORGANISATION_KINDS, ORGANISATION_STATES, choices

router = APIRouter(prefix="/organisations")
W = TypeVar("W", bound=StrEnum)

EXPORTED = 10_000


@router.get("")
def organisations(
    visit: Reading,
    search: str = "",
    kind: str = "",
    oblast: str = "",
    status: str = "",
    capability: str = "",
    on: str = "",
    page: int = 1,
) -> Response:
    """By name, narrowed by what was chosen."""
    wanted = _wanted(search, kind, oblast, status, capability, on)
    found = queries.organisation_list(visit.session, visit.visitor, wanted, day_of(visit.now), page=page)
    kinds = queries.capability_kinds(visit.session)
    return visit.page(
        "organisations.html",
        found=found,
        wanted=wanted,
        asked=_asked(wanted),
        query=urlencode(_asked(wanted)),
        kinds=choices(ORGANISATION_KINDS, visit.language),
        states=choices(ORGANISATION_STATES, visit.language),
        oblasts=[(name, english if visit.language == "en" else name) for name, english in OBLASTS.items()],
        capabilities={one.code: (one.name_uk, one.name_en) for one in kinds},
        on_unreadable=bool(on) and wanted.member_on is None,
    )


@router.get("/export")
def export(
    visit: Reading,
    search: str = "",
    kind: str = "",
    oblast: str = "",
    status: str = "",
    capability: str = "",
    on: str = "",
    form: str = "csv",
) -> Response:
    """The list as a file, narrowed in the same way. Its columns are those that an import understands."""
    wanted = _wanted(search, kind, oblast, status, capability, on)
    found = queries.organisation_list(visit.session, visit.visitor, wanted, day_of(visit.now), size=EXPORTED)
    header = [
        "code", "kind", "status", "name_uk", "name_en", "oblast", "settlement", "community", "community_code", "email",
        "phone", "capabilities",
    ]  # fmt: skip
    rows = [
        [
            one.code,
            one.kind.value,
            one.status.value,
            one.name_uk,
            one.name_en,
            one.oblast,
            one.settlement,
            one.community,
            one.community_code,
            one.email,
            one.phone,
            ", ".join(one.capabilities),
        ]
        for one in found.entries
    ]
    if form == "xlsx":
        return download(xlsx_bytes("Organisations", header, rows), XLSX_TYPE, "organisations.xlsx")
    return download(csv_bytes(header, rows), "text/csv; charset=utf-8", "organisations.csv")


@router.get("/{code}")
def organisation(code: str, visit: Reading) -> Response:
    """One organisation. What was merged leads to where it went."""
    page = queries.organisation_page(visit.session, visit.visitor, code, day_of(visit.now))
    if page.merged_into:
        return see_other(f"/organisations/{page.merged_into}?done=merged")
    return view(visit, page)


def _wanted(search: str, kind: str, oblast: str, status: str, capability: str, on: str) -> Wanted:
    return Wanted(
        search=search.strip()[:80],
        kind=_word(OrganisationKind, kind),
        oblast=oblast if oblast in OBLASTS else "",
        status=_word(OrganisationStatus, status),
        capability=capability[:64],
        member_on=_day(on),
    )


def _asked(wanted: Wanted) -> dict[str, str]:
    """The filter as parameters of an address, without what is empty."""
    asked: dict[str, Any] = {
        "search": wanted.search,
        "kind": wanted.kind,
        "oblast": wanted.oblast,
        "status": wanted.status,
        "capability": wanted.capability,
        "on": wanted.member_on,
    }
    return {name: str(value) for name, value in asked.items() if value}


def _word(words: type[W], text: str) -> W | None:
    try:
        return words(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def name_of(visit: Visit, names: dict[str, str], word: str) -> str:
    """A word of the vocabulary in the reader's language."""
    return translate(visit.language, names.get(word, word))
