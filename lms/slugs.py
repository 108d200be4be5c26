"""Names in addresses: readable slugs, and names of meetings that nobody guesses."""

from __future__ import annotations

import re
import secrets
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.transliteration import transliterate

LONGEST_SLUG = 70
_MEETING_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def slug_for(title: str, day: date) -> str:
    """`2026-11-25-reiestratsiia-mistsia-prozhyvannia`: the day, then the words of the title as far as there is room."""
    return _joined([day.isoformat(), *_words(title)])


def slug_of(title: str) -> str:
    """`tsyfrova-hramotnist`: the words of the title as far as there is room; empty if there are none."""
    return _joined(_words(title))


def _words(title: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", transliterate(title))


def _joined(words: list[str]) -> str:
    slug = ""
    for word in words:
        if len(slug) + 1 + len(word) > LONGEST_SLUG:
            break
        slug += f"-{word}" if slug else word
    return slug


def new_meeting_name() -> str:
    """`k7mq-x2vd-9hbn`: 59 random bits without lookalikes. Who knows it has the link."""
    return "-".join("".join(secrets.choice(_MEETING_ALPHABET) for _ in range(4)) for _ in range(3))


def free_slug(session: Session, taken_in: InstrumentedAttribute[str], wanted: str) -> str:
    """The slug, with a number behind it where others have it already."""
    taken = set(session.scalars(select(taken_in).where(taken_in.startswith(wanted, autoescape=True))))
    candidate, number = wanted, 1
    while candidate in taken:
        number += 1
        candidate = f"{wanted}-{number}"
    return candidate
