"""What became of each item of a file, in people's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from web import wording
from web.i18n import mark as _
from web.i18n import translate
from web.items.reasons import known, said

OUTCOMES = {"refused": _("refused"), "changed": _("changed"), "taken": _("taken")}


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One item."""

    outcome: str
    line: str
    code: str
    title: str
    reason: str

    def __iter__(self) -> Any:
        return iter((self.outcome, self.line, self.code, self.title, self.reason))


def rows(told: dict[str, Any], language: str) -> list[ReportRow]:
    """What was refused first, then what is changed, then what is taken as it stands."""
    return [
        ReportRow(
            outcome,
            str(line["line"] or ""),
            line["code"],
            line["title"],
            " ".join(said(reason, language) for reason in line["reason"]),
        )
        for outcome in OUTCOMES
        for line in told.get(outcome, ())
    ]


def header(language: str) -> list[str]:
    """Of the table."""
    names = (_("What became of it"), _("Line"), _("Code"), _("Title"), _("Why"))
    return [translate(language, name) for name in names]


def error(told: dict[str, Any], language: str) -> str:
    """Why the file as a whole cannot be taken; empty if it can."""
    found = told.get("error")
    if not found:
        return ""
    sentence = sentence_of(found["code"], found["reason"], language)
    return f"{translate(language, _('Line'))} {found['line']}. {sentence}" if found["line"] else sentence


def sentence_of(code: str, detail: str, language: str) -> str:
    """Why a file is refused; words of files go before those of everything else."""
    return known(detail, language) or wording.say(language, code, detail)
