"""Files of items that somebody sends in by the browser: looked at first, then taken or thrown away.

The bytes are kept in between, so that what is taken is what was looked at. Nobody else sees them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.assessment.exchange import importing
from lms.assessment.exchange.importing import Judged
from lms.assessment.exchange.parts import MOST_BYTES, Format, Unreadable
from lms.assessment.exchange.report import Report
from lms.assessment.models import ImportState, ItemImport
from lms.assessment.rules import may_write
from lms.assessment.tags import LANGUAGES
from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

PORTION = 100
"""Items of a transaction: 5,000 at once take longer than anybody who writes besides would wait."""
MOST_WAITING = 5
"""Files of one person that wait to be looked at; the oldest gives way."""


def upload(
    session: Session,
    visitor: Visitor,
    name: str,
    content: bytes,
    form: str,
    language: str,
    now: datetime,
    *,
    looked: Report | None = None,
) -> ItemImport:
    """Keep a file until it is looked at. An empty `form` is recognised. Raises `NotAllowed`, `Invalid`.

    `looked`: what `look` has said of it; to be kept, because a long file is not read in a moment.
    """
    known = _checked(visitor, name, content, form, language)
    _give_way(session, visitor.actor)
    made = ItemImport(
        file_name=name[-200:],
        format=known.value,
        language=language,
        content=content,
        report=looked.data(apart=True) if looked else {},
        state=ImportState.UPLOADED,
        created_by=visitor.actor,
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = {"file": made.file_name, "format": made.format, "bytes": len(content)}
    record(session, visitor.actor, "item.import_upload", "item_import", made.id, now=now, after=after)
    return made


def look(session: Session, visitor: Visitor, name: str, content: bytes, form: str, language: str) -> Report:
    """What taking it would do. Only reads. Raises as `upload`."""
    known = _checked(visitor, name, content, form, language)
    return importing.preview(session, name[-200:], content, known, language=language)


def _checked(visitor: Visitor, name: str, content: bytes, form: str, language: str) -> Format:
    _writer(visitor)
    if len(content) > MOST_BYTES:
        raise Unreadable("file_large", f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB. Divide it.")
    if not content.strip():
        raise Invalid("file_needed", "Choose a file, or paste its text.", "file")
    if language not in LANGUAGES:
        raise Invalid("item_language", "An item is in Ukrainian (uk) or English (en).", "language")
    return Format(form) if form in set(Format) else importing.format_of(name, content)


def fetch(session: Session, visitor: Visitor, import_id: int, *, locked: bool = False) -> ItemImport:
    """One's own file. Raises `NotAllowed`, `NotFound`."""
    _writer(visitor)
    query = select(ItemImport).where(ItemImport.id == import_id, ItemImport.created_by == visitor.actor)
    found = session.scalar(query.with_for_update() if locked else query)
    if found is None:
        raise NotFound("import_unknown", "There is no such file.")
    return found


def told(session: Session, found: ItemImport) -> dict[str, Any]:
    """What became of its items, or would become of them, as it was when the file came."""
    if found.report or found.content is None:
        return found.report
    form = Format(found.format)
    return importing.preview(session, found.file_name, found.content, form, language=found.language).data(apart=True)


def plan(session: Session, visitor: Visitor, import_id: int) -> tuple[Report, list[Judged]]:
    """What is to be taken. Only reads. Raises `Conflict` (import_done) the second time."""
    found = fetch(session, visitor, import_id)
    if found.state is not ImportState.UPLOADED or found.content is None:
        raise Conflict("import_done", "This file was taken or thrown away already.")
    return importing.plan(session, found.file_name, found.content, Format(found.format), language=found.language)


def take_part(
    session: Session,
    visitor: Visitor,
    import_id: int,
    report: Report,
    part: Sequence[Judged],
    now: datetime,
    *,
    offered: bool,
) -> None:
    """Write some of its items, in a transaction of their own: the next one who writes waits for `PORTION`, no more.

    Interrupted, the file waits on; taken again, what is in the bank already is left as it is. Raises `Conflict`
    (import_done) where somebody else took it or threw it away meanwhile.
    """
    _waiting(session, visitor, import_id)
    importing.take_part(session, visitor.actor, report, part, now, offered=offered)


def finish(session: Session, visitor: Visitor, import_id: int, report: Report, now: datetime) -> ItemImport:
    """All of it is written: the report is kept, the bytes go. Raises `Conflict` (import_done)."""
    found = _waiting(session, visitor, import_id)
    found.report, found.state, found.content, found.done_at = report.data(apart=True), ImportState.TAKEN, None, now
    session.flush()
    after = {"file": found.file_name, **found.report["counts"]}
    record(session, visitor.actor, "item.import_take", "item_import", found.id, now=now, after=after)
    return found


def discard(session: Session, visitor: Visitor, import_id: int, now: datetime) -> None:
    """Throw it away. Raises `Conflict` (import_done)."""
    found = _waiting(session, visitor, import_id)
    found.state, found.content, found.done_at = ImportState.DISCARDED, None, now
    session.flush()
    after = {"file": found.file_name}
    record(session, visitor.actor, "item.import_discard", "item_import", found.id, now=now, after=after)


def _waiting(session: Session, visitor: Visitor, import_id: int) -> ItemImport:
    found = fetch(session, visitor, import_id, locked=True)
    if found.state is not ImportState.UPLOADED:
        raise Conflict("import_done", "This file was taken or thrown away already.")
    return found


def _give_way(session: Session, actor: str) -> None:
    older = select(ItemImport.id).where(ItemImport.created_by == actor, ItemImport.state == ImportState.UPLOADED)
    kept = session.scalars(older.order_by(ItemImport.id.desc()).limit(MOST_WAITING - 1)).all()
    session.execute(delete(ItemImport).where(ItemImport.id.in_(older), ItemImport.id.not_in(kept)))


def _writer(visitor: Visitor) -> None:
    if not may_write(visitor):
        raise NotAllowed("item_not_yours", "Items are written by trainers and organisers.")
