"""Databases filled once, of which every test gets a copy: to seed the demo takes seconds."""

from __future__ import annotations

from datetime import datetime

import pytest
from argon2 import PasswordHasher

from lms import demo
from lms.database import Database
from lms.directory import passwords


def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests sign in often; that passwords are dear to guess, `tests/lms/directory/test_passwords.py` shows."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_NOBODYS", hasher.hash("nobody has this password"))


def seed(url: str, now: datetime, password: str) -> None:
    """All tables, and the demo's data."""
    database = Database(url)
    database.upgrade()
    with pytest.MonkeyPatch.context() as monkeypatch:
        cheap_passwords(monkeypatch)
        with database.writing() as session:
            demo.seed(session, now, password=password)
    whole(database)


def whole(database: Database) -> None:
    """Close it with everything in the one file, where it is one."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
