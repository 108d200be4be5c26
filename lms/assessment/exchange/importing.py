"""Items of a file into the bank. Everything is a draft: a second person reads it before tests draw it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment import actions
from lms.assessment.content import texts_of
from lms.assessment.drafts import ItemDraft, check, code_of, digest_of, shown_title
from lms.assessment.exchange import gift, moodle, qti, table
from lms.assessment.exchange.parts import MOST_BYTES, Format, Read, Unreadable
from lms.assessment.exchange.report import Line, Report
from lms.assessment.models import EDITABLE, Item, ItemTag, ItemVersion
from lms.assessment.tags import LANGUAGES, Tag
from lms.assessment.tags import read as read_tags
from lms.directory.imports.reading import decode
from lms.errors import Invalid, Refusal
from lms.frameworks.queries import schemes
from lms.markdown import never_shown

TOGETHER = 200
"""New items that are written in one go."""
SAME = "The bank has it already, exactly so."
RETAGGED = "Its tags were changed."

_SUFFIXES = {".gift": Format.GIFT, ".txt": Format.GIFT, ".zip": Format.QTI, ".csv": Format.CSV, ".xlsx": Format.CSV}


def format_of(name: str, content: bytes) -> Format:
    """By the file's name, and for XML by its beginning. Raises `Unreadable` (format_unknown)."""
    lower = name.lower()
    for suffix, form in _SUFFIXES.items():
        if lower.endswith(suffix):
            return form
    if lower.endswith(".xml"):
        return Format.MOODLE_XML if re.search(rb"<quiz[\s>]", content[:4000]) else Format.QTI
    if not name and (told := _by_content(content.lstrip()[:4000])) is not None:
        return told
    raise Unreadable("format_unknown", "The file's name tells no format. Name it: gift, moodle-xml, qti or csv.")


def _by_content(beginning: bytes) -> Format | None:
    """Of text that was pasted: by how it begins."""
    if beginning.startswith((b"<", b"\xef\xbb\xbf<")):
        return Format.MOODLE_XML if re.search(rb"<quiz[\s>]", beginning) else Format.QTI
    first = beginning.decode("utf-8", "replace").lstrip("\ufeff").splitlines()[:1]
    if first and table.is_header(first[0]):
        return Format.CSV
    return Format.GIFT if b"{" in beginning or b"::" in beginning else None


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


@dataclass(frozen=True, slots=True)
class Judged:
    """One item of a file: a draft that can be taken, or why it cannot."""

    read: Read
    draft: ItemDraft | None
    changed: tuple[str, ...] = ()
    refused: str = ""


def take(
    session: Session,
    actor: str,
    name: str,
    content: bytes,
    form: Format,
    now: datetime,
    *,
    language: str = "uk",
    offered: bool = False,
) -> Report:
    """Read a file and write its items; `language` is that of items that do not say theirs.

    An item whose code is in the bank becomes its next version, or is left as it is when nothing has changed. `offered`:
    what is new or changed is sent to review at once.
    """

    report, found = plan(session, name, content, form, language=language)
    take_part(session, actor, report, found, now, offered=offered)
    return report


def plan(
    session: Session, name: str, content: bytes, form: Format, *, language: str = "uk"
) -> tuple[Report, list[Judged]]:
    """What a file holds, and a report to be filled. Only reads: nobody else who writes has to wait for it."""
    report = Report(name, form)
    try:
        return report, list(judged(read(content, form), schemes(session), language))
    except Unreadable as refusal:
        report.error = {"code": refusal.code, "reason": refusal.detail, "line": refusal.line}
        return report, []


def take_part(
    session: Session, actor: str, report: Report, part: Sequence[Judged], now: datetime, *, offered: bool = False
) -> None:
    """Write some of what was planned. What the bank has already as it stands is left, so a part may be taken twice."""
    writer = _Writer(session, actor, now, offered=offered)
    for each in part:
        _tell(report, each, writer.write)
    writer.close()


def preview(session: Session, name: str, content: bytes, form: Format, *, language: str = "uk") -> Report:
    """What taking the file would do; nothing is written."""
    report, found = plan(session, name, content, form, language=language)
    known = _Known(session)
    for each in found:
        _tell(report, each, known.note)
    return report


def judged(found: Iterable[Read], frames: Collection[str], language: str) -> Iterator[Judged]:
    """Each item as a draft, or refused."""
    seen: set[str] = set()
    for each in found:
        if each.body is None:
            yield Judged(each, None, refused=each.refused)
            continue
        try:
            draft, changed = draft_of(each, frames, language)
            code = code_of(draft)
            if code in seen:
                raise Invalid("item_twice", f"The file has an item {code} already.")
        except Refusal as refusal:
            yield Judged(each, None, refused=refusal.detail)
            continue
        seen.add(code)
        yield Judged(each, draft, tuple(changed))


def _tell(report: Report, each: Judged, write: Callable[[ItemDraft], str]) -> None:
    """Write one, if it can be, and put its line into the report."""
    read = each.read
    if each.draft is None:
        report.refused.append(Line(read.line, read.code, read.title, (each.refused,)))
        return
    try:
        note = write(each.draft)
    except Refusal as refusal:
        report.refused.append(Line(read.line, read.code, read.title, (refusal.detail,)))
        return
    title = read.title or shown_title(each.draft.body)
    line = Line(read.line, code_of(each.draft), title, (*each.changed, *([note] if note else [])))
    (report.changed if each.changed else report.taken).append(line)


def draft_of(read: Read, frames: Collection[str], language: str) -> tuple[ItemDraft, list[str]]:
    """The draft of what was read, and what is not as it stood. Raises `Invalid`."""
    assert read.body is not None
    tags, said = read_tags(read.tags, frames)
    changed = [*read.changed, *said]
    if harmful := sorted({name for text in texts_of(read.body) for name in never_shown(text)}):
        changed.append(f"HTML that is never shown stands in it: {', '.join(harmful)}.")
    spoken = read.language or language
    if spoken not in LANGUAGES:
        raise Invalid("item_language", f"The language {spoken[:20]!r} is none of Ukrainian (uk) and English (en).")
    code = re.sub(r"[^A-Za-z0-9._-]+", "-", read.code.strip()).strip("-._")[:64]
    if code != read.code:
        changed.append(f"The code {read.code[:80]!r} was written as {code!r}." if code else "It was given a code.")
    draft = ItemDraft(read.body, spoken, tuple(tags), code, read.family)
    check(draft)
    return draft, changed


class _Writer:
    """Writes drafts: new ones together, those that the bank has already one by one."""

    def __init__(self, session: Session, actor: str, now: datetime, *, offered: bool) -> None:
        self._session, self._actor, self._now, self._offered = session, actor, now, offered
        self._known = set(session.scalars(select(Item.code)))
        self._new: list[ItemDraft] = []

    def write(self, draft: ItemDraft) -> str:
        """A word on what became of it, when the bank had it already."""
        if code_of(draft) in self._known:
            return self._change(draft)
        self._new.append(draft)
        if len(self._new) >= TOGETHER:
            self.close()
        return ""

    def close(self) -> None:
        """Write what is left."""
        actions.add_all(self._session, self._actor, self._new, self._now, offered=self._offered)
        self._new = []

    def _change(self, draft: ItemDraft) -> str:
        item = actions.locked(self._session, code_of(draft))
        same = item.versions[-1].digest == digest_of(draft.body)
        kept = draft if draft.tags else replace(draft, tags=tuple(_tags_of(item)))
        if not actions.change(self._session, self._actor, item, kept, self._now):
            return SAME
        if same:
            return RETAGGED
        if self._offered:
            actions.offer_locked(self._session, self._actor, item, self._now)
        return f"It became version {item.latest} of {item.code}."


class _Known:
    """What the bank has already, read once for all items of a file."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(
            select(Item.code, Item.latest, Item.language, ItemVersion.digest, ItemVersion.state, ItemVersion.used_at)
            .join(ItemVersion, (ItemVersion.item_id == Item.id) & (ItemVersion.number == Item.latest))
        )  # fmt: skip
        self._found: dict[str, tuple[Any, ...]] = {code: tuple(rest) for code, *rest in rows}
        self._tags: dict[str, set[Tag]] = {}
        tags = session.execute(
            select(Item.code, ItemTag.scheme, ItemTag.value).join(ItemTag, ItemTag.item_id == Item.id)
        )
        for code, scheme, value in tags:
            self._tags.setdefault(code, set()).add(Tag(scheme, value))

    def note(self, draft: ItemDraft) -> str:
        """What would become of it."""
        code = code_of(draft)
        if code not in self._found:
            return ""
        latest, language, digest, state, used_at = self._found[code]
        if digest == digest_of(draft.body):
            tags = self._tags.get(code, set())
            same = language == draft.language and (not draft.tags or set(draft.tags) == tags)
            return SAME if same else "Its tags will be changed."
        if state in EDITABLE and used_at is None:
            return f"It will replace the draft of {code}."
        return f"It will become version {latest + 1} of {code}."


def _tags_of(item: Item) -> list[Tag]:
    return [Tag(tag.scheme, tag.value) for tag in item.tags]
