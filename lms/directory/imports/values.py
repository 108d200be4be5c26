"""Single cells: words, days, hours, numbers, names. Pure; what cannot be read is None."""

from __future__ import annotations

import re
from datetime import date, datetime

from lms.directory.matching import plain
from lms.directory.models import OrganisationKind, OrganisationStatus

_KINDS = {
    OrganisationKind.ASC: ("цнап", "центр надання адміністративних послуг", "центр", "asc"),
    OrganisationKind.MINISTRY: ("міністерство", "центральний орган", "цовв", "служба", "ministry"),
    OrganisationKind.STATE_ENTERPRISE: ("державне підприємство", "дп", "state enterprise"),
    OrganisationKind.ASSOCIATION: ("асоціація", "association"),
    OrganisationKind.PROJECT: ("проєкт", "проект", "проєктний офіс", "project"),
    OrganisationKind.LIBRARY: ("бібліотека", "library"),
    OrganisationKind.TRAINING_CENTRE: ("навчальний центр", "training centre"),
}
_STATES = {
    OrganisationStatus.ACTIVE: ("працює", "активний", "активна", "діє", "active"),
    OrganisationStatus.SUSPENDED: ("призупинено", "не працює", "suspended"),
    OrganisationStatus.RELOCATED: ("переміщено", "переміщений", "релокований", "працює з іншого міста", "relocated"),
    OrganisationStatus.CLOSED: ("закрито", "ліквідовано", "closed"),
}
_WEEKDAYS = (
    ("понеділок", "пн", "monday", "mon"),
    ("вівторок", "вт", "tuesday", "tue"),
    ("середа", "ср", "wednesday", "wed"),
    ("четвер", "чт", "thursday", "thu"),
    ("п’ятниця", "пт", "friday", "fri"),
    ("субота", "сб", "saturday", "sat"),
    ("неділя", "нд", "sunday", "sun"),
)
_DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%Y.%m.%d", "%Y/%m/%d")


def kind_of(text: str) -> OrganisationKind | None:
    """The kind that a word names."""
    word = plain(text)
    return next((kind for kind, words in _KINDS.items() if word in words or word == kind.value), None)


def status_of(text: str) -> OrganisationStatus | None:
    """The state that a word names."""
    word = plain(text)
    return next((state for state, words in _STATES.items() if word in words or word == state.value), None)


def day_of(text: str) -> date | None:
    """A day as people and programs write it: 2026-12-31, 31.12.2026."""
    text = text.strip().removesuffix("р.").strip().split(" ")[0].split("T")[0]
    for pattern in _DAY_FORMATS:
        try:
            day = datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        return day if 1991 <= day.year < 2100 else None
    return None


def weekday_of(text: str) -> int | None:
    """0 is Monday. As a number, 1 is Monday, as people count in Ukraine."""
    word = plain(text).rstrip(".")
    if word.isdecimal():
        return int(word) - 1 if 1 <= int(word) <= 7 else None
    return next((place for place, words in enumerate(_WEEKDAYS) if word in words), None)


def hour_of(text: str) -> int | None:
    """The hour in which something begins: `9`, `09:00`, `9-10`, `09:00–10:00`; -1 for an empty cell, the whole day."""
    if not text.strip():
        return -1
    found = re.match(
        r"\s*(\d{1,2})(?:[:.]\d{2}(?::\d{2})?)?(?:\s*[-–—]\s*\d{1,2}(?:[:.]\d{2})?)?\s*(?:год\.?|h)?\s*$", text
    )
    return int(found.group(1)) if found and int(found.group(1)) <= 23 else None


def count_of(text: str) -> float | None:
    """A number that is not negative, with a comma or a point, maybe with blanks between thousands."""
    plain_number = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    if not re.fullmatch(r"\d{1,7}(\.\d{1,6})?", plain_number):
        return None
    return float(plain_number)


def names_of(full_name: str) -> tuple[str, str, str]:
    """Family name, given name, patronymic, from "Шевченко Тарас Григорович"."""
    words = full_name.split()
    if not words:
        return "", "", ""
    return words[0], words[1] if len(words) > 1 else "", " ".join(words[2:])
