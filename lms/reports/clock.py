"""Days of Kyiv's calendar in SQL, from an instant.

PostgreSQL knows time zones; SQLite asks `kyiv_day`, which `lms.database` gives to each connection. Of many lines it is
not asked: `mark` is what tells the day most cheaply, and `day_of_mark` reads it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Date, Integer, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.days import day_of


class kyiv_day(FunctionElement[Any]):  # noqa: N801 - named as functions of SQL are
    """The day in Kyiv of an instant."""

    type = Date()
    name = "kyiv_day"
    inherit_cache = True


class mark(FunctionElement[Any]):  # noqa: N801
    """A text from which `day_of_mark` knows the day in Kyiv of an instant."""

    type = String()
    name = "mark"
    inherit_cache = True


class several(FunctionElement[Any]):  # noqa: N801
    """Whole numbers of all lines of a group, in one text: of two columns `12,0,14,7`, lines (12, none) and (14, 7).

    A database gives a few long texts many times faster than many short lines, and of numbers it makes nothing.
    """

    type = String()
    name = "several"
    inherit_cache = True


class minutes_between(FunctionElement[int]):  # noqa: N801
    """Whole minutes from the first instant to the second."""

    type = Integer()
    name = "minutes_between"
    inherit_cache = True


@compiles(kyiv_day, "sqlite")
def _day_sqlite(element: kyiv_day, compiler: SQLCompiler, **rest: Any) -> str:
    return f"kyiv_day({compiler.process(element.clauses, **rest)})"


@compiles(kyiv_day, "postgresql")
def _day_postgresql(element: kyiv_day, compiler: SQLCompiler, **rest: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **rest)} AT TIME ZONE 'Europe/Kyiv' AS date)"


@compiles(mark, "sqlite")
def _mark_sqlite(element: mark, compiler: SQLCompiler, **rest: Any) -> str:
    instant = compiler.process(element.clauses, **rest)
    # Before 21:00 UTC it is the same day in Kyiv, summer time or not; after that the hour decides.
    return f"CASE WHEN substr({instant}, 12, 2) < '21' THEN substr({instant}, 1, 10) ELSE substr({instant}, 1, 13) END"


@compiles(mark, "postgresql")
def _mark_postgresql(element: mark, compiler: SQLCompiler, **rest: Any) -> str:
    return f"CAST({_day_postgresql(kyiv_day(*element.clauses), compiler, **rest)} AS text)"


@compiles(several, "sqlite")
def _several_sqlite(element: several, compiler: SQLCompiler, **rest: Any) -> str:
    return f"group_concat({_listed(element, compiler, **rest)})"


@compiles(several, "postgresql")
def _several_postgresql(element: several, compiler: SQLCompiler, **rest: Any) -> str:
    return f"string_agg({_listed(element, compiler, **rest)}, ',')"


def _listed(element: several, compiler: SQLCompiler, **rest: Any) -> str:
    columns = (f"CAST(coalesce({compiler.process(each, **rest)}, 0) AS text)" for each in element.clauses)
    return " || ',' || ".join(columns)


def numbers_of(text: str) -> list[int]:
    """What `several` wrote; 0 is none."""
    return [*map(int, text.split(","))]


def day_of_mark(text: str) -> str:
    """`2026-07-01` of that day, or of an hour as SQLite keeps it in UTC: Kyiv is whole hours away from it."""
    if len(text) == len("2026-07-01"):
        return text
    return day_of(datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC)).isoformat()


@compiles(minutes_between, "sqlite")
def _minutes_sqlite(element: minutes_between, compiler: SQLCompiler, **rest: Any) -> str:
    begin, end = (compiler.process(each, **rest) for each in element.clauses)
    return f"CAST(round((julianday({end}) - julianday({begin})) * 1440) AS INTEGER)"


@compiles(minutes_between, "postgresql")
def _minutes_postgresql(element: minutes_between, compiler: SQLCompiler, **rest: Any) -> str:
    begin, end = (compiler.process(each, **rest) for each in element.clauses)
    return f"CAST(round(EXTRACT(EPOCH FROM ({end} - {begin})) / 60) AS INTEGER)"
