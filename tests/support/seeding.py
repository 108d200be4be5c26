"""Databases made once, of which every test gets a copy: to run all migrations, or to seed the demo, takes seconds."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from argon2 import PasswordHasher

import lms.migrations
from lms import demo
from lms.database import Database
from lms.directory import passwords

KEPT = Path(__file__).parents[2] / "build" / "migrated"
"""Files with all tables, kept between runs."""


def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests sign in often; that passwords are dear to guess, `tests/lms/directory/test_passwords.py` shows."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_NOBODYS", hasher.hash("nobody has this password"))


def seed(url: str, now: datetime, password: str) -> None:
    """All tables, and the demo's data."""
    database = Database(url)
    if database.engine.dialect.name == "sqlite":
        lend_tables(Path(str(database.engine.url.database)))
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


def lend_tables(to: Path) -> Path:
    """Put a file with all tables there, as the first start of an installation would leave it, unless there is one."""
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(_file(), to)
        to.chmod(0o600)
    return to


@cache
def _file() -> Path:
    """The name says of which migrations."""
    steps = sorted(Path(lms.migrations.__file__).parent.rglob("*.py"))
    digest = hashlib.sha256(b"".join(step.read_bytes() for step in steps)).hexdigest()
    kept = KEPT / f"{digest[:16]}.sqlite3"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=KEPT) as folder:
            made = Path(folder) / "vikno.sqlite3"
            database = Database(f"sqlite:///{made}")
            database.upgrade()
            whole(database)
            made.replace(kept)
    return kept
