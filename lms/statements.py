"""Statements that are put together once and asked many times.

Putting a statement together with SQLAlchemy, and finding out that it is one that was compiled before, takes several
times as long as SQLite takes to answer it. A function decorated with `once` builds its statement from parameters in
place of the values; what it returns is kept, and every call gives the statement with the values of that call:

    @once
    def _topics(occurrence_id: int) -> Select[str]:
        return select(Topic.code).where(Topic.occurrence_id == occurrence_id)

    session.scalars(*_topics(12)); fetch(session, *_topics(12))

So the function may compare what it is given, hand it on and ask whether it is empty; it must not count with it or
look into it. What decides the form of the statement is part of the key under which it is kept: None, booleans,
enumerations, `Fixed` numbers and whether a collection is empty. Nothing that was read is kept, only the question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import date
from enum import Enum
from functools import singledispatch, wraps
from inspect import Parameter, signature
from typing import Any, NamedTuple, ParamSpec, TypeVar, TypeVarTuple

from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Row, Select, bindparam, select
from sqlalchemy.orm import Session

from lms.prepared import Prepared

P = ParamSpec("P")
S = TypeVar("S")
Columns = TypeVarTuple("Columns")


_KEPT: dict[int, dict[str, Prepared]] = {}
"""By the statement's identity and the kind of database. A statement that is kept lives as long as the process."""


class Several(BindParameter[Any]):
    """A parameter for a collection that is not empty, for `in_`: true where Python asks whether there is anything."""

    inherit_cache = True

    def __init__(self, name: str) -> None:
        super().__init__(name, expanding=True, required=True)

    def __bool__(self) -> bool:
        return True


class Fixed(int):
    """A number that decides the form, as how many lines are wanted: a database must know it to plan well."""


class StandIn(NamedTuple):
    """What a statement is built with in place of a value, the form that it decides, and the values to ask with."""

    form: Hashable
    inside: Any
    values: dict[str, Any]


@singledispatch
def stand_in(value: Any, name: str) -> StandIn:
    """For one value that is given to a statement under `name`."""
    raise TypeError(f"{name}: a statement cannot be kept for {value!r}.")


@stand_in.register(int)
@stand_in.register(str)
@stand_in.register(bytes)
@stand_in.register(date)
def _single(value: Any, name: str) -> StandIn:
    return StandIn("", bindparam(name, required=True), {name: value})


@stand_in.register(Fixed)
@stand_in.register(type(None))
@stand_in.register(bool)
@stand_in.register(Enum)
def _decides(value: Any, _name: str) -> StandIn:
    return StandIn(value, value, {})


@stand_in.register(Collection)
def _several(value: Collection[Any], name: str) -> StandIn:
    return StandIn("several", Several(name), {name: list(value)}) if value else StandIn("none", (), {})


def once(build: Callable[P, S]) -> Callable[P, tuple[S, dict[str, Any]]]:
    """The statement that `build` makes, kept for each form of its arguments, with the values to ask it with."""
    names = [name for name, each in signature(build).parameters.items() if each.kind is not Parameter.KEYWORD_ONLY]
    kept: dict[Hashable, S] = {}

    @wraps(build)
    def asked(*given: P.args, **named: P.kwargs) -> tuple[S, dict[str, Any]]:
        values: dict[str, Any] = {}
        form, positional, keywords = [], [], {}
        for name, value in zip(names, given, strict=False):
            found = stand_in(value, name)
            form.append(found.form)
            positional.append(found.inside)
            values.update(found.values)
        for name, value in named.items():
            found = stand_in(value, name)
            form.append((name, found.form))
            keywords[name] = found.inside
            values.update(found.values)
        key = tuple(form)
        statement = kept.get(key)
        if statement is None:
            statement = kept[key] = build(*positional, **keywords)
            _KEPT[id(statement)] = {}
        return statement, values

    return asked


def there(questions: Mapping[str, Callable[[int], ColumnElement[bool]]]) -> Callable[[Session, int], frozenset[str]]:
    """Which of the questions about something are answered by yes, by name; all of them are one statement."""

    @once
    def _asked(number: int) -> Select[*tuple[bool, ...]]:
        return select(*(each(number).label(name) for name, each in questions.items()))

    def answered(session: Session, number: int) -> frozenset[str]:
        if not questions:
            return frozenset()
        (line,) = fetch(session, *_asked(number))
        return frozenset(name for name, yes in zip(questions, line, strict=True) if yes)

    return answered


def fetch(
    session: Session, statement: Select[*Columns] | CompoundSelect[*Columns], values: dict[str, Any]
) -> Sequence[Row[*Columns]]:
    """What a statement of plain columns finds; for a fraction of the price of `Session.execute`, made for objects.

    One that is kept goes to the driver as it was made ready at the first call (`lms.prepared`).
    """
    if session.new or session.dirty or session.deleted:
        session.flush()
    connection = session.connection()
    ready = _KEPT.get(id(statement))
    if ready is None:
        return connection.execute(statement, values).all()
    dialect = connection.dialect
    prepared = ready.get(dialect.name)
    if prepared is None:
        prepared = ready[dialect.name] = Prepared(statement, dialect)
    return prepared.fetch(connection, values)
