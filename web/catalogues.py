"""Keeps the catalogues in step with the sentences in code and templates: `python -m web.catalogues` updates them."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.i18n import DOMAIN, LANGUAGES, catalogue_file

SOURCE_LANGUAGE = "en"
STAMP = datetime(2026, 11, 22, tzinfo=UTC)
"""The same in every run, so that only sentences make a difference between two versions of a catalogue."""
SOURCE = Path(__file__).parent
METHODS = [
    ("templates/**.html", "jinja2"),
    ("templates/**.txt", "jinja2"),
    ("client/**", "ignore"),
    ("**.py", "python"),
]
JINJA = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
OPTIONS = {"templates/**.html": JINJA, "templates/**.txt": JINJA}


def extracted() -> Catalog:
    """Every sentence that code and templates show, with the files in which it stands."""
    catalogue = Catalog(domain=DOMAIN, fuzzy=False)
    found = extract_from_dir(SOURCE, METHODS, OPTIONS)
    for file, _line, message, comments, context in found:
        # Without line numbers: they would change with every edit and hide what matters in a review.
        catalogue.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    return catalogue


def read(language: str) -> Catalog:
    """The catalogue as it stands in the file."""
    with catalogue_file(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def update(language: str) -> tuple[int, int]:
    """Bring one catalogue up to date; returns how many sentences it has, and how many of them lack a translation."""
    path = catalogue_file(language)
    catalogue = read(language) if path.exists() else Catalog(locale=language, domain=DOMAIN)
    catalogue.update(extracted(), no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    catalogue.header_comment = (
        f"# Sentences of Vikno's pages: {LANGUAGES[language]}. Kept in step by `python -m web.catalogues`."
    )
    catalogue.project, catalogue.version, catalogue.last_translator = "Vikno", "1", "Vikno"
    catalogue.msgid_bugs_address, catalogue.language_team = "", LANGUAGES[language]
    catalogue.revision_date = catalogue.creation_date = STAMP
    if language == SOURCE_LANGUAGE:
        _say_as_written(catalogue)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    text = BytesIO()
    write_po(text, catalogue, width=110, sort_output=True, omit_header=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue())
    return len(catalogue), len(missing(catalogue))


def _say_as_written(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id and not _translated(message):
            message.string = message.id


def missing(catalogue: Catalog) -> list[str]:
    """Sentences without a translation, or with a plural form that is empty."""
    return [str(message.id) for message in catalogue if message.id and not _translated(message)]


def _translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (tuple, list)) else bool(message.string)


if __name__ == "__main__":
    for one in LANGUAGES:
        count, lacking = update(one)
        print(f"{one}: {count} sentences, {lacking} without translation")
