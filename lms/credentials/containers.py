"""What somebody hands in to be checked, told by its first bytes: JSON, JWT, or one of them in a PNG, SVG or PDF.

Files come from anybody. Everything is bounded; a PDF, whose readers do much before one knows what they do, is opened
in a process of its own with little time and memory (`lms.credentials.pdf_child`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from lms.credentials import baking, confined

Form = Literal["json", "jwt", "png", "svg", "pdf"]
MOST_BYTES = 8 * 1024 * 1024
MOST_TEXT = baking.MOST_CREDENTIAL_BYTES
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_NO_LETTER = re.compile("[\x00\ud800-\udfff]")
_PDF_PATIENCE_S = 30


class UnreadableFile(ValueError):  # noqa: N818 - an answer about somebody's file
    """There is no credential in it that can be read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found. `form` is the file's, `text` the credential: JSON, or a compact JWS."""

    form: Form
    text: str

    @property
    def is_token(self) -> bool:
        """Whether the credential is a JSON Web Token."""
        return not self.text.startswith("{")


def read(data: bytes) -> Contents:
    """The credential in a file. Raises `UnreadableFile`."""
    if len(data) > MOST_BYTES:
        raise UnreadableFile("The file is larger than 8 MB. No certificate is.")
    if not data.strip():
        raise UnreadableFile("The file is empty.")
    form, text = _open(data)
    text = text.strip().removeprefix("\ufeff")
    if len(text) > MOST_TEXT:
        raise UnreadableFile("The credential is larger than any real one.")
    if not (text.startswith("{") or _JWT.fullmatch(text)):
        raise UnreadableFile("It is no credential: JSON, JWT, or a PNG, SVG or PDF that holds one.")
    return Contents(form, text)


def is_pdf(data: bytes) -> bool:
    """Whether it is a PDF by its beginning."""
    return data.lstrip()[:5] == b"%PDF-"


def read_json(text: str | bytes) -> dict[str, Any]:
    """An object, read strictly: no member twice, no NaN, nothing too deep. Raises `UnreadableFile`."""
    try:
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except UnreadableFile:
        raise
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("It is damaged: no JSON that can be read.") from error
    if not isinstance(found, dict):
        raise UnreadableFile("It is no credential: not a JSON object.")
    _check_texts(found)
    return found


def _open(data: bytes) -> tuple[Form, str]:
    try:
        if data.startswith(baking.PNG_SIGNATURE):
            return "png", baking.from_png(data)
        if is_pdf(data):
            return "pdf", _from_pdf(data)
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return "svg", baking.from_svg(data)
        text = data.decode()
    except baking.NotBaked as error:
        raise UnreadableFile(str(error)) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile("It is no credential: JSON, JWT, or a PNG, SVG or PDF that holds one.") from error
    return ("json" if text.lstrip("\ufeff \t\r\n").startswith("{") else "jwt"), text


def _from_pdf(data: bytes) -> str:
    try:
        found: list[str] = json.loads(confined.ask("lms.credentials.pdf_child", data, _PDF_PATIENCE_S))
    except confined.TookTooLong as error:
        raise UnreadableFile("The PDF is made so that opening it would take for ever.") from error
    except confined.NotDone as error:
        raise UnreadableFile("The PDF is damaged, locked, or made to be hard to open.") from error
    if not found:
        raise UnreadableFile("There is no credential attached to this PDF.")
    if len(found) > 1:
        raise UnreadableFile("There are several credentials attached to this PDF; which one counts cannot be told.")
    return found[0]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableFile("A member stands in it twice: readers would not agree on what it says.")
    return found


def _check_texts(found: dict[str, Any]) -> None:
    """Halves of letters and zero characters can be escaped in JSON, but neither kept in a database nor printed."""
    waiting: list[Any] = [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend((*each.keys(), *each.values()))
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str) and _NO_LETTER.search(each):
            raise UnreadableFile("A text in it holds what is no letter of any alphabet.")


def _no_constant(_name: str) -> NoReturn:
    raise UnreadableFile("It holds a number that JSON does not have.")
