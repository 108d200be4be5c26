"""Answers as a form sends them, brought into the shape that scoring takes; and what the form shows of a kept answer.

The fields of the item at position 3 are `a-3` (one value, or several of a multiple choice) and `a-3-PART` (a stem, an
element, a blank). The same form serves a browser without a script and the script that saves while one goes on.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from markupsafe import Markup, escape
from starlette.datastructures import FormData

from lms.markdown import to_html
from web.i18n import mark as _
from web.i18n import translate


def answer_of(shown: dict[str, Any], form: FormData, position: int) -> Any:
    """The answer to an item as JSON (`lms.assessment.scoring`); None for nothing."""
    name = f"a-{position}"
    match shown["kind"]:
        case "multiple":
            return [str(value) for value in form.getlist(name)] or None
        case "true_false":
            return {"true": True, "false": False}.get(_text(form, name))
        case "matching":
            return _parts(form, name, [each["id"] for each in shown["stems"]])
        case "ordering":
            return _ordered(form, name, [each["id"] for each in shown["elements"]])
        case "cloze":
            return _parts(form, name, [each["id"] for each in shown["blanks"]])
        case _:
            return _text(form, name) or None


def mark_of(sequence: int, answer: Any) -> str:
    """What the form remembers of an item as it was shown: the number of its last save, and which answer it was."""
    told = json.dumps(answer, ensure_ascii=False, sort_keys=True)
    return f"{sequence}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def was_given_here(shown: str, sequence: int, answer: Any, *, scripted: bool) -> bool:
    """Whether an answer that differs from what is kept is news of this page, and not what it showed all along.

    `shown` is the form's mark. Where another window has saved since, its answer stands: a script has sent what was
    given here long ago, and without one only what was changed in the form since it was shown is news.
    """
    number, _, digest = shown.partition(":")
    if number.isdecimal() and sequence <= int(number):
        return True
    return not scripted and mark_of(0, answer) != f"0:{digest}"


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _parts(form: FormData, name: str, ids: list[str]) -> dict[str, str] | None:
    given = {each: value for each in ids if (value := _text(form, f"{name}-{each}").strip())}
    return given or None


def _ordered(form: FormData, name: str, ids: list[str]) -> list[str] | None:
    """The elements by the places that were chosen; None until each has a place of its own."""
    places = {each: _text(form, f"{name}-{each}") for each in ids}
    if sorted(places.values()) != sorted(str(number) for number in range(1, len(ids) + 1)):
        return None
    return sorted(ids, key=lambda each: int(places[each]))


def readable(shown: dict[str, Any], answer: Any, language: str) -> list[str]:
    """An answer as lines of Markdown to be read by somebody else; nothing for no answer."""
    if answer is None:
        return []
    names = {
        each["id"]: each.get("text", "")
        for part in ("options", "choices", "elements")
        for each in shown.get(part, ())
        if isinstance(each, dict)
    }
    match shown["kind"]:
        case "single":
            return [names.get(answer, str(answer))]
        case "multiple" | "ordering" if isinstance(answer, list):
            return [names.get(each, str(each)) for each in answer]
        case "true_false":
            return [translate(language, _("True") if answer else _("False"))]
        case "matching" if isinstance(answer, dict):
            return [f"{each['text']} → {names.get(answer.get(each['id']), '—')}" for each in shown["stems"]]
        case "cloze" if isinstance(answer, dict):
            return [_of_blank(blank, number, answer) for number, blank in enumerate(shown["blanks"], start=1)]
    return [str(answer)]


def _of_blank(blank: dict[str, Any], number: int, answer: dict[str, Any]) -> str:
    given = answer.get(blank["id"])
    options = {each["id"]: each["text"] for each in blank.get("options", ())}
    return f"{number}: {options.get(given, given or '—')}"


def places(shown: dict[str, Any], answer: Any) -> dict[str, int]:
    """Of each element its place as it was chosen; nothing while none was."""
    return {each: number for number, each in enumerate(answer, start=1)} if isinstance(answer, list) else {}


def cloze_html(shown: dict[str, Any], answer: Any, position: int, word: str) -> Markup:
    """The text of a cloze with a field in each blank's place. `word` names a field for who does not see the text."""
    made = to_html(shown["text"])
    given = answer if isinstance(answer, dict) else {}
    for number, blank in enumerate(shown["blanks"], start=1):
        field = _blank(blank, str(given.get(blank["id"], "")), f"a-{position}-{blank['id']}", f"{word} {number}")
        made = made.replace(str(escape(f"[[{blank['id']}]]")), str(field), 1)
    return Markup(made)  # noqa: S704 - sanitised by lms.markdown, the fields escaped here


def _blank(blank: dict[str, Any], value: str, name: str, label: str) -> Markup:
    if "options" not in blank:
        return Markup('<input class="input cloze" name="{}" value="{}" maxlength="500" aria-label="{}">').format(
            name, value, label
        )
    options = Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(
            each["id"], Markup(" selected") if each["id"] == value else "", each["text"]
        )
        for each in blank["options"]
    )
    return Markup(
        '<select class="input cloze" name="{}" aria-label="{}"><option value="">…</option>{}</select>'
    ).format(name, label, options)
