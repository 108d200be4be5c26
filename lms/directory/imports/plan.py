"""What will become of each row: said before anything is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.imports.reading import Row, Sheet
from lms.directory.matching import organisation_key, plain
from lms.directory.models import Organisation

NEW, SKIP = "new", "skip"
"""Decisions about a row that fits several: it is somebody new, or it is left out. Any other is a number."""


class Outcome(StrEnum):
    """What becomes of a row."""

    CREATE = "create"
    CHANGE = "change"
    SAME = "same"
    ASK = "ask"
    SKIP = "skip"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row: in which field (empty: the whole row), by a code that the pages put into words."""

    code: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that will change."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a row may mean."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row and what becomes of it. `payload` is for the one who applies it."""

    number: int
    outcome: Outcome
    title: str
    problems: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    may_be_new: bool = True
    payload: Any = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows of a file, in its order."""

    rows: tuple[PlannedRow, ...]
    counts: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def writes(self) -> int:
        """How many rows change something."""
        return self.counts.get(Outcome.CREATE, 0) + self.counts.get(Outcome.CHANGE, 0)


def plan_of(rows: list[PlannedRow]) -> Plan:
    """The rows with their counts."""
    return Plan(tuple(rows), Counter(row.outcome for row in rows))


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one row by field; empty text for what the row or the file does not have."""

    row: Row
    mapping: Mapping[str, int]

    def __getitem__(self, name: str) -> str:
        place = self.mapping.get(name)
        return self.row.cells[place] if place is not None and place < len(self.row.cells) else ""


def width_problem(sheet: Sheet, row: Row) -> Problem | None:
    """A row of another number of cells than the header: a delimiter or a quotation mark is missing or too many."""
    if len(row.cells) > len(sheet.header):
        return Problem("row_wide", value=f"{len(row.cells)}/{len(sheet.header)}")
    if sheet.encoding != "xlsx" and len(row.cells) == 1 < len(sheet.header) - 1:
        return Problem("row_narrow", value=f"{len(row.cells)}/{len(sheet.header)}")
    return None


class Organisations:
    """All organisations, found by what a row says of one: its code, or else its name."""

    def __init__(self, session: Session) -> None:
        everything = session.scalars(select(Organisation)).all()
        self.by_id = {one.id: one for one in everything}
        self._by_code = {one.code.lower(): self._current(one) for one in everything}
        self._by_name: dict[str, list[Organisation]] = {}
        for one in everything:
            if one.merged_into_id is None:
                for key in {organisation_key(one.name_uk), organisation_key(one.name_en)} - {""}:
                    self._by_name.setdefault(key, []).append(one)

    def with_code(self, code: str) -> Organisation | None:
        """The one with this code; of a merged one, the one that stays."""
        return self._by_code.get(code.strip().lower())

    def named(self, name: str, settlement: str = "") -> list[Organisation]:
        """Those of this name; where both settlements are known they have to be the same."""
        found = self._by_name.get(organisation_key(name), [])
        if not settlement:
            return found
        return [one for one in found if not one.settlement or plain(one.settlement) == plain(settlement)]

    def find(self, text: str) -> Organisation | Problem:
        """The one that a code or a name means, or what is wrong."""
        coded = self.with_code(text)
        if coded is not None:
            return coded
        found = self.named(text)
        if len(found) == 1:
            return found[0]
        return Problem("organisation_ambiguous" if found else "organisation_unknown", "organisation", text)

    def _current(self, one: Organisation) -> Organisation:
        while one.merged_into_id is not None and one.merged_into_id in self.by_id:
            one = self.by_id[one.merged_into_id]
        return one
