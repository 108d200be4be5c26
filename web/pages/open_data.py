"""`/open-data`: figures of the network for anybody, where the installation allows it: files, and their description."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from lms.reports import open_data
from lms.reports.open_data import MEASURES, Table
from web import open_files, report_files
from web.conditional import is_known
from web.i18n import mark as _
from web.open_files import OpenTable
from web.problems import Problem
from web.report_words import NAMES, RULES
from web.spreadsheets import csv_bytes, xlsx_bytes
from web.visits import Reading, Visit

router = APIRouter(prefix="/open-data")
FRESH = timedelta(hours=1)
"""So long a table is served as it was made; it changes once a month, or when a sheet is approved late."""
_HEADERS = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


@router.get("")
def page(visit: Reading) -> Response:
    """What there is, what the columns mean, under which licence."""
    _opened(visit)
    columns = {report_files.FIGURES[each]: (NAMES[each], RULES[each]) for each in MEASURES}
    return visit.page("open_data.html", titles=open_files.TITLES, columns=columns, licence=open_files.LICENCE)


@router.get("/catalog.json")
def catalogue(visit: Reading) -> Response:
    """For harvesters: DCAT as JSON-LD."""
    _opened(visit)
    tables = {table: _table(visit, table) for table in Table}
    told = open_files.catalogue(visit.config.public_url, visit.config.issuer_name, tables)
    return JSONResponse(told, media_type="application/ld+json", headers=_HEADERS)


@router.get("/{table}.csv-metadata.json")
def metadata(table: str, visit: Reading) -> Response:
    """What the columns of a CSV file mean, where CSV on the Web looks for it."""
    _opened(visit)
    told = open_files.csv_metadata(visit.config.public_url, _named(table), RULES)
    return JSONResponse(told, media_type="application/csvm+json", headers=_HEADERS)


@router.get("/{table}.{form}")
def as_file(table: str, form: str, visit: Reading) -> Response:
    """A table as CSV, XLSX or JSON."""
    _opened(visit)
    if form not in open_files.MEDIA_TYPES:
        raise Problem(404, "not_found", "")
    which = _named(table)
    held = _table(visit, which)
    tag = f'{held.tag[:-1]}-{form}"'
    describes = f'<{visit.config.public_url}/open-data/{which.value}.csv-metadata.json>; rel="describedby"'
    headers = {**_HEADERS, "ETag": tag, "Link": f'{describes}, <{open_files.LICENCE}>; rel="license"'}
    if is_known(visit.request, tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="vikno-{which.value}.{form}"'
    return Response(_written(visit, which, held, form), media_type=open_files.MEDIA_TYPES[form], headers=headers)


def _written(visit: Visit, which: Table, held: OpenTable, form: str) -> bytes:
    if form == "csv":
        return csv_bytes(open_files.HEADER, held.rows)
    if form == "xlsx":
        return xlsx_bytes(which.value, open_files.HEADER, held.rows)
    told: dict[str, Any] = {
        "title": open_files.TITLES[which][1],
        "title_uk": open_files.TITLES[which][0],
        "publisher": visit.config.issuer_name,
        "license": open_files.LICENCE,
        "modified": held.made_at.isoformat(timespec="seconds"),
        "rows": report_files.records(open_files.HEADER, held.rows),
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _opened(visit: Visit) -> None:
    """Raises `Problem` 404 where open data are not switched on, 429 for who asks too often."""
    if not visit.config.open_data:
        raise Problem(404, "not_found", _("This installation publishes no open data."))
    visit.site.limits.check("open_data", visit.request)


def _named(table: str) -> Table:
    if table not in set(Table):
        raise Problem(404, "not_found", "")
    return Table(table)


def _table(visit: Visit, which: Table) -> OpenTable:
    kept = visit.site.open_tables
    held = kept.get(which.value)
    if held is None or not held.made_at <= visit.now < held.made_at + FRESH:
        rows = open_data.rows(visit.session, which, visit.now, demonstrations=visit.config.demo)
        held = kept[which.value] = open_files.table_of(rows, visit.now)
    return held
