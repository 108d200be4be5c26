"""Which column holds what: guessed from Ukrainian and English headers, changeable by a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lms.directory.register_models import ImportKind

FIELDS: dict[ImportKind, dict[str, tuple[str, ...]]] = {
    ImportKind.ORGANISATIONS: {
        "name_uk": ("назва", "назва українською", "найменування", "організація", "цнап", "центр", "name", "name uk"),
        "name_en": ("назва англійською", "англійська назва", "name en", "english name"),
        "code": ("код", "код організації", "code", "id"),
        "kind": ("вид", "тип", "kind", "type"),
        "status": ("стан", "статус", "status", "state"),
        "oblast": ("область", "регіон", "oblast", "region"),
        "settlement": ("населений пункт", "місто", "settlement", "town", "city"),
        "community": ("громада", "територіальна громада", "тг", "community", "hromada"),
        "community_code": ("код громади", "катоттг громади", "community code", "hromada code"),
        "territorial_code": ("катоттг", "код території", "код катоттг", "territorial code", "katottg"),
        "email": ("електронна пошта", "пошта", "email", "e mail", "ел пошта"),
        "phone": ("телефон", "тел", "phone", "telephone"),
        "website": ("сайт", "вебсайт", "website", "site", "url"),
        "member_from": ("учасник з", "у мережі з", "дата вступу", "member from", "joined"),
    },
    ImportKind.PEOPLE: {
        "family_name": ("прізвище", "family name", "surname", "last name"),
        "given_name": ("імя", "given name", "first name"),
        "patronymic": ("по батькові", "patronymic", "middle name"),
        "full_name": (
            "піб",
            "п і б",
            "прізвище імя",
            "прізвище та імя",
            "прізвище імя по батькові",
            "працівник",
            "учасник",
            "full name",
            "name",
        ),
        "latin_name": ("імя латиницею", "піб латиницею", "латиницею", "latin name"),
        "email": ("електронна пошта", "адреса електронної пошти", "пошта", "email", "e mail", "ел пошта", "ел адреса"),
        "phone": ("телефон", "тел", "мобільний", "phone", "telephone", "mobile"),
        "organisation": (
            "організація",
            "центр",
            "цнап",
            "код організації",
            "місце роботи",
            "organisation",
            "organization",
        ),
        "position": ("посада", "position", "job title"),
        "from_date": ("працює з", "дата початку", "з дати", "from", "from date", "since"),
        "language": ("мова", "language"),
    },
    ImportKind.WORKLOAD: {
        "organisation": (
            "організація",
            "центр",
            "цнап",
            "код",
            "код організації",
            "organisation",
            "organization",
            "code",
        ),
        "day": ("дата", "день", "date", "day"),
        "weekday": ("день тижня", "weekday", "day of week"),
        "hour": ("година", "час", "hour", "time"),
        "count": ("кількість", "відвідувачів", "кількість відвідувачів", "звернень", "послуг", "count", "visitors"),
    },
}
"""By kind: field → headers in lower case, without punctuation. The first fields are the more important ones."""

NEEDED: dict[ImportKind, tuple[tuple[str, ...], ...]] = {
    ImportKind.ORGANISATIONS: (("name_uk", "code"),),
    ImportKind.PEOPLE: (("family_name", "full_name", "given_name"),),
    ImportKind.WORKLOAD: (("organisation",), ("day", "weekday"), ("count",)),
}
"""Of each group one column is needed."""


def plain_header(text: str) -> str:
    """A header for comparing: lower case, no apostrophes, other punctuation as a blank."""
    text = re.sub("['’ʼ`´]", "", text.lower())
    return " ".join(re.findall(r"\w+", text.replace("_", " ")))


def guess(kind: ImportKind, header: Sequence[str]) -> dict[str, int]:
    """Field → number of its column, each column at most once. Exact names go before names that only begin so."""
    plain = [plain_header(name) for name in header]
    found: dict[str, int] = {}
    for exact in (True, False):
        for field, names in FIELDS[kind].items():
            if field in found:
                continue
            for place, text in enumerate(plain):
                if place in found.values() or not text:
                    continue
                if text in names if exact else any(text.startswith(f"{name} ") for name in names):
                    found[field] = place
                    break
    return found


def usable(kind: ImportKind, mapping: Mapping[str, int], columns: int) -> dict[str, int]:
    """The mapping without fields that the kind does not have and columns that the file does not have."""
    return {field: place for field, place in mapping.items() if field in FIELDS[kind] and 0 <= place < columns}


def lacking(kind: ImportKind, mapping: Mapping[str, int]) -> list[tuple[str, ...]]:
    """The groups of fields of which a column is still needed."""
    return [group for group in NEEDED[kind] if not any(field in mapping for field in group)]
