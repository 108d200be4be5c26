"""Names in addresses: readable slugs, and names of meetings that nobody guesses."""

from __future__ import annotations

import re
import secrets
from datetime import date

from lms.transliteration import transliterate

LONGEST_SLUG = 70
_MEETING_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def slug_for(title: str, day: date) -> str:
    """`2026-11-25-reiestratsiia-mistsia-prozhyvannia`: the day, then the words of the title as far as there is room."""
    words = re.findall(r"[a-z0-9]+", transliterate(title))
    slug = day.isoformat()
    for word in words:
        if len(slug) + 1 + len(word) > LONGEST_SLUG:
            break
        slug += f"-{word}"
    return slug


def new_meeting_name() -> str:
    """`k7mq-x2vd-9hbn`: 59 random bits without lookalikes. Who knows it has the link."""
    return "-".join("".join(secrets.choice(_MEETING_ALPHABET) for _ in range(4)) for _ in range(3))
