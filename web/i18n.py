"""Languages: Ukrainian first, then English. Sentences stand in English in the code and in `locales/*.po`.

The catalogues are read as they are (`.po`); nothing is compiled beforehand. What they were compiled to is kept beside
them, as Python keeps what it compiles of modules: to read a catalogue takes the better part of a second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
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
    source = catalogue_file(language)
    kept = _compiled_file(source)
    try:
        return Translations(BytesIO(kept.read_bytes()), domain=DOMAIN)
    except OSError:  # there is none, or what is there is none
        compiled = _compiled(source, language)
        _keep(kept, compiled)
        return Translations(BytesIO(compiled), domain=DOMAIN)


def _compiled(source: Path, language: str) -> bytes:
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()


def _compiled_file(source: Path) -> Path:
    """Where it is kept; the name changes with the catalogue."""
    state = source.stat()
    return source.parent / "__pycache__" / f"{DOMAIN}-{state.st_mtime_ns:x}-{state.st_size:x}.mo"


def _keep(file: Path, content: bytes) -> None:
    """Write it whole or not at all, where Python would keep compiled modules too."""
    if sys.dont_write_bytecode:
        return
    part = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        part.write_bytes(content)
        part.replace(file)
        for old in file.parent.glob(f"{DOMAIN}-*.mo"):
            if old != file:
                old.unlink(missing_ok=True)


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
