"""`/imports`: files of organisations, people and workload: sent, looked at, applied."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.directory.imports import actions, columns
from lms.directory.imports.plan import Outcome, PlannedRow
from lms.directory.imports.reading import Unreadable
from lms.directory.register_models import DirectoryImport, ImportKind, ImportState
from lms.errors import Conflict, Invalid, Refusal, TooMany
from web import import_wording
from web.errors import status_of
from web.forms import sentence, text
from web.guards import signed_in_only
from web.i18n import mark as _
from web.i18n import translate
from web.problems import Problem
from web.spreadsheets import csv_bytes, download
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other

router = APIRouter(prefix="/imports")
SHOWN = 100
"""Rows of a preview on one page."""
_SAMPLES = {
    ImportKind.ORGANISATIONS: [
        "code",
        "kind",
        "name_uk",
        "name_en",
        "oblast",
        "settlement",
        "community",
        "community_code",
        "email",
        "phone",
        "member_from",
    ],
    ImportKind.PEOPLE: ["family_name", "given_name", "patronymic", "email", "phone", "organisation", "position"],
    ImportKind.WORKLOAD: ["organisation", "weekday", "hour", "count"],
}


@router.get("")
def show(visit: Reading) -> Response:
    """The form to send a file, and the files sent before."""
    return _list(visit)


@router.post("", dependencies=[before_upload(lambda visit: _importers_only(visit))])
def upload(visit: Uploading) -> Response:
    """Keep the file; what it would do is shown next."""
    _importers_only(visit)
    sent = visit.form.get("file")
    kind = text(visit.form, "kind")
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise Invalid("file_needed", "Choose a file.", "file")
        if kind not in list(ImportKind):
            raise Invalid("input_invalid", "Choose what the file holds.", "kind")
        made = actions.upload(
            visit.session, visit.visitor, ImportKind(kind), sent.filename, sent.file.read(), visit.now
        )
    except (Invalid, TooMany) as refused:
        return _list(visit, status=status_of(refused), failure=_said(visit, refused), kind=kind)
    return see_other(f"/imports/{made.id}")


@router.get("/sample-{kind}.csv")
def sample(kind: ImportKind, visit: Reading) -> Response:
    """A file with the columns' names alone, to be filled in."""
    _importers_only(visit)
    names = [columns.FIELDS[kind][field][0].capitalize() for field in _SAMPLES[kind]]
    return download(csv_bytes(names, []), "text/csv; charset=utf-8", f"{kind.value}.csv")


@router.get("/{import_id}")
def look(import_id: int, visit: Reading, page: int = 1, only: str = "") -> Response:
    """What would become of each row, or what became of it."""
    _importers_only(visit)
    return _page(visit, actions.fetch(visit.session, visit.visitor, import_id), page=page, only=only)


@router.post("/{import_id}/columns")
def choose_columns(import_id: int, visit: Acting) -> Response:
    """Which column holds what."""
    _importers_only(visit)
    found = actions.fetch(visit.session, visit.visitor, import_id)
    chosen = {field: text(visit.form, f"column-{field}") for field in columns.FIELDS[found.kind]}
    mapping = {field: int(place) for field, place in chosen.items() if place.isdecimal() and len(place) < 4}
    actions.choose_columns(visit.session, visit.visitor, import_id, mapping, visit.now)
    return see_other(f"/imports/{import_id}")


@router.post("/{import_id}/decisions")
def decide(import_id: int, visit: Acting) -> Response:
    """What the rows mean that fit several."""
    _importers_only(visit)
    said = {name.removeprefix("row-"): str(value) for name, value in visit.form.items() if name.startswith("row-")}
    actions.decide(visit.session, visit.visitor, import_id, said, visit.now)
    return see_other(f"/imports/{import_id}?done=saved")


@router.post("/{import_id}/apply")
def apply(import_id: int, visit: Acting) -> Response:
    """Write it, in this one transaction."""
    _importers_only(visit)
    try:
        actions.apply(visit.session, visit.visitor, import_id, visit.now)
    except (Invalid, Conflict) as refused:
        found = actions.fetch(visit.session, visit.visitor, import_id)
        return _page(visit, found, status=status_of(refused), failure=_said(visit, refused))
    return see_other(f"/imports/{import_id}?done=imported")


@router.post("/{import_id}/discard")
def discard(import_id: int, visit: Acting) -> Response:
    """Throw the file away."""
    _importers_only(visit)
    actions.discard(visit.session, visit.visitor, import_id, visit.now)
    return see_other("/imports?done=discarded")


@router.get("/{import_id}/report.csv")
def report(import_id: int, visit: Reading) -> Response:
    """What is wrong, row by row."""
    _importers_only(visit)
    found = actions.fetch(visit.session, visit.visitor, import_id)
    told = found.report
    if found.state is ImportState.UPLOADED:
        seen = actions.preview(visit.session, visit.visitor, import_id, visit.now)
        told = actions.report_of(seen.plan, seen.sheet, seen.mapping) if seen.plan else {}
    rows = import_wording.report_rows(visit.language, told)
    content = csv_bytes(import_wording.report_header(visit.language), rows)
    return download(content, "text/csv; charset=utf-8", f"import-{import_id}.csv")


def _importers_only(visit: Visit) -> None:
    signed_in_only(visit)
    if not actions.importable(visit.visitor):
        raise Problem(
            403, "importers_only", _("Files are taken from administrators, data importers and leads of centres.")
        )


def _list(visit: Visit, *, status: int = 200, failure: str = "", kind: str = "people") -> Response:
    _importers_only(visit)
    return visit.page(
        "imports.html",
        imports=actions.imports_of(visit.session, visit.visitor),
        kinds=[
            (one.value, translate(visit.language, import_wording.KINDS[one]))
            for one in actions.importable(visit.visitor)
        ],
        kind=kind,
        words=import_wording,
        failure=failure,
        status=status,
    )


def _page(
    visit: Visit, found: DirectoryImport, *, page: int = 1, only: str = "", status: int = 200, failure: str = ""
) -> Response:
    context: dict[str, Any] = {"seen": None, "rows": [], "counts": found.report.get("counts", {}), "pages": 1}
    if found.state is ImportState.UPLOADED:
        try:
            seen = actions.preview(visit.session, visit.visitor, found.id, visit.now)
        except Unreadable as refused:
            return _frame(visit, found, failure=_said(visit, refused), status=422, unreadable=True, **context)
        counts = {outcome.value: number for outcome, number in seen.plan.counts.items()} if seen.plan else {}
        rows = [row for row in seen.plan.rows if not only or row.outcome == only] if seen.plan else []
        pages = max(1, -(-len(rows) // SHOWN))
        page = min(max(1, page), pages)
        context = {
            "seen": seen,
            "rows": rows[(page - 1) * SHOWN : page * SHOWN],
            "asked": _asked(seen.plan.rows if seen.plan else ()),
            "counts": counts,
            "pages": pages,
        }
    return _frame(visit, found, failure=failure, status=status, page=page, only=only, **context)


def _frame(visit: Visit, found: DirectoryImport, **context: Any) -> Response:
    problems = import_wording.report_rows(visit.language, found.report)
    given = {"page": 1, "only": "", "unreadable": False, "asked": [], **context}
    return visit.page(
        "import.html",
        one=found,
        fields=columns.FIELDS[found.kind],
        words=import_wording,
        problems=problems[:SHOWN],
        problem_count=len(problems),
        told=lambda problem: import_wording.problem(visit.language, problem.code, problem.value),
        **given,
    )


def _asked(rows: tuple[PlannedRow, ...]) -> list[PlannedRow]:
    return [row for row in rows if row.outcome in (Outcome.ASK, Outcome.SKIP)][:SHOWN]


def _said(visit: Visit, refused: Refusal) -> str:
    said = sentence(visit, refused)
    line = getattr(refused, "line", None)
    return f"{translate(visit.language, _('Row'))} {line}. {said}" if line else said
