"""What somebody wrote, before it becomes a row. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from lms.assessment.content import Body, dump
from lms.assessment.tags import LANGUAGES, Tag
from lms.errors import Invalid

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED = frozenset({"new", "import", "export", "offer"})
"""Addresses beside those of items."""


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as it shall be. An empty code is made of what it asks."""

    body: Body
    language: str = "uk"
    tags: tuple[Tag, ...] = ()
    code: str = ""
    family: str = ""
    """The code of the item that it translates; empty: seen from the code, or its own."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as it is exported or drawn."""

    item_id: int
    version_id: int
    code: str
    family: str
    language: str
    body: Body
    tags: tuple[Tag, ...]


def check(draft: ItemDraft) -> None:
    """Raises `Invalid`: item_code, item_language."""
    for code in (draft.code, draft.family):
        if code and not _CODE.fullmatch(code):
            raise Invalid("item_code", "A code has 1 to 64 letters, figures, dots, dashes and underscores.", "code")
    if draft.code.lower() in RESERVED:
        raise Invalid("item_code_reserved", f"{draft.code} is the address of a page. Choose another code.", "code")
    if draft.language not in LANGUAGES:
        raise Invalid("item_language", "An item is in Ukrainian (uk) or English (en).", "language")


def digest_of(body: Body) -> str:
    """SHA-256 of what an item asks."""
    told = json.dumps(dump(body), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def code_of(draft: ItemDraft) -> str:
    """Its code; made of its content when it has none, so that the same file brings nothing new a second time."""
    return draft.code or f"{draft.body.kind.value.replace('_', '-')}-{digest_of(draft.body)[:12]}"


def family_of(draft: ItemDraft) -> str:
    """The family: a code that ends in the item's own language (`dl-1-1-01-en`) belongs to the code before it."""
    if draft.family:
        return draft.family
    code = code_of(draft)
    return code.removesuffix(f"-{draft.language}") or code


def shown_title(body: Body, most: int = 120) -> str:
    """Its title, or the beginning of its text, without marks of Markdown."""
    plain = " ".join(re.sub(r"[*_`#>]+", "", body.title or body.text).split())
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"
