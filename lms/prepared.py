"""Statements made ready for the driver: their text, and what becomes of values on their way in and out.

Most of what SQLAlchemy does when it executes a statement is the same at every call. For one that is kept
(`lms.statements.once`) it is done once for each kind of database:

- What the program itself has put into it (a status, a limit) stands in the text. PostgreSQL plans a prepared
  statement once for all values; of what is always the same it must know, or it expects the worst.
- A collection is one array on PostgreSQL (`= ANY`): so many or so many values are the same prepared statement.
- Columns pass through the processors of their types, and lines are named tuples.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Connection, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
Processor = Callable[[Any], Any] | None
Maker = Callable[[Sequence[Any]], Any]
_SEVERAL = re.compile(r"(?P<negated>NOT )?IN \(__\[POSTCOMPILE_(?P<name>\w+)\]\)")


class Prepared:
    """One statement for one kind of database."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiler = _compiler_of(type(dialect))(_by_name(dialect), statement)
        names = {each["name"] for each in _SEVERAL.finditer(compiler.string)}
        known = {name: bind.type.dialect_impl(dialect) for name, bind in compiler.binds.items() if bind.required}
        self._single = [(name, _inward(kind, dialect)) for name, kind in known.items() if name not in names]
        self._several = [(name, _inward(known[name], dialect)) for name in sorted(names)]
        self._arrays = dialect.name == "postgresql"
        self._text = _with_arrays(compiler.string, known, dialect) if self._arrays else compiler.string
        self._by_length: dict[tuple[int, ...], str] = {} if names and not self._arrays else {(): self._text}
        self._columns = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self._made_for: Maker | None = None
        self._outward: list[tuple[int, Callable[[Any], Any]]] = []

    def fetch(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """What it finds with these values. Errors are those of SQLAlchemy, and its listeners hear of the statement."""
        given = {name: values[name] if inward is None else inward(values[name]) for name, inward in self._single}
        text = self._with_collections(given, values)
        cursor = connection.connection.cursor()
        try:
            for listen in connection.engine.dispatch.before_cursor_execute:
                listen(connection, cursor, text, given, None, False)
            cursor.execute(text, given)
            found = cursor.fetchall()
        except Exception as error:
            connection._handle_dbapi_exception(error, text, given, cursor, None)
        make = self._made_for or self._prepare_lines(cursor.description, connection.dialect)
        cursor.close()
        if not self._outward:
            return list(map(make, found))
        lines = []
        for each in found:
            line = list(each)
            for place, outward in self._outward:
                line[place] = outward(line[place])
            lines.append(make(line))
        return lines

    def _with_collections(self, given: dict[str, Any], values: Mapping[str, Any]) -> str:
        """The text, with as many parameters as there are values where a database knows no arrays."""
        lengths = []
        for name, inward in self._several:
            several: Collection[Any] = values[name] if inward is None else [*map(inward, values[name])]
            if self._arrays:
                given[name] = several
            else:
                lengths.append(len(several))
                given.update((f"{name}_{number}", each) for number, each in enumerate(several))
        key = tuple(lengths)
        if key not in self._by_length:
            counted = dict(zip((name for name, _ in self._several), lengths, strict=True))

            def marks(found: re.Match[str]) -> str:
                places = ", ".join(f":{found['name']}_{number}" for number in range(counted[found["name"]]))
                return f"{found['negated'] or ''}IN ({places})"

            self._by_length[key] = _SEVERAL.sub(marks, self._text)
        return self._by_length[key]

    def _prepare_lines(self, description: Sequence[Sequence[Any]], dialect: Dialect) -> Maker:
        kinds = [_outward(kind, dialect, column[1]) for kind, column in zip(self._columns, description, strict=True)]
        self._outward = [(place, outward) for place, outward in enumerate(kinds) if outward is not None]
        line: Any = namedtuple("Line", [column[0] for column in description], rename=True)  # type: ignore[misc]
        self._made_for = made_for = line._make
        return made_for


def _compiler_of(dialect: type[Dialect]) -> type[SQLCompiler]:
    """The dialect's compiler, but what is not asked for by the caller it writes into the text."""

    class Compiler(dialect.statement_compiler):  # type: ignore[name-defined,misc]
        def visit_bindparam(self, bindparam: BindParameter[Any], literal_binds: bool = False, **rest: Any) -> str:
            if bindparam.required:
                return super().visit_bindparam(bindparam, literal_binds=literal_binds, **rest)  # type: ignore[no-any-return]
            return super().visit_bindparam(bindparam, literal_binds=True, **rest)  # type: ignore[no-any-return]

    return Compiler


def _by_name(dialect: Dialect) -> Dialect:
    """The dialect, with parameters that have names."""
    if dialect.name == "sqlite":
        return type(dialect)(paramstyle="named", dbapi=dialect.loaded_dbapi)  # type: ignore[call-arg]
    return dialect


def _with_arrays(text: str, kinds: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> str:
    def one(found: re.Match[str]) -> str:
        name = found["name"]
        return f"{'<> ALL' if found['negated'] else '= ANY'} (%({name})s::{kinds[name].compile(dialect)}[])"

    return _SEVERAL.sub(one, text)


def _inward(kind: TypeEngine[Any], dialect: Dialect) -> Processor:
    return kind.bind_processor(dialect)


def _outward(kind: TypeEngine[Any], dialect: Dialect, code: Any) -> Processor:
    return kind.result_processor(dialect, code)
