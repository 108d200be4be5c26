"""Days, months, quarters and years of Kyiv's calendar in SQL, from an instant.

PostgreSQL knows time zones; SQLite asks `kyiv_day`, which `lms.database` gives to each connection.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, String, cast, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lms.reports.periods import Grain


class kyiv_day(FunctionElement[Any]):  # noqa: N801 - named as functions of SQL are
    """The day in Kyiv of an instant."""

    type = Date()
    name = "kyiv_day"
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


@compiles(minutes_between, "sqlite")
def _minutes_sqlite(element: minutes_between, compiler: SQLCompiler, **rest: Any) -> str:
    begin, end = (compiler.process(each, **rest) for each in element.clauses)
    return f"CAST(round((julianday({end}) - julianday({begin})) * 1440) AS INTEGER)"


@compiles(minutes_between, "postgresql")
def _minutes_postgresql(element: minutes_between, compiler: SQLCompiler, **rest: Any) -> str:
    begin, end = (compiler.process(each, **rest) for each in element.clauses)
    return f"CAST(round(EXTRACT(EPOCH FROM ({end} - {begin})) / 60) AS INTEGER)"


def step(instant: Any, grain: Grain) -> ColumnElement[str]:
    """The key of the step in which an instant lies, as `periods.key_of` writes it."""
    day = cast(kyiv_day(instant), String(10))
    if grain is Grain.YEAR:
        return func.substr(day, 1, 4)
    if grain is Grain.MONTH:
        return func.substr(day, 1, 7)
    quarter = (cast(func.substr(day, 6, 2), Integer) + 2) // 3
    return func.substr(day, 1, 4).concat("-Q").concat(cast(quarter, String(2)))
