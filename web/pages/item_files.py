"""`/items/import`, `/items/export`: files of items in and out, with a report of each item before anything is stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.assessment import queries
from lms.assessment.exchange import exporting, uploads
from lms.assessment.exchange.parts import MOST_BYTES, Format
from lms.assessment.models import ImportState
from lms.assessment.rules import may_write
from lms.errors import Conflict, Invalid, NotAllowed
from web import forms
from web.errors import status_of
from web.items import reports, words
from web.items.filters import Filtering, ItemFilter
from web.spreadsheets import csv_bytes, download
from web.visits import Reading, Sending, Visit, Weighing, before_upload, see_other

router = APIRouter(prefix="/items")

SHOWN = 200
"""Lines of a report on the page; the table that can be downloaded has all."""
MOST_CHOSEN = 500
"""Items that can be named one by one."""
_FILES = {
    Format.GIFT: ("text/plain; charset=utf-8", "gift.txt"),
    Format.MOODLE_XML: ("application/xml", "moodle.xml"),
    Format.QTI: ("application/zip", "qti.zip"),
    Format.CSV: ("text/csv; charset=utf-8", "csv"),
}


@router.get("/import")
def choose(visit: Reading) -> Response:
    """A file, or text to be pasted."""
    _expect_writer(visit)
    return _chooser(visit)


@router.post("/import", dependencies=[before_upload(lambda visit: _expect_writer(visit))])
def send(visit: Sending) -> Response:
    """Keep it until it was looked at, with the report on it: nobody who writes waits while it is read."""
    _expect_writer(visit)
    sent, pasted = visit.form.get("file"), forms.text(visit.form, "pasted")
    is_file = isinstance(sent, UploadFile) and bool(sent.filename)
    content = sent.file.read(MOST_BYTES + 1) if isinstance(sent, UploadFile) and is_file else pasted.encode()
    name = str(sent.filename) if isinstance(sent, UploadFile) and is_file else ""
    typed = {"format": forms.text(visit.form, "format"), "language": forms.text(visit.form, "language")}
    try:
        looked = uploads.look(visit.session, visit.visitor, name, content, **_named(typed))
        with visit.config.database.writing() as session:
            made = uploads.upload(
                session, visit.visitor, name, content, **_named(typed), now=visit.now, looked=looked
            ).id
    except (Conflict, Invalid) as refused:
        failure = reports.sentence_of(refused.code, refused.detail, visit.language)
        return _chooser(visit, status=status_of(refused), failure=failure, typed=typed | {"pasted": pasted})
    return see_other(f"/items/import/{made}")


@router.get("/import/{import_id}")
def look(import_id: int, visit: Reading) -> Response:
    """What would become of each item, or what became of it."""
    return _report(visit, import_id)


@router.get("/import/{import_id}/report.csv")
def report(import_id: int, visit: Reading) -> Response:
    """The same as a table, whole."""
    found = uploads.fetch(visit.session, visit.visitor, import_id)
    rows = reports.rows(uploads.told(visit.session, found), visit.language)
    content = csv_bytes(reports.header(visit.language), [list(row) for row in rows])
    return download(content, "text/csv; charset=utf-8", f"items-{import_id}.csv")


@router.post("/import/{import_id}")
def take(import_id: int, visit: Weighing) -> Response:
    """Take it, or throw it away."""
    _expect_writer(visit)
    database, visitor = visit.config.database, visit.visitor
    if forms.text(visit.form, "do") == "discard":
        with database.writing() as session:
            uploads.discard(session, visitor, import_id, visit.now)
        return see_other("/items/import?done=discarded")
    offered = forms.text(visit.form, "offer") == "yes"
    try:
        told, found = uploads.plan(visit.session, visitor, import_id)
        for begin in range(0, len(found), uploads.PORTION):
            part = found[begin : begin + uploads.PORTION]
            with database.writing() as session:
                uploads.take_part(session, visitor, import_id, told, part, visit.now, offered=offered)
        with database.writing() as session:
            uploads.finish(session, visitor, import_id, told, visit.now)
    except (Conflict, Invalid) as refused:
        return _report(visit, import_id, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/items/import/{import_id}?done=imported")


@router.get("/export")
def export(
    visit: Reading,
    which: Filtering,
    code: Annotated[list[str] | None, Query(max_length=MOST_CHOSEN)] = None,
    format: str = "",
    look: str = "",
) -> Response:
    """A selection or what a filter finds, as a file; `look`: what that file would not carry, on a page."""
    queries.expect_reader(visit.visitor)
    codes = tuple(code or ())
    chosen = which.narrowing(codes)
    _found, total = queries.listed(visit.session, visit.visitor, chosen)
    if format not in set(Format):
        return _export_page(visit, which, codes, total, None, None)
    form = Format(format)
    kind, suffix = _FILES[form]
    name = f"vikno-items.{suffix}"
    stored = queries.stored(visit.session, chosen, usable_only=which.usable == "yes")
    content, told = exporting.write(stored, name, form)
    if look:
        return _export_page(visit, which, codes, total, form, told.data(apart=True))
    return download(content, kind, name)


def _named(typed: dict[str, str]) -> dict[str, str]:
    return {"form": typed["format"], "language": typed["language"]}


def _chooser(visit: Visit, *, status: int = 200, failure: str = "", typed: dict[str, str] | None = None) -> Response:
    return visit.page(
        "item_import.html",
        status=status,
        failure=failure,
        typed=typed or {"format": "", "language": "uk", "pasted": ""},
        formats=words.FORMATS,
        most_mb=MOST_BYTES // 1024 // 1024,
    )


def _report(visit: Visit, import_id: int, *, status: int = 200, failure: str = "") -> Response:
    found = uploads.fetch(visit.session, visit.visitor, import_id)
    waits = found.state is ImportState.UPLOADED
    told = uploads.told(visit.session, found)
    rows = reports.rows(told, visit.language)
    return visit.page(
        "item_report.html",
        status=status,
        failure=failure,
        found=found,
        waits=waits,
        counts=told.get("counts", {}),
        error=reports.error(told, visit.language),
        rows=rows[:SHOWN],
        more=max(0, len(rows) - SHOWN),
        outcomes=reports.OUTCOMES,
        formats=words.FORMATS,
    )


def _export_page(
    visit: Visit,
    which: ItemFilter,
    codes: tuple[str, ...],
    total: int,
    form: Format | None,
    told: dict[str, Any] | None,
) -> Response:
    rows = reports.rows(told, visit.language) if told else []
    lost = [row for row in rows if row.reason]
    return visit.page(
        "item_export.html",
        query=which.query(codes),
        which=which,
        codes=codes,
        total=total,
        most=queries.MOST_EXPORTED,
        form=form,
        formats=words.FORMATS,
        counts=told["counts"] if told else {},
        lost=lost[:SHOWN],
        more=max(0, len(lost) - SHOWN),
        outcomes=reports.OUTCOMES,
    )


def _expect_writer(visit: Visit) -> None:
    if not may_write(visit.visitor):
        raise NotAllowed("item_not_yours", "Items are written by trainers and organisers.")
