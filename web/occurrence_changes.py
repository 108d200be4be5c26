"""Changes of an occurrence in words: what it was, what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime

from lms.schedule.cards import OccurrencePage
from lms.schedule.changes import ChangeCard
from web import vocabulary
from web.i18n import LANGUAGES, translate
from web.i18n import mark as _
from web.languages import language_names
from web.templating import duration

LONG = frozenset({"description", "description_en"})
"""Fields that are named, not shown."""
_MOST = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changed; both values empty when it is only named."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change as it is read."""

    at: datetime
    reason: str
    differences: list[Difference]


def lines(page: OccurrencePage, language: str) -> list[ChangeLine]:
    """The changes that the reader is told of, latest first. A publication alone is no news on the page itself."""
    organisations = {
        party.organisation_id: party.name_en if language == "en" and party.name_en else party.name_uk
        for party in page.card.parties
    }
    found = [
        ChangeLine(change.at, change.reason, differences(change, language, organisations)) for change in page.changes
    ]
    return [line for line in reversed(found) if line.differences or line.reason]


def differences(change: ChangeCard, language: str, organisations: Mapping[int, str]) -> list[Difference]:
    """Value by value; the state is named only where it is news: moved, cancelled."""
    found = []
    for field, after in change.after.items():
        if field == "status" and after not in ("moved", "cancelled"):
            continue
        name = translate(language, vocabulary.FIELDS[field]) if field in vocabulary.FIELDS else field
        if field in LONG:
            found.append(Difference(name, "", ""))
            continue
        old, new = (said(field, value, language, organisations) for value in (change.before.get(field), after))
        if old != new:
            found.append(Difference(name, old, new))
    return found


def said(field: str, value: Any, language: str, organisations: Mapping[int, str]) -> str:
    """One value in words; empty for nothing."""
    if value is None or value in ("", []):
        return ""
    write = _WRITERS.get(field)
    text = write(value, language) if write else _names(field, value, organisations)
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def _names(field: str, value: Any, organisations: Mapping[int, str]) -> str:
    if not isinstance(value, list):
        return str(value)
    if field == "parties":
        return ", ".join(dict.fromkeys(organisations.get(each[0], f"№ {each[0]}") for each in value))
    if field in ("speakers", "agenda"):
        return ", ".join(str(each[0]) for each in value)
    return ", ".join(map(str, value))


def _word(names: Mapping[str, str]) -> Callable[[Any, str], str]:
    return lambda value, language: translate(language, names[value]) if value in names else str(value)


def _moment(value: Any, language: str) -> str:
    return str(format_datetime(datetime.fromisoformat(value), "d MMMM y, HH:mm", locale=language))


def _yes_no(value: Any, language: str) -> str:
    return translate(language, _("yes") if value else _("no"))


def _minutes(value: Any, language: str) -> str:
    return ", ".join(duration(int(each), language) for each in value)


_WRITERS: dict[str, Callable[[Any, str], str]] = {
    "starts_local": _moment,
    "duration_minutes": lambda value, language: duration(int(value), language),
    "kind": _word(vocabulary.KINDS),
    "status": _word(vocabulary.STATES),
    "access": _word(vocabulary.ACCESS),
    "mode": _word(vocabulary.MODES),
    "language": _word(LANGUAGES),
    "listed": _yes_no,
    "recorded": _yes_no,
    "streaming": _word(vocabulary.STREAMING),
    "questions": _yes_no,
    "public_questions": _yes_no,
    "reminder_offsets": _minutes,
    "interpretation": language_names,
}
