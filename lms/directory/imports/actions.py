"""Taking a file, choosing its columns, deciding about single rows, applying or throwing it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.imports import columns, organisations, people, people_writing, workload
from lms.directory.imports.plan import Outcome, Plan
from lms.directory.imports.reading import MOST_BYTES, Sheet, Unreadable, read
from lms.directory.register_models import DirectoryImport, ImportKind, ImportState
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany

MOST_WAITING = 20
"""Files of one person that are neither applied nor thrown away."""
MOST_DECISIONS = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as it was understood, and what would become of its rows. `plan` is None while a column is lacking."""

    sheet: Sheet
    mapping: dict[str, int]
    lacking: list[tuple[str, ...]]
    plan: Plan | None


def may_import(visitor: Visitor, kind: ImportKind) -> bool:
    """Organisations come from those who import for the whole network; people and figures also from single centres."""
    if visitor.imports_everything:
        return True
    return kind is not ImportKind.ORGANISATIONS and bool(visitor.imported_organisations)


def importable(visitor: Visitor) -> list[ImportKind]:
    """What the visitor may import."""
    return [kind for kind in ImportKind if may_import(visitor, kind)]


def imports_of(session: Session, visitor: Visitor, limit: int = 30) -> list[DirectoryImport]:
    """The latest files: one's own, for administrators everybody's. Without their content."""
    if not importable(visitor):
        raise NotAllowed("importers_only", "Files are taken from administrators, data importers and leads.")
    query = select(DirectoryImport).order_by(DirectoryImport.id.desc()).limit(limit)
    if not visitor.is_administrator:
        query = query.where(DirectoryImport.created_by == visitor.actor)
    return list(session.scalars(query))


def upload(
    session: Session, visitor: Visitor, kind: ImportKind, file_name: str, content: bytes, now: datetime
) -> DirectoryImport:
    """Keep a file until somebody has looked at what it would do. Raises `NotAllowed`, `Invalid` or `TooMany`."""
    if not may_import(visitor, kind):
        raise NotAllowed("importers_only", "You may not import this.")
    if len(content) > MOST_BYTES:
        raise Unreadable("table_large", "The file is too large.")
    if not content.strip():
        raise Unreadable("table_empty", "The file is empty. Choose another one.")
    waiting = select(func.count()).where(
        DirectoryImport.created_by == visitor.actor, DirectoryImport.state == ImportState.UPLOADED
    )
    if session.scalars(waiting).one() >= MOST_WAITING:
        raise TooMany("import_limit", "Too many files wait. Apply or throw away some of them first.")
    made = DirectoryImport(
        kind=kind,
        file_name=(file_name or "file")[-200:],
        content=content,
        mapping={},
        report={},
        state=ImportState.UPLOADED,
        created_by=visitor.actor,
        created_at=now,
    )
    session.add(made)
    session.flush()
    told = {"kind": kind.value, "file": made.file_name, "bytes": len(content)}
    record(session, visitor.actor, "import.upload", "directory_import", made.id, now=now, after=told)
    return made


def fetch(session: Session, visitor: Visitor, import_id: int) -> DirectoryImport:
    """One's own file, for administrators anybody's. Raises `NotFound`."""
    found = session.get(DirectoryImport, import_id)
    if found is None or (found.created_by != visitor.actor and not visitor.is_administrator):
        raise NotFound("not_found", f"There is no import {import_id}, or it is not yours.")
    if not may_import(visitor, found.kind):
        raise NotAllowed("importers_only", "You may not import this any more.")
    return found


def preview(session: Session, visitor: Visitor, import_id: int, now: datetime) -> Preview:
    """What would become of each row now. Changes nothing. Raises `Unreadable`, `Conflict` (import_over)."""
    found = fetch(session, visitor, import_id)
    if found.content is None:
        raise Conflict("import_over", "This file was applied or thrown away already.")
    return _preview(session, visitor, found, now)


def choose_columns(
    session: Session, visitor: Visitor, import_id: int, mapping: Mapping[str, int], now: datetime
) -> None:
    """Say which column holds what. Decisions about rows stay."""
    found = _open(session, visitor, import_id)
    known = {field: place for field, place in mapping.items() if field in columns.FIELDS[found.kind]}
    found.mapping = {**found.mapping, "columns": known}
    record(session, visitor.actor, "import.columns", "directory_import", found.id, now=now, after=known)


def decide(session: Session, visitor: Visitor, import_id: int, decisions: Mapping[str, str], now: datetime) -> None:
    """Say what single rows mean: somebody new, nobody, or the person with this number."""
    found = _open(session, visitor, import_id)
    kept = {row: word[:20] for row, word in decisions.items() if row.isdecimal() and word}
    merged = {**found.mapping.get("decisions", {}), **kept}
    if len(merged) > MOST_DECISIONS:
        raise Invalid("rows_many", "There are too many rows to decide about. Divide the file.", "file")
    found.mapping = {**found.mapping, "decisions": merged}
    record(session, visitor.actor, "import.decide", "directory_import", found.id, now=now, after=kept)


def discard(session: Session, visitor: Visitor, import_id: int, now: datetime) -> None:
    """Throw the file away."""
    found = _open(session, visitor, import_id)
    found.state, found.content = ImportState.DISCARDED, None
    record(session, visitor.actor, "import.discard", "directory_import", found.id, now=now)


def apply(session: Session, visitor: Visitor, import_id: int, now: datetime) -> DirectoryImport:
    """Write what the preview shows, as things are now; rows that are refused or undecided stay out and are reported."""
    # Two imports at once would both find that somebody is new: the files that wait are taken one after the other.
    waiting = select(DirectoryImport.id).where(DirectoryImport.state == ImportState.UPLOADED)
    session.execute(waiting.order_by(DirectoryImport.id).with_for_update()).all()
    found = _open(session, visitor, import_id)
    seen = _preview(session, visitor, found, now)
    if seen.plan is None:
        raise Invalid("columns_needed", "A column that is needed is not chosen yet.", "columns")
    if found.kind is ImportKind.ORGANISATIONS:
        organisations.apply(session, visitor, seen.plan, found.id, now)
    elif found.kind is ImportKind.PEOPLE:
        people_writing.apply(session, visitor, seen.plan, found.id, now)
    else:
        workload.apply(session, visitor, seen.plan, found.id, found.file_name, now)
    found.state, found.content, found.applied_at = ImportState.APPLIED, None, now
    found.report = report_of(seen.plan, seen.sheet, seen.mapping)
    told = found.report["counts"]
    record(session, visitor.actor, "import.apply", "directory_import", found.id, now=now, after=told)
    return found


def report_of(plan: Plan, sheet: Sheet, mapping: Mapping[str, int]) -> dict[str, Any]:
    """The counts, and what is wrong with which row, in which column: `{"counts": {…}, "problems": [{…}]}`."""
    problems = [
        {
            "row": row.number,
            "title": row.title[:200],
            "column": sheet.header[mapping[one.field]] if one.field in mapping else "",
            **asdict(one),
        }
        for row in plan.rows
        if row.outcome in (Outcome.REFUSED, Outcome.ASK)
        for one in row.problems
    ]
    counts = {outcome.value: number for outcome, number in plan.counts.items()}
    return {"counts": counts, "problems": problems}


def _open(session: Session, visitor: Visitor, import_id: int) -> DirectoryImport:
    fetch(session, visitor, import_id)
    found = lock(session, DirectoryImport, import_id)
    if found.state is not ImportState.UPLOADED:
        raise Conflict("import_over", "This file was applied or thrown away already.")
    return found


def _preview(session: Session, visitor: Visitor, found: DirectoryImport, now: datetime) -> Preview:
    assert found.content is not None
    sheet = read(found.content)
    chosen = found.mapping.get("columns")
    mapping = columns.guess(found.kind, sheet.header) if chosen is None else chosen
    mapping = columns.usable(found.kind, mapping, len(sheet.header))
    lacking = columns.lacking(found.kind, mapping)
    if lacking:
        return Preview(sheet, mapping, lacking, None)
    decisions = found.mapping.get("decisions", {})
    if found.kind is ImportKind.ORGANISATIONS:
        plan = organisations.plan(session, sheet, mapping, decisions)
    elif found.kind is ImportKind.PEOPLE:
        plan = people.plan(session, visitor, sheet, mapping, decisions, now)
    else:
        plan = workload.plan(session, visitor, sheet, mapping)
    return Preview(sheet, mapping, lacking, plan)
