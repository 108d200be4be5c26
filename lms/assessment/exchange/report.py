"""What became of each item of a file: taken, changed (taken, but not exactly as it stood) or refused; with reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lms.assessment.exchange.parts import Format, Written


@dataclass(frozen=True, slots=True)
class Line:
    """One item. `line` is where it begins in the file; in a package its number; 0 where there is no place."""

    line: int
    code: str
    title: str
    reasons: tuple[str, ...] = ()

    def data(self, *, apart: bool = False) -> dict[str, Any]:
        """As JSON; `apart`: each reason for itself, so that each can be said in another language."""
        reason: Any = list(self.reasons) if apart else " ".join(self.reasons)
        return {"line": self.line, "code": self.code, "title": self.title, "reason": reason}


@dataclass(slots=True)
class Report:
    """Of one file."""

    file: str
    format: Format
    taken: list[Line] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)
    error: dict[str, Any] | None = None
    """Why the file as a whole was not taken: code, reason, line."""

    def data(self, *, apart: bool = False) -> dict[str, Any]:
        """As JSON; `apart` as in `Line.data`."""
        return {
            "file": self.file,
            "format": self.format.value,
            "counts": {"taken": len(self.taken), "changed": len(self.changed), "refused": len(self.refused)},
            "error": self.error,
            "taken": [line.data(apart=apart) for line in self.taken],
            "changed": [line.data(apart=apart) for line in self.changed],
            "refused": [line.data(apart=apart) for line in self.refused],
        }


def of_written(file: str, form: Format, told: Iterable[Written]) -> Report:
    """The report of an export."""
    report = Report(file, form)
    for each in told:
        reasons = (each.refused,) if each.refused else each.changed
        into = report.refused if each.refused else report.changed if each.changed else report.taken
        into.append(Line(0, each.code, each.title, reasons))
    return report
