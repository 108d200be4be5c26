"""Rows of a form: read from what was sent, added, taken away and moved by its buttons, without a script. Pure.

A row is a dictionary of texts, and of lists of rows that stand in it. The field `text` of the second option is called
`options-1-text`; how many options there are, the field `options` says. A button's value tells what it does and where:
`add:options`, `remove:options-1`, `up:blanks-0-answers-2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

Row = dict[str, Any]
MOST = 60
"""Rows of one table that a form may bring; the domain's own bound is lower, and says so."""


@dataclass(frozen=True, slots=True)
class Table:
    """Which fields a row has, and which tables stand in it."""

    fields: tuple[str, ...]
    inner: Mapping[str, Table] = field(default_factory=dict)
    first: int = 2
    """Empty rows of a new form."""

    def empty(self) -> Row:
        """A row without anything in it."""
        made: Row = dict.fromkeys(self.fields, "")
        return made | {name: [table.empty() for _ in range(table.first)] for name, table in self.inner.items()}


Tables = Mapping[str, Table]


def read(form: FormData, tables: Tables, prefix: str = "") -> dict[str, list[Row]]:
    """Every table as it was sent."""
    return {name: _rows(form, table, prefix + name) for name, table in tables.items()}


def _rows(form: FormData, table: Table, name: str) -> list[Row]:
    told = form.get(name, "")
    count = min(int(told), MOST) if isinstance(told, str) and told.isdecimal() and len(told) < 4 else 0
    return [_row(form, table, f"{name}-{number}-") for number in range(count)]


def _row(form: FormData, table: Table, prefix: str) -> Row:
    made: Row = {each: written(form, prefix + each) for each in table.fields}
    return made | read(form, table.inner, prefix)


def written(form: FormData, name: str) -> str:
    """A text as it was typed, with one kind of line ends."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else ""


def is_blank(row: Row, but: frozenset[str] = frozenset({"id", "kind", "policy", "weight", "choice_id"})) -> bool:
    """Whether nothing was typed into a row; what the form fills in by itself does not count."""
    return all(
        all(is_blank(each, but) for each in value) if isinstance(value, list) else not value.strip()
        for name, value in row.items()
        if name not in but
    )


def act(values: dict[str, Any], tables: Tables, what: str) -> str:
    """Do what a button says, in place; the name of the row to go on with, or nothing if it says nothing known."""
    verb, _, path = what.partition(":")
    if verb == "add":
        found = _find(values, tables, path.split("-"))
        if found is None or len(found[0]) >= MOST:
            return ""
        found[0].append(found[1].empty())
        return f"{path}-{len(found[0]) - 1}"
    path, _, number = path.rpartition("-")
    found = _find(values, tables, path.split("-"))
    if found is None or not number.isdecimal() or len(number) > 3 or int(number) >= len(found[0]):
        return ""
    return _moved(found[0], verb, path, int(number))


def _moved(rows: list[Row], verb: str, path: str, at: int) -> str:
    to = {"up": at - 1, "down": at + 1}.get(verb, at)
    if verb == "remove":
        del rows[at]
        return f"{path}-{min(at, len(rows) - 1)}" if rows else path
    if verb not in ("up", "down") or not 0 <= to < len(rows):
        return ""
    rows[at], rows[to] = rows[to], rows[at]
    return f"{path}-{to}"


def _find(values: Mapping[str, Any], tables: Tables, path: list[str]) -> tuple[list[Row], Table] | None:
    """The table of that name: `options`, or `blanks`, `0`, `answers`."""
    name, *rest = path
    if name not in tables or name not in values:
        return None
    rows: list[Row] = values[name]
    if not rest:
        return rows, tables[name]
    number, *inner = rest
    if not inner or not number.isdecimal() or len(number) > 3 or int(number) >= len(rows):
        return None
    return _find(rows[int(number)], tables[name].inner, inner)
