"""Languages: Ukrainian first, then English. Sentences stand in English in the code and in `locales/*.po`.

The catalogues are read as they are (`.po`); nothing is compiled beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "vikno"
LANGUAGES = {"uk": "Українська", "en": "English"}
DEFAULT = "uk"


def catalogue_file(language: str) -> Path:
    """Where the sentences of a language stand."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(language: str) -> NullTranslations:
    """The sentences of `language`; English needs no catalogue but for its plurals."""
    with catalogue_file(language).open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


def translate(language: str, sentence: str) -> str:
    """One sentence without placeholders, in `language`."""
    return str(translations(language).gettext(sentence))


def mark(sentence: str) -> str:
    """Mark a sentence for the catalogues where it is not yet known in which language it will be shown."""
    return sentence


def choose(cookie: str | None, accept_language: str, known: Sequence[str] = tuple(LANGUAGES)) -> str:
    """The language to answer in: what the person chose, else what the browser likes best (RFC 9110, 12.5.4)."""
    if cookie in known:
        return str(cookie)
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        primary = tag.strip().lower().partition("-")[0]
        if weight > 0 and primary in known:
            wanted.append((-weight, place, primary))
    return min(wanted)[2] if wanted else DEFAULT


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
