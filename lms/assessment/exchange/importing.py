"""Items of a file into the bank. Everything is a draft: a second person reads it before tests draw it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment import actions
from lms.assessment.drafts import ItemDraft, check, code_of, digest_of
from lms.assessment.exchange import gift, moodle, qti, table
from lms.assessment.exchange.parts import MOST_BYTES, Format, Read, Unreadable
from lms.assessment.exchange.report import Line, Report
from lms.assessment.models import Item, ItemVersion
from lms.assessment.tags import LANGUAGES, Tag
from lms.assessment.tags import read as read_tags
from lms.directory.imports.reading import decode
from lms.errors import Invalid, Refusal
from lms.frameworks.queries import schemes

_SUFFIXES = {".gift": Format.GIFT, ".txt": Format.GIFT, ".zip": Format.QTI, ".csv": Format.CSV, ".xlsx": Format.CSV}


def format_of(name: str, content: bytes) -> Format:
    """By the file's name, and for XML by its beginning. Raises `Unreadable` (format_unknown)."""
    lower = name.lower()
    for suffix, form in _SUFFIXES.items():
        if lower.endswith(suffix):
            return form
    if lower.endswith(".xml"):
        return Format.MOODLE_XML if re.search(rb"<quiz[\s>]", content[:4000]) else Format.QTI
    raise Unreadable("format_unknown", "The file's name tells no format. Name it: gift, moodle-xml, qti or csv.")


def read(content: bytes, form: Format) -> list[Read]:
    """What a file holds. Raises `Unreadable`."""
    if len(content) > MOST_BYTES:
        raise Unreadable("file_large", f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB. Divide it.")
    if not content.strip():
        raise Unreadable("file_empty", "The file is empty.")
    readers: dict[Format, Callable[[bytes], list[Read]]] = {
        Format.GIFT: lambda told: gift.read(_text(told)),
        Format.MOODLE_XML: moodle.read,
        Format.QTI: qti.read,
        Format.CSV: table.read,
    }
    return readers[form](content)


def _text(content: bytes) -> str:
    try:
        return decode(content)[0]
    except Invalid as refusal:
        raise Unreadable(refusal.code, "This is no text. GIFT is text in UTF-8 or Windows-1251.") from None


def take(
    session: Session, actor: str, name: str, content: bytes, form: Format, now: datetime, *, language: str = "uk"
) -> Report:
    """Read a file and write its items; `language` is that of items that do not say theirs.

    An item whose code is in the bank becomes its next version, or is left as it is when nothing has changed.
    """
    report = Report(name, form)
    try:
        found = read(content, form)
    except Unreadable as refusal:
        report.error = {"code": refusal.code, "reason": refusal.detail, "line": refusal.line}
        return report
    frames = schemes(session)
    seen: set[str] = set()
    for each in found:
        _take_one(session, actor, each, frames, seen, report, now, language)
    return report


def _take_one(
    session: Session,
    actor: str,
    read: Read,
    frames: Collection[str],
    seen: set[str],
    report: Report,
    now: datetime,
    language: str,
) -> None:
    if read.body is None:
        report.refused.append(Line(read.line, read.code, read.title, (read.refused,)))
        return
    try:
        draft, changed = draft_of(read, frames, language)
        code = code_of(draft)
        if code in seen:
            raise Invalid("item_twice", f"The file has an item {code} already.")
        seen.add(code)
        note = _write(session, actor, draft, now)
    except Refusal as refusal:
        report.refused.append(Line(read.line, read.code, read.title, (refusal.detail,)))
        return
    line = Line(read.line, code, read.title, (*changed, *([note] if note else [])))
    (report.changed if changed else report.taken).append(line)


def draft_of(read: Read, frames: Collection[str], language: str) -> tuple[ItemDraft, list[str]]:
    """The draft of what was read, and what is not as it stood. Raises `Invalid`."""
    assert read.body is not None
    tags, said = read_tags(read.tags, frames)
    changed = [*read.changed, *said]
    spoken = read.language or language
    if spoken not in LANGUAGES:
        raise Invalid("item_language", f"The language {spoken[:20]!r} is none of Ukrainian (uk) and English (en).")
    code = re.sub(r"[^A-Za-z0-9._-]+", "-", read.code.strip()).strip("-._")[:64]
    if code != read.code:
        changed.append(f"The code {read.code[:80]!r} was written as {code!r}." if code else "It was given a code.")
    draft = ItemDraft(read.body, spoken, tuple(tags), code, read.family)
    check(draft)
    return draft, changed


def _write(session: Session, actor: str, draft: ItemDraft, now: datetime) -> str:
    """Write it; a word on what became of it, when the bank had it already."""
    code = code_of(draft)
    known = session.execute(
        select(Item.id, ItemVersion.digest)
        .join(ItemVersion, (ItemVersion.item_id == Item.id) & (ItemVersion.number == Item.latest))
        .where(Item.code == code)
    ).one_or_none()
    if known is None:
        actions.add(session, actor, draft, now)
        return ""
    item = actions.locked(session, code)
    same = known.digest == digest_of(draft.body)
    kept = draft if draft.tags else replace(draft, tags=tuple(_tags_of(item)))
    if not actions.change(session, actor, item, kept, now):
        return "The bank has it already, exactly so."
    return "Its tags were changed." if same else f"It became version {item.latest} of {code}."


def _tags_of(item: Item) -> list[Tag]:
    return [Tag(tag.scheme, tag.value) for tag in item.tags]
