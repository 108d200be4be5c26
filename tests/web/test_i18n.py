"""The catalogues: complete, in step with the code, with the same placeholders; and the choice of language."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import lms
from web import i18n, wording
from web.catalogues import extracted, missing, read
from web.templating import _filters, local

REFUSALS = {"NotFound", "NotAllowed", "Invalid", "Conflict", "TooMany"}
NEVER_SHOWN = {
    "administrators_only",
    "organisers_only",
    "event_invalid",
    "opening_unknown",
    "scope_invalid",
    "language_unknown",
}
"""Refusals before which the pages stand with a sentence of their own, or that only programs can cause."""


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
def test_every_sentence_stands_in_the_catalogue_with_a_translation(language: str) -> None:
    catalogue = read(language)
    needed = {message.id for message in extracted() if message.id}
    there = {message.id for message in catalogue if message.id}
    assert needed - there == set(), "run python -m web.catalogues, then translate"
    assert there - needed == set(), "run python -m web.catalogues"
    assert missing(catalogue) == []


def test_translations_keep_the_placeholders() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    for message in read("uk"):
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, (list, tuple)) else [message.id]
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        for text in texts:
            assert sorted(placeholder.findall(str(text))) == sorted(placeholder.findall(str(sources[-1]))), message.id


def test_a_changed_catalogue_is_compiled_anew_and_a_kept_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    source = i18n.catalogue_file("uk")
    source.parent.mkdir(parents=True)

    def said(word: str) -> str:
        source.write_text(
            f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\nmsgid "Room"\nmsgstr "{word}"\n'
        )
        return str(i18n.translations.__wrapped__("uk").gettext("Room"))

    assert (said("Зала"), said("Кімната")) == ("Зала", "Кімната")
    (kept,) = source.parent.glob("__pycache__/*.mo")
    monkeypatch.setattr(i18n, "_compiled", None)
    assert i18n.translations.__wrapped__("uk").gettext("Room") == "Кімната", "it is not compiled again"
    monkeypatch.undo()
    kept.write_bytes(b"torn")
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    assert i18n.translations.__wrapped__("uk").gettext("Room") == "Кімната"


def test_every_refusal_of_the_domain_has_a_sentence_for_people() -> None:
    codes = set()
    for file in Path(lms.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    codes.add(str(first.value))
    assert codes - set(wording.SENTENCES) - NEVER_SHOWN == set()


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        (None, "", "uk"),
        (None, "en-GB,en;q=0.9,uk;q=0.8", "en"),
        (None, "de,uk;q=0.3,en;q=0.2", "uk"),
        (None, "en;q=0,fr", "uk"),
        (None, "en;q=nonsense", "uk"),
        ("en", "uk", "en"),
        ("xx", "en", "en"),
        (None, "," * 500, "uk"),
    ],
)
def test_the_language_is_chosen_by_cookie_then_by_the_browser(cookie: str | None, header: str, expected: str) -> None:
    assert i18n.choose(cookie, header) == expected


def test_equal_instants_are_written_as_each_clock_shows_them() -> None:
    clock = _filters("uk")["clock"]
    moment = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert [clock(moment), clock(local(moment)), clock(local(moment, "Europe/London"))] == ["08:00", "10:00", "08:00"]
