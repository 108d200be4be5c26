"""Tags of items: by competence, level, audience, topic. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lms.frameworks.rules import EIGHT

LEVEL, AUDIENCE, TOPIC, LANGUAGE, POLICY = "level", "audience", "topic", "lang", "policy"
AUDIENCES = ("citizen", "civil_servant", "asc_staff", "teacher", "doctor", "librarian", "pupil", "elderly")
"""Suggested; others are taken, too."""
LANGUAGES = ("uk", "en")
MOST = 30

_VALUE = re.compile(r"[^\s\[\]:]([^\[\]]{0,62}[^\s\[\]])?")


@dataclass(frozen=True, order=True, slots=True)
class Tag:
    """`digcomp22:1.1`, `level:3`, `audience:citizen`, `topic:…`."""

    scheme: str
    value: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


def read(words: Iterable[str], frames: Collection[str]) -> tuple[list[Tag], list[str]]:
    """Tags from how they are written, and a sentence for each that could not be taken as it stands.

    `frames` are the codes of known versions of frames. A word without a scheme, or with one that is not known, becomes
    a topic.
    """
    found: list[Tag] = []
    said: list[str] = []
    for word in words:
        tag, sentence = _one(word.strip(), frames)
        if tag is not None and tag not in found:
            found.append(tag)
        if sentence:
            said.append(sentence)
    if len(found) > MOST:
        said.append(f"An item has at most {MOST} tags; the others were left out.")
    return found[:MOST], said


def _one(word: str, frames: Collection[str]) -> tuple[Tag | None, str]:
    scheme, divider, value = word.partition(":")
    scheme, value = scheme.strip().lower(), value.strip()
    if divider and scheme == LEVEL:
        if value.isascii() and value.isdigit() and int(value) in EIGHT:
            return Tag(LEVEL, value), ""
        return None, f"The level {value[:40]!r} is none of 1 to 8; the tag was left out."
    if divider and scheme in frames:
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", value):
            return Tag(scheme, value), ""
        return None, f"{value[:40]!r} is no number of {scheme}; the tag was left out."
    if divider and scheme in {AUDIENCE, TOPIC}:
        word = value
    if not _VALUE.fullmatch(word.replace(":", "·")):
        return None, f"The tag {word[:40]!r} is empty or too long; it was left out."
    return Tag(AUDIENCE if divider and scheme == AUDIENCE else TOPIC, word), ""
