"""What every table stands on: the declarative base, naming of constraints, and column types for time and words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, Date, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

E = TypeVar("E", bound=StrEnum)

NAMES_OF_CONSTRAINTS = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a migration can find it on SQLite as well."""


class Instant(TypeDecorator[datetime]):
    """A moment, in UTC. Takes and gives aware datetimes only: a naive one is refused with `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC; without its zone on SQLite, which keeps text of one length that sorts as time does."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"An instant needs its time zone; {value.isoformat()} has none. Use an aware datetime.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class WallTime(TypeDecorator[datetime]):
    """Local date and time as people plan it; its zone stands in another column. An aware value is refused."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The value itself, if it is naive."""
        if value is not None and value.tzinfo is not None:
            raise ValueError(f"A wall time has no zone of its own; {value.isoformat()} has one. Store the zone apart.")
        return value


class Word(TypeDecorator[E], Generic[E]):
    """One word of a closed list, kept as text, so that a new word needs no migration."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words
        self._by_text = {word.value: word for word in words}

    def process_bind_param(self, value: E | str | None, dialect: Dialect) -> str | None:
        """The word; one outside the list is a `ValueError`."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """The member of the enumeration."""
        if value is None:
            return None
        return self._by_text.get(value) or self.words(value)  # calling an enumeration takes ten times as long


class Base(DeclarativeBase):
    """Base of all tables. A relationship that was not loaded on purpose raises instead of asking the database."""

    metadata = MetaData(naming_convention=NAMES_OF_CONSTRAINTS)
    type_annotation_map = {
        datetime: Instant(),
        date: Date(),
        dict[str, Any]: JSON(none_as_null=True),
    }
